package apply_test

import (
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

const tiered = `schema_version: 2
name: tiered
nodes:
  - {name: outer, type: pve, spec: pve, preset: vm-large}
  - {name: inner, type: pve, spec: pve, preset: vm-medium, parent: outer}
  - {name: leaf, spec: web, preset: vm-small, parent: inner}
  - {name: side, spec: web, preset: vm-small, parent: outer}
`

func TestTiers(t *testing.T) {
	w := newWorld(t, map[string]string{"tiered": tiered})
	p := w.plan("tiered", plan.GoalCreate)
	w.must(p, apply.Done)
	if again := w.plan("tiered", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("the plan after apply has %d steps: %v", len(again.Program.Steps), again.Program.Steps)
	}
	w.must(p, apply.AlreadyApplied)
	w.must(w.plan("tiered", plan.GoalDestroy), apply.Done)
}
