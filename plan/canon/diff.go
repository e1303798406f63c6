package canon

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// managed is the closed table of attributes homestak compares, with what it
// takes to change one on a running guest. PVE 9.2 truly cannot change none of
// them in place, so no class is Rebuild. Disks only grow, and growing is live.
var managed = []struct {
	attr    string
	class   plan.Class
	feature string // of the guest's own hotplug option, when class is Hotplug
}{
	{"agent.enabled", plan.Reboot, ""},
	{"boot.order", plan.Reboot, ""},
	{"cores", plan.Reboot, ""},
	{"cpu.cputype", plan.Reboot, ""},
	{"memory", plan.Reboot, ""},
	{"name", plan.Live, ""},
	{"net0.bridge", plan.Hotplug, "network"},
	{"net0.macaddr", plan.Hotplug, "network"},
	{"net0.model", plan.Hotplug, "network"},
	{"net0.tag", plan.Hotplug, "network"},
	{"onboot", plan.Live, ""},
	{"ostype", plan.Reboot, ""},
	{"protection", plan.Live, ""},
	{"scsi0.size", plan.Live, ""},
	{"scsihw", plan.Reboot, ""},
	{"serial0", plan.Reboot, ""},
	{"smbios1.uuid", plan.Reboot, ""},
	{"tags", plan.Live, ""},
}

// Managed reports whether homestak compares an attribute. All others belong to
// whoever set them.
func Managed(attr string) bool {
	for _, m := range managed {
		if m.attr == attr {
			return true
		}
	}
	return false
}

// Only keeps the managed attributes of a canonical configuration: what guards
// expect and markers hash.
func Only(config []plan.KV) []plan.KV {
	var out []plan.KV
	for _, kv := range config {
		if Managed(kv.Key) {
			out = append(out, kv)
		}
	}
	return out
}

// Applied is Only of what a step gave a guest, for markers: an attribute whose
// key was given without it is there with an empty value, so that it is missed
// when somebody adds it. Sizes of disks are PVE's to tell.
func Applied(settings []plan.KV) []plan.KV {
	var out []plan.KV
	for _, m := range managed {
		given := slices.ContainsFunc(settings, func(kv plan.KV) bool { return KeyOf(kv.Key) == KeyOf(m.attr) })
		if given && !strings.HasSuffix(m.attr, ".size") {
			out = append(out, plan.KV{Key: m.attr, Value: Get(settings, m.attr)})
		}
	}
	return out
}

// Classify says what changing an attribute does to a running guest whose
// canonical hotplug value is given. Memory is never hot-plugged: it would need
// NUMA and an online policy inside the guest, which homestak does not set.
func Classify(attr, hotplug string) plan.Class {
	for _, m := range managed {
		if m.attr != attr {
			continue
		}
		if m.class == plan.Hotplug && !slices.Contains(strings.Split(hotplug, ","), m.feature) {
			return plan.Reboot
		}
		return m.class
	}
	return plan.Live
}

// Diff lists the attributes of want that have does not hold, by name. An empty
// value in want says the attribute must not be there. A disk that is larger
// than wanted is listed too: the caller refuses it.
func Diff(have, want []plan.KV) []plan.Attr {
	plugs := Get(have, "hotplug")
	var out []plan.Attr
	for _, w := range want {
		if from := Get(have, w.Key); from != w.Value {
			out = append(out, plan.Attr{Name: w.Key, From: from, To: w.Value, Class: Classify(w.Key, plugs)})
		}
	}
	slices.SortFunc(out, func(a, b plan.Attr) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Unmet lists the keys of a guest.configure whose values the configuration does
// not hold: the step's probe. set are PVE's keys and texts as the step sends
// them, unset the keys it deletes, config and pending are canonical (Config and
// Settings). A pending value counts as held: the guest takes it when it
// restarts, and sending it again would change nothing.
func Unmet(kind string, set []plan.KV, unset []string, config, pending []plan.KV) []string {
	var out []string
	then := Overlay(config, pending)
	for _, kv := range set {
		for _, w := range Settings(kind, []plan.KV{kv}) {
			if Get(then, w.Key) != w.Value {
				out = append(out, kv.Key)
				break
			}
		}
	}
	defaults := Config(kind, nil)
	for _, name := range unset {
		for _, kv := range config {
			if base, _, _ := strings.Cut(kv.Key, "."); base == name && kv.Value != Get(defaults, kv.Key) {
				out = append(out, name)
				break
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Text writes PVE's own value of a key: the parts of config with those of want
// over them, so that what homestak does not manage (firewall=1, cache=…) stays.
// Sizes of disks are never written, PVE knows them.
func Text(name string, config, want []plan.KV) string {
	if v, ok := find(want, name); ok {
		if name == "tags" {
			return strings.ReplaceAll(v, ",", ";")
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
	if name == "net0" {
		words = append(words, parts["model"]+"="+parts["macaddr"])
	}
	for _, part := range order {
		switch {
		case parts[part] == "", part == "size":
		case name == "boot" && part == "legacy" && parts["order"] != "": // what order replaced
		case name == "net0" && (part == "model" || part == "macaddr"):
		default:
			words = append(words, part+"="+parts[part])
		}
	}
	return strings.Join(words, ",")
}

// KeyOf is the PVE key an attribute belongs to.
func KeyOf(attr string) string {
	name, _, _ := strings.Cut(attr, ".")
	return name
}

// MiB is the canonical text of a memory size.
func MiB(bytes int64) string { return strconv.FormatInt(bytes>>20, 10) }

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
