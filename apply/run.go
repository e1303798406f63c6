package apply

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/homestak/homestak/apply/journal"
	"github.com/homestak/homestak/apply/walk"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

const (
	codeBusy    diag.Code = "HS0657"
	codeJournal diag.Code = "HS0658"
	codeAgain   diag.Code = "HS0659"
)

// Run makes the world what p says and reports how far it came. Its decisions
// come from p and from probing the world, never from what an earlier run
// remembered. When ctx ends nothing new is started, what runs may end within
// Options.Grace, and the report says Interrupted.
func Run(ctx context.Context, p *plan.Plan, env *Env, o Options) *Report {
	r := newRun(p, env, o)
	r.emit(Event{Kind: RunStarted, Digest: r.report.Digest, Manifest: r.p.Manifest, Goal: r.p.Goal.String(), Steps: len(r.p.Steps)})
	outcome := r.do(ctx)
	r.fleet.close()
	r.report.Outcome = outcome
	r.report.Took = r.env.now().Sub(r.report.Started)
	r.report.sort(r.p)
	r.emit(Event{Kind: RunFinished, Outcome: outcome, Took: r.report.Took})
	return r.report
}

// run is one run of a plan.
type run struct {
	*index
	env     *Env
	o       Options
	id      string
	fleet   *fleet
	leases  []*holding
	journal *journal.Journal
	history *journal.History
	report  *Report

	over map[addr.Address]bool // nodes of a test that an earlier run began to take away

	mu      sync.Mutex
	touched map[addr.Address]bool   // nodes a step of this run changed
	seeds   map[addr.Address]string // names of seeds this run uploaded
	held    map[string]privileges   // what the tokens of site hosts may do, known after preflight has met them
	events  sync.Mutex              // one event at a time

	selfOnce sync.Once
	self     binary
	selfErr  error
}

func newRun(p *plan.Plan, env *Env, o Options) *run {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails, see crypto/rand
	if o.Jobs <= 0 {
		o.Jobs = DefaultJobs
	}
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	r := &run{
		index: &index{p: &p.Program}, env: env, o: o, id: hex.EncodeToString(random[:]),
		history: journal.NewHistory(nil),
		over:    map[addr.Address]bool{}, touched: map[addr.Address]bool{}, seeds: map[addr.Address]string{},
		held: map[string]privileges{},
	}
	r.fleet = newFleet(env, r.id)
	r.report = &Report{
		Run: r.id, Digest: p.Program.Digest(), Manifest: p.Program.Manifest, Goal: p.Program.Goal.String(),
		Started: env.now(), Next: o.Next,
	}
	return r
}

// do is the whole run: look before anything is written, exclude everybody else,
// walk, and leave nothing behind that nobody needs.
func (r *run) do(ctx context.Context) Outcome {
	if bad := r.understand(); len(bad) > 0 {
		return r.refuse(bad...)
	}
	if len(r.p.Steps) == 0 {
		return NothingToDo
	}
	if d := r.remember(); d != nil {
		return r.refuse(d)
	}
	holds, bad := r.preflight(ctx)
	switch {
	case ctx.Err() != nil:
		return Interrupted
	case len(bad) > 0:
		return r.refuse(bad...)
	case holds:
		return AlreadyApplied
	}

	work, cancel := r.patience(ctx)
	defer cancel()
	if d := r.begin(work); d != nil {
		return r.refuse(d)
	}
	defer r.end()
	result := walk.Run(r.p.Steps, walk.Options{
		Jobs: r.o.Jobs, Width: r.width, KeepGoing: r.p.OnError == "continue", Stop: ctx.Done(),
	}, func(i int) bool { return r.newTask(&r.p.Steps[i], false).execute(ctx, work) })
	r.tellBlocked(ctx, result)
	return r.conclude(ctx, work)
}

// understand checks the plan itself, before anybody is asked anything.
func (r *run) understand() diag.List {
	ix, bad := newIndex(r.p)
	if len(bad) > 0 {
		return bad
	}
	r.index = ix
	r.fleet.hostNode = ix.hostNode
	r.fleet.pin, r.fleet.nodeName = ix.pin, ix.nodeName
	r.fleet.arrived = r.arrived
	r.fleet.writing = r.writing
	return r.supported()
}

// remember reads what earlier runs of this plan left. Only a test asks the past
// for more than it saves time: its end looks like its beginning.
func (r *run) remember() *diag.Diagnostic {
	h, err := journal.Peek(r.journalDir(), r.report.Digest)
	if err != nil {
		return journalFailed(err)
	}
	r.history = h
	if h.Finished && r.p.Goal == plan.GoalTest && !r.o.Again {
		d := codeAgain.Errorf("this test was run to its end already")
		d.Help = "add --again to run it once more"
		return d
	}
	for i := range r.p.Steps {
		s := &r.p.Steps[i]
		if r.p.Goal == plan.GoalTest && s.Phase == plan.PhaseDestroy && h.Begun(string(s.ID)) {
			r.over[s.Addr] = true
		}
	}
	if r.o.Resume && h.Runs == 0 {
		r.note("no unfinished run of this plan is known here; what was done is found by probing")
	}
	return nil
}

func (r *run) journalDir() string { return filepath.Join(r.env.StateDir, "journal") }

// begin excludes every other writer, on this machine and on others.
func (r *run) begin(ctx context.Context) *diag.Diagnostic {
	j, h, err := journal.Open(r.journalDir(), r.p.Manifest, r.report.Digest)
	if errors.Is(err, journal.ErrBusy) {
		d := codeBusy.Errorf("another process on this machine applies a plan of %s", r.p.Manifest)
		d.Help = "wait until it has ended, then plan again: by then the hosts are not what this plan was made from"
		return d
	}
	if err != nil {
		return journalFailed(err)
	}
	r.journal, r.history = j, h
	if d := r.takeLeases(ctx); d != nil {
		_ = j.Close()
		r.journal = nil
		return d
	}
	if err := r.record(journal.Record{Kind: journal.Began, Run: r.id}); err != nil {
		r.end()
		return journalFailed(err)
	}
	return nil
}

// end gives back what begin took.
func (r *run) end() {
	r.releaseLeases()
	if err := r.journal.Close(); err != nil {
		r.note("the journal could not be closed: " + err.Error())
	}
}

// conclude decides how the run ended, undoes what on_error asks to undo, and
// writes the last record.
func (r *run) conclude(ctx, work context.Context) Outcome {
	outcome := r.outcome(ctx)
	if outcome == Partial && r.p.OnError == "rollback" {
		outcome = r.rollback(ctx, work)
	}
	if work.Err() == nil {
		r.sweep(work)
	}
	state := string(outcome)
	switch outcome {
	case Done:
		state = journal.EndDone
	case RolledBack:
		state = journal.EndRolledBack
	}
	if err := r.record(journal.Record{Kind: journal.Ended, Run: r.id, State: state}); err != nil {
		r.note(err.Error())
	}
	return outcome
}

// outcome sums up the steps. What an earlier run of the same plan began counts as
// done by this one: together they are one attempt.
func (r *run) outcome(ctx context.Context) Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	failed, acted, cut := len(r.report.Findings) > 0, false, false
	for _, s := range r.report.Steps {
		acted = acted || s.State == StateActed || s.Attempts > 0 || r.history.Begun(string(s.Step))
		failed = failed || s.State == StateFailed
		cut = cut || s.State == StateCut || s.State == StateBlocked
	}
	switch {
	case ctx.Err() != nil && (cut || failed):
		return Interrupted
	case failed && acted:
		return Partial
	case failed && slices.ContainsFunc(r.report.Findings, isGuard):
		return Refused
	case failed:
		return Failed
	default:
		return Done
	}
}

func (r *run) refuse(why ...*diag.Diagnostic) Outcome {
	r.report.Findings = append(r.report.Findings, merged(why)...)
	return Refused
}

// merged tells a finding that many steps have once, with the steps as its notes.
func merged(list diag.List) diag.List {
	var out diag.List
	for _, d := range list {
		i := slices.IndexFunc(out, func(o *diag.Diagnostic) bool {
			return o.Code == d.Code && o.Message == d.Message && o.Label == d.Label && o.Help == d.Help
		})
		if i < 0 {
			out = append(out, d)
			continue
		}
		for _, n := range d.Notes {
			if !slices.Contains(out[i].Notes, n) {
				out[i].Notes = append(out[i].Notes, n)
			}
		}
	}
	return out
}

// patience is the context of work that was begun: it outlives ctx by the grace,
// or until somebody is in a hurry.
func (r *run) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-work.Done():
			return
		case <-ctx.Done():
		}
		grace := time.NewTimer(r.o.Grace)
		defer grace.Stop()
		select {
		case <-work.Done():
		case <-grace.C:
		case <-r.o.Hurry:
		}
		cancel()
	}()
	return work, cancel
}

// width of a lane.
func (r *run) width(l plan.Lock) int {
	if h := r.hosts[l.Of]; l.Kind == plan.LockHostIO && h != nil {
		return int(h.IOWidth)
	}
	return 1
}

func (r *run) record(rec journal.Record) error {
	rec.At = r.env.now().UnixNano()
	return r.journal.Append(rec)
}

func journalFailed(err error) *diag.Diagnostic {
	d := codeJournal.Errorf("the journal cannot be used")
	d.Label = err.Error()
	d.Help = "check the site's .homestak directory: its owner, its mode and the space on its disk"
	return d
}

func (r *run) emit(e Event) {
	r.events.Lock()
	defer r.events.Unlock()
	e.At, e.Run, e.Text = r.env.now(), r.id, r.env.redact(e.Text)
	if r.env.Events != nil {
		r.env.Events(e)
	}
}

func (r *run) note(text string) { r.emit(Event{Kind: Note, Text: text}) }
