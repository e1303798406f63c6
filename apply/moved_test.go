package apply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/runtime/lab"
)

// migrate moves a guest to another node, as an administrator would.
func (w *world) migrate(from, to string, id uint) {
	w.t.Helper()
	upid := w.do("POST", fmt.Sprintf("/nodes/%s/qemu/%d/migrate", from, id), "target", to, "online", "1", "with-local-disks", "1").(string)
	w.taskEndOn(from, upid)
}

// A guest that others moved within its cluster is found and worked on where it is,
// also when no host of the site names that node; one that is pinned is brought back.
func TestMovedGuests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one}, func(c *lab.Config) { c.Nodes = []string{"pve2"} })
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	id := vmid(first, "one/only")
	w.migrate("lab", "pve2", id)
	p := w.plan("one", plan.GoalCreate)
	if len(p.Program.Steps) > 0 || !strings.Contains(said(p, "HS0712"), "on cluster node pve2") {
		t.Errorf("after it was moved: %s, %q", ops(p), said(p, "HS0712"))
	}
	w.write("manifests/one.yaml", strings.Replace(one, "preset: vm-small", "preset: vm-small, tags: [moved]", 1))
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	if c := w.do("GET", fmt.Sprintf("/nodes/pve2/qemu/%d/config", id)).(map[string]any); !strings.Contains(fmt.Sprint(c["tags"]), "moved") {
		t.Errorf("tags: %v", c["tags"])
	}
	d := w.compile("one")
	d.Nodes[0].Guest = &ir.Guest{}
	d.Nodes[0].Guest.Placement.Pin.V = true
	back := w.mustPlan(d, plan.GoalCreate, build.Options{})
	if c := back.Program.Changes[0]; ops(back) != "Guest.Move only" || c.Action != plan.Move || c.Reason != plan.ReasonMoved || c.Attrs[0].From != "pve2" {
		t.Errorf("pinned: %s, %+v", ops(back), c)
	}
	w.must(back, apply.Done)
	if p := w.mustPlan(d, plan.GoalCreate, build.Options{}); len(p.Program.Steps) > 0 {
		t.Errorf("back: %s", ops(p))
	}
	w.must(back, apply.AlreadyApplied)
	w.migrate("lab", "pve2", id)
	w.must(w.plan("one", plan.GoalDestroy), apply.Done)
	if _, ok := w.guests()[id]; ok {
		t.Error("it is still there")
	}
}
