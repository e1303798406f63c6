// Package house holds the tests about the code itself: who may import whom,
// which packages end up in the binary, how large files may grow, what a
// package must explain, and that every diagnostic code is registered once and
// used. It has no code of its own.
package house
