// Package diff compares two plans the way a reviewer asks: does the second one
// do anything else, and is it riskier?
//
// Steps are matched by id, which is made from what they do to whom, so that
// plans made from an edited manifest or another world line up. A step whose
// effect is equal but whose place changed is "reordered", not different.
package diff
