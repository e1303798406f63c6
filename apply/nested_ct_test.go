package apply_test

import (
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// A container on a host that the same plan makes.
func TestContainerInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"deep": "schema_version: 2\nname: deep\nnodes:\n  - {name: edge, type: pve, nodes: [{name: box, type: ct, spec: web}]}\n"})
	w.must(w.plan("deep", plan.GoalCreate), apply.Done)
	if again := w.plan("deep", plan.GoalCreate); len(again.Program.Steps) > 0 {
		t.Errorf("%v", again.Program.Changes)
	}
	w.must(w.plan("deep", plan.GoalDestroy), apply.Done)
	if left := w.guests(); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}
