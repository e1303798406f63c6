package apply_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab/faults"
)

const clones = `schema_version: 2
name: clones
nodes:
  - {name: full, spec: web, clone: full, disk: 12, disks: [{name: data, size: 1}]}
  - {name: linked, spec: web, clone: linked, hardware: {bios: ovmf}}
`

// Clones stand on one template a host and image, made once; they are guests like
// others, and a later deployment finds the template.
func TestClones(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"clones": clones, "later": strings.ReplaceAll(clones, "name: clones", "name: later")})
	p := w.plan("clones", plan.GoalCreate)
	built := 0
	for _, s := range p.Program.Steps {
		if s.Op == plan.TemplateBuild {
			built++
		}
		if s.Op == plan.GuestCreate {
			t.Errorf("%s is not cloned", s.Addr)
		}
	}
	if built != 1 {
		t.Errorf("%d templates are built", built)
	}
	w.must(p, apply.Done)
	before := w.writes()
	if again := w.plan("clones", plan.GoalCreate); len(again.Program.Steps) > 0 {
		t.Errorf("%v", again.Program.Changes)
	}
	w.must(p, apply.AlreadyApplied)
	if n := w.writes() - before; n != 0 {
		t.Errorf("finding that nothing is to be done made %d writes", n)
	}
	later := w.plan("later", plan.GoalTest)
	for _, s := range later.Program.Steps {
		if s.Op == plan.TemplateBuild || s.Op == plan.ImageFetch {
			t.Errorf("%s %s again", s.Op, s.Text("name"))
		}
	}
	w.must(w.plan("clones", plan.GoalDestroy), apply.Done)
	if left := w.guests(); len(left) != 1 {
		t.Errorf("left are %v, not the template alone", left)
	}
}

// A run that ends between the clone and what makes it the node's guest goes on
// with the clone that is there.
func TestHalfAClone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"clones": clones})
	p := w.plan("clones", plan.GoalCreate)
	refused := faults.Rule{Fault: faults.Answer, On: "POST /nodes/*/qemu/*/config", Times: 1, Status: 400, Reason: "Parameter verification failed."}
	if err := w.lab.SetFaults(faults.Script{Faults: []faults.Rule{refused}}); err != nil {
		t.Fatal(err)
	}
	w.must(p, apply.Partial)
	if err := w.lab.SetFaults(faults.Script{}); err != nil {
		t.Fatal(err)
	}
	w.must(p, apply.Done)
	if again := w.plan("clones", plan.GoalCreate); len(again.Program.Steps) > 0 {
		t.Errorf("%v", again.Program.Changes)
	}
	if left := w.guests(); len(left) != 3 {
		t.Errorf("there are %v", left)
	}
}
