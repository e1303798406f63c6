package apply

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/apply/journal"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// script is an operation whose answers are laid down; it writes down what it
// was asked.
type script struct {
	holds []bool  // answers of probe, the last one repeated
	acts  []error // answers of act
	asked []string
	wait  func(ctx context.Context) error // of act, instead of acts
}

func (s *script) probe(context.Context) (bool, error) {
	s.asked = append(s.asked, "probe")
	if len(s.holds) == 0 {
		return false, nil
	}
	now := s.holds[0]
	if len(s.holds) > 1 {
		s.holds = s.holds[1:]
	}
	return now, nil
}

func (s *script) act(ctx context.Context) error {
	s.asked = append(s.asked, "act")
	if s.wait != nil {
		return s.wait(ctx)
	}
	if len(s.acts) == 0 {
		return nil
	}
	err := s.acts[0]
	s.acts = s.acts[1:]
	return err
}

// looker is a script that only reads.
type looker struct{ script }

func (*looker) onlyReads() {}

var busy = &pve.Error{Host: "h", Method: "POST", Path: "/x", Status: 596, Reason: "Broken pipe"}

// perform lives one step with an operation in place of the real one.
func perform(t *testing.T, ctx, work context.Context, op operation) (*task, []journal.Record, bool) {
	t.Helper()
	dir := t.TempDir()
	j, _, err := journal.Open(dir, "m", "d")
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	r := newRun(&plan.Plan{}, &Env{}, Options{})
	r.journal = j
	s := &plan.Step{ID: "aa", Op: plan.GuestStart, Host: "h", Deadline: 60}
	tk := &task{run: r, s: s, out: &StepReport{Step: s.ID}, started: time.Now(), extend: func() {}, op: op}
	ok := tk.execute(ctx, work)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	h, err := journal.Peek(dir, "d")
	if err != nil {
		t.Fatal(err)
	}
	var recs []journal.Record
	if h.Begun("aa") {
		recs = append(recs, journal.Record{Kind: journal.Intent})
	}
	if st := h.State("aa"); st != "" {
		recs = append(recs, journal.Record{Kind: journal.Settled, State: st})
	}
	return tk, recs, ok
}

func TestStepLife(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name  string
		op    *script
		asked string
		state StepState
		code  string
	}{
		{"right already", &script{holds: []bool{true}}, "probe", StateSkipped, ""},
		{"acts and reads back", &script{holds: []bool{false, true}}, "probe act probe", StateActed, ""},
		{"fails for good", &script{acts: []error{refused}}, "probe act", StateFailed, "HS0655"},
		{"reported success and is not so", &script{}, "probe act probe", StateFailed, "HS0661"},
		{"tries again after a new probe", &script{holds: []bool{false, false, true}, acts: []error{busy}}, "probe act probe act probe", StateActed, ""},
		{"the answer was lost and the write was not", &script{holds: []bool{false, true}, acts: []error{busy}}, "probe act probe", StateActed, ""},
		{"gives up", &script{acts: []error{busy, busy, busy, busy}}, "probe act probe act probe act probe act", StateFailed, "HS0808"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tk, recs, ok := perform(t, t.Context(), t.Context(), c.op)
				if got := strings.Join(c.op.asked, " "); got != c.asked {
					t.Errorf("asked %q, want %q", got, c.asked)
				}
				if tk.out.State != c.state || ok != (c.code == "") || tk.out.Code != c.code {
					t.Errorf("state %s, code %s, ok %v", tk.out.State, tk.out.Code, ok)
				}
				acted := slices.Contains(c.op.asked, "act")
				if acted != (len(recs) == 2) {
					t.Errorf("asked %v, journal %+v", c.op.asked, recs)
				}
			})
		})
	}
}

// A step that waits for nothing in particular is cut off by its deadline, and
// one whose task moves is not.
func TestDeadlineFollowsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := &script{wait: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		began := time.Now()
		tk, _, ok := perform(t, t.Context(), t.Context(), stuck)
		if ok || tk.out.Code != "HS0660" || time.Since(began) != time.Minute {
			t.Errorf("%v, %s after %v", ok, tk.out.Code, time.Since(began))
		}
		if strings.Count(tk.out.Error, "did not end within") != 1 {
			t.Errorf("it repeats itself: %s", tk.out.Error)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var tk *task
		moving := &script{holds: []bool{false, true}}
		moving.wait = func(ctx context.Context) error {
			for range 10 {
				if err := pause(ctx, 50*time.Second); err != nil {
					return err
				}
				tk.extend()
			}
			return nil
		}
		dir := t.TempDir()
		j, _, err := journal.Open(dir, "m", "d")
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		r := newRun(&plan.Plan{}, &Env{}, Options{})
		r.journal = j
		tk = &task{run: r, s: &plan.Step{ID: "aa", Op: plan.GuestStart, Deadline: 60}, out: &StepReport{}, extend: func() {}, op: moving}
		if !tk.execute(t.Context(), t.Context()) {
			t.Errorf("cut off though it moved: %+v", tk.out)
		}
	})
}

// What did not come in time is named, with the last reason for it, and not the
// deadline twice.
func TestDeadlineNamesWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, _, err := journal.Open(t.TempDir(), "m", "d")
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		r := newRun(&plan.Plan{}, &Env{}, Options{})
		r.journal = j
		tk := &task{run: r, s: &plan.Step{ID: "aa", Op: plan.GuestAwait, Deadline: 60}, out: &StepReport{}, extend: func() {}}
		looks := 0
		tk.op = &script{wait: func(ctx context.Context) error {
			tk.awaits = "ssh, cloud-init"
			return tk.until(ctx, func(ctx context.Context) error {
				if looks++; looks < 3 {
					return busy
				}
				<-ctx.Done() // a connection that hangs
				return context.Cause(ctx)
			})
		}}
		tk.execute(t.Context(), t.Context())
		said := tk.out.Error
		if tk.out.Code != "HS0660" || !strings.Contains(said, "still waiting for: ssh, cloud-init") ||
			!strings.Contains(said, "Broken pipe") || strings.Count(said, "did not end within") != 1 {
			t.Error(said)
		}
	})
}

// The user's ^C cuts off what only reads at once; what writes goes on until the
// work itself is given up.
func TestInterruptOfAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		waits := func(ctx context.Context) error { return pause(ctx, time.Second) }
		reading := &looker{script{wait: waits}}
		if tk, _, ok := perform(t, ctx, t.Context(), reading); ok || tk.out.State != StateCut {
			t.Errorf("a step that reads: %+v", tk.out)
		}
		writing := &script{holds: []bool{false, true}, wait: waits}
		if tk, _, ok := perform(t, ctx, t.Context(), writing); !ok || tk.out.State != StateActed {
			t.Errorf("a step that writes: %+v", tk.out)
		}
		work, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, stop)
		writing = &script{wait: waits}
		tk, recs, ok := perform(t, ctx, work, writing)
		if ok || tk.out.State != StateCut || len(recs) != 1 {
			t.Errorf("work given up: %+v, journal %+v", tk.out, recs)
		}
	})
}

// A run that cannot remember does not act.
func TestNoJournalNoAct(t *testing.T) {
	j, _, err := journal.Open(t.TempDir(), "m", "d")
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	r := newRun(&plan.Plan{}, &Env{}, Options{})
	r.journal = j
	op := &script{}
	tk := &task{run: r, s: &plan.Step{ID: "aa", Op: plan.GuestStart}, out: &StepReport{}, extend: func() {}, op: op}
	if tk.execute(t.Context(), t.Context()) || slices.Contains(op.asked, "act") || tk.out.Code != "HS0658" {
		t.Errorf("asked %v, %+v", op.asked, tk.out)
	}
}
