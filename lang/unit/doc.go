// Package unit holds the quantities of the language: sizes and durations.
//
// In: the text of a manifest, and for a size the unit that a bare number of that
// field counts (upstream wrote memory in MiB and disks in GiB). Out: a Size or a
// Duration, whose String parses back. What is not a whole number is refused:
// nothing needs a fraction, and it hides rounding.
//
//	size     = digits [ "K" | "M" | "G" | "T" | "KiB" | "MiB" | "GiB" | "TiB" | "B" ]
//	duration = digits | [ digits "w" ] [ digits "d" ] [ digits "h" ] [ digits "m" ] [ digits "s" ]
//
// Both are read by hand: a deployment of 100,000 nodes has hundreds of thousands
// of them, see docs/decisions/0011.
package unit
