package build

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// Policies for changes that need a restart; "" is as "now".
const (
	rebootNever  = "never"  // such a change is not made
	rebootStaged = "staged" // it is made, and holds from somebody else's restart on
	rebootWindow = "window" // as now inside of windows, as staged outside
)

// withholds reports whether the node's policy keeps a change from being made.
// A container's disk moves only while it is off, which nothing can prepare. attrs
// are all changes.
func (b *builder) withholds(n *node, a plan.Attr, attrs []plan.Attr) bool {
	if strings.HasSuffix(a.Name, "."+canon.Storage) && n.fresh(canon.KeyOf(a.Name)) == nil && n.waits(canon.KeyOf(a.Name), attrs) {
		return true
	}
	if x := n.fresh(canon.KeyOf(a.Name)); x != nil && x.from != "" && n.power() == plan.PowerRunning {
		// Unless it leaves its old slot at once, the guest would have it twice.
		gone := plan.Attr{Name: x.from + ".serial", From: x.id(n)}
		if a.Class == plan.Reboot || canon.Classify(gone, n.have()) == plan.Reboot {
			return true
		}
	}
	if a.Class != plan.Reboot {
		return false
	}
	switch n.Extra().Reboot.Policy.V {
	case rebootNever:
		return true
	case rebootStaged, rebootWindow:
		return strings.HasSuffix(a.Name, "."+canon.Storage)
	}
	return false
}

// waits reports whether a change of a disk waits for a restart that the plan does
// not bring: the disk cannot go to another storage meanwhile, for the change names
// its volume.
func (n *node) waits(slot string, attrs []plan.Attr) bool {
	if n.is() == canon.LXC && n.power() == plan.PowerRunning && canon.Has(n.match.guest.Pending, slot) {
		return true
	}
	if policy := n.Extra().Reboot.Policy.V; n.power() != plan.PowerRunning || policy == "" || policy == "now" {
		return false
	}
	return canon.Has(n.match.guest.Pending, slot) || slices.ContainsFunc(attrs, func(a plan.Attr) bool {
		return canon.KeyOf(a.Name) == slot && a.Class == plan.Reboot
	})
}

// attrHotplug is the attribute that says what can be changed while the guest runs.
const attrHotplug = "hotplug"

// replugged classifies changes by what will be plugged in while the guest runs: a
// new value of that is live, and sent first.
func replugged(attrs []plan.Attr, have []plan.KV) {
	i := slices.IndexFunc(attrs, func(a plan.Attr) bool { return a.Name == attrHotplug })
	if i < 0 || attrs[i].Class != plan.Live {
		return
	}
	then := slices.DeleteFunc(slices.Clone(have), func(kv plan.KV) bool { return kv.Key == attrHotplug })
	then = append(then, plan.KV{Key: attrHotplug, Value: attrs[i].To})
	for j := range attrs {
		if j != i {
			attrs[j].Class = canon.Classify(attrs[j], then)
		}
	}
}

// running reports whether changes are those of a guest that runs: of one that is
// off all are live.
func running(attrs []plan.Attr) bool {
	return slices.ContainsFunc(attrs, func(a plan.Attr) bool { return a.Class == plan.Hotplug || a.Class == plan.Reboot })
}

// without is what is wanted, but for changes that are not made: there the guest
// stays as it is.
func without(want, have []plan.KV, held []plan.Attr) []plan.KV {
	if len(held) == 0 {
		return want
	}
	out := slices.Clone(want)
	for i, kv := range out {
		if slices.ContainsFunc(held, func(a plan.Attr) bool { return a.Name == kv.Key }) {
			out[i].Value = canon.Get(have, kv.Key)
		}
	}
	return out
}

// surplus is the disks and interfaces that go, one attribute each: what made them
// homestak's own.
func (n *node) surplus(have []plan.KV) []plan.Attr {
	disks, nics := n.undeclared()
	id, card := ".serial", ".macaddr"
	if n.is() == canon.LXC {
		id, card = ".mp", ".hwaddr"
	}
	var out []plan.Attr
	add := func(name string) {
		a := plan.Attr{Name: name, From: canon.Get(have, name)}
		a.Class = canon.Classify(a, have)
		out = append(out, a)
	}
	for _, slot := range disks {
		add(slot + id)
	}
	for _, slot := range nics {
		add(slot + card)
	}
	return out
}

// surplusNow is what of the running guest goes with its next restart and is not
// declared any more.
func (n *node) surplusNow() []plan.Attr {
	var out []plan.Attr
	have, now := n.have(), n.match.guest.Config
	for _, kv := range n.match.guest.Pending {
		if kv.Key != canon.KeyOf(kv.Key) || kv.Value != "" || canon.Has(have, kv.Key) {
			continue
		}
		for _, part := range []string{".serial", ".mp", ".macaddr"} {
			if from := canon.Get(now, kv.Key+part); from != "" && n.knows(kv.Key+part) {
				out = append(out, plan.Attr{Name: kv.Key + part, From: from, Class: plan.Reboot})
			}
		}
	}
	return out
}

// fresh is the declared disk that goes into a slot and is not there yet.
func (n *node) fresh(slot string) *drive {
	for _, x := range n.drives() {
		if x.slot == slot && x.fresh {
			return x
		}
	}
	return nil
}

// tellRestarts says what the node's policy makes of changes that need a restart,
// and takes the restart out of the plan where it does not want one.
func (b *builder) tellRestarts(n *node, d *difference, held []plan.Attr) {
	policy := n.Extra().Reboot.Policy.V
	names := func(attrs []plan.Attr) string {
		list := make([]string, len(attrs))
		for i, a := range attrs {
			list[i] = a.Name
		}
		slices.Sort(list)
		return strings.Join(list, ", ")
	}
	if len(held) > 0 {
		b.warn(findHeld, n.Address, n.Extra().Reboot.Policy.From.Range, "node %q would have to be off for %s, which its reboot policy (%s) or the change itself does not allow: that is left as it is", n.Address, names(held), cmp.Or(policy, "now")).
			Help = "stop the guest and plan again"
	}
	if len(d.restart) == 0 {
		return
	}
	switch policy {
	case rebootNever, rebootStaged:
		b.note(findStaged, n.Address, "waits for the guest's next restart, which the reboot policy %s leaves to others: %s", policy, strings.Join(d.restart, ", "))
		d.restart = nil
	case rebootWindow:
		b.note(findStaged, n.Address, "the guest is restarted inside of its windows only; applied outside of them, this waits: %s", strings.Join(d.restart, ", "))
	}
}

// growDisks makes disks larger.
func (s nodeSteps) growDisks(d *difference, power string, one func(plan.Step, string)) {
	for _, slot := range d.grow {
		size, _ := sizeOf(canon.Get(s.b.desired(s.n), slot+".size"))
		step := s.grow(slot, size)
		step.Guards = s.unchanged(power)
		one(step, ordinal(s.n, slot))
	}
}

// waits reports whether what happens to a slot waits for a restart.
func (d *difference) waits(slot string) bool {
	return slices.ContainsFunc(d.attrs, func(a plan.Attr) bool { return canon.KeyOf(a.Name) == slot && a.Class == plan.Reboot })
}

// powerOff takes a container down so that its disks can move.
func (s nodeSteps) powerOff(d *difference, power string, one func(plan.Step, string)) {
	if s.n.power() != plan.PowerRunning {
		return
	}
	last := d.move[len(d.move)-1]
	why := []plan.Arg{text(plan.ArgDisk, last), text(plan.ArgStorage, canon.Get(s.b.desired(s.n), last+"."+canon.Storage))}
	down := s.onGuest(plan.GuestShutdown, shutdownGrace+quickDeadline, append(slices.Clone(why), text(plan.ArgGrace, strconv.Itoa(shutdownGrace)))...)
	down.Guards, down.Risk = append(s.unchanged(power), s.b.holds(s.n)...), plan.Downtime
	one(down, "move")
	stop := s.onGuest(plan.GuestStop, quickDeadline, why...)
	stop.Risk = plan.Downtime
	one(stop, "move")
}

// moveDisks brings disks to other storages.
func (s nodeSteps) moveDisks(d *difference, power string, one func(plan.Step, string)) {
	for _, slot := range d.move {
		size, _ := sizeOf(canon.Get(s.n.have(), slot+".size"))
		storage := canon.Get(s.b.desired(s.n), slot+"."+canon.Storage)
		step := s.onGuest(plan.GuestMove, copyTime(size), text(plan.ArgWhat, plan.WhatDisk), text(plan.ArgDisk, slot), text(plan.ArgStorage, storage))
		step.Locks = s.copies
		if power != "" {
			step.Guards = s.unchanged(power)
		}
		one(step, slot)
	}
}

// changeDisks adds the steps that change disks.
func (s nodeSteps) changeDisks(d *difference, power string, one func(plan.Step, string)) {
	n, have := s.n, s.n.have()
	for _, slot := range d.detach {
		volume := canon.Volume(have, slot)
		step := s.onGuest(plan.GuestDetach, quickDeadline, text(plan.ArgDisk, slot), text(plan.ArgVolume, volume), text(plan.ArgWhat, plan.WhatKeep), s.marker())
		step.Guards, step.Risk = s.unchanged(power), plan.Downtime
		one(step, slot)
		if !slices.ContainsFunc(n.drives(), func(x *drive) bool { return x.held == volume }) {
			s.b.note(findKept, n.Address, "%s (%s) is taken from the guest and not deleted: PVE keeps it with the guest as an unused disk", slot, volume)
		}
	}
	for _, slot := range []string{slotVariables, slotTPM} {
		replaced := slices.Contains(d.unset, slot) || slices.ContainsFunc(d.set, func(a plan.Arg) bool { return a.Name == slot })
		if volume := canon.Volume(have, slot); volume != "" && replaced {
			s.b.note(findKept, n.Address, "%s (%s) is taken from the guest and not deleted: PVE keeps it with the guest as an unused disk", slot, volume)
		}
	}
	for _, x := range d.attach {
		step := s.onGuest(plan.GuestAttach, copyDeadline, text(plan.ArgDisk, x.slot), text(plan.ArgSize, strconv.FormatInt(int64(x.Size.V), 10)),
			text(x.slot, x.makes(s.b, n, s.b.desired(n))), s.marker())
		step.Locks, step.Guards = s.copies, s.unchanged(power)
		one(step, x.slot)
		if x.held != "" {
			if x.from == "" {
				s.b.note(findKept, n.Address, "%s was this node's disk %q before: it is put back, not made anew", x.held, x.id(n))
			}
			if d.waits(x.slot) {
				d.later = append(d.later, x) // PVE grows no disk that the guest does not have yet
			} else {
				one(s.grow(x.slot, x.Size.V), x.slot)
			}
		}
	}
}

// ordinal names a step about a disk; the first disk needs no name.
func ordinal(n *node, slot string) string {
	if slot == n.root() {
		return ""
	}
	return slot
}
