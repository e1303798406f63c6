// Package manual is the reference of the language, made from the tables that
// files are read and expressions evaluated by, so that it cannot be wrong about
// them.
//
// In: lang/schema, the functions of lang/expr, the tables of lang/selector. Out:
// the pages of docs/reference, in Markdown, and the same facts about one topic, as
// plain text for a terminal. The same bytes in every run.
//
// Vocabulary: a topic is a block (node, spec.access), a field of one
// (node.memory), a function (cidrhost) or a small language, one that is written in
// a flag or a value (selectors). A block is a mapping with known fields, in
// either syntax; its path names it.
package manual
