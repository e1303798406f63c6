package build

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// A node's seed gets to its guest in one of two ways. Preferred is a disk of the
// guest's own: the upload is copied when the guest is made and gone before it
// starts, and nobody who may only look at a storage can read the copy. The other
// is the uploaded file itself, shown as a CD-ROM until the guest has read it.
//
//	disk    seed.upload ─ guest.create ─ seed.remove ─ guest.start ─ guest.await ─ seed.remove (the disk)
//	cdrom   seed.upload ─ guest.create ─ guest.start ─ guest.await ─ seed.remove (the drive) ─ seed.remove
//
// Either is in SlotSeed until the guest has read it, and neither is there at the
// next boot: the guest keeps a copy of what is no secret.

// seed is a node's seed on its way.
type seed struct {
	storage string // where it is uploaded to
	content string // plan.ContentISO for a CD-ROM, "" for a disk
	name    plan.Value
	step    int32 // that uploads it
}

// uploadSeed brings the node's seed to its host. Its host key is made when the
// plan is applied. It is false when there is no storage for it.
func (s nodeSteps) uploadSeed(gates []int32) (seed, bool) {
	n := s.n
	carried := seed{storage: n.host.imports}
	if why := s.b.onCD(n); why != "" {
		carried.content = plan.ContentISO
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
func (x *seed) drive() []plan.Arg {
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
	if x == nil || x.content != plan.ContentISO {
		return s.add(s.onGuest(plan.SeedRemove, quickDeadline, s.located(plan.SlotSeed, args...)...), plan.WhatDisk, at)
	}
	args = append(args, text(plan.ArgContent, plan.ContentISO))
	return s.dropUpload(x, s.add(s.onGuest(plan.SeedRemove, quickDeadline, args...), plan.WhatDisk, at))
}

// shown is the seed in the CD-ROM drive of a guest that an interrupted run left,
// nil when there is none.
func (s nodeSteps) shown() *seed {
	if s.n.match == nil {
		return nil
	}
	volume := canon.Get(s.n.match.guest.Config, plan.SlotSeed+".file")
	storage, content, name := volumeParts(volume)
	if content != plan.ContentISO || identity.SeedOwner(volume) != s.n.uuid {
		return nil
	}
	return &seed{storage: storage, content: content, name: plan.Value{Text: name}}
}

// onCD says why the node's seed is a CD-ROM, "" when it is a disk.
func (b *builder) onCD(n *node) string {
	switch img := b.images[n.Image.V]; {
	case n.Extra().CloudInit.Carrier.V == "cdrom":
		return "the manifest wants it so"
	case n.Extra().CloudInit.Carrier.V == "disk":
		return ""
	case img != nil && img.Seed.V == "cdrom":
		return "image " + strconv.Quote(img.Name) + " looks for it nowhere else"
	}
	return ""
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
