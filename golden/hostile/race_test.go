//go:build race

package hostile

const raced = true // the race detector keeps much beside what the program has
