package apply_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/runtime/lab"
)

// manyWorlds are tried when HOMESTAK_SOAK is set, a tenth of them otherwise; one
// lab makes as many as it can while another does the same.
const (
	manyWorlds = 10_000
	atOnce     = 4
)

// In random worlds homestak never writes to a guest that is not its own, and
// always finds its own: numbers are recycled, guests renamed, cloned with their
// marks, restored, moved, their notes edited, their marks lost, before the plan
// is made and between plan and run.
func TestRandomWorlds(t *testing.T) {
	t.Parallel()
	n := manyWorlds / 10
	if os.Getenv("HOMESTAK_SOAK") != "" {
		n = manyWorlds
	}
	for k := range atOnce {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			t.Parallel()
			w := &worlds{world: newWorld(t, nil, func(c *lab.Config) { c.Nodes = []string{"pve2"} })}
			w.prepare()
			for seed := k; seed < n && !t.Failed(); seed += atOnce {
				w.rnd = rand.New(rand.NewPCG(uint64(seed), 1))
				w.tryOne(seed)
			}
		})
	}
}

func (w *worlds) tryOne(seed int) {
	w.clear()
	for _, a := range w.nodes {
		if w.rnd.IntN(10) > 0 {
			w.put(w.made(a))
		}
	}
	w.wait()
	for range w.rnd.IntN(4) {
		w.happen()
		w.wait()
	}
	goal := []plan.Goal{plan.GoalCreate, plan.GoalCreate, plan.GoalDestroy, plan.GoalReconcile}[w.rnd.IntN(4)]
	edit := ""
	if w.rnd.IntN(2) == 0 {
		edit = ", tags: [extra]"
	}
	text := fmt.Sprintf(small, edit)
	w.called = nil
	if w.rnd.IntN(4) == 0 {
		text = strings.Replace(text, "{name: a,", "{name: z, renamed_from: a,", 1)
		w.called = map[addr.Address]addr.Address{w.nodes[0]: renamed}
		w.tell("the manifest renames a to z")
	}
	w.write("manifests/m.yaml", text)
	d := w.compile("m")
	p, bad := build.Plan(d, w.observe(d), goal, build.Options{DefaultHost: "lab"})
	fail := func(format string, args ...any) {
		w.t.Errorf("world %d, goal %s%s: %s\n  %s\nfindings: %v", seed, goal, edit, fmt.Sprintf(format, args...), strings.Join(w.told, "\n  "), bad)
	}
	late := false
	if p != nil {
		w.found(p, goal, fail)
		p = marksOnly(w.t, p)
		if late = w.rnd.IntN(3) == 0; late {
			w.tell("then the plan is made")
			w.happen()
			w.wait()
		}
	} else if clean := !slices.ContainsFunc(w.nodes, func(a addr.Address) bool { return !w.clean(a) }); clean {
		fail("there is no plan though nobody is in the way")
	}
	before := map[uint]string{}
	for _, b := range w.all {
		before[b.vmid] = w.state(b)
	}
	if p != nil {
		r := w.run(p, apply.Options{})
		if !late && r.Outcome != apply.Done && r.Outcome != apply.AlreadyApplied && r.Outcome != apply.NothingToDo {
			fail("the run ends as %s: %s", r.Outcome, tell(r))
		}
		w.settled(p, goal, r, late, fail)
	}
	// What is nobody's, or another's, is as it was.
	mine := map[uint]bool{}
	for _, a := range append(w.nodes[:len(w.nodes):len(w.nodes)], gone) {
		if b := w.own(a); b != nil && (a != gone || goal == plan.GoalDestroy || goal == plan.GoalReconcile) {
			mine[b.vmid] = true
		}
	}
	for _, b := range w.all {
		if now := w.state(b); !mine[b.vmid] && now != before[b.vmid] {
			fail("VM %d is not ours and was changed:\n%s\n%s", b.vmid, before[b.vmid], now)
		}
	}
}

// found: every guest that is a node's own is in the plan as the node's.
func (w *worlds) found(p *plan.Plan, goal plan.Goal, fail func(string, ...any)) {
	for _, c := range p.Program.Changes {
		own := w.own(w.truth(c.Addr))
		switch {
		case own == nil && (c.Action != plan.Create && c.Action != plan.None):
			fail("%s has no guest, and the plan would %s VM %d", c.Addr, c.Action, c.VMID)
		case own != nil && c.VMID != own.vmid:
			fail("%s is VM %d, the plan says VM %d (%s)", c.Addr, own.vmid, c.VMID, c.Action)
		case own != nil && (c.Action == plan.Create || c.Action == plan.None && c.Reason == plan.ReasonAbsent):
			fail("%s is VM %d, the plan does not know it (%s)", c.Addr, own.vmid, c.Action)
		case own != nil && goal == plan.GoalDestroy && c.Action != plan.Delete:
			fail("%s is VM %d, the plan to destroy it would %s it", c.Addr, own.vmid, c.Action)
		}
	}
}

// settled: after a run that ended well each node is one guest, its own when it had
// one, marked again, or gone.
func (w *worlds) settled(p *plan.Plan, goal plan.Goal, r *apply.Report, late bool, fail func(string, ...any)) {
	d := w.compile("m")
	f := w.observe(d)
	for _, a := range w.nodes {
		var carry []uint
		for _, g := range f.Hosts[0].Guests {
			if m := g.Marker; m != nil && m.Authentic && (m.Addr == a || m.Addr == w.called[a]) && !m.Forgotten {
				carry = append(carry, g.VMID)
			}
		}
		own := w.own(a)
		switch {
		case len(carry) > 1:
			fail("%s is there more than once: %v", a, carry)
		case own == nil || late || r.Outcome != apply.Done:
		case goal == plan.GoalDestroy && w.state(own) != "":
			fail("%s (VM %d) is still there", a, own.vmid)
		case goal != plan.GoalDestroy && len(carry) == 1 && carry[0] != own.vmid, goal != plan.GoalDestroy && len(carry) == 0 && marks(p, a, w.called[a]):
			fail("%s is VM %d, marked are %v", a, own.vmid, carry)
		}
	}
}

// marks reports whether a plan writes a marker on the guest of a node of these names.
func marks(p *plan.Plan, names ...addr.Address) bool {
	return slices.ContainsFunc(p.Program.Steps, func(s plan.Step) bool {
		_, ok := s.Arg(plan.ArgDescription)
		return ok && slices.Contains(names, s.Addr)
	})
}

// marksOnly leaves of a plan what makes, marks, changes and deletes guests; none
// of them boots.
func marksOnly(t testing.TB, p *plan.Plan) *plan.Plan {
	t.Helper()
	kept := map[plan.StepID]bool{}
	instead := map[plan.StepID][]plan.StepID{}
	var steps []plan.Step
	for _, s := range p.Program.Steps {
		var after []plan.StepID
		for _, id := range s.After {
			if kept[id] {
				after = append(after, id)
			} else {
				after = append(after, instead[id]...)
			}
		}
		slices.Sort(after)
		after = slices.Compact(after)
		switch s.Op {
		case plan.GuestStart, plan.GuestAwait, plan.GuestReboot, plan.TargetPush, plan.CheckReady, plan.HostEnroll:
		default:
			if s.Text(plan.ArgProgram) == "" && s.Text(plan.ArgWhat) != plan.WhatDisk {
				s.After = after
				steps, kept[s.ID] = append(steps, s), true
				continue
			}
		}
		instead[s.ID] = after
	}
	out := &plan.Plan{Program: p.Program}
	out.Program.Steps, out.Program.Programs, out.Program.Secrets = steps, nil, nil
	data, err := plan.Encode(out)
	if err != nil {
		t.Fatal(err)
	}
	if out, err = plan.Decode(data); err != nil {
		t.Fatal(err)
	}
	return out
}
