// Package converge makes a machine have what its node program says, and checks
// that it does.
//
//	driver ── Request (CBOR: program bytes + secrets) ──→ Serve, on the target
//	       ←─ one JSON line a resource, then the Report ── Run over system.System
//
// In: a program, the secrets it names, a system.System. Out: one Result per
// resource and a Report. Each kind of resource has one file with a check, which
// lists differences, and an apply, which removes them; what apply claims is
// always checked again. Check mode is the same code without apply.
//
// It never shows a secret's value: differences in passwords say only that they
// differ. It never touches the account the driver logs in with, nor the files
// that came with the seed. A resource that failed stops those that need it;
// they are reported as unknown, with the reason, and the others go on.
package converge
