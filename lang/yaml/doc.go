// Package yaml reads YAML into the shared tree.
//
// In: the text of one file. Out: a *syntax.Node with byte-exact ranges, and
// diagnostics of our own; no error text of the library underneath is shown.
//
//	text ─ scan ─→ library ─→ node tree ─ convert ─→ syntax tree
//	        │ size, encoding, documents      │ ranges, keys, scalars
//
// The language is YAML 1.2 with the core schema, without the parts that make a
// configuration file hard to read or dangerous to load: anchors, aliases, merge
// keys, tags, directives and more than one document are refused, each with a
// way to write the same. Plain yes, no, on and off are strings, as 1.2 says.
//
// It never expands anything, so the tree is never larger than the text.
package yaml
