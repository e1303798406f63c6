package window

import (
	"fmt"
	"strings"
	"time"
)

// Windows are the times at which something may happen.
type Windows []Window

// Window is a span of time on some days of each week.
type Window struct {
	Days     Days
	From, To int // minutes since midnight; To ≤ From is on the next day, To is 1 to 1440
}

// Days is a set of days, Monday the lowest bit.
type Days uint8

const (
	everyDay Days = 1<<7 - 1
	dayEnd        = 24 * 60
)

var dayNames = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

// String is the canonical form.
func (ws Windows) String() string {
	parts := make([]string, len(ws))
	for i, w := range ws {
		parts[i] = w.String()
	}
	return strings.Join(parts, ", ")
}

func (w Window) String() string {
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", w.Days, w.From/60, w.From%60, w.To/60, w.To%60)
}

// String names the days, three or more in a row as a range.
func (d Days) String() string {
	if d == everyDay {
		return "daily"
	}
	var parts []string
	for i := 0; i < 7; i++ {
		if d&(1<<i) == 0 {
			continue
		}
		last := i
		for last < 6 && d&(1<<(last+1)) != 0 {
			last++
		}
		name := dayNames[i][:3]
		if last >= i+2 {
			name, i = name+"-"+dayNames[last][:3], last
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, ",")
}

// Contain reports whether a moment is in one of the windows, by the clock on the
// wall in the moment's own zone. A window's end is outside.
func (ws Windows) Contain(t time.Time) bool {
	now := t.Hour()*60 + t.Minute()
	today := (int(t.Weekday()) + 6) % 7
	yesterday := (today + 6) % 7
	for _, w := range ws {
		overnight := w.To <= w.From
		switch {
		case w.Days&(1<<today) != 0 && now >= w.From && (overnight || now < w.To),
			w.Days&(1<<yesterday) != 0 && overnight && now < w.To:
			return true
		}
	}
	return false
}

// Next is t itself when it is in a window, else the first full minute after t that is;
// false when there are no windows. It asks minute by minute, so that it is right
// when clocks are changed, too.
func (ws Windows) Next(t time.Time) (time.Time, bool) {
	if ws.Contain(t) {
		return t, true
	}
	const most = 9 * dayEnd // a week, and what a change of clocks may take away from it
	next := t.Truncate(time.Minute)
	for range most {
		if next = next.Add(time.Minute); ws.Contain(next) {
			return next, true
		}
	}
	return time.Time{}, false
}
