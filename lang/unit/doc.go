// Package unit holds the quantities that need more than Go has: sizes.
//
// In: the text of a manifest, and the unit that a bare number of that field
// counts (upstream wrote memory in MiB and disks in GiB). Out: a Size, whose
// String parses back. Durations are Go's own (time.ParseDuration).
package unit
