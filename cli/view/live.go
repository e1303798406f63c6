package view

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
)

// maxActive is how many running steps the status area shows.
const maxActive = 8

// Live is Plain with a status area below: the steps that run now, what they
// last said, and how far the run is. It rewrites only its own lines.
type Live struct {
	plain *Plain
	w     io.Writer
	width int

	mu     sync.Mutex
	active []running
	drawn  int // lines of the status area on screen
	frame  int
	stop   chan struct{}
	ended  sync.WaitGroup
}

type running struct {
	id    plan.StepID
	label string
	text  string
	since time.Time
}

// NewLive makes a view for a terminal of the given width. tick drives the
// spinner and the seconds; it may be nil.
func NewLive(w io.Writer, s Style, width int, tick <-chan time.Time) *Live {
	l := &Live{plain: NewPlain(w, s), w: w, width: max(40, width), stop: make(chan struct{})}
	l.ended.Go(func() {
		for {
			select {
			case now := <-tick:
				l.mu.Lock()
				l.frame++
				l.redraw(now)
				l.mu.Unlock()
			case <-l.stop:
				return
			}
		}
	})
	return l
}

// Event shows one event.
func (l *Live) Event(e apply.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := func() int { return slices.IndexFunc(l.active, func(r running) bool { return r.id == e.Step }) }
	switch e.Kind {
	case apply.StepStarted:
		subject := string(e.Addr)
		if subject == "" {
			subject = e.Host
		}
		l.active = append(l.active, running{id: e.Step, label: fmt.Sprintf("%-16s %s", e.Op, subject), since: e.At})
	case apply.StepProgress:
		if i := at(); i >= 0 {
			l.active[i].text = e.Text
		}
	case apply.StepDone, apply.StepFailed, apply.StepBlocked:
		if i := at(); i >= 0 {
			l.active = slices.Delete(l.active, i, i+1)
		}
	}
	lines := l.plain.lines(e)
	l.clear()
	for _, line := range lines {
		fmt.Fprintln(l.w, line)
	}
	if e.Kind != apply.RunFinished {
		l.draw(e.At)
	}
}

// Close removes the status area.
func (l *Live) Close() {
	close(l.stop)
	l.ended.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

func (l *Live) redraw(now time.Time) {
	if l.drawn > 0 {
		l.clear()
		l.draw(now)
	}
}

func (l *Live) clear() {
	if l.drawn > 0 {
		fmt.Fprintf(l.w, "\x1b[%dA\x1b[J", l.drawn)
		l.drawn = 0
	}
}

func (l *Live) draw(now time.Time) {
	if len(l.active) == 0 {
		return
	}
	spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	if l.plain.style.ASCII {
		spinner = []rune(`|/-\`)
	}
	turn := string(spinner[l.frame%len(spinner)])
	for i, r := range l.active {
		if i == maxActive {
			l.status(fmt.Sprintf("  … and %d more", len(l.active)-maxActive))
			break
		}
		l.status(fmt.Sprintf("  %s %s  %s  %s", turn, r.label, took(max(0, now.Sub(r.since)).Truncate(time.Second)), r.text))
	}
	done, total := l.plain.done, max(1, l.plain.total)
	const cells = 24
	full := min(cells, cells*done/total)
	l.status(fmt.Sprintf("  [%s%s] %d of %d steps", strings.Repeat("#", full), strings.Repeat(" ", cells-full), done, l.plain.total))
}

// status prints one line of the area, cut to the terminal so that it never
// wraps and the area's height stays known.
func (l *Live) status(s string) {
	r := []rune(s)
	if len(r) > l.width-1 {
		r = r[:l.width-1]
	}
	fmt.Fprintln(l.w, string(r))
	l.drawn++
}
