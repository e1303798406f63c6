// Package query answers what an editor asks about a place in a site.
//
//	loaded site ─┐
//	             ├─ New ─→ World ─ Complete, Hover, Definition, References,
//	file system ─┘                 Rename, Symbols ─→ ranges, texts, edits
//
// In: a site, the file system it was loaded from, the name of a file and a byte
// offset in it. Out: plain data with exact ranges. A document need not parse,
// for it does not while somebody types: places are found in an outline, a tree
// read tolerantly from indentation and brackets, in which whatever cannot be
// understood is as small as possible.
//
// Vocabulary: an outline is the tolerant tree of one file; a place is where an
// offset is in terms of the schema: in which object, at which field, at its key
// or its value, with the text typed so far; an occurrence is one mention of
// something that has a name, at its definition or at a use.
//
// What may be written at a place is read from the tables of lang/schema and
// lang/expr alone, so that a field which is added there is completed and
// explained here.
//
// The package never writes, never contacts anything, never shows what is in a
// file marked Secret, and does not panic on any input.
package query
