package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// difference is how a guest that exists is not what its node declares.
type difference struct {
	attrs   []plan.Attr // what to set, by name; power and program among them
	set     []plan.Arg  // PVE's keys for guest.configure
	grow    bool
	start   bool
	restart []string // PVE's keys that wait for a reboot
	tail    tail
	reason  string // "" when nothing is to be done
}

// update lays out the steps that bring an existing guest to its declared form:
//
//	guest.configure ─ guest.grow ─ guest.start or guest.reboot ─ guest.await ─ …
func (b *builder) update(n *node) plan.Change {
	diff := b.compare(n)
	b.tellFixed(n)
	c := plan.Change{Action: plan.Update, Reason: diff.reason, Attrs: diff.attrs}
	if diff.reason == "" {
		c.Action, c.Reason = plan.None, plan.ReasonPresent
	}
	if diff.reason == "" && !diff.tail.await {
		return c
	}
	s := b.stepsOf(n, c.Reason)
	power := n.power()
	n.restarts = len(diff.restart) > 0 || n.downed()
	if n.downed() {
		power = "" // whatever it was, it is something else by then
	}
	at := b.gates(n)
	one := func(step plan.Step, ordinal string) { at = []int32{s.add(step, ordinal, at...)} }
	if len(diff.set) > 0 {
		step := s.onGuest(plan.GuestConfigure, quickDeadline, append(diff.set, s.marker())...)
		step.Guards, step.Risk = s.unchanged(power), risk(diff.attrs, power)
		one(step, "update")
	}
	if diff.grow {
		step := s.grow()
		step.Guards = s.unchanged(power)
		one(step, "")
	}
	if diff.tail.push {
		at = s.publish(at...)
	}
	if diff.start {
		step := s.onGuest(plan.GuestStart, powerDeadline)
		step.Guards = s.unchanged(power)
		one(step, "")
	}
	if len(diff.restart) > 0 {
		step := s.onGuest(plan.GuestReboot, powerDeadline, list(plan.ArgKeys, diff.restart...))
		step.Guards, step.Risk = append(s.unchanged(power), b.holds(n)...), plan.Downtime
		one(step, "")
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

// compare works out the difference. What waits for a restart counts as what the
// guest will be.
func (b *builder) compare(n *node) difference {
	g := n.match.guest
	have := canon.Overlay(g.Config, g.Pending)
	want := b.desired(n)
	var d difference
	running := n.power() == plan.PowerRunning
	for _, a := range canon.Diff(have, want) {
		if a.Name == "scsi0.size" {
			if !b.grows(n, a) {
				continue
			}
			d.grow = true
		} else if key := canon.KeyOf(a.Name); !slices.ContainsFunc(d.set, func(s plan.Arg) bool { return s.Name == key }) {
			d.set = append(d.set, text(key, canon.Text(key, have, want)))
		}
		if !running {
			a.Class = plan.Live
		}
		if a.Class == plan.Reboot {
			d.restart = append(d.restart, canon.KeyOf(a.Name))
		}
		d.attrs = append(d.attrs, a)
	}
	b.drifted(n, d.attrs)
	if running {
		for _, a := range canon.Diff(g.Config, want) {
			if key := canon.KeyOf(a.Name); a.Class == plan.Reboot && canon.Get(have, a.Name) == a.To {
				d.restart = append(d.restart, key)
				d.attrs = append(d.attrs, a)
			}
		}
	}
	slices.Sort(d.restart)
	d.restart = slices.Compact(d.restart)
	d.start = !running || n.downed()
	b.classify(n, &d)
	slices.SortFunc(d.attrs, func(x, y plan.Attr) int { return strings.Compare(x.Name, y.Name) })
	return d
}

// classify names the reason and says what follows once the guest runs.
func (b *builder) classify(n *node, d *difference) {
	proven := n.proven()
	booted := d.start || len(d.restart) > 0
	adopted := n.inTest() && b.goal != plan.GoalTest
	d.tail.mark = proven != n.digest || n.rotated() || adopted
	d.tail.unseed = proven == ""
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
	case len(d.set) > 0, d.grow, len(d.restart) > 0:
		d.reason = plan.ReasonDiffers
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
	have, errHave := strconv.ParseInt(a.From, 10, 64)
	want, _ := strconv.ParseInt(a.To, 10, 64)
	if errHave != nil {
		return true // no size is known, guest.grow's probe finds out
	}
	if want >= have {
		return true
	}
	b.fail(codeShrink, n.Disk.From.Range, n.Decl, "the disk of node %q has %s, the manifest wants %s", n.Address, unit.Size(have), n.Disk.V).
		Help = "a disk never shrinks: declare at least " + unit.Size(have).String() + ", or destroy the node and create it again"
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
	if power == plan.PowerRunning && slices.ContainsFunc(attrs, func(a plan.Attr) bool { return a.Class == plan.Hotplug || leaves(a) }) {
		return plan.Downtime
	}
	return plan.Safe
}

// leaves reports whether a change takes an interface from a network it is on.
func leaves(a plan.Attr) bool {
	return strings.HasPrefix(a.Name, "net") && (strings.HasSuffix(a.Name, ".bridge") && a.From != "" || strings.HasSuffix(a.Name, ".tag"))
}
