package apply_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// What is inside a host is looked at also when the manifest no longer has the
// host, or has it as a machine, and nobody goes with it unseen.
func TestInsideAHostNoLongerDeclared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		nodes string
		goal  plan.Goal
	}{
		"removed":    {"  - {name: other, spec: web, preset: vm-small}\n", plan.GoalReconcile},
		"redeclared": {"  - {name: outer, spec: web, preset: vm-large}\n", plan.GoalDestroy},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"duo": duo})
			first := w.plan("duo", plan.GoalCreate)
			w.must(first, apply.Done)
			head, _, _ := strings.Cut(duo, "  - ")
			w.write("manifests/duo.yaml", head+c.nodes)
			early := w.plan("duo", c.goal)
			i := slices.IndexFunc(early.Program.Changes, func(c plan.Change) bool { return c.Addr == "duo/outer" })
			if i < 0 || early.Program.Changes[i].Kind != "pve" {
				t.Fatalf("%+v", early.Program.Changes)
			}
			if all := strings.Join(early.Program.Changes[i].Stake, " "); (name == "removed") != strings.Contains(all, `("leaf")`) {
				t.Errorf("at stake: %s", all)
			}
			w.shell(first, "duo/outer", precious)
			if r := w.must(early, apply.Refused); codes(r) != "HS0680" {
				t.Errorf("%s", tell(r))
			}
			p := w.plan("duo", c.goal)
			if !told(p, "HS0705", `777 ("precious")`) {
				t.Errorf("%+v", p.Notes.Findings)
			}
			w.must(p, apply.Done)
			for _, name := range w.guests() {
				if name == "outer" {
					t.Error("it is still there")
				}
			}
		})
	}
}
