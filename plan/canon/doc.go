// Package canon gives the declared and the actual configuration of a guest one
// form, so that comparing them is comparing texts.
//
// In: PVE's configuration values, as the API returns them or as a step sends
// them. Out: attributes: plain keys as they are ("cores"), property strings
// split into their parts ("net0.bridge", "scsi0.size"), defaults filled in,
// sizes in bytes, switches as 0 and 1, tags as a sorted set. It knows which
// attributes homestak manages, what it takes to change one, and how to write
// PVE's own text again without touching the parts it does not manage.
//
//	net0 = virtio=02:…,bridge=vmbr0,firewall=1
//	  └─→ net0.bridge=vmbr0  net0.firewall=1  net0.macaddr=02:…  net0.model=virtio
//
// Keys that homestak never sets are not in the result at all: nobody's change
// to them is drift. It never decides what should be; plan/build does.
//
// Vocabulary: raw is PVE's key and text, an attribute is canonical.
package canon
