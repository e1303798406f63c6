package cli

import (
	"math"
	"runtime/debug"
)

// collectAt makes the process collect its garbage before it holds more than
// limit bytes, and otherwise only when it has grown by percent of what it uses.
// It returns what ends that. What GOMEMLIMIT says counts.
func collectAt(limit int64, percent int) (end func()) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return func() {}
	}
	limit, percent = debug.SetMemoryLimit(limit), debug.SetGCPercent(percent)
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}
