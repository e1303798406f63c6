// Package perm knows which privileges homestak needs on Proxmox VE: one table
// from an op and its arguments to privileges and paths, per release (7.4, 8, 9).
//
// What goes in: the steps of a plan, and what a token may do (Held). What comes
// out: needs, the least that satisfies them (Roles), the commands that grant it,
// and what is missing. `perms` prints from it and preflight refuses by it, so the
// two cannot disagree. It asks nobody anything.
//
//	plan.Step ──Step──▶ []Need ──Least──▶ []Grant ──Roles──▶ pveum role, user, token, acl
//	                       │
//	                       └──────Held.Missing──▶ "VM.Allocate at /vms/9001"
//
// Vocabulary: a privilege is PVE's ("VM.Allocate"); a path is where it is checked
// ("/vms/9001"); a grant is privileges at a path; a need is satisfied by any one
// of its grants; a role is a set of privileges with a name.
//
// The source of the table is the `permissions` of PVE's API schema and, for what
// the schema only describes in words (which option of a guest needs what), the
// behaviour of pve-manager 9.2, qemu-server 9.2 and pve-container 6.
package perm
