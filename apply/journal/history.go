package journal

import "slices"

// States of an Ended record that close a chapter: what came before them says
// nothing about a later run.
const (
	EndDone       = "done"
	EndRolledBack = "rolled back"
)

// History is what earlier lives of a plan left behind: the chapter since it was
// last finished.
type History struct {
	Runs     int    // how many runs began in this chapter
	LastRun  string // the id of the last one, "" when there is none
	Finished bool   // the last thing the journal knows is that the plan was done

	begun  map[string]bool
	states map[string]string
	tasks  []TaskRef
	named  []NameRef
}

// TaskRef is a task that was started and not seen to end.
type TaskRef struct{ Step, Host, UPID string }

// NameRef is a random name that a step chose before it used it.
type NameRef struct{ Step, Host, Value string }

// NewHistory reads records in order.
func NewHistory(records []Record) *History {
	h := &History{}
	h.reset()
	for _, r := range records {
		h.add(r)
	}
	return h
}

func (h *History) reset() {
	*h = History{begun: map[string]bool{}, states: map[string]string{}}
}

func (h *History) add(r Record) {
	switch r.Kind {
	case Began:
		h.Runs, h.LastRun, h.Finished = h.Runs+1, r.Run, false
	case Intent:
		h.begun[r.Step] = true
		delete(h.states, r.Step)
	case Task:
		h.tasks = append(h.tasks, TaskRef{r.Step, r.Host, r.UPID})
	case Named:
		h.named = append(h.named, NameRef{r.Step, r.Host, r.Value})
	case Settled:
		h.states[r.Step] = r.State
		h.tasks = slices.DeleteFunc(h.tasks, func(t TaskRef) bool { return t.Step == r.Step })
	case Ended:
		switch r.State {
		case EndDone:
			h.reset()
			h.Finished = true
		case EndRolledBack:
			h.reset()
		}
	}
}

// Begun reports whether a step was about to write, or did, in this chapter.
func (h *History) Begun(step string) bool { return h.begun[step] }

// State is how a step last ended, "" when it did not.
func (h *History) State(step string) string { return h.states[step] }

// Tasks are those that may still run on a host, in the order they were started.
func (h *History) Tasks() []TaskRef { return slices.Clone(h.tasks) }

// Names are the random names chosen in this chapter, in order.
func (h *History) Names() []NameRef { return slices.Clone(h.named) }
