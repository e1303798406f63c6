package apply

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/homestak/homestak/plan"
)

// mayReboot reports whether the step's guest may be restarted now: at any time
// unless the step has windows.
func (t *task) mayReboot() (bool, error) {
	windows := t.s.List(plan.ArgWindows)
	if len(windows) == 0 {
		return true, nil
	}
	zone, err := time.LoadLocation(t.s.Text(plan.ArgZone))
	if err != nil {
		return false, fmt.Errorf("the windows of %s are in time zone %q: %w", t.n.addr, t.s.Text(plan.ArgZone), err)
	}
	now := t.env.now().In(zone)
	for _, w := range windows {
		in, err := inWindow(w, now)
		if in || err != nil {
			return in, err
		}
	}
	return false, nil
}

// inWindow reports whether a time is within "Sat,Sun 02:00-04:00". The day is that
// of the beginning; a window that does not end after it began ends on the next day.
func inWindow(window string, now time.Time) (bool, error) {
	days, span, _ := strings.Cut(window, " ")
	from, to, ok := strings.Cut(span, "-")
	start, err1 := clock(from)
	end, err2 := clock(to)
	if !ok || err1 != nil || err2 != nil {
		return false, fmt.Errorf("%q is no window", window)
	}
	at := now.Hour()*60 + now.Minute()
	today, yesterday := now.Weekday().String()[:3], now.AddDate(0, 0, -1).Weekday().String()[:3]
	for day := range strings.SplitSeq(days, ",") {
		switch {
		case start < end && day == today && at >= start && at < end:
			return true, nil
		case start >= end && (day == today && at >= start || day == yesterday && at < end):
			return true, nil
		}
	}
	return false, nil
}

// clock reads "02:30" as minutes since midnight.
func clock(text string) (int, error) {
	hours, minutes, _ := strings.Cut(text, ":")
	h, err := strconv.Atoi(hours)
	if err != nil {
		return 0, err
	}
	m, err := strconv.Atoi(minutes)
	return h*60 + m, err
}
