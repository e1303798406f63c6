package canon

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Diff lists the attributes of want that have does not hold, by name. An empty
// value in want says the attribute must not be there. A disk that is larger
// than wanted is listed too: the caller refuses it.
func Diff(have, want []plan.KV) []plan.Attr {
	var out []plan.Attr
	for _, w := range want {
		if from := Get(have, w.Key); from != w.Value {
			a := plan.Attr{Name: w.Key, From: from, To: w.Value}
			a.Class = Classify(a, have)
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b plan.Attr) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Unmet lists the keys of a guest.configure whose values the configuration does
// not hold: the step's probe. set are PVE's keys and texts as the step sends
// them, unset the keys it deletes, config and pending are canonical (Config and
// Settings). PVE writes a key whole, so a managed part of it that the guest has
// and the step does not mention is not as it was set either. A pending value
// counts as held: the guest takes it when it restarts, and sending it again would
// change nothing.
func Unmet(kind string, set []plan.KV, unset []string, config, pending []plan.KV) []string {
	var out []string
	then := Overlay(config, pending)
	for _, kv := range set {
		set := Settings(kind, []plan.KV{kv})
		differs := func(w plan.KV) bool { return Get(then, w.Key) != w.Value && !isMade(w) }
		dropped := func(h plan.KV) bool { return KeyOf(h.Key) == kv.Key && drops(kind, set, h) }
		if slices.ContainsFunc(set, differs) || slices.ContainsFunc(then, dropped) {
			out = append(out, kv.Key)
		}
	}
	defaults := Config(kind, nil)
	for _, name := range unset {
		for _, kv := range then {
			if KeyOf(kv.Key) == name && kv.Value != Get(defaults, kv.Key) {
				out = append(out, name)
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// drops reports whether a value of a key takes away a part that the guest has.
// Sizes of disks and where they are is PVE's to tell, and so is what it makes up
// for a part that nobody gave.
func drops(kind string, set []plan.KV, has plan.KV) bool {
	table := qemuManaged
	if kind == LXC {
		table = lxcManaged
	}
	a, managed := managedBy(table, has.Key)
	if !managed || a.held == kept || !strings.Contains(has.Key, ".") || has.Value == "" {
		return false
	}
	switch a.name {
	case "net.macaddr", "net.hwaddr", "smbios1.uuid":
		return false
	}
	_, mentioned := find(set, has.Key)
	return !mentioned
}

// isMade reports whether an attribute is the volume of a disk that is made when it
// is set, "storage:8": nobody knows yet which one that will be.
func isMade(kv plan.KV) bool {
	if !strings.HasSuffix(kv.Key, ".file") && !strings.HasSuffix(kv.Key, ".volume") {
		return false
	}
	_, size, _ := strings.Cut(kv.Value, ":")
	_, err := strconv.ParseFloat(size, 64)
	return err == nil
}

// Text writes PVE's own value of a key: the parts of config with those of want
// over them, so that what homestak does not manage (queues=4, cache=…) stays.
// Sizes of a VM's disks are never written, PVE knows them; of a container's it
// only knows what is written.
func Text(name string, config, want []plan.KV) string {
	if v, ok := find(want, name); ok {
		switch {
		case name == "tags":
			return strings.ReplaceAll(v, ",", ";")
		case name == "hotplug" && v == "none":
			return "0"
		}
		return v
	}
	parts := map[string]string{}
	var order []string
	for _, kvs := range [][]plan.KV{config, want} {
		for _, kv := range kvs {
			part, ok := strings.CutPrefix(kv.Key, name+".")
			if !ok {
				continue
			}
			if _, known := parts[part]; !known {
				order = append(order, part)
			}
			parts[part] = kv.Value
		}
	}
	slices.Sort(order)
	var words []string
	bus, _, _ := Slot(name)
	isNIC := bus == "net" && parts["model"] != ""
	isDisk := isDiskBus(bus) || name == "rootfs" || bus == "efidisk" || bus == "tpmstate"
	switch {
	case isNIC:
		words = append(words, parts["model"]+"="+parts["macaddr"])
	case isDisk && parts["file"] != "":
		words = append(words, parts["file"])
	case isDisk && parts["volume"] != "":
		words = append(words, parts["volume"])
	}
	if bare := bareOf(name); parts[bare] != "" {
		words = append(words, parts[bare])
		delete(parts, bare)
	}
	for _, part := range order {
		switch {
		case parts[part] == "":
		case isDisk && part == "size":
			if parts["volume"] != "" {
				words = append(words, "size="+sizeText(parts[part]))
			}
		case isDisk && (part == Storage || part == "file" || part == "volume"):
		case name == "boot" && part == "legacy" && parts["order"] != "": // what order replaced
		case isNIC && (part == "model" || part == "macaddr"):
		default:
			words = append(words, part+"="+parts[part])
		}
	}
	return strings.Join(words, ",")
}

// bareOf is the part that is written without its name, as people do.
func bareOf(name string) string {
	switch name {
	case "agent":
		return "enabled"
	case "cpu":
		return "cputype"
	case "machine", "vga":
		return "type"
	}
	return ""
}

// sizeText writes a number of bytes as PVE does: in the largest unit that gives a
// whole number.
func sizeText(bytes string) string {
	n, err := strconv.ParseUint(bytes, 10, 64)
	if err != nil {
		return bytes
	}
	for _, unit := range []struct {
		name string
		n    uint64
	}{{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}} {
		if n%unit.n == 0 {
			return strconv.FormatUint(n/unit.n, 10) + unit.name
		}
	}
	return bytes
}

// KeyOf is the PVE key an attribute belongs to.
func KeyOf(attr string) string {
	name, _, _ := strings.Cut(attr, ".")
	return name
}

// MiB is the canonical text of a memory size.
func MiB(bytes int64) string { return strconv.FormatInt(bytes>>20, 10) }

// GiB is the text of a size with which PVE makes a new disk, "8" or "0.5".
func GiB(bytes int64) string { return strconv.FormatFloat(float64(bytes)/(1<<30), 'f', -1, 64) }

// Overlay is the configuration a guest has after its next restart: pending keys
// take the place of current ones, whole keys at a time.
func Overlay(config, pending []plan.KV) []plan.KV {
	if len(pending) == 0 {
		return config
	}
	out := slices.Clone(pending)
	for _, kv := range config {
		if !slices.ContainsFunc(pending, func(p plan.KV) bool { return KeyOf(p.Key) == KeyOf(kv.Key) }) {
			out = append(out, kv)
		}
	}
	sortKV(out)
	return out
}
