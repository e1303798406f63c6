package agent

import (
	"hash/fnv"
	"time"
)

// Schedule says when a node converges without being asked.
type Schedule struct {
	Interval time.Duration `json:"interval"` // 0 = only when asked, or when its program changes
	// Windows in which it may change anything come from the site's language; a
	// window is from a minute of the week to another.
	Windows []Window `json:"windows,omitempty"`
}

// Window is a part of each week, in minutes from Monday 00:00 UTC; To is
// excluded, and may be before From where the window goes over the end of a week.
type Window struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// look is how often a node without an interval asks for news, should the
// server's hints not reach it.
const look = 15 * time.Minute

// next is the time from now to the next round. Each node has a place of its own
// in the interval, so that a fleet does not come at once, and keeps it over
// restarts.
func (s Schedule) next(now time.Time, node string) time.Duration {
	interval := s.Interval
	if interval <= 0 {
		interval = look
	}
	h := fnv.New64a()
	h.Write([]byte(node))
	splay := time.Duration(h.Sum64() % uint64(interval))
	since := now.Sub(now.Truncate(interval))
	d := splay - since
	if d <= 0 {
		d += interval
	}
	return d
}

// open reports whether a change is allowed at a time.
func (s Schedule) open(now time.Time) bool {
	if len(s.Windows) == 0 {
		return true
	}
	now = now.UTC()
	minute := (int(now.Weekday())+6)%7*24*60 + now.Hour()*60 + now.Minute()
	for _, w := range s.Windows {
		if w.From <= w.To && minute >= w.From && minute < w.To || w.From > w.To && (minute >= w.From || minute < w.To) {
			return true
		}
	}
	return false
}
