package compiler

import (
	"cmp"
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/lang/window"
)

// guestKey is what decides a node's ir.Guest: nodes that have it alike share
// one, checked once.
type guestKey struct {
	decl   *guestDecl
	preset *presetDecl
	kind   ir.Type
	bridge ir.Value[string]
	former string // see formerName: each instance has its own
}

// guestOf merges what the preset and the node say of the guest.
func (c *compilation) guestOf(n *node) {
	d, p := n.decl.guest, n.preset
	kind := n.out.Type.V
	if p != nil && p.hardware == nil || kind == ir.CT {
		p = nil
	}
	if d == nil && p == nil && kind != ir.CT {
		return
	}
	c.guestFits(n)
	if d == nil {
		d = &c.noGuest
	}
	key := guestKey{decl: d, preset: p, kind: kind, bridge: n.out.Network.Bridge, former: c.formerName(n)}
	g := c.guests[key]
	if g == nil {
		g = c.mergeGuest(n, d, p, key)
		if c.guests == nil {
			c.guests = map[guestKey]*ir.Guest{}
		}
		c.guests[key] = g
	}
	n.out.Guest = g
}

func (c *compilation) mergeGuest(n *node, d *guestDecl, p *presetDecl, key guestKey) *ir.Guest {
	g := &ir.Guest{
		Card:        cardIn(d.card),
		Interfaces:  c.interfaces(n, d),
		Disks:       c.disks(n, d),
		Storage:     over(d.storage, ir.FromNode, byDefault("")),
		Clone:       over(d.clone, ir.FromNode, byDefault("")),
		RenamedFrom: over(opt[string]{V: key.former, At: d.renamedFrom.At, Set: d.renamedFrom.Set, Bad: d.renamedFrom.Bad}, ir.FromNode, byDefault("")),
	}
	if p != nil {
		g.Hardware = hardwareIn(*p.hardware, n.presetLayer, g.Hardware)
	}
	g.Hardware = hardwareIn(d.hardware, ir.FromNode, g.Hardware)
	g.Boot = ir.Boot{
		Order:   over(plain(d.boot.order, d.boot.orderAt), ir.FromNode, byDefault([]string(nil))),
		Startup: over(d.boot.startup, ir.FromNode, byDefault(0)),
		Delay:   over(seconds(d.boot.delay), ir.FromNode, byDefault(0)),
		Stop:    over(seconds(d.boot.stop), ir.FromNode, byDefault(0)),
	}
	g.Placement = ir.Placement{
		Hosts:  over(plain(d.placement.hosts, d.placement.hostsAt), ir.FromNode, byDefault([]string(nil))),
		Spread: over(d.placement.spread, ir.FromNode, byDefault("")),
		Pin:    over(d.placement.pin, ir.FromNode, byDefault(false)),
	}
	g.Reboot = c.rebootIn(&d.reboot)
	g.CloudInit = c.seedIn(&d.seed)
	if key.kind == ir.CT {
		g.Container = containerIn(d)
	}
	c.guestHolds(n, d, g)
	return g
}

func cardIn(d cardDecl) ir.Card {
	return ir.Card{
		Firewall: over(d.firewall, ir.FromNode, byDefault(false)),
		Model:    over(d.model, ir.FromNode, byDefault("")),
		MTU:      over(d.mtu, ir.FromNode, byDefault(0)),
		Rate:     over(d.rate, ir.FromNode, byDefault(0)),
	}
}

// hardwareIn puts declared hardware over what holds without it.
func hardwareIn(d hardwareDecl, layer ir.Layer, below ir.Hardware) ir.Hardware {
	h := ir.Hardware{
		CPU:        over(d.cpu, layer, below.CPU),
		Sockets:    over(d.sockets, layer, below.Sockets),
		NUMA:       over(d.numa, layer, below.NUMA),
		Balloon:    over(d.balloon, layer, below.Balloon),
		NoBalloon:  below.NoBalloon,
		BIOS:       over(d.bios, layer, below.BIOS),
		SecureBoot: over(d.secureBoot, layer, below.SecureBoot),
		TPM:        over(d.tpm, layer, below.TPM),
		Machine:    over(d.machine, layer, below.Machine),
		VGA:        over(d.vga, layer, below.VGA),
		NoSerial:   over(not(d.serial), layer, below.NoSerial),
		SCSI:       over(d.scsi, layer, below.SCSI),
		Hotplug:    over(sorted(plain(d.hotplug, d.hotplugAt)), layer, below.Hotplug),
		NoAgent:    over(not(d.agent), layer, below.NoAgent),
	}
	h.HotplugSet = ir.Value[bool]{V: below.HotplugSet.V || d.hotplugAt.ok(), From: h.Hotplug.From}
	if d.balloon.ok() {
		h.NoBalloon = over(opt[bool]{V: d.balloon.V == 0, At: d.balloon.At, Set: true}, layer, below.NoBalloon)
	}
	return h
}

func not(o opt[bool]) opt[bool] {
	o.V = !o.V
	return o
}

// sorted is a list in which order and repetition mean nothing.
func sorted(o opt[[]string]) opt[[]string] {
	slices.Sort(o.V)
	o.V = slices.Compact(o.V)
	return o
}

// interfaces gives every further interface its slot: its own, or the first that
// nobody has.
func (c *compilation) interfaces(n *node, d *guestDecl) []ir.Interface {
	taken := map[int]bool{}
	for i := range d.interfaces {
		if s := d.interfaces[i].slot; s.ok() {
			taken[s.V] = true
		}
	}
	next := 1
	out := make([]ir.Interface, 0, len(d.interfaces))
	for i := range d.interfaces {
		v := &d.interfaces[i]
		slot := v.slot.V
		if !v.slot.ok() {
			for taken[next] {
				next++
			}
			slot = next
			next++
		}
		w := &v.network
		out = append(out, ir.Interface{Slot: slot, Card: cardIn(v.card), Decl: v.at, Network: ir.Network{
			Bridge:  over(w.bridge, ir.FromNode, n.out.Network.Bridge),
			IP:      over(w.ip, ir.FromNode, byDefault("")),
			Gateway: over(w.gateway, ir.FromNode, byDefault("")),
			DNS:     over(plain(w.dns, w.dnsAt), ir.FromNode, byDefault([]string(nil))),
			MAC:     over(w.mac, ir.FromNode, byDefault("")),
			VLAN:    over(w.vlan, ir.FromNode, byDefault(0)),
		}})
	}
	slices.SortStableFunc(out, func(a, b ir.Interface) int { return cmp.Compare(a.Slot, b.Slot) })
	return out
}

func (c *compilation) disks(n *node, d *guestDecl) []ir.Disk {
	out := make([]ir.Disk, 0, len(d.disks))
	for i := range d.disks {
		v := &d.disks[i]
		disk := ir.Disk{
			Name:    over(v.name, ir.FromNode, byDefault("")),
			Size:    over(v.size, ir.FromNode, byDefault(unit.Size(0))),
			Storage: over(v.storage, ir.FromNode, byDefault("")),
			Path:    over(v.path, ir.FromNode, byDefault("")),
			Backup:  over(v.backup, ir.FromNode, defaultFlag(schema.Disk, "backup")),
		}
		if n.out.Type.V != ir.CT {
			disk.Bus = over(v.bus, ir.FromNode, defaultText(schema.Disk, "bus"))
			disk.SSD = over(v.ssd, ir.FromNode, defaultFlag(schema.Disk, "ssd"))
			disk.Discard = over(v.discard, ir.FromNode, defaultFlag(schema.Disk, "discard"))
		}
		out = append(out, disk)
	}
	return out
}

func (c *compilation) rebootIn(d *rebootDecl) ir.Reboot {
	r := ir.Reboot{Policy: over(d.policy, ir.FromNode, byDefault(""))}
	for _, text := range d.windows {
		list, err := window.Parse(text.V)
		if err != nil {
			continue // reported when it was read
		}
		for _, w := range list {
			r.Windows = append(r.Windows, ir.Window{
				Days: uint8(w.Days), Start: w.From, End: w.To, From: ir.Origin{Layer: ir.FromNode, Range: text.At},
			})
		}
	}
	return r
}

func (c *compilation) seedIn(d *seedDecl) ir.CloudInit {
	s := ir.CloudInit{
		Carrier:  over(d.carrier, ir.FromNode, byDefault("")),
		Packages: over(sorted(plain(d.packages, d.packagesAt)), ir.FromNode, byDefault([]string(nil))),
		Commands: over(plain(d.commands, d.commandsAt), ir.FromNode, byDefault([]string(nil))),
	}
	for _, f := range d.files {
		s.Files = append(s.Files, ir.CloudFile{
			Path:    over(f.path, ir.FromNode, byDefault("")),
			Content: over(f.content, ir.FromNode, byDefault("")),
			Owner:   over(f.owner, ir.FromNode, defaultText(schema.CloudFile, "owner")),
			Mode:    over(f.mode, ir.FromNode, defaultText(schema.CloudFile, "mode")),
		})
	}
	slices.SortStableFunc(s.Files, func(a, b ir.CloudFile) int { return cmp.Compare(a.Path.V, b.Path.V) })
	return s
}

func containerIn(d *guestDecl) ir.Container {
	f := &d.features
	return ir.Container{
		Template:     over(d.template, ir.FromNode, byDefault(containerTemplate)),
		Unprivileged: over(d.private, ir.FromNode, defaultFlag(schema.Node, "unprivileged")),
		Nesting:      over(f.nesting, ir.FromNode, defaultFlag(schema.Features, "nesting")),
		Keyctl:       over(f.keyctl, ir.FromNode, defaultFlag(schema.Features, "keyctl")),
		FUSE:         over(f.fuse, ir.FromNode, defaultFlag(schema.Features, "fuse")),
		Mknod:        over(f.mknod, ir.FromNode, defaultFlag(schema.Features, "mknod")),
		Mount:        over(sorted(plain(f.mount, f.mountAt)), ir.FromNode, byDefault([]string(nil))),
		Swap:         over(d.swap, ir.FromNode, defaultSize(schema.Node, "swap")),
	}
}

// formerName is the node's name before it was renamed, as a whole: that of an
// instance has what the instance's own has.
func (c *compilation) formerName(n *node) string {
	if n.decl.guest == nil || !n.decl.guest.renamedFrom.ok() || n.name == "" {
		return ""
	}
	former := *n.raw
	former.base = n.decl.guest.renamedFrom.V
	l := former.labelAt(c.root)
	return l.name()
}
