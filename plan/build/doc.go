// Package build makes plans.
//
// In: a deployment (compiler/ir), the facts about the world (plan.Facts), a
// goal. Out: a plan.Plan, or the reasons why there is none. Plan is a pure
// function: no clock, no randomness, no I/O, no order of a map, and never the
// value of a secret.
//
//	who      wanted.go     which identities to look for
//	which    match.go      which guest is which node, and which are strangers'
//	where    place.go      hosts, storages, bridges, vmids
//	how      create.go, update.go, destroy.go, step.go   the changes and their steps
//	order    order.go, draft.go   nodes in sequence; ids, edges, undo
//
// Vocabulary: a match is a guest that is a node's own, two of three marks
// agreeing; a stranger is any other guest. A node is absent (no match),
// unfinished (never proven ready) or ready. A gate is a step other steps of
// another node wait for.
package build
