// Package unit holds quantities people write in manifests: sizes and durations.
//
// Each parses from what users write and prints a form that parses back. A bare
// number takes the unit of its field (upstream wrote memory in MiB and disks in
// GiB), so Parse takes that unit.
package unit
