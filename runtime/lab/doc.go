// Package lab is an embedded host that speaks the Proxmox VE API: `-H lab` and
// `homestak lab`.
//
// In: HTTPS requests of any PVE client, with a token. Out: PVE's own answers,
// tasks that take time and locks, guests that boot. State is a directory; it
// survives kill -9 at any instant and everything that ran runs again when the
// lab is opened.
//
//	server ─▶ auth ─▶ router ─▶ params ─▶ handler ─▶ state ─▶ files
//	(TLS,     token   table of  PVE's    one file   guests,
//	CONNECT)          methods   checks   a family   volumes, tasks
//	                                        │
//	                                        └─▶ guest.Hypervisor (machines, networks)
//
// A method exists when the table (api.txt) has a row for it; everything else
// answers 501. The lab never pretends. It knows nothing of homestak's plans:
// what PVE says comes from PVE's schema and recorded answers.
//
// VMs and containers are guests of one kind of record (vm); files that begin with
// qemu_ have what is about VMs or common to both, lxc_ what only containers have.
//
// Vocabulary: a lab is one host or a cluster of nodes, or has joined the cluster
// of another; a storage is a set of volumes; a volume has bytes (what was uploaded), a size, and the state its
// guest keeps on it; a task is a worker with a UPID.
package lab
