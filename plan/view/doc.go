// Package view projects a plan onto the documented JSON that scripts, CI and
// policy rules read.
//
//	*plan.Plan ─ Of ─→ *view.Plan ─ encoding/json ─→ schema "homestak.plan/1"
//
// Field names and meanings are stable within one schema version; fields may be
// added. The projection is complete: whatever the program section says is in it,
// node programs included, spelled out resource by resource.
package view
