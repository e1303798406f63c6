package lab

import (
	"slices"
	"strings"
)

// Options that PVE changes at once in a running guest's configuration, because
// QEMU does not care.
var fastOptions = []string{
	"description", "hookscript", "lock", "migrate_downtime", "migrate_speed", "name", "onboot",
	"protection", "shares", "startup", "tags", "vmstatestorage", "affinity", "cpulimit", "cpuunits",
}

// plug makes the pending changes of a running guest effective as far as its
// hotplug option allows, one by one; what was pending before the change goes on
// waiting. A device that the guest does not let go
// stays pending and is named in faults, as PVE does.
func (l *Lab) plug(v *vm, ch change) (freed []string, faults map[string]string) {
	faults = map[string]string{}
	for _, k := range slices.Concat(slices.Clone(v.Unset), sortedKeys(v.Pending)) {
		if _, set := ch.set[k]; !set && !slices.Contains(ch.unset, k) {
			continue
		}
		switch {
		case slices.Contains(fastOptions, k) || inSeed(k):
			before := v.clone()
			v.settle(k, ch.force)
			v.remember(k, before.Config)
		case !v.pluggable(k):
		default:
			before := v.clone()
			gone := v.settle(k, ch.force)
			if v.Paused { // it finds its new hardware when it goes on
				freed = append(freed, gone...)
				continue
			}
			if err := v.machine.Hotplug(l.ctx, l.hardware(v)); err != nil {
				*v = *before
				faults[k] = "hotplug problem - " + oneLine(err.Error()) + "\n"
				continue
			}
			freed = append(freed, gone...)
		}
	}
	return freed, faults
}

// pluggable reports whether an option can change while the guest runs.
func (v *vm) pluggable(k string) bool {
	features := v.Config["hotplug"]
	switch features {
	case "", "1", " ":
		features = "network,disk,usb"
	case "0":
		features = ""
	}
	has := func(f string) bool { return slices.Contains(splitList(features), f) }
	base, _, _ := splitSlot(k)
	switch base {
	case "net":
		return has("network") || v.rewires(k)
	case "virtio":
		return has("disk")
	case "scsi":
		// The default controller, lsi, cannot.
		return has("disk") && strings.HasPrefix(v.Config["scsihw"], "virtio-scsi")
	case "unused":
		return true
	case "ide", "sata":
		// Only the medium of a CD-ROM changes; the drive itself stays.
		value, isSet := v.Pending[k]
		return isSet && parseDrive(k, v.Config[k])["media"] == "cdrom" && parseDrive(k, value)["media"] == "cdrom"
	}
	switch k {
	case "balloon":
		// The value is the guest's to follow; the device comes and goes with a restart.
		return (v.Config[k] == "0") == (v.Pending[k] == "0")
	case "hotplug":
		before, after := v.Config[k], v.Pending[k]
		return strings.Contains(before, "cpu") == strings.Contains(after, "cpu") &&
			strings.Contains(before, "memory") == strings.Contains(after, "memory")
	case "memory":
		return has("memory") && v.Config["numa"] == "1"
	case "vcpus":
		return has("cpu")
	}
	return false
}

// rewires reports whether a change of an interface is only about what it is
// connected to on the host: the guest keeps its card and sees nothing of it.
func (v *vm) rewires(k string) bool {
	text, isSet := v.Pending[k]
	if !isSet {
		return false
	}
	before, err := api().parseObject("net", k, v.Config[k])
	if err != nil || v.Config[k] == "" {
		return false
	}
	after, err := api().parseObject("net", k, text)
	if err != nil || (before["bridge"] == "") != (after["bridge"] == "") {
		return false
	}
	for _, part := range []string{"model", "macaddr", "mtu", "queues"} {
		if !strings.EqualFold(before[part], after[part]) {
			return false
		}
	}
	return true
}
