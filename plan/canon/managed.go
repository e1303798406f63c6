package canon

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
)

// held says how homestak holds a guest to an attribute.
type held uint8

const (
	always  held = iota // of every guest it makes
	settled             // while the manifest says something; what it said last is taken back when it no longer does
	kept                // while the manifest says something; afterwards it stays as it is
)

// attribute is an entry of the closed table of attributes homestak compares,
// with what it takes to change one on a running guest.
type attribute struct {
	name  string // of slots without their number: "net.bridge"; disks of every bus are "disk"
	class plan.Class
	need  string // of the guest's own hotplug option, without which a Hotplug change waits for a restart
	held  held
}

// What PVE 7.4 to 9.2 does with each. None of a VM's needs another guest: PVE
// changes them all in place, at the latest when the guest restarts. Disks only
// grow, and growing is live.
var qemuManaged = []attribute{
	{"agent.enabled", plan.Reboot, "", always},
	{"balloon", plan.Live, "", settled}, // see classOf
	{"bios", plan.Reboot, "", settled},
	{"boot.order", plan.Reboot, "", always},
	{"cores", plan.Reboot, "", always},
	{"cpu.cputype", plan.Reboot, "", settled},
	{"disk.backup", plan.Live, "", settled},
	{"disk.discard", plan.Reboot, "", settled},
	{"disk.serial", plan.Hotplug, "disk", kept},
	{"disk.size", plan.Live, "", kept},
	{"disk.ssd", plan.Reboot, "", settled},
	{"disk.storage", plan.Live, "", kept},
	{"efidisk.efitype", plan.Reboot, "", kept},
	{"efidisk.pre-enrolled-keys", plan.Reboot, "", kept},
	{"hotplug", plan.Live, "", settled}, // see classOf
	{"machine.type", plan.Reboot, "", settled},
	{"memory", plan.Hotplug, "memory", always}, // see classOf
	{"name", plan.Live, "", always},
	{"net.bridge", plan.Live, "", always},
	{"net.firewall", plan.Live, "", settled},
	{"net.macaddr", plan.Hotplug, "network", always},
	{"net.model", plan.Hotplug, "network", always},
	{"net.mtu", plan.Hotplug, "network", settled},
	{"net.rate", plan.Live, "", settled},
	{"net.tag", plan.Live, "", always},
	{"numa", plan.Reboot, "", settled},
	{"onboot", plan.Live, "", always},
	{"ostype", plan.Reboot, "", always},
	{"protection", plan.Live, "", always},
	{"scsihw", plan.Reboot, "", always},
	{"serial0", plan.Reboot, "", always},
	{"smbios1.uuid", plan.Reboot, "", always},
	{"sockets", plan.Reboot, "", settled},
	{"startup.down", plan.Live, "", settled},
	{"startup.order", plan.Live, "", settled},
	{"startup.up", plan.Live, "", settled},
	{"tags", plan.Live, "", always},
	{"tpmstate.version", plan.Reboot, "", kept},
	{"vga.type", plan.Reboot, "", settled},
}

// Of a container everything that cgroups and the host's network can change is
// live. PVE refuses to change unprivileged at all.
var lxcManaged = []attribute{
	{"cores", plan.Live, "", always},
	{"disk.backup", plan.Reboot, "", settled},
	{"disk.mp", plan.Reboot, "", kept},
	{"disk.size", plan.Live, "", kept},
	{"disk.storage", plan.Reboot, "", kept}, // PVE moves volumes of stopped containers only
	{"features.fuse", plan.Reboot, "", settled},
	{"features.keyctl", plan.Reboot, "", settled},
	{"features.mknod", plan.Reboot, "", settled},
	{"features.mount", plan.Reboot, "", settled},
	{"features.nesting", plan.Reboot, "", settled},
	{"hostname", plan.Live, "", always},
	{"memory", plan.Live, "", always},
	{"nameserver", plan.Reboot, "", settled},
	{"net.bridge", plan.Live, "", always},
	{"net.firewall", plan.Live, "", settled},
	{"net.gw", plan.Live, "", always},
	{"net.hwaddr", plan.Live, "", always},
	{"net.ip", plan.Live, "", always},
	{"net.mtu", plan.Live, "", settled},
	{"net.name", plan.Live, "", always},
	{"net.rate", plan.Live, "", settled},
	{"net.tag", plan.Live, "", always},
	{"onboot", plan.Live, "", always},
	{"protection", plan.Live, "", always},
	{"searchdomain", plan.Reboot, "", settled},
	{"startup.down", plan.Live, "", settled},
	{"startup.order", plan.Live, "", settled},
	{"startup.up", plan.Live, "", settled},
	{"swap", plan.Live, "", settled},
	{"tags", plan.Live, "", always},
	{"unprivileged", plan.Rebuild, "", kept},
}

// tableName is the name an attribute has in the tables.
func tableName(attr string) string {
	name, part, isPart := strings.Cut(attr, ".")
	if !isPart {
		return attr
	}
	bus, _, ok := Slot(name)
	switch {
	case name == "rootfs", ok && isDiskBus(bus):
		name = "disk"
	case ok && (bus == "net" || bus == "efidisk" || bus == "tpmstate"):
		name = bus
	}
	return name + "." + part
}

func managedBy(table []attribute, attr string) (attribute, bool) {
	i, ok := slices.BinarySearchFunc(table, tableName(attr), func(a attribute, name string) int { return strings.Compare(a.name, name) })
	if !ok {
		return attribute{}, false
	}
	return table[i], true
}

// IsContainer tells a container's canonical configuration from a VM's, by what
// only the one can have.
func IsContainer(config []plan.KV) bool {
	return slices.ContainsFunc(config, func(kv plan.KV) bool { return isOfContainer(kv.Key) })
}

func tableOf(config []plan.KV) []attribute {
	if IsContainer(config) {
		return lxcManaged
	}
	return qemuManaged
}

// Managed reports whether homestak compares an attribute of a VM or a container.
// All others belong to whoever set them.
func Managed(attr string) bool {
	_, vm := managedBy(qemuManaged, attr)
	_, ct := managedBy(lxcManaged, attr)
	return vm || ct
}

// IsSettled reports whether an attribute of a guest goes back to what PVE does by
// itself when the manifest said something about it once and no longer does, and
// what that is, "" for not being there.
func IsSettled(config []plan.KV, attr string) (usual string, is bool) {
	a, ok := managedBy(tableOf(config), attr)
	if !ok || a.held != settled {
		return "", false
	}
	if IsContainer(config) {
		return Get(Config(LXC, nil), attr), true
	}
	return Get(Config(QEMU, nil), attr), true
}

// Only keeps the managed attributes of a canonical configuration: what guards
// expect and markers hash.
func Only(config []plan.KV) []plan.KV {
	table := tableOf(config)
	var out []plan.KV
	for _, kv := range config {
		if _, ok := managedBy(table, kv.Key); ok {
			out = append(out, kv)
		}
	}
	return out
}

// Applied is Only of what a step gave a guest, for markers: an attribute of every
// guest whose key was given without it is there with an empty value, so that it
// is missed when somebody adds it. Of the others it is only what was given.
// Sizes of disks and where they are is PVE's to tell.
func Applied(settings []plan.KV) []plan.KV {
	table := tableOf(settings)
	var out []plan.KV
	var names []string
	for _, kv := range settings {
		a, ok := managedBy(table, kv.Key)
		if ok && a.held != always && a.name != "disk.size" && a.name != "disk."+Storage && kv.Value != "" {
			out = append(out, kv)
		}
		if name := KeyOf(kv.Key); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	for _, name := range names {
		for _, a := range table {
			base, part, isPart := strings.Cut(a.name, ".")
			if attr := name + "." + part; isPart && a.held == always && tableName(attr) == base+"."+part {
				out = append(out, plan.KV{Key: attr, Value: Get(settings, attr)})
			} else if !isPart && a.held == always && name == a.name {
				out = append(out, plan.KV{Key: name, Value: Get(settings, name)})
			}
		}
	}
	sortKV(out)
	return slices.CompactFunc(out, func(a, b plan.KV) bool { return a.Key == b.Key })
}

// isOfContainer reports whether only containers have such an attribute.
func isOfContainer(attr string) bool {
	switch KeyOf(attr) {
	case "hostname", "rootfs", "features", "swap", "unprivileged", "nameserver", "searchdomain":
		return true
	}
	bus, _, _ := Slot(KeyOf(attr))
	return bus == "mp" || strings.HasSuffix(attr, ".hwaddr")
}

// Core is Applied of what every guest has: the attributes that belong to
// homestak on any guest of its own.
func Core(config []plan.KV) []plan.KV {
	table := tableOf(config)
	return slices.DeleteFunc(Applied(config), func(kv plan.KV) bool {
		a, ok := managedBy(table, kv.Key)
		return !ok || a.held != always
	})
}

// Classify says what it takes to make a change to a running guest that has a
// configuration, pending values included. What homestak does not manage is said
// to wait for a restart.
func Classify(a plan.Attr, have []plan.KV) plan.Class {
	at, ok := managedBy(tableOf(have), a.Name)
	if !ok {
		return plan.Reboot
	}
	slot := KeyOf(a.Name)
	bus, _, isSlot := Slot(slot)
	isSlot = isSlot && slot != a.Name
	switch {
	case IsContainer(have):
		// A mount point is plugged in and cannot be taken out.
		if isSlot && bus == "mp" && !Has(have, slot) {
			return plan.Live
		}
		return at.class
	case isSlot && bus == "net" && (!Has(have, slot) || goes(a)):
		return plugged(have, "network")
	case isSlot && isDiskBus(bus) && (!Has(have, slot) || goes(a)):
		if bus == "ide" || bus == "sata" {
			return plan.Reboot
		}
		if bus == "scsi" && !strings.HasPrefix(Get(have, "scsihw"), "virtio-scsi") {
			return plan.Reboot // the other controllers take no new disks
		}
		return plugged(have, "disk")
	}
	return classOf(at, a, have)
}

// goes reports whether a change takes away what makes a device one.
func goes(a plan.Attr) bool {
	return a.To == "" && (strings.HasSuffix(a.Name, ".macaddr") || strings.HasSuffix(a.Name, ".model") || strings.HasSuffix(a.Name, ".serial"))
}

func classOf(at attribute, a plan.Attr, have []plan.KV) plan.Class {
	switch at.name {
	case "balloon":
		// Its value is live, the device itself comes and goes with a restart.
		if (a.From == "0") != (a.To == "0") {
			return plan.Reboot
		}
	case "hotplug":
		for _, feature := range []string{"cpu", "memory"} {
			if slices.Contains(strings.Split(a.From, ","), feature) != slices.Contains(strings.Split(a.To, ","), feature) {
				return plan.Reboot
			}
		}
	case "memory":
		if Get(have, "numa") != "1" {
			return plan.Reboot
		}
	}
	if at.class != plan.Hotplug {
		return at.class
	}
	return plugged(have, at.need)
}

// plugged is Hotplug when the guest's own hotplug option has a feature.
func plugged(have []plan.KV, feature string) plan.Class {
	if slices.Contains(strings.Split(Get(have, "hotplug"), ","), feature) {
		return plan.Hotplug
	}
	return plan.Reboot
}
