package canon

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Slot splits "net12" into its bus and its number. It is false for a key that
// ends in no number.
func Slot(name string) (bus string, n int, ok bool) {
	bus = strings.TrimRight(name, "0123456789")
	n, err := strconv.Atoi(name[len(bus):])
	return bus, n, err == nil && bus != ""
}

// The buses of disks that a guest works with. Variables of the firmware, TPM
// state and volumes that are in no slot are none.
func isDiskBus(bus string) bool {
	switch bus {
	case "ide", "mp", "sata", "scsi", "virtio":
		return true
	}
	return false
}

// Disks lists the slots of a canonical configuration that hold a disk, a
// container's rootfs and mount points included, by bus and number. CD-ROMs are
// none, and neither is a directory of the host.
func Disks(config []plan.KV) []string {
	var out []string
	for _, kv := range config {
		slot, part, _ := strings.Cut(kv.Key, ".")
		bus, _, _ := Slot(slot)
		if part == Storage && (isDiskBus(bus) || slot == "rootfs") && Get(config, slot+".media") != "cdrom" {
			out = append(out, slot)
		}
	}
	slices.SortFunc(out, compareSlots)
	return out
}

// NICs lists the slots of a canonical configuration that hold an interface, by
// number.
func NICs(config []plan.KV) []string {
	var out []string
	for _, kv := range config {
		slot := KeyOf(kv.Key)
		if bus, _, ok := Slot(slot); ok && bus == "net" && !slices.Contains(out, slot) && kv.Key != slot {
			out = append(out, slot)
		}
	}
	slices.SortFunc(out, compareSlots)
	return out
}

func compareSlots(a, b string) int {
	ab, an, _ := Slot(a)
	bb, bn, _ := Slot(b)
	return cmp.Or(cmp.Compare(ab, bb), cmp.Compare(an, bn))
}

// Has reports whether a canonical configuration has a key at all.
func Has(config []plan.KV, name string) bool {
	return slices.ContainsFunc(config, func(kv plan.KV) bool { return KeyOf(kv.Key) == name && kv.Value != "" })
}

// Volume is the volume in a slot, "" for none.
func Volume(config []plan.KV, slot string) string {
	return cmp.Or(Get(config, slot+".file"), Get(config, slot+".volume"))
}

// MACs lists the addresses of a guest's NICs by slot, from raw values.
func MACs(kind string, raw []plan.KV) []string {
	k, part := &key{name: "net", shape: props, bare: "model"}, ".macaddr"
	if kind == LXC {
		k, part = &key{name: "net", shape: props, bare: "name"}, ".hwaddr"
	}
	return bySlot(raw, []string{"net"}, func(kv plan.KV) string {
		return Get(k.parts(nil, kv.Key, kv.Value), kv.Key+part)
	})
}

// Volumes lists the volume ids a guest owns, by slot, from raw values. CD-ROMs
// and empty drives are not owned.
func Volumes(raw []plan.KV) []string {
	buses := []string{"efidisk", "ide", "mp", "rootfs", "sata", "scsi", "tpmstate", "unused", "virtio"}
	return bySlot(raw, buses, func(kv plan.KV) string {
		volume, rest, _ := strings.Cut(kv.Value, ",")
		volume = strings.TrimPrefix(strings.TrimPrefix(volume, "file="), "volume=")
		if strings.Contains(volume, "=") || !strings.Contains(volume, ":") {
			volume = ""
			for p := range strings.SplitSeq(rest, ",") {
				if name, v, _ := strings.Cut(p, "="); (name == "file" || name == "volume") && strings.Contains(v, ":") {
					volume = v
				}
			}
		}
		if strings.Contains(","+kv.Value+",", ",media=cdrom,") {
			return ""
		}
		return volume
	})
}

// bySlot maps keys such as net0, net10 in the order of bus and number.
func bySlot(raw []plan.KV, buses []string, value func(plan.KV) string) []string {
	type slot struct {
		bus   string
		n     int
		value string
	}
	var slots []slot
	for _, kv := range raw {
		bus, n, ok := Slot(kv.Key)
		if !ok && kv.Key != "rootfs" || !slices.Contains(buses, bus) {
			continue
		}
		if v := value(kv); v != "" {
			slots = append(slots, slot{bus, n, v})
		}
	}
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.bus, b.bus), cmp.Compare(a.n, b.n))
	})
	var out []string
	for _, s := range slots {
		out = append(out, s.value)
	}
	return out
}
