// Package window is the language of maintenance windows: when a machine may be
// changed by itself.
//
//	Sun 02:00-04:00
//	Mon-Fri 22:00-06:00, Sat,Sun 00:00-24:00
//	daily 01:00-03:00
//
// In: such a text. Out: Windows, whose String is the canonical form and parses
// back to the same; and whether a moment is in one, and when the next one opens.
//
//	windows = window { "," window }
//	window  = days time "-" time
//	days    = "daily" | day [ "-" day ] { "," day [ "-" day ] }
//	day     = "Mon" | … | "Sun", or the whole name; case does not matter
//	time    = hours ":" minutes, 00:00 to 24:00
//
// A window begins on its days and lasts until its second time, which is on the
// next day when it is not later than the first. There is no time zone in the text:
// a window is about the clock on the wall of the machine that keeps to it, so the
// zone is that of the time asked about. On the night a clock is put forward a
// window may be shorter, on the night it is put back longer.
package window
