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
	t.Parallel()
	w := newWorld(t, map[string]string{"tiered": tiered})
	p := w.plan("tiered", plan.GoalCreate)
	w.must(p, apply.Done)
	if again := w.plan("tiered", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("the plan after apply has %d steps: %v", len(again.Program.Steps), again.Program.Steps)
	}
	w.must(p, apply.AlreadyApplied)
	w.must(w.plan("tiered", plan.GoalDestroy), apply.Done)
}

// A posture may move sshd: the driver finds it where the node was proven ready
// with it, through as many tiers as there are, also from an empty home.
func TestSSHPortMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	w.write("postures/odd.yaml", "ssh:\n  port: 2222\n")
	w.write("specs/web.yaml", "schema_version: 1\naccess:\n  posture: odd\n")
	w.write("specs/pve.yaml", "schema_version: 1\naccess:\n  posture: odd\nconfig:\n  pve: {}\n")
	p := w.plan("duo", plan.GoalCreate)
	w.must(p, apply.Done)
	w.must(p, apply.AlreadyApplied)
	for _, h := range w.observe(w.compile("duo")).Hosts {
		for _, g := range h.Guests {
			if g.Marker == nil || g.Marker.Port != 2222 {
				t.Errorf("%s: %+v", g.Name, g.Marker)
			}
		}
	}
	w.env.StateDir = t.TempDir()
	if again := w.plan("duo", plan.GoalCreate); len(again.Program.Steps) != 0 {
		t.Errorf("steps: %v", again.Program.Steps)
	}
	w.write("postures/odd.yaml", "ssh:\n  port: 22\n")
	w.must(w.plan("duo", plan.GoalCreate), apply.Done)
	w.must(w.plan("duo", plan.GoalDestroy), apply.Done)
}
