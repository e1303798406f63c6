package lab

import "strings"

// ctOptionPrivs is the privilege that a change of a container's option needs on
// it.
func ctOptionPriv(option string) string {
	base, _, numbered := splitSlot(option)
	if !numbered {
		base = option
	}
	switch base {
	case "cores", "cpulimit", "cpuunits":
		return "VM.Config.CPU"
	case "memory", "swap":
		return "VM.Config.Memory"
	case "rootfs", "mp", "unused":
		return "VM.Config.Disk"
	case "net", "nameserver", "searchdomain", "hostname":
		return "VM.Config.Network"
	case "features":
		return "VM.Allocate"
	}
	return "VM.Config.Options"
}

// needCTOptions refuses changes that the caller has not the privileges for. have
// is the container as it is; one in a pool may have them from there.
func (c *call) needCTOptions(vmid uint, pool string, set map[string]string, unset []string, have map[string]string) error {
	if c.who.isRoot() {
		return nil
	}
	for _, k := range append(sortedKeys(set), unset...) {
		if err := c.onlyRoot(k, set[k], have); err != nil {
			return err
		}
		if c.who.all || k == "unprivileged" {
			continue
		}
		priv := ctOptionPriv(k)
		if pool == "" || !c.may("/pool/"+pool, priv) {
			if err := c.need("/vms/"+vmidText(vmid), priv); err != nil {
				return err
			}
		}
		if base, _, _ := splitSlot(k); base == "net" && set[k] != "" {
			o := ctNet(k, set[k])
			if o["bridge"] == "" {
				continue
			}
			if err := c.needBridge(o["bridge"], o["tag"]); err != nil {
				return err
			}
		}
	}
	return nil
}

// onlyRoot refuses what PVE leaves to root@pam himself, without a token.
func (c *call) onlyRoot(option, value string, have map[string]string) error {
	refuse := func(text string) error {
		return errorf(403, "Permission check failed ("+text+" is only allowed for root@pam)")
	}
	base, _, _ := splitSlot(option)
	switch {
	case option == "features" && have["unprivileged"] != "1":
		return refuse("changing feature flags for privileged container")
	case option == "features":
		old, _ := api().parseObject("ct-features", option, have["features"])
		set, _ := api().parseObject("ct-features", option, value)
		for _, o := range []object{old, set} {
			for k := range o {
				if k != "nesting" && old[k] != set[k] {
					return refuse("changing feature flags (except nesting)")
				}
			}
		}
	case base == "dev":
		return refuse("device passthrough")
	case option == "hookscript":
		return refuse("changing the hookscript")
	case isMount(option) && strings.HasPrefix(value, "/"):
		return refuse("mount point type bind")
	}
	return nil
}
