package apply_test

import (
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

const flat = `schema_version: 2
name: flat
nodes:
  - {name: one, spec: web, preset: vm-small}
  - {name: two, spec: web, preset: vm-small}
`

// A plan makes its guests, the next plan is empty, the same plan again finds
// nothing to do, and destroying leaves nothing.
func TestFlat(t *testing.T) {
	w := newWorld(t, map[string]string{"flat": flat})
	p := w.plan("flat", plan.GoalCreate)
	w.must(p, apply.Done)
	if again := w.plan("flat", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("the plan after apply has %d steps: %v", len(again.Program.Steps), again.Program.Steps)
	}
	w.must(p, apply.AlreadyApplied)
	w.must(w.plan("flat", plan.GoalDestroy), apply.Done)
}
