// Package main measures the homestak binary from outside and prints one table:
// processor time, wall time and peak memory of whole commands, at sizes from 10
// to 100,000 nodes. `make bench` runs it; BENCHMARKS.md says how to read it.
package main
