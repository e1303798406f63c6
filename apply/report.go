package apply

import (
	"cmp"
	"slices"
	"time"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
)

// Outcome is how a run ended.
type Outcome string

const (
	Done           Outcome = "done"            // every step acted or was already right
	AlreadyApplied Outcome = "already applied" // every probe held, nothing was written
	NothingToDo    Outcome = "nothing to do"   // the plan has no steps
	Partial        Outcome = "partly applied"  // a step failed; what was done stays, and can be resumed
	Failed         Outcome = "failed"          // it failed before anything was changed
	RolledBack     Outcome = "rolled back"     // a step failed and what this run made is gone again
	Refused        Outcome = "refused"         // a guard, a stale plan, a lease, an unsupported step: nothing was written
	Interrupted    Outcome = "interrupted"     // stopped by the user, resumable
)

// ExitCode is the process exit code of an outcome: 0, 1, 4, 5 or 130.
func (o Outcome) ExitCode() int {
	switch o {
	case Done, AlreadyApplied, NothingToDo:
		return 0
	case Refused:
		return 4
	case Partial:
		return 5
	case Interrupted:
		return 130
	default:
		return 1
	}
}

// Report is what happened, step by step. The JSON form is documented and holds
// no secret.
type Report struct {
	Run      string        `json:"run"` // random id of this run
	Digest   string        `json:"digest"`
	Manifest string        `json:"manifest"`
	Goal     string        `json:"goal"`
	Outcome  Outcome       `json:"outcome"`
	Started  time.Time     `json:"started"`
	Took     time.Duration `json:"took_ns"`
	Steps    []StepReport  `json:"steps"`          // in the plan's order, then undo steps that ran
	Findings diag.List     `json:"-"`              // why it was refused or failed, first cause first
	Next     string        `json:"next,omitempty"` // Options.Next, when there is something to go on with
}

// sort puts the steps in the plan's order, undo steps last and in the order they
// ran.
func (r *Report) sort(p *plan.Program) {
	at := make(map[plan.StepID]int, len(p.Steps))
	for i := range p.Steps {
		at[p.Steps[i].ID] = i
	}
	slices.SortStableFunc(r.Steps, func(a, b StepReport) int {
		if a.Undo || b.Undo {
			return cmp.Compare(undoLast(a.Undo), undoLast(b.Undo))
		}
		return cmp.Compare(at[a.Step], at[b.Step])
	})
	if r.Outcome != Partial && r.Outcome != Interrupted {
		r.Next = ""
	}
}

func undoLast(undo bool) int {
	if undo {
		return 1
	}
	return 0
}

// StepState is where a step ended.
type StepState string

const (
	StateActed   StepState = "acted"   // it changed something, and that was verified
	StateSkipped StepState = "skipped" // its probe held
	StateFailed  StepState = "failed"
	StateBlocked StepState = "blocked" // a step before it failed, or the run stopped
	StateCut     StepState = "cut"     // interrupted while it ran
)

// StepReport is one step's end.
type StepReport struct {
	Step     plan.StepID   `json:"step"`
	Addr     addr.Address  `json:"addr,omitempty"`
	Host     string        `json:"host"`
	Op       string        `json:"op"`
	State    StepState     `json:"state"`
	Undo     bool          `json:"undo,omitempty"`
	Attempts int           `json:"attempts,omitempty"`
	Took     time.Duration `json:"took_ns,omitempty"`
	Error    string        `json:"error,omitempty"` // one line
	Code     string        `json:"code,omitempty"`
	Checks   []Check       `json:"checks,omitempty"` // what the target said, resource by resource
}

// Check is the state of one resource on a target.
type Check struct {
	Resource string `json:"resource"`
	State    string `json:"state"`
	Text     string `json:"text,omitempty"`
}
