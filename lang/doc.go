// Package lang turns the text of one file into a tree.
//
//	*.yaml *.yml ─→ lang/yaml ─┐
//	                           ├─→ *syntax.Node + diagnostics ─→ compiler
//	*.hcl        ─→ lang/hcl ──┘
//
// In: a source.File. Out: the tree both syntaxes share, and every finding with
// an exact place. It knows nothing of manifests: which fields exist, what they
// mean and which names refer to what is the compiler's business.
//
// It never reads a file, never evaluates an expression (lang/expr does, when
// the compiler asks), and never takes more time or memory than a small multiple
// of the input, whatever the input is.
package lang
