package compiler

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeOtherType     diag.Code = "HS0440"
	codeImageKind     diag.Code = "HS0441"
	codeContradiction diag.Code = "HS0442"
	codeDiskTwice     diag.Code = "HS0443"
	codeNoPath        diag.Code = "HS0444"
	codeTooManyDisks  diag.Code = "HS0445"
	codeSlotTwice     diag.Code = "HS0446"
	codeTwoRoutes     diag.Code = "HS0447"
	codeWindows       diag.Code = "HS0448"
	codePlaced        diag.Code = "HS0449"
	codeRenamed       diag.Code = "HS0450"
	codeSeedFile      diag.Code = "HS0451"
	codeSSDBus        diag.Code = "HS0452"
)

// Fields of a node that only some types of nodes have.
var (
	ofMachines   = []string{"hardware", "clone", "cloud_init"}
	ofContainers = []string{"template", "swap", "unprivileged", "features"}
)

// guestFits reports what a node of its type cannot have.
func (c *compilation) guestFits(n *node) {
	d, kind := n.decl, n.out.Type.V
	if d.typ.Bad || n.name == "" {
		return
	}
	if kind == ir.CT && d.image.Set {
		c.misfit(n, "image", d.image.At, "write `template`, the name of a container template of images/, or make it a vm")
	}
	if d.guest == nil {
		return
	}
	for _, f := range d.guest.fields {
		switch key := f.schema.Key; {
		case kind == ir.CT && slices.Contains(ofMachines, key):
			c.misfit(n, key, f.at, "remove it, or make the node a vm")
		case kind != ir.CT && key == "template":
			c.misfit(n, key, f.at, "write `image`, or `type: ct`")
		case kind != ir.CT && slices.Contains(ofContainers, key):
			c.misfit(n, key, f.at, "remove it, or write `type: ct`")
		}
	}
	ofOne := func(key string, set bool, at source.Range, ct bool) {
		if set && ct == (kind == ir.CT) {
			c.misfit(n, key, at, "remove it")
		}
	}
	g := d.guest
	ofOne("network.model", g.card.model.Set, g.card.model.At, true)
	ofOne("boot.order", g.boot.orderAt.Set, g.boot.orderAt.At, true)
	for i := range g.interfaces {
		ofOne("interfaces.model", g.interfaces[i].card.model.Set, g.interfaces[i].card.model.At, true)
	}
	for i := range g.disks {
		v := &g.disks[i]
		ofOne("disks.bus", v.bus.Set, v.bus.At, true)
		ofOne("disks.ssd", v.ssd.Set, v.ssd.At, true)
		ofOne("disks.discard", v.discard.Set, v.discard.At, true)
		ofOne("disks.path", v.path.Set, v.path.At, false)
		if kind == ir.CT && !v.path.Set {
			e := c.errorAt(codeNoPath, v.at, "disk %q of container %q has no path", v.name.V, n.name)
			e.Label, e.Help = "a container has its disks mounted", "add `path`, as in /srv/data"
		}
	}
}

func (c *compilation) misfit(n *node, key string, at source.Range, help string) {
	kind := n.out.Type
	d := c.errorAt(codeOtherType, at, "%s has no %s", article(string(kind.V)), key)
	if kind.V == ir.CT {
		d.Label = fmt.Sprintf("node %q is a container", n.name)
	} else {
		d.Label = fmt.Sprintf("node %q is a virtual machine", n.name)
	}
	if !kind.From.Range.IsZero() {
		d.Notes = []diag.Note{{Text: "its type", Range: kind.From.Range}}
	}
	d.Help = help
}

// guestHolds reports what in a guest contradicts itself.
func (c *compilation) guestHolds(n *node, d *guestDecl, g *ir.Guest) {
	if n.name == "" {
		return
	}
	c.hardwareHolds(n, &g.Hardware)
	c.disksHold(n, d)
	c.interfacesHold(n, d)
	c.windowsHold(&d.reboot)
	c.filesHold(&d.seed)
	if f := &d.features; f.mountAt.ok() && len(f.mount) > 0 && g.Container.Unprivileged.V {
		e := c.errorAt(codeContradiction, f.mountAt.At, "an unprivileged container cannot mount %s", strings.Join(g.Container.Mount.V, " or "))
		e.Help = "write `unprivileged: false`, or mount it on the host and give the container the directory"
	}
}

func (c *compilation) hardwareHolds(n *node, h *ir.Hardware) {
	if h.SecureBoot.V && h.BIOS.V != "ovmf" {
		e := c.errorAt(codeContradiction, h.SecureBoot.From.Range, "secure boot needs UEFI, and node %q has seabios", n.name)
		e.Help = "write `bios: ovmf`, or remove secure_boot"
	}
	if slices.Contains(h.Hotplug.V, "memory") && !h.NUMA.V {
		e := c.errorAt(codeContradiction, h.Hotplug.From.Range, "memory cannot be hotplugged without NUMA")
		e.Label, e.Help = "Proxmox VE refuses it", "write `numa: true`, or take memory from the list"
	}
	if o := &n.out; h.Balloon.V > o.Memory.V && o.Memory.V > 0 {
		e := c.errorAt(codeContradiction, h.Balloon.From.Range, "the balloon of node %q leaves it %s, and it has %s", n.name, h.Balloon.V, o.Memory.V)
		e.Help = "write less than the memory; 0 is no balloon"
		if !o.Memory.From.Range.IsZero() {
			e.Notes = []diag.Note{{Text: "its memory", Range: o.Memory.From.Range}}
		}
	}
}

// most is how many disks a bus has room for besides those homestak puts there.
var most = map[string]int{"scsi": 29, "virtio": 16, "sata": 6, "": 255}

func (c *compilation) disksHold(n *node, d *guestDecl) {
	names, paths, used := map[string]source.Range{}, map[string]source.Range{}, map[string]int{}
	twice := func(held map[string]source.Range, o opt[string], what string) {
		if !o.ok() {
			return
		}
		old, there := held[o.V]
		if !there {
			held[o.V] = o.At
			return
		}
		e := c.errorAt(codeDiskTwice, o.At, "two disks of node %q have the %s %s", n.name, what, o.V)
		e.Notes = []diag.Note{{Text: "the other one", Range: old}}
		e.Help = fmt.Sprintf("give one of the two another %s", what)
	}
	for i := range d.disks {
		v := &d.disks[i]
		twice(names, v.name, "name")
		twice(paths, v.path, "path")
		bus := ""
		if n.out.Type.V != ir.CT {
			if bus = v.bus.V; !v.bus.ok() {
				bus = schema.Disk.Default("bus")
			}
		}
		if v.ssd.V && bus == "virtio" {
			e := c.errorAt(codeSSDBus, v.ssd.At, "disk %q of node %q cannot be an SSD on bus virtio", v.name.V, n.name)
			e.Label, e.Help = "Proxmox VE has `ssd` for disks on scsi and sata alone", "write `bus: scsi`, or remove `ssd`"
			if v.bus.Set {
				e.Notes = []diag.Note{{Text: "its bus", Range: v.bus.At}}
			}
		}
		if used[bus]++; used[bus] == most[bus]+1 {
			e := c.errorAt(codeTooManyDisks, v.at, "node %q has more than %d disks", n.name, most[bus])
			e.Label, e.Help = "a container has room for no more", "use fewer, larger disks"
			if bus != "" {
				e.Label, e.Help = "bus "+bus+" has room for no more", "give some another bus, or use fewer, larger disks"
			}
		}
	}
}

// interfacesHold checks slots, and the routes of further interfaces.
func (c *compilation) interfacesHold(n *node, d *guestDecl) {
	slots := map[int]source.Range{}
	route := n.out.Network.Gateway.From
	routed := n.out.Network.Gateway.V != ""
	for i := range d.interfaces {
		v := &d.interfaces[i]
		if v.slot.ok() {
			if old, there := slots[v.slot.V]; there {
				e := c.errorAt(codeSlotTwice, v.slot.At, "two interfaces of node %q have slot %d", n.name, v.slot.V)
				e.Notes = []diag.Note{{Text: "the other one", Range: old}}
				e.Help = "give one of the two another slot, or none"
			}
			slots[v.slot.V] = v.slot.At
		}
		if i == int(schema.Interface.Field("slot").Max) {
			e := c.errorAt(codeSlotTwice, v.at, "node %q has more than %d further interfaces", n.name, i)
			e.Help = "Proxmox VE has room for no more"
		}
		gateway := v.network.gateway
		if !gateway.ok() || gateway.V == "" {
			continue
		}
		c.routeOf(n, v)
		if routed {
			e := c.errorAt(codeTwoRoutes, gateway.At, "node %q has two default routes", n.name)
			e.Label, e.Help = "which of the two packets take is a guess", "keep one `gateway`; `gateway: \"\"` says that the first interface has none"
			if !route.Range.IsZero() {
				e.Notes = []diag.Note{{Text: "the other one", Range: route.Range}}
			}
		}
		routed, route = true, ir.Origin{Range: gateway.At}
	}
}

// routeOf checks that the gateway of a further interface can be reached.
func (c *compilation) routeOf(n *node, v *interfaceDecl) {
	gateway, err := netip.ParseAddr(v.network.gateway.V)
	subnet, none := netip.ParsePrefix(v.network.ip.V)
	switch {
	case err != nil || v.network.ip.Bad:
	case none != nil:
		e := c.errorAt(codeGateway, v.network.gateway.At, "an interface of node %q has a gateway and no address", n.name)
		e.Help = "give it `ip`, or remove the gateway"
	case !subnet.Contains(gateway) || gateway == subnet.Addr():
		e := c.errorAt(codeGateway, v.network.gateway.At, "gateway %s is no other machine in the subnet of %s", gateway, v.network.ip.V)
		e.Help = "correct the gateway, the address or its prefix length"
		e.Notes = []diag.Note{{Text: "the address", Range: v.network.ip.At}}
	}
}

func (c *compilation) windowsHold(d *rebootDecl) {
	windowed := d.policy.V == "window"
	switch {
	case d.policy.Bad || d.windowsAt.Bad:
	case windowed && d.written == 0:
		e := c.errorAt(codeWindows, d.policy.At, "reboots wait for a window, and there is none")
		e.Help = "add `windows: [\"Sun 02:00-04:00\"]`, or choose another policy"
	case !windowed && d.written > 0:
		e := c.errorAt(codeWindows, d.windowsAt.At, "reboots do not wait for these windows")
		e.Help = "write `policy: window`, or remove the windows"
		if d.policy.Set {
			e.Notes = []diag.Note{{Text: "the policy", Range: d.policy.At}}
		}
	}
}

// What homestak's own seed writes: see runtime/seed.
var seedPaths = []string{"/etc/ssh/homestak", "/etc/ssh/sshd_config.d/00-homestak", "/etc/sudoers.d/homestak", "/var/lib/cloud/seed", "/usr/local/lib/homestak"}

// Bounds of what a seed adds: the whole of it is a small disk.
const (
	maxSeedText  = 512 << 10
	maxSeedLines = 1000
)

func (c *compilation) filesHold(d *seedDecl) {
	seen := map[string]source.Range{}
	size, last := 0, source.Range{}
	for _, f := range d.files {
		size += len(f.content.V)
		last = f.path.At
		if !f.path.ok() {
			continue
		}
		if old, twice := seen[f.path.V]; twice {
			e := c.errorAt(codeSeedFile, f.path.At, "%s is written twice", f.path.V)
			e.Notes, e.Help = []diag.Note{{Text: "the other one", Range: old}}, "keep one of the two"
		}
		seen[f.path.V] = f.path.At
		if slices.ContainsFunc(seedPaths, func(own string) bool { return strings.HasPrefix(f.path.V, own) }) {
			e := c.errorAt(codeSeedFile, f.path.At, "%s is homestak's own", f.path.V)
			e.Help = "write another path"
		}
	}
	for _, o := range d.commands {
		size += len(o.V)
		last = o.At
		if strings.ContainsAny(o.V, "\x00\n") {
			c.errorAt(codeSeedFile, o.At, "a command has several lines").Help = "write one command a line, or a script as a file and its path here"
		}
	}
	if size > maxSeedText || len(d.commands) > maxSeedLines || len(d.files) > maxSeedLines || len(d.packages) > maxSeedLines {
		e := c.errorAt(codeSeedFile, last, "the first boot has too much to do")
		e.Label = fmt.Sprintf("at most %d KiB of text, and %d of each of packages, files and commands", maxSeedText>>10, maxSeedLines)
		e.Help = "leave to the spec what need not be there at the first boot"
	}
}

// checkImageKind: a vm boots an image, and a ct unpacks a template.
func (c *compilation) checkImageKind(n *node) {
	if n.image == nil || n.image.format.Bad || n.decl.typ.Bad {
		return
	}
	template := strings.HasPrefix(n.image.format.V, "tar.")
	if template == (n.out.Type.V == ir.CT) {
		return
	}
	at, name := n.out.Image.From.Range, n.imageName()
	d := &diag.Diagnostic{}
	if template {
		d = c.errorAt(codeImageKind, written(ir.Origin{Range: at}, ir.Origin{Range: n.at()}), "image %q is a container template", name)
		d.Label, d.Help = fmt.Sprintf("node %q is a virtual machine", n.name), "name a disk image, or write `type: ct` and `template`"
	} else {
		at = n.out.Extra().Container.Template.From.Range
		d = c.errorAt(codeImageKind, written(ir.Origin{Range: at}, ir.Origin{Range: n.at()}), "image %q is no container template", name)
		d.Label, d.Help = fmt.Sprintf("node %q is a container", n.name), "name an image whose format begins with tar, or make the node a vm"
	}
	d.Notes = []diag.Note{{Text: "the image", Range: n.imageDef.at}}
}

// checkCarrier: an image reads its seed from what the node wants it on.
func (c *compilation) checkCarrier(n *node) {
	if n.decl.guest == nil {
		return
	}
	if g := n.decl.guest; g.seed.carrier.V == "pve" {
		if why := ir.BeyondDrive(&n.out); why != "" {
			d := c.errorAt(codeContradiction, g.seed.carrier.At, "Proxmox VE's cloud-init drive does not do for node %q", n.name)
			d.Label, d.Help = why, "remove `carrier`, or what the drive cannot carry"
		}
		return
	}
	if n.image == nil || n.decl.guest.seed.carrier.V != "disk" || n.image.seed.V != "cdrom" {
		return
	}
	d := c.errorAt(codeContradiction, n.decl.guest.seed.carrier.At, "image %q would not find a seed on a disk", n.imageName())
	d.Help = "write `carrier: cdrom`, or remove it"
	d.Notes = []diag.Note{{Text: "it reads CD-ROMs alone", Range: n.image.seed.At}}
}

// checkPlacement: a node has one way to be placed, and its hosts exist.
func (c *compilation) checkPlacement(n *node) {
	g := n.decl.guest
	if g == nil || !g.placement.hostsAt.Set && g.placement.at.IsZero() {
		return
	}
	p := &g.placement
	for _, h := range p.hosts {
		switch {
		case c.site.find(schema.KindHost, h.V) != nil:
			c.hostNamed(h.V)
		case h.V != labHost:
			c.unknown(schema.KindHost, h)
		}
	}
	if p.hostsAt.ok() && len(p.hosts) == 0 {
		c.errorAt(codePlaced, p.hostsAt.At, "node %q chooses from no hosts", n.name).Help = "name some, or remove the placement"
	}
	switch h := n.decl.host; {
	case h.ok():
		d := c.errorAt(codePlaced, p.at, "node %q has a host and chooses from several", n.name)
		d.Notes, d.Help = []diag.Note{{Text: "the host", Range: h.At}}, "remove one of the two"
	case n.up != nil:
		d := c.errorAt(codePlaced, p.at, "node %q has a parent and chooses from hosts", n.name)
		d.Label, d.Help = "its parent is its host", "remove one of the two"
		d.Notes = []diag.Note{{Text: "the parent", Range: n.upAt}}
	}
}

// checkRenamed: a node was renamed from a name that nobody has any more.
func (c *compilation) checkRenamed() {
	var names map[string]*node
	from := map[string]*node{}
	for _, n := range c.nodes {
		former := n.out.Extra().RenamedFrom
		if former.V == "" || n.bad {
			continue
		}
		if names == nil {
			names = map[string]*node{}
			for _, m := range c.nodes {
				names[m.name] = m
			}
		}
		c.where = n.raw.place.home
		if m := names[former.V]; m != nil {
			d := c.errorAt(codeRenamed, former.From.Range, "node %q was renamed from %q, which is still there", n.name, former.V)
			d.Notes = []diag.Note{{Text: fmt.Sprintf("%q", m.name), Range: m.at()}}
			d.Help = "remove renamed_from, or the node of the former name"
		}
		if m := from[former.V]; m != nil {
			d := c.errorAt(codeRenamed, former.From.Range, "nodes %q and %q were both renamed from %q", m.name, n.name, former.V)
			d.Notes = []diag.Note{{Text: fmt.Sprintf("%q", m.name), Range: m.at()}}
			d.Help = "one guest becomes one node: remove renamed_from from the other"
		}
		from[former.V] = n
	}
	c.where = nil
}
