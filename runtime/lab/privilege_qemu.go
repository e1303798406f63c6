package lab

import "strings"

// optionPrivs are the privileges that a change of a VM's option needs on the VM:
// one of them is enough. Options not listed are VM.Config.Options.
func optionPrivs(option, value string) []string {
	base, _, numbered := splitSlot(option)
	if !numbered || option == "smbios1" {
		base = option
	}
	switch base {
	case "cores", "cpu", "cpulimit", "cpuunits", "numa", "smp", "sockets", "vcpus":
		return []string{"VM.Config.CPU"}
	case "memory", "balloon", "shares":
		return []string{"VM.Config.Memory"}
	case "boot", "bootdisk", "vmstatestorage", "unused", "tpmstate", "efidisk":
		return []string{"VM.Config.Disk"}
	case "ide", "scsi", "sata", "virtio":
		if parseDrive(option, value)["media"] == "cdrom" {
			return []string{"VM.Config.CDROM"}
		}
		return []string{"VM.Config.Disk"}
	case "cdrom":
		return []string{"VM.Config.CDROM"}
	case "net":
		return []string{"VM.Config.Network"}
	case "cicustom", "cipassword", "citype", "ciuser", "ciupgrade", "nameserver", "searchdomain", "sshkeys", "ipconfig":
		return []string{"VM.Config.Cloudinit", "VM.Config.Network"}
	case "acpi", "hotplug", "kvm", "machine", "scsihw", "smbios1", "tablet", "vga", "watchdog", "audio", "rng",
		"serial", "usb", "hostpci", "parallel", "spice_enhancements", "arch", "ivshmem", "virtiofs":
		return []string{"VM.Config.HWType"}
	}
	return []string{"VM.Config.Options"}
}

// needOptions refuses changes that the caller has not the privileges for. have
// is the VM as it is, for options that go away; a VM in a pool may have them
// from there.
func (c *call) needOptions(vmid uint, pool string, set map[string]string, unset []string, have map[string]string) error {
	if c.who.all {
		return nil
	}
	options := map[string]string{}
	for _, k := range unset {
		options[k] = have[k]
	}
	for k, v := range set {
		options[k] = v
	}
	path := "/vms/" + vmidText(vmid)
	for _, k := range sortedKeys(options) {
		if k == "startup" { // it is the host's behaviour that changes
			if err := c.need("/", "Sys.Modify"); err != nil {
				return err
			}
		}
		privs := optionPrivs(k, options[k])
		if pool != "" && c.mayAny("/pool/"+pool, privs...) {
			continue
		}
		if len(privs) == 1 {
			if err := c.need(path, privs...); err != nil {
				return err
			}
		} else if err := c.needAny(path, privs...); err != nil {
			return err
		}
	}
	return c.needThings(vmid, set)
}

// needThings refuses new volumes on storages where the caller may not allocate,
// volumes that he may not read, and bridges that he may not use.
func (c *call) needThings(vmid uint, set map[string]string) error {
	for _, k := range sortedKeys(set) {
		var err error
		if base, _, _ := splitSlot(k); isDriveSlot(k) {
			drive := parseDrive(k, set[k])
			if err = c.needVolume(vmid, drive["file"]); err == nil && drive["import-from"] != "" {
				err = c.needVolume(vmid, drive["import-from"])
			}
		} else if base == "net" {
			o, bad := api().parseObject("net", k, set[k])
			if bad == nil && o["bridge"] != "" {
				err = c.needBridge(o["bridge"], o["tag"])
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// needVolume is the right to use a volume in a guest: to make it when it is
// "STORAGE:SIZE", to read it otherwise. Disks of the guest itself are free.
func (c *call) needVolume(vmid uint, id string) error {
	store, name, ok := splitVolumeID(id)
	if !ok {
		if strings.HasPrefix(id, "/") {
			return errorf(500, "Only root can pass arbitrary filesystem paths.")
		}
		return nil
	}
	path := "/storage/" + store
	if _, isNew := parseSize(name); isNew || name == "cloudinit" {
		return c.need(path, "Datastore.AllocateSpace")
	}
	c.mu.Lock()
	v := c.findVolume(c.node(), id)
	c.mu.Unlock()
	switch {
	case v == nil || v.VMID == vmid:
		return nil
	case v.VMID == 0:
		return c.needAny(path, "Datastore.Audit", "Datastore.AllocateSpace")
	case c.may("/vms/"+vmidText(v.VMID), "VM.Config.Disk") && c.may(path, "Datastore.AllocateSpace"):
		return nil
	}
	return c.need(path, "Datastore.Allocate")
}

// needSpace is the right to change how much a volume takes, or to remove it.
func (c *call) needSpace(id string) error {
	store, _, ok := splitVolumeID(id)
	if !ok {
		return nil
	}
	return c.need("/storage/"+store, "Datastore.AllocateSpace")
}

// needRemoval is the right to remove the volumes that a change removes: those of
// unused slots, and with force those of all.
func (c *call) needRemoval(unset []string, force bool, have map[string]string) error {
	for _, k := range unset {
		base, _, _ := splitSlot(k)
		if base != "unused" && !(force && isDriveSlot(k)) {
			continue
		}
		if drive := parseDrive(k, have[k]); drive["media"] != "cdrom" {
			if err := c.needSpace(drive["file"]); err != nil {
				return err
			}
		}
	}
	return nil
}

// needBridge is the right to plug into a bridge, or into one VLAN of it.
func (c *call) needBridge(bridge, tag string) error {
	path := "/sdn/zones/localnetwork/" + bridge
	if tag != "" {
		path += "/" + tag
	}
	return c.need(path, "SDN.Use")
}

// needCreate is the right to make a guest: on its id, or on its pool.
func (c *call) needCreate(vmid uint, pool string) error {
	if c.may("/vms/"+vmidText(vmid), "VM.Allocate") || pool != "" && c.may("/pool/"+pool, "VM.Allocate") {
		return nil
	}
	return errorf(403, "Permission check failed")
}
