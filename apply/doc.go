// Package apply makes the world what a plan says, and looks at the world before
// a plan is made.
//
// In: a decoded plan.Plan (or the wanted identities, for Observe) and an Env:
// how to reach the hosts, the site's keys and secrets. Out: a Report, and a
// stream of Events while it runs. It never reads a manifest and never decides
// what should be: what was reviewed is what runs.
//
//	Observe ─▶ plan.Facts                        (build.Plan, review)
//
//	Run: preflight ─▶ lease ─▶ walk ─▶ release   each step: probe → guards → act → verify
//	     nothing is     one       │
//	     written        writer    └─▶ journal: intent before a write, UPID before a wait
//
// Vocabulary: the fleet is every host a run can talk to; a nested host is
// reached through the SSH chain of the nodes that carry it. A probe asks whether
// a step is already done; a guard asks whether it may be done. The marks of a
// guest (its vmid, its marker, its smbios uuid) say whose it is: two of three
// must agree before anything is written to it.
//
// What a run knows between two lives (journal, tokens) is a cache below
// Env.StateDir. All of it may be lost: probes alone lead to the same end state.
package apply
