package apply

import (
	"time"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// EventKind says what an Event tells, and so which of its fields are set.
type EventKind string

const (
	RunStarted   EventKind = "run.started"   // Digest, Manifest, Goal, Steps
	StepStarted  EventKind = "step.started"  // a step's probe says there is work
	StepProgress EventKind = "step.progress" // Text: what it is doing now, e.g. the task's last log line
	StepDone     EventKind = "step.done"     // Skipped when it was already right; Took
	StepFailed   EventKind = "step.failed"   // Text: the error in one line; Code; Took
	StepBlocked  EventKind = "step.blocked"  // never started, Text says why
	CheckResult  EventKind = "check.result"  // Resource, State, Text: one resource on a target
	Note         EventKind = "note"          // Text: something worth knowing that is no step
	RunFinished  EventKind = "run.finished"  // Outcome, Took
)

// Event is one thing that happened in a run. Events come in order, from one
// goroutine at a time, and hold no secret. Step events carry Step, Addr, Host
// and Op. The JSON form is one line of `--events` and `--format json` output.
type Event struct {
	Kind EventKind `json:"event"`
	At   time.Time `json:"at"`
	Run  string    `json:"run"`

	Digest   string `json:"digest,omitempty"` // 64 hex
	Manifest string `json:"manifest,omitempty"`
	Goal     string `json:"goal,omitempty"`
	Steps    int    `json:"steps,omitempty"` // how many the plan has

	Step    plan.StepID  `json:"step,omitempty"`
	Addr    addr.Address `json:"addr,omitempty"`
	Host    string       `json:"host,omitempty"`
	Op      string       `json:"op,omitempty"` // "Guest.Create"
	Undo    bool         `json:"undo,omitempty"`
	Skipped bool         `json:"skipped,omitempty"`

	Resource string `json:"resource,omitempty"` // "package curl"
	State    string `json:"state,omitempty"`    // ok, changed, corrected, failed, unknown

	Code    string        `json:"code,omitempty"` // HS0…, of a failure
	Text    string        `json:"text,omitempty"`
	Took    time.Duration `json:"took_ns,omitempty"`
	Outcome Outcome       `json:"outcome,omitempty"`
}
