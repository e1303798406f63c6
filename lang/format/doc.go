// Package format prints source files in their one canonical form.
//
// In: the text of one file, YAML or HCL, by its extension. Out: the text
// everybody's editor and review should show, which says exactly the same.
//
//	text ─ lang.Parse ─→ tree ─┬─ printer ─→ text ─ lang.Parse ─→ tree
//	                           └───────────────── the same? ───────┘
//
// What it decides: indentation, spaces, the place of trailing comments, the
// number of blank lines (one where there were some), where a value stands on
// its key's line. What it leaves to the writer: order, comments, the words and
// the kind of quotes that matter, block scalars, document markers, whether a
// short collection stands on one line.
//
// House style of YAML: two spaces; the items of a list are indented under its
// key; [a, b] and {a: b} on one line stay, longer ones become blocks; double
// quotes, unless single ones save escapes; trailing comments two spaces away,
// aligned where the lines of one block follow each other. House style of HCL:
// that of hclwrite, without blank lines at the edges of a block.
//
// Formatting twice is formatting once. It never changes the parsed tree and
// never drops a comment: a text it could not read back to the same tree is
// refused, and a file with errors is left to its author. It has no options,
// reads no file and writes none.
//
// Words: a gap is the text between two values, with its punctuation, comments
// and blank lines; a level is one open block with its column before and after;
// a row is a line being made.
package format
