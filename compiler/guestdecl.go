package compiler

import (
	"slices"
	"time"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// guestDecl is what a node says of its guest besides size and first network.
// Most nodes say nothing of it, and have none.
type guestDecl struct {
	fields      []fieldAt // those that are there, to say which do not fit the node's type
	card        cardDecl
	interfaces  []interfaceDecl
	hardware    hardwareDecl
	disks       []diskDecl
	disksAt     opt[struct{}]
	storage     opt[string]
	clone       opt[string]
	boot        bootDecl
	reboot      rebootDecl
	placement   placementDecl
	seed        seedDecl
	template    opt[string]
	swap        opt[unit.Size]
	private     opt[bool] // unprivileged
	features    featuresDecl
	renamedFrom opt[string]
}

// fieldAt is a field and where it is.
type fieldAt struct {
	schema *schema.Field
	at     source.Range
}

type cardDecl struct {
	firewall opt[bool]
	model    opt[string]
	mtu      opt[int]
	rate     opt[int]
}

type interfaceDecl struct {
	at      source.Range
	slot    opt[int]
	network networkDecl
	card    cardDecl
}

type hardwareDecl struct {
	cpu, bios, machine, vga, scsi        opt[string]
	sockets                              opt[int]
	numa, secureBoot, tpm, serial, agent opt[bool]
	balloon                              opt[unit.Size]
	hotplug                              []opt[string]
	hotplugAt                            opt[struct{}]
}

type diskDecl struct {
	at                       source.Range
	name, storage, path, bus opt[string]
	size                     opt[unit.Size]
	ssd, discard, backup     opt[bool]
}

type bootDecl struct {
	order       []opt[string]
	orderAt     opt[struct{}]
	startup     opt[int]
	delay, stop opt[time.Duration]
}

type rebootDecl struct {
	policy    opt[string]
	windows   []opt[string]
	windowsAt opt[struct{}]
	written   int // windows, bad ones included
}

type placementDecl struct {
	at      source.Range
	hosts   []opt[string]
	hostsAt opt[struct{}]
	spread  opt[string]
	pin     opt[bool]
}

type seedDecl struct {
	carrier                opt[string]
	packages, commands     []opt[string]
	packagesAt, commandsAt opt[struct{}]
	files                  []seedFileDecl
}

type seedFileDecl struct {
	path, content, owner, mode opt[string]
}

type featuresDecl struct {
	nesting, keyctl, fuse, mknod opt[bool]
	mount                        []opt[string]
	mountAt                      opt[struct{}]
}

// guestFields are the fields of a node that make a guestDecl.
var guestFields = []string{
	"hardware", "interfaces", "disks", "storage", "clone", "boot", "reboot", "placement", "cloud_init",
	"template", "swap", "unprivileged", "features", "renamed_from",
}

// cardFields are those of its network that do.
var cardFields = []string{"firewall", "model", "mtu", "rate"}

// guestOf decodes what a node says of its guest, nil when it says nothing.
func guestOf(r, network *reader) *guestDecl {
	says := func(r *reader, keys []string) bool {
		return slices.ContainsFunc(r.entries, func(e entry) bool { return slices.Contains(keys, e.schema.Key) })
	}
	if r.f.taken == nil && !says(r, guestFields) && !says(network, cardFields) {
		return nil
	}
	d := &guestDecl{
		card:        cardOf(network),
		hardware:    hardwareOf(r.group("hardware")),
		storage:     r.text("storage"),
		clone:       r.text("clone"),
		boot:        bootOf(r.group("boot")),
		reboot:      rebootOf(r.group("reboot")),
		placement:   placementOf(r.group("placement")),
		seed:        seedOf(r.group("cloud_init")),
		template:    r.text("template"),
		swap:        r.size("swap"),
		private:     r.flag("unprivileged"),
		features:    featuresOf(r.group("features")),
		renamedFrom: r.text("renamed_from"),
	}
	for _, i := range r.objects("interfaces") {
		d.interfaces = append(d.interfaces, interfaceOf(i))
	}
	_, d.disksAt = r.items("disks")
	for _, i := range r.objects("disks") {
		d.disks = append(d.disks, diskOf(i))
	}
	for i := range r.entries {
		d.fields = append(d.fields, fieldAt{r.entries[i].schema, r.entries[i].key})
	}
	return d
}

// objects reads each item of a list of mappings.
func (r *reader) objects(key string) []*reader {
	o := r.object.Field(key).Elem.Object
	items, _ := r.items(key)
	out := make([]*reader, 0, len(items))
	for _, n := range items {
		out = append(out, r.f.read(n, o, o.Name))
	}
	if r.f.taken != nil && len(out) == 0 {
		out = append(out, r.f.read(nil, o, ""))
	}
	return out
}

func cardOf(r *reader) cardDecl {
	return cardDecl{firewall: r.flag("firewall"), model: r.text("model"), mtu: r.number("mtu"), rate: r.number("rate")}
}

func interfaceOf(r *reader) interfaceDecl {
	d := interfaceDecl{at: firstLine(r.at), slot: r.number("slot"), card: cardOf(r), network: networkDecl{
		bridge: r.text("bridge"), ip: r.text("ip"), gateway: r.text("gateway"), mac: r.text("mac"), vlan: r.number("vlan"),
	}}
	d.network.dns, d.network.dnsAt = r.texts("dns")
	return d
}

func hardwareOf(r *reader) hardwareDecl {
	d := hardwareDecl{
		cpu: r.text("cpu"), bios: r.text("bios"), machine: r.text("machine"), vga: r.text("vga"), scsi: r.text("scsi"),
		sockets: r.number("sockets"), balloon: r.size("balloon"),
		numa: r.flag("numa"), secureBoot: r.flag("secure_boot"), tpm: r.flag("tpm"), serial: r.flag("serial"), agent: r.flag("agent"),
	}
	d.hotplug, d.hotplugAt = r.texts("hotplug")
	return d
}

func diskOf(r *reader) diskDecl {
	return diskDecl{
		at: firstLine(r.at), name: r.text("name"), size: r.size("size"), storage: r.text("storage"), path: r.text("path"), bus: r.text("bus"),
		ssd: r.flag("ssd"), discard: r.flag("discard"), backup: r.flag("backup"),
	}
}

func bootOf(r *reader) bootDecl {
	d := bootDecl{startup: r.number("startup"), delay: r.duration("delay"), stop: r.duration("stop")}
	d.order, d.orderAt = r.texts("order")
	return d
}

func rebootOf(r *reader) rebootDecl {
	d := rebootDecl{policy: r.text("policy")}
	d.windows, d.windowsAt = r.texts("windows")
	items, _ := r.items("windows")
	d.written = len(items)
	return d
}

func placementOf(r *reader) placementDecl {
	d := placementDecl{at: firstLine(r.at), spread: r.text("spread"), pin: r.flag("pin")}
	d.hosts, d.hostsAt = r.texts("hosts")
	return d
}

func seedOf(r *reader) seedDecl {
	d := seedDecl{carrier: r.text("carrier")}
	d.packages, d.packagesAt = r.texts("packages")
	d.commands, d.commandsAt = r.texts("commands")
	for _, i := range r.objects("files") {
		d.files = append(d.files, seedFileDecl{path: i.text("path"), content: i.text("content"), owner: i.text("owner"), mode: i.text("mode")})
	}
	return d
}

func featuresOf(r *reader) featuresDecl {
	d := featuresDecl{nesting: r.flag("nesting"), keyctl: r.flag("keyctl"), fuse: r.flag("fuse"), mknod: r.flag("mknod")}
	d.mount, d.mountAt = r.texts("mount")
	return d
}
