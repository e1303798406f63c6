package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// difference is how a guest that exists is not what its node declares.
type difference struct {
	attrs   []plan.Attr // what to set, by name; power and program among them
	set     []plan.Arg  // PVE's keys for guest.configure
	unset   []string    // PVE's keys that guest.configure deletes
	grow    []string    // slots of disks
	detach  []string    // slots of disks that are taken from the guest
	attach  []*drive
	later   []*drive // of those, what may have to grow after a restart
	move    []string // slots of disks that go to another storage
	off     bool     // the guest must be off for that
	start   bool
	restart []string // PVE's keys that wait for a reboot
	rebuild []string // attributes that only another guest can have
	tail    tail
	reason  string // "" when nothing is to be done
}

// changes reports whether the guest's configuration or disks change.
func (d *difference) changes() bool {
	return len(d.set)+len(d.unset)+len(d.grow)+len(d.detach)+len(d.attach)+len(d.move)+len(d.restart) > 0
}

// update lays out the steps that bring an existing guest to its declared form:
//
//	guest.grow ─ guest.configure ─ guest.detach ─ guest.attach ─ guest.start or guest.reboot ─ guest.move ─ guest.await ─ …
//
// What waits for a restart names the volume it is about, as it is when that is
// written: so a disk grows before and moves after.
func (b *builder) update(n *node) plan.Change {
	diff := b.compare(n)
	if len(diff.rebuild) > 0 {
		return b.replace(n, diff.attrs)
	}
	b.grantable(n, diff.attrs, false)
	b.tellFixed(n)
	c := plan.Change{Action: plan.Update, Reason: diff.reason, Attrs: diff.attrs}
	switch {
	case diff.reason == "":
		c.Action, c.Reason = plan.None, plan.ReasonPresent
	case n.former:
		c.Action, c.Reason = plan.Rename, plan.ReasonRenamed
	case n.away && c.Reason == plan.ReasonMoved:
		c.Action = plan.Move
	}
	if diff.reason == "" && !diff.tail.await {
		return c
	}
	s := b.stepsOf(n, c.Reason)
	power := n.power()
	n.restarts = len(diff.restart) > 0 || diff.off || n.downed()
	if n.downed() {
		power = "" // whatever it was, it is something else by then
	}
	at := b.gates(n)
	one := func(step plan.Step, ordinal string) { at = []int32{s.add(step, ordinal, at...)} }
	if n.away {
		one(s.bring(power), "guest")
	}
	if n.former {
		one(s.rename(power), "")
	}
	if diff.off {
		// What is changed on a container that is off needs no restart.
		s.powerOff(&diff, power, one)
		power = ""
	}
	s.growDisks(&diff, power, one)
	if i := slices.IndexFunc(diff.set, func(a plan.Arg) bool { return a.Name == attrHotplug }); i >= 0 && len(diff.set)+len(diff.unset) > 1 && running(diff.attrs) {
		// PVE looks at the old value for whatever comes with the new one.
		step := s.onGuest(plan.GuestConfigure, quickDeadline, diff.set[i], s.marker())
		step.Guards = s.unchanged(power)
		one(step, attrHotplug)
		diff.set = slices.Delete(diff.set, i, i+1)
	}
	if len(diff.set)+len(diff.unset) > 0 {
		args := append(diff.set, s.marker())
		if len(diff.unset) > 0 {
			args = append(args, list(plan.ArgDelete, diff.unset...))
		}
		step := s.onGuest(plan.GuestConfigure, quickDeadline, args...)
		step.Guards, step.Risk = s.unchanged(power), risk(diff.attrs, power)
		one(step, "update")
	}
	s.changeDisks(&diff, power, one)
	if diff.off {
		s.moveDisks(&diff, power, one)
	}
	if diff.tail.push {
		at = s.publish(at...)
	}
	if diff.start {
		step := s.onGuest(plan.GuestStart, powerDeadline)
		step.Guards = s.unchanged(power)
		one(step, "")
		power = ""
	}
	if len(diff.restart) > 0 && !diff.off {
		one(s.reboot(diff.restart, power), "")
		for _, x := range diff.later {
			one(s.grow(x.slot, x.Size.V), x.slot)
		}
	}
	if !diff.off {
		s.moveDisks(&diff, power, one)
	}
	if n.restarts && !n.downed() {
		b.shareFate(n, fate{"goes down with it", "go down with it"}, true)
	}
	switch {
	case diff.tail.await:
		diff.tail.guard = !diff.start && len(diff.restart) == 0
		s.finish(diff.tail, at...)
	case len(at) > 0:
		n.ready, n.last = at[0], at[0]
	}
	return c
}

// reboot restarts the guest for some keys, inside of its windows if it has any.
func (s nodeSteps) reboot(keys []string, power string) plan.Step {
	args := []plan.Arg{list(plan.ArgKeys, keys...)}
	if policy := s.n.Extra().Reboot; policy.Policy.V == rebootWindow {
		windows := make([]string, len(policy.Windows))
		for i, w := range policy.Windows {
			windows[i] = w.String()
		}
		args = append(args, list(plan.ArgWindows, windows...), text(plan.ArgZone, s.n.Becomes.Timezone.V))
	}
	step := s.onGuest(plan.GuestReboot, powerDeadline, args...)
	step.Guards, step.Risk = append(s.unchanged(power), s.b.holds(s.n)...), plan.Downtime
	return step
}

// compare works out the difference. What waits for a restart counts as what the
// guest will be.
func (b *builder) compare(n *node) difference {
	have, want := n.have(), b.desired(n)
	var d difference
	running := n.power() == plan.PowerRunning
	attrs := append(canon.Diff(have, want), n.surplus(have)...)
	replugged(attrs, have)
	var held []plan.Attr
	for _, a := range attrs {
		if !running && a.Class != plan.Rebuild {
			a.Class = plan.Live
		}
		switch {
		case b.withholds(n, a, attrs):
			held = append(held, a)
			continue
		case a.Class == plan.Rebuild:
			d.rebuild = append(d.rebuild, a.Name)
		case strings.HasSuffix(a.Name, ".size") && n.fresh(canon.KeyOf(a.Name)) == nil && !b.grows(n, a):
			continue
		}
		d.attrs = append(d.attrs, a)
	}
	if !b.makesDisks(n, d.attrs) {
		return difference{}
	}
	b.place(n, &d, have, without(want, have, held))
	if n.former { // guest.rename brings the name
		d.set = slices.DeleteFunc(d.set, func(a plan.Arg) bool { return a.Name == n.nameKey() })
	}
	b.drifted(n, d.attrs)
	b.restarts(n, &d, want, held)
	if n.away {
		d.attrs = append(d.attrs, plan.Attr{Name: attrNode, From: n.match.guest.Node, To: n.host.facts.Node})
	}
	d.start = !running || n.downed() || d.off
	b.classify(n, &d)
	slices.SortFunc(d.attrs, func(x, y plan.Attr) int { return strings.Compare(x.Name, y.Name) })
	return d
}

// place says for each difference what brings it about.
func (b *builder) place(n *node, d *difference, have, want []plan.KV) {
	for _, a := range d.attrs {
		key := canon.KeyOf(a.Name)
		fresh := n.fresh(key)
		switch {
		case fresh != nil:
			if !slices.Contains(d.attach, fresh) {
				d.attach = append(d.attach, fresh)
				if fresh.from != "" {
					d.detach = append(d.detach, fresh.from)
				}
				if storage, _, _ := strings.Cut(fresh.held, ":"); fresh.held != "" && fresh.Storage.V != "" && fresh.Storage.V != storage {
					d.move = append(d.move, key)
					d.off = d.off || n.is() == canon.LXC && n.power() == plan.PowerRunning
				}
			}
		case strings.HasSuffix(a.Name, ".size"):
			d.grow = append(d.grow, key)
		case strings.HasSuffix(a.Name, "."+canon.Storage):
			d.move = append(d.move, key)
			d.off = d.off || a.Class == plan.Reboot
		case a.To == "" && (strings.HasSuffix(a.Name, ".serial") || strings.HasSuffix(a.Name, ".mp")):
			d.detach = append(d.detach, key)
		case slices.ContainsFunc(d.set, func(s plan.Arg) bool { return s.Name == key }), slices.Contains(d.unset, key):
		case !canon.Has(want, key):
			d.unset = append(d.unset, key)
		default:
			if value := b.valueOf(n, key, have, want); value != "" {
				d.set = append(d.set, text(key, value))
			} else {
				d.unset = append(d.unset, key)
			}
		}
	}
	slices.Sort(d.unset)
}

// restarts finds what waits for a restart of a guest that runs: what is about to,
// and what already does.
func (b *builder) restarts(n *node, d *difference, want []plan.KV, held []plan.Attr) {
	defer b.tellRestarts(n, d, held)
	if n.power() != plan.PowerRunning {
		return
	}
	have := n.have()
	var waits []plan.Attr
	for _, a := range d.attrs {
		if a.Class == plan.Reboot && !slices.Contains(d.move, canon.KeyOf(a.Name)) {
			waits = append(waits, a)
		}
	}
	for _, a := range append(canon.Diff(n.match.guest.Config, want), n.surplusNow()...) {
		if a.Class == plan.Reboot && canon.Get(have, a.Name) == a.To {
			waits = append(waits, a)
			if n.Extra().Reboot.Policy.V != rebootStaged && n.Extra().Reboot.Policy.V != rebootNever {
				d.attrs = append(d.attrs, a)
			}
		}
	}
	for _, a := range waits {
		d.restart = append(d.restart, canon.KeyOf(a.Name))
	}
	slices.Sort(d.restart)
	d.restart = slices.Compact(d.restart)
}

// classify names the reason and says what follows once the guest runs.
func (b *builder) classify(n *node, d *difference) {
	if n.isAdopted() {
		// What runs inside, and whether it runs, is nobody's to say but its owner's.
		d.start = false
		switch {
		case d.changes(), n.former:
			d.reason = plan.ReasonDiffers
		case n.away:
			d.reason = plan.ReasonMoved
		}
		return
	}
	proven := n.proven()
	booted := d.start || len(d.restart) > 0
	adopted := n.inTest() && b.goal != plan.GoalTest
	d.tail.mark = proven != n.digest || n.rotated() || adopted
	// What an adopted guest has in the seed's place is its owner's.
	d.tail.unseed = proven == "" && !n.wasAdopted()
	d.tail.push = d.tail.mark || booted
	d.tail.enroll = len(n.children) > 0 && !n.hosts.enrolled()
	d.tail.await = d.tail.push || d.tail.enroll || b.goal == plan.GoalTest
	if d.start && n.power() != plan.PowerRunning {
		d.attrs = append(d.attrs, plan.Attr{Name: plan.PowerKey, From: n.power(), To: plan.PowerRunning})
	}
	if adopted {
		d.attrs = append(d.attrs, plan.Attr{Name: attrTest, From: "true"})
	}
	if proven != n.digest {
		d.attrs = append(d.attrs, plan.Attr{Name: plan.ArgProgram, From: proven, To: n.digest})
	}
	if n.rotated() {
		d.attrs = append(d.attrs, plan.Attr{Name: plan.AttrSecrets, From: brief(n.match.guest.Marker.Secrets), To: brief(n.locked)})
	}
	switch {
	case proven == "":
		d.reason = plan.ReasonUnfinished
	case d.changes():
		d.reason = plan.ReasonDiffers
	case n.away:
		d.reason = plan.ReasonMoved
	case proven != n.digest, n.rotated():
		d.reason = plan.ReasonSpec
	case adopted:
		d.reason = plan.ReasonTested
	case d.start && n.power() != plan.PowerRunning:
		d.reason = plan.ReasonStopped
	case d.start:
		d.reason = plan.ReasonParent
	case d.tail.enroll:
		d.reason = plan.ReasonUnfinished
	}
}

// attrTest is how a change says that the guest is a test's no longer.
const attrTest = "test"

// brief is enough of a digest to see that it is another one.
func brief(digest string) string { return digest[:min(len(digest), 12)] }

// grows refuses to shrink a disk: PVE cannot, and what it would cut off is data.
func (b *builder) grows(n *node, a plan.Attr) bool {
	have, known := sizeOf(a.From)
	want, _ := sizeOf(a.To)
	if !known {
		return true // no size is known, guest.grow's probe finds out
	}
	if want >= have {
		return true
	}
	which, at := "disk", n.Disk.From.Range
	for _, x := range n.drives() {
		if x.slot == canon.KeyOf(a.Name) {
			which, at = "disk "+strconv.Quote(x.Name.V), x.Size.From.Range
		}
	}
	b.fail(codeShrink, at, n.Decl, "the %s of node %q has %s, the manifest wants %s", which, n.Address, have, want).
		Help = "a disk never shrinks: declare at least " + have.String() + ", or destroy the node and create it again"
	return false
}

// drifted tells changes made behind homestak's back from changes of the manifest.
// Of an attribute that the marker does not know, nobody can say which it is.
func (b *builder) drifted(n *node, attrs []plan.Attr) {
	m := n.match.guest.Marker
	if m == nil || !m.Authentic {
		return
	}
	var names []string
	for _, a := range attrs {
		// A disk never shrinks, so one that is too small was not edited; and the
		// marker knows the uuid itself.
		if a.Name == markUUID || slices.Contains(m.Edited, a.Name) && !strings.HasSuffix(a.Name, ".size") {
			names = append(names, a.Name)
		}
	}
	if len(names) > 0 {
		b.note(findDrift, n.Address, "changed since homestak applied it: %s", strings.Join(names, ", "))
	}
}

// power is what the guest is doing: running, unless it is known to be stopped.
func (n *node) power() string {
	if n.match.guest.Power == plan.PowerStopped {
		return plan.PowerStopped
	}
	return plan.PowerRunning
}

// downed reports whether the plan restarts the node's parent. PVE shuts its
// guests down then and starts those again that have onboot.
func (n *node) downed() bool { return n.parent != nil && n.parent.restarts }

// unchanged is what must hold before a step writes to a guest that was there
// before the plan: it is ours, nobody changed it since, and it is in the power
// state the plan saw, "" for any.
func (s nodeSteps) unchanged(power string) []plan.Guard {
	guards := append(slices.Clone(s.ours), s.asSeen())
	if power == "" {
		return guards
	}
	return append(guards, plan.Guard{
		Kind: plan.GuardPower, VMID: s.n.vmid, UUID: s.n.uuid, Expect: []plan.KV{{Key: plan.PowerKey, Value: power}},
	})
}

// asSeen expects every managed attribute as the facts had it, absent ones
// included, and the marker. A change that waits for a restart counts as made.
func (s nodeSteps) asSeen() plan.Guard {
	g := s.n.match.guest
	want, have := s.b.desired(s.n), canon.Overlay(g.Config, g.Pending)
	expect := make([]plan.KV, len(want))
	for i, kv := range want {
		expect[i] = plan.KV{Key: kv.Key, Value: canon.Get(have, kv.Key)}
	}
	return plan.Guard{Kind: plan.GuardUnchanged, VMID: s.n.vmid, UUID: s.n.uuid, Expect: withMarker(expect, g)}
}

// withMarker adds what a guest's notes said of its owner.
func withMarker(expect []plan.KV, g *plan.GuestFacts) []plan.KV {
	return byKey(append(expect, plan.KV{Key: plan.MarkerKey, Value: g.Marker.State()}))
}

// risk of setting attributes: what is plugged in anew is gone for a moment, and
// who talks to the guest over a network that it leaves is cut off.
func risk(attrs []plan.Attr, power string) plan.Risk {
	cuts := func(a plan.Attr) bool {
		return a.Class == plan.Hotplug && a.Name != "memory" && !comes(attrs, a) || leaves(a)
	}
	if power == plan.PowerRunning && slices.ContainsFunc(attrs, cuts) {
		return plan.Downtime
	}
	return plan.Safe
}

// comes reports whether a change is part of a device that the guest gets: nobody
// misses it yet. What takes something away has no step in this sense, see
// guest.detach.
func comes(attrs []plan.Attr, a plan.Attr) bool {
	return slices.ContainsFunc(attrs, func(x plan.Attr) bool {
		return canon.KeyOf(x.Name) == canon.KeyOf(a.Name) && x.From == "" && (strings.HasSuffix(x.Name, ".macaddr") || strings.HasSuffix(x.Name, ".serial"))
	})
}

// leaves reports whether a change takes an interface from a network it is on.
func leaves(a plan.Attr) bool {
	return strings.HasPrefix(a.Name, "net") && (strings.HasSuffix(a.Name, ".bridge") && a.From != "" || strings.HasSuffix(a.Name, ".tag"))
}
