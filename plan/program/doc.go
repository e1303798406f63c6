// Package program is the list of resources a node must have: what a spec and a
// posture mean, spelled out.
//
//	ir.Node ─ lower.Node ─→ Program ─ Encode ─→ bytes in plan.bin, by digest
//	                                       └→ apply/converge, on the target
//
// The same bytes are converged by push, pull and hybrid. A program names
// secrets and never holds their values; those travel beside it (Bundle).
package program
