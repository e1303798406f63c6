// Package plan is the serialized program that homestak reviews and applies.
//
// The root package is data only: types, the op table, the wire format. Making
// a plan is plan/build, showing one is plan/render, running one is apply.
//
//	ir.Deployment ─┐
//	               ├─ build.Plan ─→ Plan ─ Encode ─→ plan.bin ─ Decode ─→ apply.Run
//	plan.Facts ────┘                  └─ render: text, md, json, asm
//
// Vocabulary: a Change says what will be different about one node; a Step is
// one op the applier runs; a Guard is what must still be true when it does; a
// Late value is an argument that only exists at apply time. The program section
// is what people approve: the plan digest is its SHA-256. The notes section is
// about the plan and is never read to decide anything.
package plan
