// Package hostile runs the program on what nobody writes by mistake: files
// made to take its memory, its time or its word. Each case is a site in a
// directory of its own; the verbs that read files are processes of their own,
// whose processor time and peak memory are measured and bounded.
//
// It has no code but tests.
package hostile
