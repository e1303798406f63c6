// Package lease keeps two drivers from writing to one manifest at once, even
// from two laptops that know nothing of each other.
//
// In: the pools of a host cluster, who is asking, and a clock. Out: a Lease that
// must be checked before each write, kept alive by a heartbeat and released at
// the end; or *Held, which says who has it and until when.
//
//	hs-lease-<hash of site and manifest>-<term>    one pool object a generation
//	comment: expires, run, process, holder
//
// Creating a pool is atomic on Proxmox VE (of 20 parallel creates one wins);
// changing and deleting one is not conditional. So nobody ever takes a pool over:
// an expired lease is succeeded by creating the next term, and a holder owns the
// lease only while its own term is the highest there is.
package lease
