package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/addr"
)

// Style is how a view may write.
type Style struct {
	Color bool
	ASCII bool
}

func (s Style) paint(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s Style) mark(unicode, ascii, color string) string {
	if s.ASCII {
		return s.paint(color, ascii)
	}
	return s.paint(color, unicode)
}

// Plain writes one line per finished step, and one per node that is proven
// ready.
type Plain struct {
	w      io.Writer
	style  Style
	total  int
	done   int
	checks map[addr.Address]*tally
}

// tally counts the resources of one node as its check reports them.
type tally struct {
	ok  int
	bad []string
}

// NewPlain makes a view that writes to w.
func NewPlain(w io.Writer, s Style) *Plain {
	return &Plain{w: w, style: s, checks: map[addr.Address]*tally{}}
}

// Event shows one event.
func (p *Plain) Event(e apply.Event) {
	for _, line := range p.lines(e) {
		fmt.Fprintln(p.w, line)
	}
}

// Close ends the view.
func (p *Plain) Close() {}

func (p *Plain) lines(e apply.Event) []string {
	switch e.Kind {
	case apply.RunStarted:
		p.total = e.Steps
		return []string{fmt.Sprintf("run %s of %s, digest sha256:%.12s…", e.Run, e.Manifest, e.Digest)}
	case apply.StepDone:
		p.finished(e)
		if e.Skipped {
			return []string{p.stepLine(e, p.style.mark("·", ".", "2"), "already right")}
		}
		lines := []string{p.stepLine(e, p.style.mark("✓", "ok", "32"), took(e.Took))}
		if e.Op == "Check.Ready" {
			lines = append(lines, p.ready(e.Addr)...)
		}
		return lines
	case apply.StepFailed:
		p.finished(e)
		return []string{p.stepLine(e, p.style.mark("✗", "FAIL", "31"), took(e.Took)), "       " + e.Text}
	case apply.StepBlocked:
		p.finished(e)
		return []string{p.stepLine(e, p.style.mark("∅", "--", "33"), "not started: "+e.Text)}
	case apply.CheckResult:
		p.count(e)
	case apply.Note:
		return []string{"       " + e.Text}
	case apply.RunFinished:
		return []string{fmt.Sprintf("%s after %s", e.Outcome, took(e.Took))}
	}
	return nil
}

func (p *Plain) finished(e apply.Event) {
	if !e.Undo {
		p.done++
	}
}

func (p *Plain) count(e apply.Event) {
	t := p.checks[e.Addr]
	if t == nil {
		t = &tally{}
		p.checks[e.Addr] = t
	}
	switch e.State {
	case "ok":
		t.ok++
	case "changed", "corrected":
	default:
		t.bad = append(t.bad, strings.TrimSpace(e.Resource+" "+e.State+" "+e.Text))
	}
}

// ready says what a passed check proved. The results of the push that came
// before it are of no more interest.
func (p *Plain) ready(a addr.Address) []string {
	t := p.checks[a]
	delete(p.checks, a)
	if t == nil {
		return nil
	}
	return []string{fmt.Sprintf("       %s platform ready: %d resources hold", p.style.mark("★", "**", "32")+" "+string(a), t.ok)}
}

func (p *Plain) stepLine(e apply.Event, mark, right string) string {
	subject := string(e.Addr)
	if subject == "" {
		subject = e.Host
	}
	count := fmt.Sprintf("[%*d/%d]", len(fmt.Sprint(p.total)), p.done, p.total)
	if e.Undo {
		count = fmt.Sprintf("[%*s]", len(count)-2, "undo") // undo steps are not among those counted
	}
	return fmt.Sprintf("%s %s %-16s %s  %s", count, mark, e.Op, subject, p.style.paint("2", right))
}

// took prints a duration as people say it: 0.04s, 3.2s, 2m10s.
func took(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.2fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
