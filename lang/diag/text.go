package diag

import "io"

// TextOptions chooses how Text renders.
type TextOptions struct {
	Color bool // ANSI colours; the caller knows about ttys and NO_COLOR
	Brief bool // one line a finding, no source
}

// Text renders findings for people, in the order given, and a summary line
// when there is more than one. Files marked Secret are never quoted.
func Text(w io.Writer, l List, o TextOptions) error { return nil }

// Summary is "2 errors, 1 warning", or "" for an empty list.
func Summary(l List) string { return "" }
