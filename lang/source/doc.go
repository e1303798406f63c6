// Package source holds input texts and exact places in them.
//
// In: the bytes of a file. Out: File (with a line index) and Range, a span of
// bytes that knows its file. Ranges are 16 bytes, so every value of a large
// deployment can carry one; lines and columns are computed only when printed.
// The package never reads a file itself.
package source
