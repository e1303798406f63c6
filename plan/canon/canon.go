package canon

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Kinds of guests, as PVE calls them.
const (
	QEMU = "qemu"
	LXC  = "lxc"
)

// Config is the canonical form of a guest's configuration: the attributes of
// the keys homestak looks at, by name, each with PVE's default when raw lacks
// it. The description is never among them. An unknown kind has none.
func Config(kind string, raw []plan.KV) []plan.KV {
	keys := keysOf(kind)
	if keys == nil {
		return nil
	}
	out := make([]plan.KV, 0, 2*len(raw)+len(keys))
	seen := make([]bool, len(keys))
	for _, kv := range raw {
		k, at, ok := keyOf(keys, kv.Key)
		if !ok {
			continue
		}
		if at >= 0 {
			seen[at] = true
		}
		out = k.attributes(out, kv.Key, kv.Value)
	}
	for i, k := range keys {
		if !seen[i] && k.value != "" {
			out = append(out, plan.KV{Key: k.name, Value: k.value})
		}
	}
	sortKV(out)
	return out
}

// Settings is like Config without defaults: only what raw itself says. It is
// the form of a step's arguments and of pending values. A key without a default
// that is set to nothing, as one is that waits for its removal, has an empty
// value under its own name.
func Settings(kind string, raw []plan.KV) []plan.KV {
	keys := keysOf(kind)
	var out []plan.KV
	for _, kv := range raw {
		k, _, ok := keyOf(keys, kv.Key)
		if !ok {
			continue
		}
		before := len(out)
		if out = k.attributes(out, kv.Key, kv.Value); len(out) == before {
			out = append(out, plan.KV{Key: kv.Key})
		}
	}
	sortKV(out)
	return out
}

func sortKV(kv []plan.KV) {
	slices.SortFunc(kv, func(a, b plan.KV) int { return cmp.Compare(a.Key, b.Key) })
}

// attributes appends what a value of a key says; name is the key with its slot's
// number.
func (k *key) attributes(out []plan.KV, name, value string) []plan.KV {
	// An option that was set to nothing reads back as one blank.
	value = strings.TrimSpace(value)
	if value == "" {
		if k.value == "" {
			return out
		}
		value = k.value
	}
	switch k.shape {
	case number:
		value = decimal(strings.TrimPrefix(value, "current="))
	case onOff:
		value = truth(value)
	case set:
		value = Set(value)
		if k.name == "hotplug" {
			value = hotplug(value)
		}
	case words:
		value = strings.Join(strings.FieldsFunc(value, isSeparator), " ")
	case props:
		return k.parts(out, name, value)
	}
	if value == "" {
		return out
	}
	return append(out, plan.KV{Key: name, Value: value})
}

// parts splits "virtio=02:…,bridge=vmbr0" into net0.model, net0.macaddr and so on.
// Parts that say what PVE would do without them are left out.
func (k *key) parts(out []plan.KV, name, value string) []plan.KV {
	add := func(part, v string) {
		if v = k.partValue(part, v); v != "" && v != k.usual(part) {
			out = append(out, plan.KV{Key: name + "." + part, Value: v})
		}
	}
	for p := range strings.SplitSeq(value, ",") {
		part, v, named := strings.Cut(strings.TrimSpace(p), "=")
		switch {
		case part == "":
		case !named:
			part, v = k.bare, part
			fallthrough
		default:
			if k.bare == "model" && slices.Contains(nicModels, part) {
				add("model", part)
				part = "macaddr"
			}
			if alias := k.alias(part); alias != "" {
				part = alias
			}
			add(part, v)
			if storage, _, ok := strings.Cut(v, ":"); ok && part == k.bare && k.disk {
				add(Storage, storage)
			}
		}
	}
	return out
}

// Storage is the part that a disk has besides PVE's own: where its volume is.
const Storage = "storage"

// Models PVE takes as "<model>=<MAC>".
var nicModels = []string{
	"e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e", "i82551", "i82557b", "i82559er",
	"ne2k_isa", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3",
}

// alias is PVE's other name of a part, "" when it has one name only.
func (k *key) alias(part string) string {
	switch {
	case k.disk && k.bare == "file" && part == "volume":
		return "file"
	case k.name == "agent" && (part == "guest-fsfreeze" || part == "freeze-fs-on-backup"):
		return "freeze-fs"
	}
	return ""
}

func (k *key) partValue(part, v string) string {
	switch part {
	case "acl", "backup", "base64", "enabled", "firewall", "force_rw_sys", "freeze-fs", "fstrim_cloned_disks", "fuse", "iothread",
		"keyctl", "link_down", "mknod", "nesting", "pre-enrolled-keys", "quota", "replicate", "ro", "shared", "snapshot", "ssd":
		return truth(v)
	case "size":
		if n, ok := bytesOf(v); ok {
			return strconv.FormatUint(n, 10)
		}
	case "uuid":
		return strings.ToLower(v)
	case "macaddr", "hwaddr":
		return strings.ToUpper(v)
	case "tag", "mtu", "order", "up", "down":
		if k.name != "boot" {
			return decimal(v)
		}
	case "mount":
		list := strings.Split(v, ";")
		slices.Sort(list)
		return strings.Join(slices.Compact(list), ";")
	}
	return v
}

// decimal is a whole number without leading zeros; any other text stays.
func decimal(v string) string {
	if n, err := strconv.ParseUint(v, 10, 63); err == nil {
		return strconv.FormatUint(n, 10)
	}
	return v
}

func truth(v string) string {
	switch strings.ToLower(v) {
	case "1", "yes", "on", "true":
		return "1"
	}
	return "0"
}

// hotplug spells out the short forms.
func hotplug(v string) string {
	switch v {
	case "1":
		return "disk,network,usb"
	case "0", "":
		return "none"
	}
	return v
}

// Set is the canonical text of a set: lower case, sorted, once each, joined by
// a comma. PVE takes commas, semicolons and blanks, and keeps semicolons.
func Set(s string) string {
	items := strings.FieldsFunc(strings.ToLower(s), isSeparator)
	slices.Sort(items)
	return strings.Join(slices.Compact(items), ",")
}

func isSeparator(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '\t' || r == '\n' }

// bytesOf reads a disk size as PVE prints it: a number and K, M, G or T.
func bytesOf(s string) (uint64, bool) {
	mult := uint64(1)
	for i, unit := range []string{"K", "M", "G", "T"} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, mult = rest, 1<<(10*(i+1))
			break
		}
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil && n <= (1<<62)/mult {
		return n * mult, true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 && f*float64(mult) < 1<<62 {
		return uint64(f * float64(mult)), true
	}
	return 0, false
}

func find(kvs []plan.KV, name string) (string, bool) {
	for _, kv := range kvs {
		if kv.Key == name {
			return kv.Value, true
		}
	}
	return "", false
}

// Get is the value of an attribute, "" when it is not there.
func Get(config []plan.KV, attr string) string {
	v, _ := find(config, attr)
	return v
}

// UUID is a guest's SMBIOS uuid in lower case, "" when it has none.
func UUID(config []plan.KV) string { return Get(config, "smbios1.uuid") }

// Tags is a guest's tags, sorted, from a raw or canonical value.
func Tags(value string) []string {
	if t := Set(value); t != "" {
		return strings.Split(t, ",")
	}
	return nil
}
