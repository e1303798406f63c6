package apply_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

const precious = "sudo -n pvesh create /nodes/outer/qemu --vmid 777 --name precious"

// A guest that somebody made on a node that is a host goes with that node only when
// people could see it in the plan.
func TestStrangerInsideAParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	first := w.plan("duo", plan.GoalCreate)
	w.must(first, apply.Done)
	grown := strings.Replace(duo, "vm-large}", "vm-large, cores: 7}", 1)
	p := w.plan("duo", plan.GoalDestroy)
	w.write("manifests/duo.yaml", grown)
	restart := w.plan("duo", plan.GoalCreate)

	w.shell(first, "duo/outer", precious)
	for _, p := range []*plan.Plan{p, restart} {
		names, before := w.guests(), w.writes()
		r := w.must(p, apply.Refused)
		if codes(r) != "HS0680" || !strings.Contains(tell(r), `777 ("precious")`) || !strings.Contains(tell(r), "duo/outer") {
			t.Errorf("goal %s:\n%s", p.Program.Goal, tell(r))
		}
		if n := w.writes() - before; n != 0 || fmt.Sprint(w.guests()) != fmt.Sprint(names) {
			t.Errorf("goal %s: %d writes, guests %v", p.Program.Goal, n, w.guests())
		}
	}

	// Seen, it is named, and what was reviewed is done.
	restart = w.plan("duo", plan.GoalCreate)
	if !told(restart, "HS0705", `777 ("precious")`) {
		t.Errorf("findings: %v", restart.Notes.Findings)
	}
	w.must(restart, apply.Done)
	if left := w.plan("duo", plan.GoalCreate); len(left.Program.Steps) != 0 {
		t.Errorf("the plan after apply has steps: %v", left.Program.Steps)
	}
	p = w.plan("duo", plan.GoalDestroy)
	if !told(p, "HS0705", `777 ("precious")`) || !slices.Contains(p.Program.Changes[0].Stake, `VM 777 ("precious")`) {
		t.Errorf("findings: %v, at stake %v", p.Notes.Findings, p.Program.Changes[0].Stake)
	}
	w.must(p, apply.Done)
}

// It may come while the run is on its way, too: the guard right before the step
// finds it then.
func TestStrangerComesDuringTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	first := w.plan("duo", plan.GoalCreate)
	w.must(first, apply.Done)
	p := w.plan("duo", plan.GoalDestroy)
	came := false
	w.react = func(e apply.Event) {
		if e.Kind == apply.StepDone && e.Op == "Guest.Delete" && !came {
			came = true
			w.shell(first, "duo/outer", precious)
		}
	}
	r := w.must(p, apply.Partial)
	if !strings.Contains(codes(r), "HS0680") || len(w.guests()) != 1 {
		t.Errorf("guests %v\n%s", w.guests(), tell(r))
	}
	w.react = nil
	w.must(w.plan("duo", plan.GoalDestroy), apply.Done)
}

func told(p *plan.Plan, code, text string) bool {
	return slices.ContainsFunc(p.Notes.Findings, func(f plan.Finding) bool {
		return f.Code == code && strings.Contains(f.Message, text)
	})
}

// A nested host that is not the one the plan saw is found before anything is
// written, though the plan would change its parent first.
func TestNestedCertificateIsCheckedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	w.must(w.plan("duo", plan.GoalCreate), apply.Done)
	w.write("manifests/duo.yaml", strings.NewReplacer("vm-large}", "vm-large, cores: 7}", "vm-small,", "vm-small, cores: 3,").Replace(duo))
	p := w.plan("duo", plan.GoalCreate)
	for i := range p.Program.Hosts {
		if h := &p.Program.Hosts[i]; h.Parent != "" {
			h.Fingerprint = strings.Repeat("AA:", 31) + "AA"
		}
	}
	before := w.writes()
	r := w.must(p, apply.Refused)
	if codes(r) != "HS0656" || !strings.Contains(tell(r), "duo/outer") {
		t.Errorf("%s", tell(r))
	}
	if n := w.writes() - before; n != 0 {
		t.Errorf("%d writes were made", n)
	}
}
