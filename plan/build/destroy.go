package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// removal is the change of a node that the goal removes. made is its change
// while a test makes it.
func (b *builder) removal(n *node, made plan.Change) plan.Change {
	switch {
	case b.goal == plan.GoalTest && n.absent():
		made.Reason = plan.ReasonGoal
		return made
	case n.host != nil && n.host.lost:
		return plan.Change{Action: plan.Delete, Reason: plan.ReasonParent}
	case n.absent():
		return plan.Change{Action: plan.None, Reason: plan.ReasonAbsent}
	}
	return plan.Change{Action: plan.Delete, Reason: plan.ReasonGoal, Attrs: made.Attrs,
		Stake: b.atStake(n)}
}

// orphans adds the changes of our guests that the manifest no longer names.
func (b *builder) orphans() {
	b.forgetOrphans()
	if b.o.Selection != nil {
		b.dropOrphans()
	}
	if b.goal != plan.GoalReconcile && b.goal != plan.GoalDestroy {
		for _, o := range b.orphan {
			b.warn(findOrphan, o.guest.Marker.Addr, source.Range{}, "%s is node %q, which the manifest no longer names; it is left alone, and a plan with --goal reconcile removes it", o.ref, o.guest.Marker.Addr).
				Help = "homestak plan -M " + b.d.Manifest + " --goal reconcile"
		}
		b.orphan = nil
		return
	}
	kept := b.orphan[:0]
	for _, o := range b.orphan {
		m := o.guest.Marker
		h := b.hostOfOrphan(o)
		if h == nil {
			b.note(findChildren, m.Addr, "%s goes with its parent, which the manifest no longer names either", o.ref)
			b.refuseProtected(o.ref, string(m.Addr), false, source.Range{})
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].guest.Marker.Addr == m.Addr {
			b.fail(codeSeveral, source.Range{}, source.Range{}, "two guests carry the marks of removed node %q: %s, %s", m.Addr, kept[n-1].ref, o.ref).
				Help = "remove the homestak block from the notes of the one that is not it"
			continue
		}
		h.used = true
		o.host = h
		n := o.node()
		b.program.Changes = append(b.program.Changes, plan.Change{
			Addr: m.Addr, Host: h.name, VMID: o.guest.VMID, UUID: m.UUID, Kind: string(n.Type.V), Action: plan.Delete,
			Reason: plan.ReasonRemoved, Stake: b.atStake(n),
		})
		b.shareFate(n, fate{"goes with it", "go with it"}, false)
		b.refuseProtected(o.ref, string(m.Addr), false, source.Range{})
		kept = append(kept, o)
	}
	b.orphan = kept
}

// hostOfOrphan is the plan's host that the guest was seen on, nil when that is
// a node the manifest no longer has.
func (b *builder) hostOfOrphan(o *orphan) *host {
	for _, h := range b.places {
		if h.facts == o.facts {
			return h
		}
	}
	if i, ok := slices.BinarySearchFunc(b.nodes, o.facts.Name, func(n *node, name string) int { return strings.Compare(string(n.Address), name) }); ok {
		if h := b.nodeAsHost(b.nodes[i]); h != nil && h.facts != nil {
			return h
		}
		return nil
	}
	if strings.Contains(o.facts.Name, "/") {
		return nil
	}
	return b.siteHost(o.facts.Name, &node{Node: &ir.Node{}})
}

// backward lays out the deletions: the exact reverse of the order in which
// nodes are made.
func (b *builder) backward() {
	for _, o := range b.orphan {
		b.removeOrphan(o)
	}
	if !b.removes() {
		return
	}
	for _, n := range slices.Backward(b.sequence) {
		switch {
		case !n.touched, n.host.lost:
			continue
		case n.absent() && b.goal == plan.GoalDestroy:
			continue
		}
		b.removeNode(n)
	}
}

// removeNode deletes a guest when nothing stands on it any more and, in a test,
// when it and its peers have been seen ready.
func (b *builder) removeNode(n *node) {
	s := b.stepsOf(n, plan.ReasonGoal)
	after := []int32{n.last}
	for _, c := range n.children {
		after = append(after, c.deleted)
	}
	for _, u := range n.usedBy {
		after = append(after, u.deleted)
	}
	for _, p := range n.peers {
		after = append(after, p.last)
	}
	if n.hosts != nil {
		for _, o := range b.orphan {
			if o.host == n.hosts {
				after = append(after, o.deleted)
			}
		}
	}
	running, expect := true, s.asWanted()
	volumes := n.slots() // the plan makes them, their names are not known yet
	var snapshots []string
	if n.match != nil {
		running = n.power() == plan.PowerRunning || b.goal == plan.GoalTest
		if b.goal == plan.GoalDestroy {
			expect = s.asSeen()
		}
		volumes, snapshots = n.match.guest.Volumes, n.match.guest.Snapshots
		b.refuseProtected(n.match, string(n.Address), n.Protect.V, n.Protect.From.Range)
		b.shareFate(n, fate{"goes with it", "go with it"}, false)
	} else {
		b.refuseProtected(nil, string(n.Address), n.Protect.V, n.Protect.From.Range)
	}
	n.deleted = s.remove(running, owning(expect, volumes, snapshots...), after...)
}

// node is the node that the orphan was.
func (o *orphan) node() *node {
	m := o.guest.Marker
	n := &node{host: o.host, uuid: m.UUID, vmid: o.guest.VMID, match: o.ref, Node: &ir.Node{Address: m.Addr, Name: m.Addr.Name()}}
	n.Type.V = ir.VM
	if n.isPVE() {
		n.Type.V = ir.PVE
	}
	return n
}

func (b *builder) removeOrphan(o *orphan) {
	m, n := o.guest.Marker, o.node()
	for _, r := range slices.Concat(b.known.marked[m.Addr], b.known.uuid[strings.ToLower(o.guest.UUID)]) {
		if r != o.ref {
			n.leave(r)
		}
	}
	s := b.stepsOf(n, plan.ReasonRemoved)
	expect := plan.Guard{Kind: plan.GuardUnchanged, VMID: n.vmid, UUID: n.uuid,
		Expect: withMarker(canon.Only(canon.Overlay(o.guest.Config, o.guest.Pending)), o.guest)}
	o.deleted = s.remove(n.power() == plan.PowerRunning, owning(expect, o.guest.Volumes, o.guest.Snapshots...))
}

// owning adds to a guard which volumes may be deleted: what is added later was
// seen by nobody who approved the plan.
func owning(g plan.Guard, volumes []string, snapshots ...string) plan.Guard {
	joined := func(list []string) string {
		list = slices.Clone(list)
		slices.Sort(list)
		return strings.Join(list, ",")
	}
	g.Expect = byKey(append(slices.Clone(g.Expect), plan.KV{Key: plan.VolumesKey, Value: joined(volumes)},
		plan.KV{Key: plan.SnapshotsKey, Value: joined(snapshots)}))
	return g
}

// remove asks the guest to power off, cuts the power, deletes it. Each step is
// skipped when it is done already. The first one makes sure that nobody is on the
// guest, when it is a host, whom the plan does not know.
func (s nodeSteps) remove(running bool, expect plan.Guard, after ...int32) int32 {
	ordinal := "destroy"
	if s.removes != "" {
		ordinal = "replace"
	}
	destroy := func(step plan.Step, risk plan.Risk) plan.Step {
		step.Phase, step.Risk = plan.PhaseDestroy, risk
		step.Guards = []plan.Guard{s.ours[0], expect}
		return step
	}
	first := func(step plan.Step) plan.Step {
		step.Guards = append(step.Guards, s.b.holds(s.n)...)
		return step
	}
	if running {
		// A time limit of the manifest's own must leave time to notice that the guest does not react.
		deadline := s.b.deadline(shutdownGrace + quickDeadline)
		grace := min(shutdownGrace, max(deadline/2, 1))
		down := s.onGuest(plan.GuestShutdown, deadline, text(plan.ArgGrace, strconv.FormatUint(uint64(grace), 10)))
		at := s.add(first(destroy(down, plan.Downtime)), ordinal, after...)
		after = []int32{s.add(destroy(s.onGuest(plan.GuestStop, quickDeadline), plan.Downtime), ordinal, at)}
	}
	gone := destroy(s.onGuest(plan.GuestDelete, copyDeadline), plan.DataLoss)
	gone.Locks = s.copies
	if !running {
		gone = first(gone)
	}
	return s.add(gone, ordinal, after...)
}

// asWanted expects what the guest is once the plan's earlier steps are done.
func (s nodeSteps) asWanted() plan.Guard {
	return plan.Guard{Kind: plan.GuardUnchanged, VMID: s.n.vmid, UUID: s.n.uuid, Expect: s.b.desired(s.n)}
}

// refuseProtected stops a plan that PVE would stop halfway.
func (b *builder) refuseProtected(r *ref, address string, declared bool, at source.Range) {
	set := r != nil && canon.Get(r.guest.Config, "protection") == "1"
	if !declared && !set {
		return
	}
	d := b.fail(codeProtected, at, at, "node %q is protected and would be deleted", address)
	d.Help = "write protect: false and apply that first, then plan again"
	if !declared {
		d.Label = "the protection flag of " + r.String() + " is set"
		d.Help = "clear it (applying the manifest does) and plan again"
	}
}
