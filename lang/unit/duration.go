package unit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a span of whole seconds.
type Duration int64

// Units of durations. A day has 24 hours, whatever the clock on the wall does.
const (
	Second Duration = 1
	Minute          = 60 * Second
	Hour            = 60 * Minute
	Day             = 24 * Hour
	Week            = 7 * Day
)

// MaxDuration is a hundred years of 365 days. It fits a time.Duration.
const MaxDuration = 100 * 365 * Day

// ErrTooLong is a duration of more than MaxDuration.
var ErrTooLong = errors.New("more than a hundred years")

var durationUnits = []struct {
	letter byte
	span   Duration
}{
	{'w', Week}, {'d', Day}, {'h', Hour}, {'m', Minute}, {'s', Second},
}

// ParseDuration reads whole numbers with w, d, h, m and s, the larger unit first
// and each once, as in 1h30m. A bare number counts seconds. Fractions, signs and
// months are refused.
func ParseDuration(text string) (Duration, error) {
	rest, sum, next := text, Duration(0), 0
	for first := true; first || rest != ""; first = false {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseUint(rest[:digits], 10, 63)
		if digits == 0 || err != nil && digits < 18 {
			return 0, noDuration(text)
		}
		span := Second
		if digits < len(rest) {
			for next < len(durationUnits) && durationUnits[next].letter != rest[digits] {
				next++
			}
			if next == len(durationUnits) {
				return 0, noDuration(text)
			}
			span, next = durationUnits[next].span, next+1
			digits++
		} else if !first {
			return 0, noDuration(text)
		}
		if err != nil || n > uint64(MaxDuration/span) || sum+Duration(n)*span > MaxDuration {
			return 0, fmt.Errorf("%q is %w", text, ErrTooLong)
		}
		sum += Duration(n) * span
		rest = rest[digits:]
	}
	return sum, nil
}

func noDuration(text string) error {
	return fmt.Errorf("%q is not a duration: write whole numbers with w, d, h, m or s, the larger first, as in 90s, 20m or 1h30m", text)
}

// String is what parses back, with the largest units that fit, "0s" for nothing.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-') // no text means one, but a caller's mistake should show
		d = -d
	}
	for _, u := range durationUnits {
		if n := d / u.span; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteByte(u.letter)
			d %= u.span
		}
	}
	return b.String()
}

// Std is the duration as Go counts it.
func (d Duration) Std() time.Duration { return time.Duration(d) * time.Second }
