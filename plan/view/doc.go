// Package view projects a plan onto the documented JSON that scripts, CI and
// policy rules read.
//
//	*plan.Plan ─ Of ─→ *view.Plan ─ encoding/json ─→ schema "homestak.plan/1"
//
// Field names and meanings are stable within one schema version; fields may be
// added. The projection is complete: whatever the program section says is in it,
// node programs included, spelled out resource by resource.
//
// Hosts form a tree, and "parent" leads up: a host of the site has none, a host
// that is a node of the manifest is called by the node's address and has the host
// that node lives on. A node's change names its host in the same way.
package view
