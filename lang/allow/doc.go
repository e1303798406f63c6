// Package allow reads the comments by which people accept a warning:
//
//	# homestak:allow HS0205 reason="upstream still reads it"
//	memory: 4096  # homestak:allow HS0206 HS0205 reason="…"
//
// In: the text of a file, and findings. Out: the findings without those that a
// comment allows, and findings about the comments themselves: one that cannot
// be read, names an unknown code or an error, or silences nothing.
//
// A comment at the end of a line holds for that line, one on a line of its own
// for the next line that is neither blank nor a comment, in YAML after #, in
// HCL after # or //. What looks like one inside a text is text. Errors are
// never silenced.
//
// It costs files without such a comment one search for a word.
package allow
