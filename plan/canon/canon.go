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

// shape is how a raw value is written.
type shape uint8

const (
	plain  shape = iota
	number       // a decimal number, "current=512" included
	onOff        // 0, 1, yes, on, true
	set          // separated by ; , or blanks; order and case mean nothing
	props        // property string
)

// key is what is known of one configuration key.
type key struct {
	name  string
	shape shape
	bare  string // props: the name of the part that stands without a name
	value string // PVE's default
}

// The keys homestak looks at. Defaults are those of the PVE 7.4 to 9.2 schemas.
var qemuKeys = []key{
	{name: "agent", shape: props, bare: "enabled"},
	{name: "boot", shape: props, bare: "legacy"},
	{name: "cores", shape: number, value: "1"},
	{name: "cpu", shape: props, bare: "cputype"},
	{name: "hotplug", shape: set, value: "disk,network,usb"},
	{name: "memory", shape: number, value: "512"},
	{name: "name"},
	{name: "net0", shape: props, bare: "model"},
	{name: "onboot", shape: onOff, value: "0"},
	{name: "ostype", value: "other"},
	{name: "protection", shape: onOff, value: "0"},
	{name: "scsi0", shape: props, bare: "file"},
	{name: "scsi1", shape: props, bare: "file"},
	{name: "scsihw", value: "lsi"},
	{name: "serial0"},
	{name: "smbios1", shape: props, bare: "uuid"},
	{name: "tags", shape: set},
}

var lxcKeys = []key{
	{name: "cores", shape: number},
	{name: "hostname"},
	{name: "memory", shape: number, value: "512"},
	{name: "net0", shape: props, bare: "name"},
	{name: "onboot", shape: onOff, value: "0"},
	{name: "protection", shape: onOff, value: "0"},
	{name: "rootfs", shape: props, bare: "volume"},
	{name: "tags", shape: set},
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

// Config is the canonical form of a guest's configuration: the attributes of
// the keys homestak looks at, by name, each with PVE's default when raw lacks
// it. The description is never among them. An unknown kind has none.
func Config(kind string, raw []plan.KV) []plan.KV {
	var out []plan.KV
	for _, k := range keysOf(kind) {
		value, present := find(raw, k.name)
		out = append(out, k.attributes(value, present)...)
	}
	sortKV(out)
	return out
}

// Settings is like Config without defaults: only what raw itself says. It is
// the form of a step's arguments and of pending values. A key without a default
// that is set to nothing, as one is that waits for its removal, has an empty
// value under its own name.
func Settings(kind string, raw []plan.KV) []plan.KV {
	var out []plan.KV
	for _, k := range keysOf(kind) {
		value, present := find(raw, k.name)
		if !present {
			continue
		}
		said := k.attributes(value, true)
		if len(said) == 0 {
			said = []plan.KV{{Key: k.name}}
		}
		out = append(out, said...)
	}
	sortKV(out)
	return out
}

func sortKV(kv []plan.KV) {
	slices.SortFunc(kv, func(a, b plan.KV) int { return cmp.Compare(a.Key, b.Key) })
}

func (k key) attributes(value string, present bool) []plan.KV {
	// An option that was set to nothing reads back as one blank.
	value = strings.TrimSpace(value)
	if !present || value == "" {
		if k.value == "" {
			return nil
		}
		value = k.value
	}
	switch k.shape {
	case number:
		value = strings.TrimPrefix(value, "current=")
		if n, err := strconv.ParseUint(value, 10, 63); err == nil {
			value = strconv.FormatUint(n, 10)
		}
	case onOff:
		value = truth(value)
	case set:
		value = Set(value)
		if k.name == "hotplug" {
			value = hotplug(value)
		}
	case props:
		return k.parts(value)
	}
	if value == "" {
		return nil
	}
	return []plan.KV{{Key: k.name, Value: value}}
}

// parts splits "virtio=02:…,bridge=vmbr0" into net0.model, net0.macaddr and so on.
func (k key) parts(value string) []plan.KV {
	var out []plan.KV
	add := func(part, value string) { out = append(out, plan.KV{Key: k.name + "." + part, Value: value}) }
	for p := range strings.SplitSeq(value, ",") {
		part, v, named := strings.Cut(strings.TrimSpace(p), "=")
		switch {
		case part == "":
		case !named:
			add(k.bare, k.partValue(k.bare, part))
		case k.name == "net0" && k.bare == "model" && slices.Contains(nicModels, part):
			add("model", part)
			add("macaddr", strings.ToUpper(v))
		default:
			add(part, k.partValue(part, v))
		}
	}
	return out
}

// Models PVE takes as "<model>=<MAC>".
var nicModels = []string{
	"e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e", "i82551", "i82557b", "i82559er",
	"ne2k_isa", "ne2k_pci", "pcnet", "rtl8139", "virtio", "vmxnet3",
}

func (k key) partValue(part, v string) string {
	switch k.name + "." + part {
	case "agent.enabled":
		return truth(v)
	case "scsi0.size", "scsi1.size", "rootfs.size":
		if n, ok := bytesOf(v); ok {
			return strconv.FormatUint(n, 10)
		}
	case "smbios1.uuid":
		return strings.ToLower(v)
	case "net0.macaddr", "net0.hwaddr":
		return strings.ToUpper(v)
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
	case "0":
		return "none"
	}
	return v
}

// Set is the canonical text of a set: lower case, sorted, once each, joined by
// a comma. PVE takes commas, semicolons and blanks, and keeps semicolons.
func Set(s string) string {
	items := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return r == ';' || r == ',' || r == ' ' || r == '\t' || r == '\n'
	})
	slices.Sort(items)
	return strings.Join(slices.Compact(items), ",")
}

// bytesOf reads a disk size as PVE prints it: a number and K, M, G or T.
func bytesOf(s string) (uint64, bool) {
	mult := uint64(1)
	for i, unit := range []string{"K", "M", "G", "T"} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			s, mult = rest, 1<<(10*(i+1))
			break
		}
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n > (1<<62)/mult {
		return 0, false
	}
	return n * mult, true
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

// MACs lists the addresses of a guest's NICs by slot, from raw values.
func MACs(kind string, raw []plan.KV) []string {
	bare, part := "model", ".macaddr"
	if kind == LXC {
		bare, part = "name", ".hwaddr"
	}
	return bySlot(raw, []string{"net"}, func(kv plan.KV) string {
		// net0 has the shape of all of them.
		parts := key{name: "net0", shape: props, bare: bare}.parts(kv.Value)
		return Get(parts, "net0"+part)
	})
}

// Volumes lists the volume ids a guest owns, by slot, from raw values. CD-ROMs
// and empty drives are not owned.
func Volumes(raw []plan.KV) []string {
	buses := []string{"efidisk", "ide", "mp", "rootfs", "sata", "scsi", "tpmstate", "unused", "virtio"}
	return bySlot(raw, buses, func(kv plan.KV) string {
		volume, rest, _ := strings.Cut(kv.Value, ",")
		volume = strings.TrimPrefix(strings.TrimPrefix(volume, "file="), "volume=")
		if !strings.Contains(volume, ":") || strings.Contains(","+rest+",", ",media=cdrom,") {
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
		bus := strings.TrimRight(kv.Key, "0123456789")
		n, err := strconv.Atoi(kv.Key[len(bus):])
		if !slices.Contains(buses, bus) || err != nil && kv.Key != "rootfs" {
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
