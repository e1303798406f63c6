package view

import (
	"fmt"
	"io"

	"github.com/homestak/homestak/apply"
)

// Report writes the end of a run in a few lines: how it ended, and for every
// step that did not end well, why.
func Report(w io.Writer, r *apply.Report, s Style) {
	count := map[apply.StepState]int{}
	for _, st := range r.Steps {
		if !st.Undo {
			count[st.State]++
		}
	}
	mark := s.mark("✓", "ok", "32")
	if r.Outcome.ExitCode() != 0 {
		mark = s.mark("✗", "FAIL", "31")
	}
	line := fmt.Sprintf("%s %s: %s", mark, r.Manifest, r.Outcome)
	if n := count[apply.StateActed]; n > 0 {
		line += fmt.Sprintf(", %d steps done", n)
	}
	if n := count[apply.StateSkipped]; n > 0 {
		line += fmt.Sprintf(", %d already right", n)
	}
	if n := count[apply.StateFailed]; n > 0 {
		line += fmt.Sprintf(", %d failed", n)
	}
	if n := count[apply.StateBlocked] + count[apply.StateCut]; n > 0 {
		line += fmt.Sprintf(", %d not finished", n)
	}
	fmt.Fprintf(w, "%s (%s)\n", line, took(r.Took))
}
