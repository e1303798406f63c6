package build

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// A node's seed gets to its guest in one of three ways. Preferred is a disk of the
// guest's own: the upload is copied when the guest is made and gone before it
// starts, and nobody who may only look at a storage can read the copy. For an image
// that reads CD-ROMs alone it is PVE's own cloud-init drive, if that can carry what
// there is; it has no secret. Else it is the uploaded file itself, shown as a CD-ROM
// until the guest has read it.
//
//	disk    seed.upload ─ guest.create ─ seed.remove ─ guest.start ─ guest.await ─ seed.remove (the disk)
//	pve                   guest.create ─────────────── guest.start ─ guest.await ─ seed.remove (the drive)
//	cdrom   seed.upload ─ guest.create ─ guest.start ─ guest.await ─ seed.remove (the drive) ─ seed.remove
//
// Each is in SlotSeed until the guest has read it, and none is there at the next
// boot: the guest keeps a copy of what is no secret, or what cloud-init made of it.

// seed is a node's seed on its way.
type seed struct {
	storage string // where it is uploaded to
	content string // plan.ContentISO for a CD-ROM, "" for a disk
	name    plan.Value
	step    int32 // that uploads it
}

// bringSeed chooses how the node's seed gets to its guest, and uploads it if it has
// to be. Its host key is made when the plan is applied. It is false when there is no
// storage for it.
func (s nodeSteps) bringSeed(gates []int32) (seed, bool) {
	n := s.n
	carried := seed{storage: n.host.imports, step: none}
	content, why := s.b.carrier(n)
	switch carried.content = content; content {
	case plan.ContentPVE:
		s.b.note(findFirstUse, n.Address, "the seed of %q is PVE's own drive, because %s: it brings no SSH host key, so the one that the guest shows at the first login is trusted and remembered in its notes", n.Address, why)
		return carried, true
	case plan.ContentISO:
		if carried.storage = s.b.cds(n); carried.storage == "" {
			return carried, false
		}
		s.b.warn(findReaders, n.Address, n.Image.From.Range, "the seed of %q is a CD-ROM, because %s: until the guest has read it, whoever may look at storage %q of host %q can read the guest's SSH host key in it",
			n.Address, why, carried.storage, n.host.name).
			Help = "name a storage in the host entry that nobody else has Datastore.Audit on (seed_datastore)"
	}
	args := append(seedArgs(n),
		plan.Arg{Name: plan.ArgHostKey, Value: plan.Value{Late: &plan.Late{Kind: plan.LateHostKey, Of: string(n.Address)}}},
		text(plan.ArgHostname, hostname(n)), text(plan.ArgInstance, identity.Instance(n.uuid, n.incarnation)),
		text(plan.ArgMAC, n.mac), text(plan.ArgStorage, carried.storage))
	if carried.content != "" {
		args = append(args, text(plan.ArgContent, carried.content))
	}
	step := s.step(plan.SeedUpload, quickDeadline, args...)
	step.Locks = s.copies[:1]
	carried.step = s.add(step, "", gates...)
	carried.name = s.b.drafts.from(plan.LateSeedName, string(n.Address), carried.step)
	undo := s.step(plan.SeedRemove, quickDeadline, carried.removal()...)
	undo.Phase = plan.PhaseDestroy
	s.b.drafts.addUndo(carried.step, undo)
	return carried, true
}

// removal are the arguments of the step that removes what was uploaded.
func (x *seed) removal() []plan.Arg {
	args := []plan.Arg{text(plan.ArgWhat, plan.WhatUpload), text(plan.ArgStorage, x.storage), {Name: plan.ArgSeed, Value: x.name}}
	if x.content != "" {
		args = append(args, text(plan.ArgContent, x.content))
	}
	return args
}

// drive are the arguments by which the guest gets its seed when it is made.
func (x *seed) drive(n *node) []plan.Arg {
	if x.content == plan.ContentPVE {
		return cloudInitDrive(n)
	}
	args := []plan.Arg{{Name: plan.ArgSeedName, Value: x.name}, text(plan.ArgSeedStorage, x.storage)}
	if x.content != "" {
		args = append(args, text(plan.ArgSeedContent, x.content))
	}
	return args
}

// dropUpload removes what was uploaded, once nothing needs it any more.
func (s nodeSteps) dropUpload(x *seed, after int32) int32 {
	return s.add(s.step(plan.SeedRemove, quickDeadline, x.removal()...), plan.WhatUpload, after)
}

// unseed takes the seed from a guest that has read it.
func (s nodeSteps) unseed(x *seed, at int32) int32 {
	if x == nil {
		x = s.shown()
	}
	args := []plan.Arg{text(plan.ArgWhat, plan.WhatDisk), text(plan.ArgSlot, plan.SlotSeed)}
	if x == nil || x.content == "" {
		return s.add(s.onGuest(plan.SeedRemove, quickDeadline, s.located(plan.SlotSeed, args...)...), plan.WhatDisk, at)
	}
	args = append(args, text(plan.ArgContent, x.content))
	at = s.add(s.onGuest(plan.SeedRemove, quickDeadline, args...), plan.WhatDisk, at)
	if x.content == plan.ContentISO {
		at = s.dropUpload(x, at)
	}
	return at
}

// shown is the seed in the drive of a guest that an interrupted run left, nil when
// it is a disk, or not there any more.
func (s nodeSteps) shown() *seed {
	if s.n.match == nil {
		return nil
	}
	volume := canon.Get(s.n.match.guest.Config, plan.SlotSeed+".file")
	storage, content, name := volumeParts(volume)
	if strings.Contains(volume, "-cloudinit") {
		return &seed{content: plan.ContentPVE}
	}
	if content != plan.ContentISO || identity.SeedOwner(volume) != s.n.uuid {
		return nil
	}
	return &seed{storage: storage, content: content, name: plan.Value{Text: name}}
}

// carrier chooses what carries the node's seed, "" for a disk, and says why it is
// another.
func (b *builder) carrier(n *node) (content, why string) {
	switch n.Extra().CloudInit.Carrier.V {
	case "disk":
		return "", ""
	case "pve":
		return plan.ContentPVE, "the manifest wants it so"
	case "cdrom":
		return plan.ContentISO, "the manifest wants it so"
	}
	img := b.images[n.Image.V]
	if img == nil || img.Seed.V != "cdrom" {
		return "", ""
	}
	why = "image " + strconv.Quote(img.Name) + " reads CD-ROMs alone"
	if beyond := ir.BeyondDrive(n.Node); beyond != "" {
		return plan.ContentISO, why + " and PVE's own drive does not do (" + beyond + ")"
	}
	return plan.ContentPVE, why
}

// cloudInitDrive is what PVE makes its drive of. The driver's account and the site's
// user CA are put there when the plan is applied.
func cloudInitDrive(n *node) []plan.Arg {
	args := []plan.Arg{text(plan.ArgSeedContent, plan.ContentPVE), text("citype", "nocloud")}
	config := func(slot int, net *ir.Network) {
		value := ""
		if net.IP.V != "" {
			value = "ip=" + net.IP.V
		}
		if net.Gateway.V != "" {
			value += ",gw=" + net.Gateway.V
		}
		if value != "" {
			args = append(args, text("ipconfig"+strconv.Itoa(slot), value))
		}
	}
	config(0, &n.Network)
	for i := range n.Extra().Interfaces {
		config(n.Extra().Interfaces[i].Slot, &n.Extra().Interfaces[i].Network)
	}
	if len(n.Network.DNS.V) > 0 {
		args = append(args, text("nameserver", strings.Join(n.Network.DNS.V, " ")))
	}
	if n.Network.Domain.V != "" {
		args = append(args, text("searchdomain", n.Network.Domain.V))
	}
	if f := n.host.facts; f == nil || !strings.HasPrefix(f.Version, "7.") && !strings.HasPrefix(f.Version, "8.0") {
		args = append(args, text("ciupgrade", "0"))
	}
	return args
}

// agentless reports whether nothing in the guest tells its addresses.
func (n *node) agentless() bool {
	if n.kind() == canon.LXC || n.Extra().Hardware.NoAgent.V {
		return true
	}
	m := n.match
	return m != nil && m.guest.Marker != nil && canon.Get(m.guest.Marker.Made, plan.MadeHostKey) != ""
}

// cds is the storage of the node's host for seeds that are CD-ROMs, "" when it has
// none, which was said.
func (b *builder) cds(n *node) string {
	h := n.host
	if h.facts == nil || h.node != nil && !takes(h.facts, "", plan.ContentISO) {
		return freshStorage
	}
	return b.storage(h, n, h.facts.CDs, plan.ContentISO, "ISO images")
}

// seedArgs are those whose values the first boot fixes for good.
func seedArgs(n *node) []plan.Arg {
	args := []plan.Arg{
		list(plan.ArgDNS, n.Network.DNS.V...), text(plan.ArgDomain, n.Network.Domain.V),
		text(plan.ArgGateway, n.Network.Gateway.V), text(plan.ArgIP, seedIP(n)),
	}
	more := func(name string, items []string) {
		if len(items) > 0 {
			args = append(args, list(name, items...))
		}
	}
	extra := n.Extra()
	var networks, files []string
	for i := range extra.Interfaces {
		x := &extra.Interfaces[i]
		networks = append(networks, plan.SeedInterface{
			Name: "eth" + strconv.Itoa(x.Slot), MAC: n.macOf(x), IP: x.Network.IP.V, Gateway: x.Network.Gateway.V, DNS: x.Network.DNS.V,
		}.String())
	}
	for _, f := range extra.CloudInit.Files {
		files = append(files, plan.SeedFile{Mode: f.Mode.V, Owner: f.Owner.V, Path: f.Path.V, Content: f.Content.V}.String())
	}
	more(plan.ArgInterfaces, networks)
	more(plan.ArgPackages, extra.CloudInit.Packages.V)
	more(plan.ArgFiles, files)
	more(plan.ArgCommands, extra.CloudInit.Commands.V)
	return args
}

func seedIP(n *node) string { return cmp.Or(n.Network.IP.V, "dhcp") }

// seedMade is what the node's seed fixes.
func seedMade(n *node) []plan.KV {
	step := plan.Step{Args: seedArgs(n)}
	slices.SortFunc(step.Args, func(a, b plan.Arg) int { return cmp.Compare(a.Name, b.Name) })
	return step.Made()
}
