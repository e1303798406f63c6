package apply_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// mixed has a node that cannot become ready, one that waits for it, and one that
// has nothing to do with either.
func mixed(onError string) map[string]string {
	return map[string]string{"mixed": `schema_version: 2
name: mixed
settings: {on_error: ` + onError + `}
nodes:
  - {name: bad, spec: broken, preset: vm-small}
  - {name: after, spec: web, preset: vm-small, depends_on: [bad]}
  - {name: apart, spec: web, preset: vm-small}
`}
}

func newMixed(t *testing.T, onError string) *world {
	w := newWorld(t, mixed(onError))
	w.write("specs/broken.yaml", "schema_version: 1\nplatform:\n  packages: [no-such-package]\n")
	return w
}

func stateOf(r *apply.Report, op plan.Op, a addr.Address) apply.StepState {
	i := slices.IndexFunc(r.Steps, func(s apply.StepReport) bool { return s.Op == op.String() && s.Addr == a && !s.Undo })
	if i < 0 {
		return "absent"
	}
	return r.Steps[i].State
}

// continue: what does not depend on the failure is finished.
func TestFailureContinue(t *testing.T) {
	t.Parallel()
	w := newMixed(t, "continue")
	r := w.must(w.plan("mixed", plan.GoalCreate), apply.Partial)
	if r.Outcome.ExitCode() != 5 {
		t.Errorf("exit code %d", r.Outcome.ExitCode())
	}
	if s := stateOf(r, plan.CheckReady, "mixed/apart"); s != apply.StateActed {
		t.Errorf("the node apart: %s", s)
	}
	if s := stateOf(r, plan.GuestCreate, "mixed/after"); s != apply.StateBlocked {
		t.Errorf("the node that waits: %s", s)
	}
	for _, says := range []string{"HS0675", "mixed/bad", "no-such-package", "Target.Push"} {
		if !strings.Contains(tell(r), says) {
			t.Errorf("%q is not said in\n%s", says, tell(r))
		}
	}
}

// stop: nothing new is started.
func TestFailureStop(t *testing.T) {
	t.Parallel()
	w := newMixed(t, "stop")
	p := w.plan("mixed", plan.GoalCreate)
	r := w.run(p, apply.Options{Jobs: 1, Next: "homestak apply mixed.bin --resume"})
	if r.Outcome != apply.Partial || r.Next == "" {
		t.Errorf("%s, next %q", r.Outcome, r.Next)
	}
	if left := w.seedFiles(); len(left) > 0 {
		t.Errorf("seeds are left: %v", left)
	}
}

// rollback: everything this run made is gone again, and what was there stays.
func TestFailureRollback(t *testing.T) {
	t.Parallel()
	w := newMixed(t, "rollback")
	w.do("POST", "/nodes/lab/qemu", "vmid", "998", "name", "stranger")
	r := w.must(w.plan("mixed", plan.GoalCreate), apply.RolledBack)
	if r.Outcome.ExitCode() != 1 {
		t.Errorf("exit code %d", r.Outcome.ExitCode())
	}
	if left := w.guests(); len(left) != 1 || left[998] == "" {
		t.Errorf("guests left: %v", left)
	}
	if !slices.ContainsFunc(r.Steps, func(s apply.StepReport) bool { return s.Undo && s.Op == "Guest.Delete" }) {
		t.Errorf("no undo step in the report:\n%s", tell(r))
	}
}

// A rollback touches only what this plan's runs made, as far as the journal tells.
// Without it, what an earlier run made stays, and the run is a partly applied one.
func TestRollbackNeedsTheJournal(t *testing.T) {
	t.Parallel()
	for _, keep := range []bool{true, false} {
		w := newMixed(t, "rollback")
		p := w.plan("mixed", plan.GoalCreate)
		ctx, cancel := context.WithCancel(t.Context())
		w.react = func(e apply.Event) {
			if e.Kind == apply.StepDone && e.Op == "Guest.Start" && e.Addr == "mixed/bad" {
				cancel()
			}
		}
		if r := w.runCtx(ctx, p, apply.Options{}); r.Outcome != apply.Interrupted {
			t.Fatalf("%s\n%s", r.Outcome, tell(r))
		}
		w.react = nil
		want := apply.RolledBack
		if !keep {
			w.env.StateDir, want = t.TempDir(), apply.Partial
		}
		r := w.must(p, want)
		if there := w.guests()[vmid(p, "mixed/bad")] != ""; there == keep {
			t.Errorf("journal kept: %v, guest there: %v\n%s", keep, there, tell(r))
		}
	}
}

// Rolling back tiers: the children go with the parent.
func TestRollbackOfTiers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"deep": `schema_version: 2
name: deep
settings: {on_error: rollback}
nodes:
  - {name: outer, type: pve, spec: pve, preset: vm-large}
  - {name: good, spec: web, preset: vm-small, parent: outer}
  - {name: bad, spec: broken, preset: vm-small, parent: outer, depends_on: [good]}
`})
	w.write("specs/broken.yaml", "schema_version: 1\nplatform:\n  packages: [no-such-package]\n")
	w.must(w.plan("deep", plan.GoalCreate), apply.RolledBack)
	if left := w.guests(); len(left) != 0 {
		t.Errorf("guests left: %v", left)
	}
}

// Interrupted at any event, in haste or with grace, and run again from the same
// or an empty home: the same end, one guest per node, nothing left over.
func TestInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	// How many events an undisturbed run has.
	w := newWorld(t, map[string]string{"duo": duo})
	w.must(w.plan("duo", plan.GoalCreate), apply.Done)
	total := len(w.events)

	const samples = 12
	for i := range samples {
		at := 1 + i*(total-1)/samples
		t.Run(fmt.Sprintf("event %d", at), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"duo": duo})
			p := w.plan("duo", plan.GoalCreate)
			ctx, cancel := context.WithCancel(t.Context())
			hurry := make(chan struct{})
			seen := 0
			w.react = func(apply.Event) {
				if seen++; seen == at {
					cancel()
					if i%2 == 0 {
						close(hurry)
					}
				}
			}
			if r := w.runCtx(ctx, p, apply.Options{Hurry: hurry}); r.Outcome == apply.Interrupted {
				if r.Outcome.ExitCode() != 130 {
					t.Errorf("exit code %d", r.Outcome.ExitCode())
				}
			} else if r.Outcome != apply.Done {
				t.Fatalf("interrupted: %s\n%s", r.Outcome, tell(r))
			}
			w.react = nil
			if i%3 == 0 {
				w.env.StateDir = t.TempDir()
			}
			r := w.run(p, apply.Options{Resume: true})
			if r.Outcome != apply.Done && r.Outcome != apply.AlreadyApplied {
				t.Fatalf("resumed: %s\n%s", r.Outcome, tell(r))
			}
			if g := w.guests(); len(g) != 1 {
				t.Errorf("guests: %v", g)
			}
			if left := w.seedFiles(); len(left) > 0 {
				t.Errorf("seeds are left: %v", left)
			}
			if again := w.plan("duo", plan.GoalCreate); len(again.Program.Steps) != 0 {
				t.Errorf("the plan afterwards has steps: %v", again.Program.Steps)
			}
		})
	}
}

const duo = `schema_version: 2
name: duo
nodes:
  - {name: outer, type: pve, spec: pve, preset: vm-large}
  - {name: leaf, spec: web, preset: vm-small, parent: outer}
`

// Two drivers at once: one works, the other is told who does.
func TestTwoDrivers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	p := w.plan("one", plan.GoalCreate)
	other := *w.env
	other.StateDir, other.Holder, other.Events = t.TempDir(), "bob@elsewhere", nil
	var second *apply.Report
	w.react = func(e apply.Event) {
		if e.Kind == apply.StepDone && e.Op == "Guest.Create" && second == nil {
			second = apply.Run(t.Context(), p, &other, apply.Options{})
		}
	}
	w.must(p, apply.Done)
	if second.Outcome != apply.Refused || codes(second) != "HS0678" || !strings.Contains(tell(second), "test@here") {
		t.Errorf("%s\n%s", second.Outcome, tell(second))
	}
}

// The same on one machine with one home: the journal's lock says it first.
func TestTwoProcessesOneHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	p := w.plan("one", plan.GoalCreate)
	quiet := *w.env
	quiet.Events = nil
	var second *apply.Report
	w.react = func(e apply.Event) {
		if e.Kind == apply.StepDone && e.Op == "Guest.Create" && second == nil {
			second = apply.Run(t.Context(), p, &quiet, apply.Options{})
		}
	}
	w.must(p, apply.Done)
	if codes(second) != "HS0657" || !strings.Contains(tell(second), "wait until it has ended") {
		t.Errorf("%s\n%s", second.Outcome, tell(second))
	}
}

// The lease is one pool while the run lasts, and gone afterwards.
func TestLeaseIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	p := w.plan("one", plan.GoalCreate)
	during := ""
	w.react = func(e apply.Event) {
		if e.Op == "Guest.Create" {
			during = fmt.Sprint(w.do("GET", "/pools"))
		}
	}
	w.must(p, apply.Done)
	if !strings.Contains(during, "hs-lease-") || !strings.Contains(during, "test@here") {
		t.Errorf("pools during the run: %s", during)
	}
	if after := fmt.Sprint(w.do("GET", "/pools")); strings.Contains(after, "hs-lease-") {
		t.Errorf("pools after the run: %s", after)
	}
}

// A lease that somebody else took over stops every further write.
func TestLostLeaseStopsWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	p := w.plan("one", plan.GoalCreate)
	w.react = func(e apply.Event) {
		if e.Kind != apply.StepDone || e.Op != "Guest.Create" {
			return
		}
		for _, pool := range w.do("GET", "/pools").([]any) {
			id, _ := pool.(map[string]any)["poolid"].(string)
			if i := strings.LastIndex(id, "-"); strings.HasPrefix(id, "hs-lease-") {
				w.do("POST", "/pools", "poolid", id[:i]+"-9", "comment", "homestak lease 1 expires=2099-01-01T00:00:00Z run=x process= holder=mallory")
			}
		}
	}
	r := w.must(p, apply.Partial)
	if !strings.Contains(codes(r), "HS0679") || stateOf(r, plan.GuestStart, only) == apply.StateActed {
		t.Errorf("%s", tell(r))
	}
}

// A storage, a bridge or an image that is gone is found before anything is written.
func TestMissingSuppliesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	p := w.plan("one", plan.GoalCreate)
	for _, c := range []struct{ arg, from, to, says string }{
		{"net0", "bridge=vmbr0", "bridge=vmbr7", `no bridge "vmbr7"`},
		{"scsi0", "data:0", "nowhere:0", `no storage "nowhere"`},
		{"scsi0", "import-from=local:import/", "import-from=local:import/gone-", "no volume local:import/gone-"},
	} {
		data, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		bad, err := plan.Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for i := range bad.Program.Steps {
			for k := range bad.Program.Steps[i].Args {
				if a := &bad.Program.Steps[i].Args[k]; a.Name == c.arg {
					a.Value.Text = strings.Replace(a.Value.Text, c.from, c.to, 1)
				}
			}
		}
		before := w.writes()
		r := w.must(bad, apply.Refused)
		if codes(r) != "HS0671" || !strings.Contains(tell(r), c.says) || w.writes() != before {
			t.Errorf("%s", tell(r))
		}
	}
}
