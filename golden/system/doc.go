// Package system tests the built program the way people use it: scripts of
// commands with their output and exit codes, runs that are killed, inputs that
// are reordered, secrets that are looked for everywhere. It has no code of its
// own. The scripts are testdata/script/*.txtar.
package system
