package plan

import (
	"slices"

	"github.com/homestak/homestak/lang/addr"
)

// Wanted is what apply.Observe must look for: one node of a deployment, or a
// node that a plan names. It is made by build.Wanted from a deployment (or from
// a decoded plan), so observing needs no manifest.
type Wanted struct {
	Addr   addr.Address
	Host   string       // a site host's name, or the address of the parent node
	Others []string     // further hosts it may be on, of a node that chooses among several
	Parent addr.Address // the node that is the host, "" on a site host
	Kind   string       // vm, ct, pve
	Name   string       // expected guest name
	UUID   string       // birth identity
	VMID   uint         // declared, or the first choice of the vmid hash
	MAC    string       // first NIC
	Adopt  uint         // the guest that is to be adopted as the node, 0 for none
	// Was is the address the node's guest may still carry in its marks, "" when it
	// was never renamed.
	Was addr.Address
}

// On reports whether the node's guest may be on a host.
func (w *Wanted) On(host string) bool { return w.Host == host || slices.Contains(w.Others, host) }

// WantedSet is everything one observation looks for.
type WantedSet struct {
	SiteID   string
	Manifest string
	Hosts    []string // site hosts in use, sorted
	First    uint     // the site's vmid range, both ends included
	Last     uint
	Nodes    []Wanted // parents before children
	Stake    bool     // guests may be deleted: what goes with them (snapshots) is asked for, too
}
