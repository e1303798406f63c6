// Package identity says how a node is known again on a host, so that homestak
// needs no state file.
//
// In: a site id, a manifest and a node's address. Out: everything that is fixed
// before the guest exists (uuid, MAC, vmid, tags, instance id) and the marker,
// the block in the guest's notes that says whose it is. It never looks at a
// host, and it takes every key as an argument.
//
//	(site, manifest, address) ─ UUIDv5 ─┬─ MAC    02 + 40 bits of its hash
//	                                    ├─ vmid   its hash into a range, then probing
//	                                    └─ instance id, with the incarnation
//
// Three marks make a guest a node's own: its vmid, its marker, and a third that
// lives elsewhere in the configuration (the SMBIOS uuid). Two of three must
// agree before anything is changed; see Marks.
//
// Vocabulary: the birth uuid is what UUID computes; the uuid of record is what
// the marker says, and rules after a rename. The incarnation counts how often
// the node was replaced, from 1.
package identity
