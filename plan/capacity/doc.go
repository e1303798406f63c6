// Package capacity adds up what the steps of a plan take of a host and compares it
// with what the host has: space on storages, memory, processors.
//
// In: a host's facts and the steps on it. Out: shortages. The planner tells of them
// as findings; preflight, with facts of that moment and the steps that are still to
// do, refuses what is certain. It is pure and looks at nothing else.
//
// Vocabulary: a shortage is certain when Proxmox VE could not do it (a disk on a
// storage that allocates at once, more processors than the node has); any other is
// only possible: storages that allocate when data is written, and memory, may be
// promised twice, and often are.
package capacity
