package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/apply/journal"
	"github.com/homestak/homestak/apply/walk"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/ssh"
)

const (
	codeDeadline   diag.Code = "HS0660"
	codeUnverified diag.Code = "HS0661"
)

// operation is one step with its arguments understood.
type operation interface {
	// probe reports whether the step is done already. It only reads.
	probe(ctx context.Context) (bool, error)
	// act does it.
	act(ctx context.Context) error
}

// verifier is an operation whose probe cannot tell that act worked.
type verifier interface {
	verify(ctx context.Context) error
}

// reader is an operation that only reads: it needs no guard, no lease and no
// journal, and is cut off at once when the user stops the run.
type reader interface{ onlyReads() }

// task is a step while it runs.
type task struct {
	*run
	s       *plan.Step
	n       *node // nil for a step of a host
	undo    bool
	out     *StepReport
	started time.Time
	extend  func() // something moved: the deadline counts anew
	told    bool   // StepStarted was sent
	minted  bool   // looking at a new host made the token that looking needs
	why     string // what a probe found missing, for messages
	awaits  string // what act is waiting for, for messages
	op      operation
}

// attempts bounds how often a step is tried when what failed may pass by itself.
const attempts = 4

func (r *run) newTask(s *plan.Step, undo bool) *task {
	t := &task{run: r, s: s, n: r.nodes[s.Addr], undo: undo, started: r.env.now(), extend: func() {}}
	t.out = &StepReport{Step: s.ID, Addr: s.Addr, Host: s.Host, Op: s.Op.String(), Undo: undo}
	t.op = t.operation()
	return t
}

// execute brings one step to its end and reports whether it ended well. ctx is
// the user's patience with the run, work that with what was begun.
func (t *task) execute(ctx, work context.Context) bool {
	err := t.live(ctx, work)
	t.out.Took = t.env.now().Sub(t.started)
	switch {
	case err == nil:
		t.emit(Event{Kind: StepDone, Skipped: t.out.State == StateSkipped, Took: t.out.Took})
	case canceled(work, err):
		t.out.State = StateCut
		t.emit(Event{Kind: StepBlocked, Text: "it was interrupted"})
	default:
		d := about(t.env.explain(err), t.s)
		t.out.State, t.out.Code, t.out.Error = StateFailed, string(d.Code), d.Error()
		t.found(d)
		t.emit(Event{Kind: StepFailed, Code: string(d.Code), Text: d.Error(), Took: t.out.Took})
	}
	return t.finish() && err == nil
}

// finish writes down how a step that began ended.
func (t *task) finish() bool {
	t.mu.Lock()
	t.run.report.Steps = append(t.run.report.Steps, *t.out)
	t.mu.Unlock()
	if t.out.Attempts == 0 || t.out.State == StateCut {
		return true
	}
	return t.record(journal.Record{Kind: journal.Settled, Step: string(t.s.ID), State: string(t.out.State), Text: t.out.Error}) == nil
}

// live is the life of a step: probe, and if there is work, guards, act, verify.
// Nothing is written twice without a probe in between.
func (t *task) live(ctx, work context.Context) error {
	if t.isOver() {
		t.out.State = StateSkipped
		return nil
	}
	if _, ok := t.op.(reader); ok {
		work = ctx
	}
	work, done := t.deadline(work)
	defer done()
	for try := 1; ; try++ {
		holds, err := t.probe(work)
		if err == nil && holds {
			t.out.State = StateSkipped
			if t.out.Attempts > 0 || t.minted {
				t.out.State = StateActed
			}
			return nil
		}
		if err == nil {
			err = t.whose(work, t.attempt(work))
		}
		if err == nil {
			t.out.State = StateActed
			return nil
		}
		if ended := context.Cause(work); ended != nil {
			var late *diag.Diagnostic
			if errors.As(ended, &late) {
				late.Label = t.lateness(err)
				return late
			}
			return ended
		}
		if !mayPass(err) || try == attempts || ctx.Err() != nil {
			return err
		}
		t.progress("trying again: " + t.env.brief(err))
		if err := pause(work, time.Second<<(try-1)); err != nil {
			return err
		}
	}
}

// lateness says what a step was waiting for when its time was over, and the last
// reason it got; err may be nothing but the end of the time.
func (t *task) lateness(err error) string {
	var parts []string
	if t.awaits != "" {
		parts = append(parts, "still waiting for: "+t.awaits)
	}
	var d *diag.Diagnostic
	if over := errors.As(err, &d) && d.Code == codeDeadline || errors.Is(err, context.Canceled) || errors.Is(err, errNotYet); !over {
		parts = append(parts, t.env.brief(err))
	} else if t.awaits == "" && len(parts) == 0 {
		parts = append(parts, "nothing moved")
	}
	return strings.Join(parts, "; ")
}

// probe asks whether there is work. The guards of a step that only reads are not
// about a write: they say what the steps after it may rely on, and hold whether or
// not there is anything left to read.
func (t *task) probe(ctx context.Context) (bool, error) {
	if _, ok := t.op.(reader); ok {
		if err := t.checkGuards(ctx); err != nil {
			return false, err
		}
	}
	return t.op.probe(ctx)
}

func (t *task) checkGuards(ctx context.Context) error {
	if err := t.guardDeployed(ctx); err != nil {
		return err
	}
	for _, g := range guardsOf(t.s, t.n) {
		if err := t.guard(ctx, t.s, g); err != nil {
			return err
		}
	}
	return nil
}

// whose looks for what is behind a failed attempt: when another driver has taken
// over, whatever else went wrong came from that.
func (t *task) whose(ctx context.Context, err error) error {
	if _, reads := t.op.(reader); err == nil || reads {
		return err
	}
	var lost, already *diag.Diagnostic
	if errors.As(err, &already) && already.Code == codeLeaseLost {
		return err
	}
	if errors.As(t.checkLeases(ctx), &lost) && lost.Code == codeLeaseLost {
		lost.Notes = append(lost.Notes, diag.Note{Text: "what failed then: " + t.env.brief(err)})
		return lost
	}
	return err
}

// attempt writes once.
func (t *task) attempt(ctx context.Context) error {
	if !t.told {
		t.told = true
		t.emit(Event{Kind: StepStarted})
	}
	if _, ok := t.op.(reader); ok {
		return t.op.act(ctx)
	}
	if err := t.checkGuards(ctx); err != nil {
		return err
	}
	if err := t.checkLeases(ctx); err != nil {
		return err
	}
	if err := t.record(journal.Record{Kind: journal.Intent, Run: t.id, Step: string(t.s.ID)}); err != nil {
		return journalFailed(err)
	}
	t.out.Attempts++
	if !onlyPrepares(t.s) {
		t.mu.Lock()
		t.touched[t.s.Addr] = true
		t.mu.Unlock()
	}
	err := t.op.act(ctx)
	t.wrote()
	if err != nil {
		return err
	}
	if v, ok := t.op.(verifier); ok {
		return v.verify(ctx)
	}
	holds, err := t.op.probe(ctx)
	if err == nil && !holds {
		d := codeUnverified.Errorf("%s reported success and it is not so", t.s.Op)
		d.Label = t.why
		d.Help = "something else may work on the same object; look at it, then run again"
		return d
	}
	return err
}

// emit fills in which step an event is about.
func (t *task) emit(e Event) {
	e.Step, e.Addr, e.Host, e.Op, e.Undo = t.s.ID, t.s.Addr, t.s.Host, t.s.Op.String(), t.undo
	t.run.emit(e)
}

func (t *task) progress(text string) { t.emit(Event{Kind: StepProgress, Text: text}) }

// wait writes down a task's UPID and waits for its end; err is that of the call
// which started it.
func (t *task) wait(ctx context.Context, h *host, upid pve.UPID, err error) error {
	t.wrote()
	if err != nil || upid == "" {
		return err
	}
	defer t.wrote()
	if err := t.record(journal.Record{Kind: journal.Task, Step: string(t.s.ID), Host: h.name, UPID: string(upid)}); err != nil {
		return journalFailed(err)
	}
	return h.api.Wait(ctx, upid, func(lines []string) {
		t.extend()
		if len(lines) > 0 {
			t.progress(lines[len(lines)-1])
		}
	})
}

// defaultDeadline is for steps whose plan gives none.
const defaultDeadline = 10 * time.Minute

// deadline bounds a step. It counts from the last thing that moved, so that a
// large copy which makes progress is not cut off.
func (t *task) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Duration(t.s.Deadline) * time.Second
	if limit == 0 {
		limit = defaultDeadline
	}
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() {
		d := codeDeadline.Errorf("%s did not end within %s", t.s.Op, limit)
		d.Help = "look at the guest's console and the host's task list; then resume the run"
		cancel(d)
	})
	var mu sync.Mutex
	t.extend = func() {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() == nil {
			timer.Reset(limit)
		}
	}
	return ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		timer.Stop()
		cancel(nil)
	}
}

// mayPass reports whether an error may be gone a little later.
func mayPass(err error) bool {
	var broken *ssh.Error
	if errors.As(err, &broken) {
		return broken.Retry()
	}
	return pve.ClassOf(err).Retry()
}

// pause is a sleep that a cancel ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// found keeps a finding for the end of the report.
func (r *run) found(d *diag.Diagnostic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Findings = append(r.report.Findings, d)
}

// tellBlocked reports the steps that never started, and why.
func (r *run) tellBlocked(ctx context.Context, result walk.Result) {
	for i, end := range result.Ends {
		if end != walk.Blocked {
			continue
		}
		s := &r.p.Steps[i]
		why := "the run stopped before it"
		switch c := result.Cause[i]; {
		case c >= 0:
			cause := &r.p.Steps[c]
			why = fmt.Sprintf("%s %s failed before it", cause.Op, cause.Addr)
		case ctx.Err() != nil:
			why = "interrupted before it"
		}
		t := r.newTask(s, false)
		t.out.State = StateBlocked
		t.emit(Event{Kind: StepBlocked, Text: why})
		t.finish()
	}
}
