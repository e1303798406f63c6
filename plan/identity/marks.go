package identity

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// Subject is the node a guest is held against.
type Subject struct {
	SiteID   string
	Manifest string
	Addr     addr.Address
	UUID     string       // birth, or of record when known
	VMID     uint         // declared, planned, or the first choice of the hash
	MAC      string       // declared for its first interface, "" for the one that follows from the uuid: a container's third mark
	Was      addr.Address // the address it had before it was renamed, "" for none: a marker may still say that one
}

// Marks says which of the three marks of a node a guest carries.
type Marks struct {
	VMID   bool // it has the vmid the node should have, or its own marker says so
	Marker bool // its notes say so, signed with the site's key, for this vmid
	Third  bool // its SMBIOS uuid is the node's; of a container, the address of an interface
}

// MarksOf compares a guest with a node. A guest whose authentic marker names
// another node, or says that the site gave it up, carries no mark of this one,
// whatever else agrees.
func MarksOf(g *plan.GuestFacts, s Subject) Marks {
	uuid, m := s.UUID, g.Marker
	if m != nil && m.Forgotten && m.VMID == g.VMID {
		// Also when the note was damaged since: to leave a guest alone takes no proof.
		return Marks{}
	}
	if m != nil && m.Authentic {
		if !Names(m, s) {
			return Marks{}
		}
		uuid = m.UUID
	}
	signed := m != nil && m.Authentic
	return Marks{
		VMID:   signed || g.VMID == s.VMID && s.VMID != 0,
		Marker: signed,
		Third:  g.UUID != "" && strings.EqualFold(g.UUID, uuid) || g.Kind == "lxc" && hasMAC(g, MAC(uuid, 0), s.MAC),
	}
}

// hasMAC reports whether a guest has an interface with one of these addresses.
func hasMAC(g *plan.GuestFacts, addresses ...string) bool {
	return slices.ContainsFunc(g.MACs, func(mac string) bool {
		return slices.ContainsFunc(addresses, func(a string) bool { return strings.EqualFold(a, mac) })
	})
}

// Names reports whether a marker, authentic or not, says the guest is the node.
func Names(m *plan.MarkerFacts, s Subject) bool {
	return m != nil && m.SiteID == s.SiteID && m.Manifest == s.Manifest && (m.Addr == s.Addr || s.Was != "" && m.Addr == s.Was)
}

// Count is how many marks agree.
func (m Marks) Count() int {
	n := 0
	for _, is := range []bool{m.VMID, m.Marker, m.Third} {
		if is {
			n++
		}
	}
	return n
}

// Ours reports whether the guest is the node's own: two of three marks agree.
func (m Marks) Ours() bool { return m.Count() >= 2 }

// FactsOf is how Observe reports a marker: fields are given as the managed
// keys of config (canonical) that still are as last applied, and those that are
// not.
func FactsOf(m Marker, authentic bool, key []byte, config []plan.KV) *plan.MarkerFacts {
	f := &plan.MarkerFacts{
		SiteID: m.SiteID, Manifest: m.Manifest, Addr: m.Addr, UUID: m.UUID, VMID: m.VMID,
		Incarnation: m.Incarnation, Program: m.Program, Port: m.Port, Authentic: authentic,
		Made: m.Made, Test: m.Test, Secrets: m.Secrets, Kind: m.Kind,
		Adopted: m.Adopted, Forgotten: m.Forgotten,
	}
	if authentic {
		f.Unchanged, f.Edited = m.Compare(key, config)
	}
	return f
}
