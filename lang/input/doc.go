// Package input decides whether a file is fit to be parsed at all, whatever
// its syntax: small enough, UTF-8, and without characters that do not show or
// that readers of text disagree about.
//
// In: a file. Out: the first thing wrong with it, as a diagnostic. It knows no
// syntax and takes one pass over the bytes.
package input
