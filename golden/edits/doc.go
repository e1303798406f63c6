// Package edits holds edits of a manifest and the plans they give: one txtar
// archive an edit in testdata. It has no code of its own.
//
// An archive has the files before and after, one node each as the manifest lists
// it, and out: what the plan says to the reviewer, what would be lost first, and
// below it the steps with what they send. -update writes it. The nodes of before
// are made in a lab, once for archives that begin with the same, and the plan is
// that of after against what the lab then has.
package edits
