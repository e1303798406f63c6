package apply_test

import (
	"testing"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab"
)

const flat = `schema_version: 2
name: flat
nodes:
  - {name: one, spec: web, preset: vm-small}
  - {name: two, spec: web, preset: vm-small}
`

// A plan makes its guests; the next plan is empty; the same plan again finds
// nothing to do, and neither of them writes anything; destroying leaves nothing.
func TestFlat(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"flat": flat})
	p := w.plan("flat", plan.GoalCreate)
	r := w.must(p, apply.Done)
	for _, s := range r.Steps {
		if s.State != apply.StateActed {
			t.Errorf("%s %s %s", s.Op, s.Addr, s.State)
		}
	}
	if left := w.seedFiles(); len(left) > 0 {
		t.Errorf("seeds are left on the host: %v", left)
	}
	before := w.writes()
	empty := w.plan("flat", plan.GoalCreate)
	if len(empty.Program.Steps) != 0 {
		t.Errorf("the plan after apply has %d steps: %v", len(empty.Program.Steps), empty.Program.Steps)
	}
	w.must(empty, apply.NothingToDo)
	again := w.must(p, apply.AlreadyApplied)
	if len(again.Steps) != len(p.Program.Steps) {
		t.Errorf("%d of %d steps are reported", len(again.Steps), len(p.Program.Steps))
	}
	if n := w.writes() - before; n != 0 {
		t.Errorf("planning and applying what is there made %d writes", n)
	}

	gone := w.plan("flat", plan.GoalDestroy)
	w.must(gone, apply.Done)
	if left := w.guests(); len(left) > 0 {
		t.Errorf("guests are left: %v", left)
	}
	before = w.writes()
	w.must(gone, apply.AlreadyApplied)
	w.must(w.plan("flat", plan.GoalDestroy), apply.NothingToDo)
	if n := w.writes() - before; n != 0 {
		t.Errorf("destroying nothing made %d writes", n)
	}
}

// From an empty home everything is found by probing.
func TestStateDirIsACache(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"tiered": tiered})
	p := w.plan("tiered", plan.GoalCreate)
	w.must(p, apply.Done)
	w.env.StateDir = t.TempDir()
	w.must(p, apply.AlreadyApplied)
	w.env.StateDir = t.TempDir()
	if again := w.plan("tiered", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("%d steps", len(again.Program.Steps))
	}
}

// Independent guests are made side by side, by the lab's own account.
func TestPeersRunInParallel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"three": `schema_version: 2
name: three
nodes:
  - {name: a, spec: web, preset: vm-small}
  - {name: b, spec: web, preset: vm-small}
  - {name: c, spec: web, preset: vm-small}
`}, func(c *lab.Config) { c.TaskTime = 200 * time.Millisecond })
	w.must(w.plan("three", plan.GoalCreate), apply.Done)
	most := 0
	for _, e := range w.log() {
		if e.Kind == "task-start" && e.Type == "qmcreate" {
			most = max(most, e.Running)
		}
	}
	if most < 3 {
		t.Errorf("at most %d tasks ran together", most)
	}
}

// An update goes live, or waits for the restart that the plan makes.
func TestUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"flat": flat})
	w.must(w.plan("flat", plan.GoalCreate), apply.Done)
	w.write("manifests/flat.yaml", `schema_version: 2
name: flat
nodes:
  - {name: one, spec: web, preset: vm-small, cores: 3, tags: [extra]}
  - {name: two, spec: web, preset: vm-small, disk: 90}
`)
	p := w.plan("flat", plan.GoalCreate)
	w.must(p, apply.Done)
	if again := w.plan("flat", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("the plan after the update has steps: %v", again.Program.Steps)
	}
	w.must(p, apply.AlreadyApplied)
}

// A test makes, checks and removes. Nobody can see that it was run, so only the
// journal knows, and only --again repeats it.
func TestGoalTest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"tiered": tiered})
	p := w.plan("tiered", plan.GoalTest)
	r := w.must(p, apply.Done)
	ready := map[addr.Address]bool{}
	for _, s := range r.Steps {
		if s.Op == plan.CheckReady.String() && s.State == apply.StateActed && len(s.Checks) > 0 {
			ready[s.Addr] = true
		}
	}
	if len(ready) != 4 {
		t.Errorf("proven ready: %v", ready)
	}
	if left := w.guests(); len(left) > 0 {
		t.Errorf("guests are left: %v", left)
	}
	if r := w.must(p, apply.Refused); codes(r) != "HS0659" {
		t.Errorf("a repeat: %s", tell(r))
	}
	if r := w.run(p, apply.Options{Again: true}); r.Outcome != apply.Done {
		t.Errorf("--again: %s\n%s", r.Outcome, tell(r))
	}
}
