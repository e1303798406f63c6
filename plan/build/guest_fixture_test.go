package build_test

import (
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/unit"
)

// spoken is a value that somebody wrote down, whatever it is.
func spoken[T any](v T) ir.Value[T] { return ir.Value[T]{V: v, From: ir.Origin{Layer: ir.FromNode}} }

func extra(n *ir.Node) *ir.Guest {
	if n.Guest == nil {
		n.Guest = &ir.Guest{}
	}
	return n.Guest
}

// options of "a=1,b,c=2" are given to set one by one.
func each(list string, set func(key, value string, number int)) {
	for word := range strings.SplitSeq(list, ",") {
		if word == "" {
			continue
		}
		key, value, _ := strings.Cut(word, "=")
		number, _ := strconv.Atoi(value)
		set(key, value, number)
	}
}

func setExtra(n *ir.Node, key, value string) bool {
	g := extra(n)
	number, _ := strconv.Atoi(value)
	kind, name, _ := strings.Cut(key, ":")
	switch kind {
	case "disk":
		size, rest, _ := strings.Cut(value, ",")
		gib, _ := strconv.Atoi(size)
		x := ir.Disk{Name: val(name), Size: val(unit.Size(gib) * unit.GiB), Bus: val("scsi"), Discard: val(true), Backup: val(true)}
		each(rest, func(key, value string, _ int) {
			switch key {
			case "storage":
				x.Storage = spoken(value)
			case "bus":
				x.Bus = spoken(value)
			case "ssd":
				x.SSD = spoken(true)
			case "keep":
				x.Discard = spoken(false)
			case "nobackup":
				x.Backup = spoken(false)
			case "path":
				x.Path = spoken(value)
			}
		})
		g.Disks = append(g.Disks, x)
	case "nic":
		slot, _ := strconv.Atoi(name)
		x := ir.Interface{Slot: slot}
		x.Network.Bridge = val("vmbr0")
		each(value, func(key, value string, number int) {
			setCard(&x.Card, key, value, number)
			switch key {
			case "bridge":
				x.Network.Bridge = spoken(value)
			case "vlan":
				x.Network.VLAN = spoken(number)
			case "ip":
				x.Network.IP = spoken(value)
			}
		})
		g.Interfaces = append(g.Interfaces, x)
	case "card":
		each(value, func(key, value string, number int) { setCard(&g.Card, key, value, number) })
	case "hw":
		each(value, func(key, value string, number int) { setHardware(&g.Hardware, key, value, number) })
	case "memory":
		n.Memory = spoken(unit.Size(number) * unit.MiB)
	case "storage":
		g.Storage = spoken(value)
	case "reboot":
		policy, window, _ := strings.Cut(value, ",")
		g.Reboot.Policy = spoken(policy)
		if window != "" {
			g.Reboot.Windows = []ir.Window{{Days: 1 << 5, Start: 120, End: 240}}
		}
	case "startup":
		parts := strings.Split(value+"//", "/")
		at := func(i int) ir.Value[int] { v, _ := strconv.Atoi(parts[i]); return spoken(v) }
		g.Boot.Startup, g.Boot.Delay, g.Boot.Stop = at(0), at(1), at(2)
	case "order":
		g.Boot.Order = spoken(strings.Split(value, ","))
	case "template":
		g.Container.Template = val(value)
	case "privileged":
		g.Container.Unprivileged = spoken(false)
	case "features":
		each(value, func(key, value string, _ int) {
			switch key {
			case "nesting":
				g.Container.Nesting = spoken(value != "0")
			case "keyctl":
				g.Container.Keyctl = spoken(true)
			case "nfs":
				g.Container.Mount = spoken([]string{"nfs"})
			}
		})
	case "swap":
		g.Container.Swap = spoken(unit.Size(number) * unit.MiB)
	case "clone":
		g.Clone = spoken(value)
	default:
		return false
	}
	return true
}

func setCard(c *ir.Card, key, value string, number int) {
	switch key {
	case "firewall":
		c.Firewall = spoken(value != "0")
	case "model":
		c.Model = spoken(value)
	case "mtu":
		c.MTU = spoken(number)
	case "rate":
		c.Rate = spoken(number)
	}
}

func setHardware(h *ir.Hardware, key, value string, number int) {
	switch key {
	case "cpu":
		h.CPU = spoken(value)
	case "sockets":
		h.Sockets = spoken(number)
	case "numa":
		h.NUMA = spoken(true)
	case "balloon":
		h.Balloon, h.NoBalloon = spoken(unit.Size(number)*unit.MiB), spoken(number == 0)
	case "bios":
		h.BIOS = spoken(value)
	case "secure":
		h.SecureBoot = spoken(true)
	case "tpm":
		h.TPM = spoken(true)
	case "machine":
		h.Machine = spoken(value)
	case "vga":
		h.VGA = spoken(value)
	case "noserial":
		h.NoSerial = spoken(true)
	case "noagent":
		h.NoAgent = spoken(true)
	case "scsi":
		h.SCSI = spoken(value)
	case "hotplug":
		h.Hotplug, h.HotplugSet = spoken(strings.Split(value, "+")), spoken(true)
	}
}
