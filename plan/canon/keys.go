package canon

import (
	"slices"
	"strings"
)

// shape is how a raw value is written.
type shape uint8

const (
	plain  shape = iota
	number       // a decimal number, "current=512" included
	onOff        // 0, 1, yes, on, true
	set          // separated by ; , or blanks; order and case mean nothing
	words        // separated like a set, and order means something
	props        // property string
)

// key is what is known of one configuration key.
type key struct {
	name  string // without the number of its slot
	shape shape
	bare  string // props: the name of the part that stands without a name
	value string // PVE's default
	slots bool   // a number follows
	disk  bool   // its value names a volume
}

// The keys homestak looks at, by name. Defaults are those of the PVE 7.4 to 9.2
// schemas.
var qemuKeys = []key{
	{name: "agent", shape: props, bare: "enabled"},
	{name: "balloon", shape: number},
	{name: "bios", value: "seabios"},
	{name: "boot", shape: props, bare: "legacy"},
	{name: "cores", shape: number, value: "1"},
	{name: "cpu", shape: props, bare: "cputype"},
	{name: "efidisk", shape: props, bare: "file", slots: true, disk: true},
	{name: "hotplug", shape: set, value: "disk,network,usb"},
	{name: "ide", shape: props, bare: "file", slots: true, disk: true},
	{name: "machine", shape: props, bare: "type"},
	{name: "memory", shape: number, value: "512"},
	{name: "name"},
	{name: "net", shape: props, bare: "model", slots: true},
	{name: "numa", shape: onOff, value: "0"},
	{name: "onboot", shape: onOff, value: "0"},
	{name: "ostype", value: "other"},
	{name: "protection", shape: onOff, value: "0"},
	{name: "sata", shape: props, bare: "file", slots: true, disk: true},
	{name: "scsi", shape: props, bare: "file", slots: true, disk: true},
	{name: "scsihw", value: "lsi"},
	{name: "serial", slots: true},
	{name: "smbios1", shape: props, bare: "uuid"},
	{name: "sockets", shape: number, value: "1"},
	{name: "startup", shape: props, bare: "order"},
	{name: "tags", shape: set},
	{name: "tpmstate", shape: props, bare: "file", slots: true, disk: true},
	{name: "unused", shape: props, bare: "file", slots: true, disk: true},
	{name: "vga", shape: props, bare: "type"},
	{name: "virtio", shape: props, bare: "file", slots: true, disk: true},
}

var lxcKeys = []key{
	{name: "cores", shape: number},
	{name: "features", shape: props, bare: "features"},
	{name: "hostname"},
	{name: "memory", shape: number, value: "512"},
	{name: "mp", shape: props, bare: "volume", slots: true, disk: true},
	{name: "nameserver", shape: words},
	{name: "net", shape: props, bare: "name", slots: true},
	{name: "onboot", shape: onOff, value: "0"},
	{name: "protection", shape: onOff, value: "0"},
	{name: "rootfs", shape: props, bare: "volume", disk: true},
	{name: "searchdomain", shape: words},
	{name: "startup", shape: props, bare: "order"},
	{name: "swap", shape: number, value: "512"},
	{name: "tags", shape: set},
	{name: "unprivileged", shape: onOff, value: "0"},
	{name: "unused", shape: props, bare: "volume", slots: true, disk: true},
}

func keysOf(kind string) []key {
	switch kind {
	case QEMU:
		return qemuKeys
	case LXC:
		return lxcKeys
	}
	return nil
}

// keyOf finds a key by PVE's name of it, "net12"; at is its position, or -1 for
// one that has slots.
func keyOf(keys []key, name string) (k *key, at int, ok bool) {
	at, ok = slices.BinarySearchFunc(keys, name, func(k key, name string) int { return strings.Compare(k.name, name) })
	if ok {
		return &keys[at], at, !keys[at].slots
	}
	base, _, isSlot := Slot(name)
	if !isSlot {
		return nil, -1, false
	}
	at, ok = slices.BinarySearchFunc(keys, base, func(k key, name string) int { return strings.Compare(k.name, name) })
	if !ok || !keys[at].slots {
		return nil, -1, false
	}
	return &keys[at], -1, true
}

// usual is what PVE takes a part to be that is not there, "" when that is known
// of no value.
func (k *key) usual(part string) string {
	switch k.name {
	case "net":
		switch part {
		case "firewall", "link_down":
			return "0"
		case "type":
			return "veth"
		}
	case "agent":
		switch part {
		case "fstrim_cloned_disks":
			return "0"
		case "freeze-fs":
			return "1"
		case "type":
			return "virtio"
		}
	case "features":
		if part != "mount" {
			return "0"
		}
	}
	if !k.disk {
		return ""
	}
	switch part {
	case "iothread", "pre-enrolled-keys", "quota", "ro", "shared", "snapshot", "ssd":
		return "0"
	case "replicate":
		return "1"
	case "backup":
		if k.bare == "file" {
			return "1"
		}
		return "0"
	case "discard":
		return "ignore"
	case "media":
		return "disk"
	}
	return ""
}
