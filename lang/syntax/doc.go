// Package syntax is the one tree both syntaxes parse to.
//
//	YAML text ─ lang/yaml ─┐
//	                       ├─→ *Node ─→ compiler (expand, resolve, …)
//	HCL text  ─ lang/hcl ──┘
//
// A tree is plain data with exact ranges: maps in source order, lists,
// scalars, and for HCL expressions that the compiler evaluates before it looks
// at anything else.
package syntax
