package build

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// ref is a guest and where it was seen.
type ref struct {
	guest *plan.GuestFacts
	facts *plan.HostFacts
}

func (r *ref) String() string {
	kind := "VM"
	if r.guest.Kind != "qemu" {
		kind = "CT"
	}
	name := ""
	if r.guest.Name != "" {
		name = fmt.Sprintf(" (%q)", r.guest.Name)
	}
	return fmt.Sprintf("%s %d%s on %s", kind, r.guest.VMID, name, r.facts.Name)
}

// cluster names the space in which vmids are unique.
func cluster(h *plan.HostFacts) string {
	if h.Cluster != "" {
		return "cluster " + h.Cluster
	}
	return h.Name
}

type place struct {
	cluster string
	vmid    uint
}

type called struct{ cluster, name string }

// index finds guests by what could make them a node's. It is only looked up,
// never walked, but for ours, which is in the order of the facts.
type index struct {
	hosts  map[string]*plan.HostFacts
	nodes  map[called]*plan.HostFacts // PVE node of a cluster
	marked map[addr.Address][]*ref    // markers of this site and manifest, authentic or not
	uuid   map[string][]*ref
	vmid   map[place]*ref
	name   map[called][]*ref
	macs   map[string]string // strangers' MAC → host
	ours   []*ref            // authentic markers of this site and manifest
}

func (b *builder) indexFacts() {
	x := index{
		hosts: map[string]*plan.HostFacts{}, nodes: map[called]*plan.HostFacts{}, marked: map[addr.Address][]*ref{},
		uuid: map[string][]*ref{}, vmid: map[place]*ref{}, name: map[called][]*ref{}, macs: map[string]string{},
	}
	for i := range b.f.Hosts {
		h := &b.f.Hosts[i]
		x.hosts[h.Name] = h
		x.nodes[called{cluster(h), h.Node}] = h
		for _, mac := range h.MACs {
			x.macs[strings.ToUpper(mac)] = h.Name
		}
		for j := range h.Guests {
			x.add(b, &ref{&h.Guests[j], h})
		}
	}
	b.known = x
}

// add indexes a guest. Two hosts of one cluster may both report it; it counts
// once, and where PVE says it is.
func (x *index) add(b *builder, r *ref) {
	c := cluster(r.facts)
	at := place{c, r.guest.VMID}
	if seen := x.vmid[at]; seen != nil {
		if r.facts.Node == r.guest.Node {
			seen.facts = r.facts
		}
		return
	}
	x.vmid[at] = r
	if r.guest.UUID != "" {
		key := strings.ToLower(r.guest.UUID)
		x.uuid[key] = append(x.uuid[key], r)
	}
	if r.guest.Name != "" {
		x.name[called{c, r.guest.Name}] = append(x.name[called{c, r.guest.Name}], r)
	}
	if m := r.guest.Marker; m != nil && m.SiteID == b.d.SiteID && m.Manifest == b.d.Manifest {
		x.marked[m.Addr] = append(x.marked[m.Addr], r)
		if m.Authentic {
			x.ours = append(x.ours, r)
		}
	}
}

// matchAll finds each node's guest, parents first, because where a child is
// looked for depends on its parent.
func (b *builder) matchAll() {
	named := map[addr.Address]bool{}
	for _, n := range b.nodes {
		named[n.Address] = true
		b.concern(n)
		n.host = b.hostFor(n)
		if n.host != nil && n.host.facts != nil {
			b.match(n)
		}
		n.mac = n.hardware()
	}
	taken := map[*ref]bool{}
	for _, n := range b.nodes {
		if n.match != nil {
			taken[n.match] = true
		}
	}
	for _, r := range b.known.ours {
		if !named[r.guest.Marker.Addr] && !taken[r] && !r.guest.Marker.Forgotten {
			b.orphan = append(b.orphan, &orphan{ref: r, deleted: none})
		}
	}
	slices.SortFunc(b.orphan, func(x, y *orphan) int {
		return cmp.Or(cmp.Compare(x.guest.Marker.Addr, y.guest.Marker.Addr), cmp.Compare(x.facts.Name, y.facts.Name),
			cmp.Compare(x.guest.VMID, y.guest.VMID))
	})
	b.checkMACs()
	b.checkNames()
}

// match decides which guest, if any, is the node. Two of three marks make it
// the node's own; fewer, and a second candidate, stop the plan.
func (b *builder) match(n *node) {
	own, copies := b.candidates(b.subject(n), n)
	if len(own) == 0 {
		own, copies = b.formerly(n, copies)
	}
	if a := b.adoption(n); a != nil {
		own, copies = b.adoptable(n, a.VMID, own), nil
	}
	if n.forget {
		copies = nil // they are nobody's already
	}
	switch {
	case len(own) > 1:
		list := make([]string, len(own))
		for i, r := range own {
			list[i] = r.String()
		}
		slices.Sort(list)
		b.fail(codeSeveral, n.Decl, source.Range{}, "%d guests carry the marks of node %q: %s", len(own), n.Address, strings.Join(list, ", ")).
			Help = "keep one: remove the homestak block from the notes of the others and give them another SMBIOS uuid"
		return
	case len(own) == 1:
		b.recognise(n, own[0])
	}
	for _, r := range copies {
		b.copied(n, r)
	}
	b.namesakes(n)
	b.squatter(n)
}

// candidates are the guests that are a node's own, and those that carry some of
// its marks and are not.
func (b *builder) candidates(s identity.Subject, n *node) (own, copies []*ref) {
	return b.candidatesIn(s, n.host.cluster)
}

// candidatesIn is candidates where vmids are those of a cluster.
func (b *builder) candidatesIn(s identity.Subject, cluster string) (own, copies []*ref) {
	near := slices.Concat(b.known.marked[s.Addr], b.known.uuid[s.UUID])
	if r := b.known.vmid[place{cluster, s.VMID}]; r != nil {
		near = append(near, r)
	}
	seen := map[*ref]bool{}
	for _, r := range near {
		if seen[r] {
			continue
		}
		seen[r] = true
		marks := identity.MarksOf(r.guest, s)
		switch {
		case marks.Ours():
			own = append(own, r)
		case marks.Third, marks.Marker, identity.Names(r.guest.Marker, s):
			copies = append(copies, r)
		}
	}
	return own, copies
}

// recognise makes a guest the node's match and refuses what cannot be planned.
func (b *builder) recognise(n *node, r *ref) {
	n.match = r
	switch m := r.guest.Marker; {
	case n.adopts:
		n.uuid = b.recordOf(n, r)
	case m != nil && m.Authentic:
		n.uuid = m.UUID
	case n.former:
		n.uuid = identity.UUID(b.d.SiteID, b.d.Manifest, n.was)
	}
	if n.VMID.V > 0 && uint(n.VMID.V) != r.guest.VMID {
		b.fail(codeVMIDDiffers, n.VMID.From.Range, n.Decl, "node %q is %s, the manifest wants vmid %d", n.Address, r, n.VMID.V).
			Help = "a guest keeps its vmid: write that one, or destroy the node first"
	}
	n.vmid = r.guest.VMID
	b.losesMarks(n, r)
	here := b.known.nodes[called{cluster(r.facts), r.guest.Node}]
	switch {
	case cluster(r.facts) != n.host.cluster:
		b.fail(codeElsewhere, n.Host.From.Range, n.Decl, "node %q is %s, the manifest wants it on %s", n.Address, r, n.host.name).
			Help = "write that host, or destroy the node there first; guests are not moved between clusters"
	case r.guest.Node == "" || r.guest.Node == n.host.facts.Node:
	case n.Extra().Placement.Pin.V && !n.adopts:
		n.away = true
	case here == nil:
		// An administrator or HA moved it: its place is a fact, not drift. Any host of
		// the cluster passes on what is asked of the node it is on.
		b.note(findMoved, n.Address, "%s is on cluster node %s, where others moved it; it stays there", r, r.guest.Node)
	default:
		if h := b.siteHost(here.Name, n); h != nil {
			n.host = h
		}
	}
}

// losesMarks refuses a guest that a waiting change makes somebody else's: once it
// restarts, not even this plan's own later steps would know it again.
func (b *builder) losesMarks(n *node, r *ref) {
	if !slices.ContainsFunc(r.guest.Pending, func(kv plan.KV) bool { return canon.KeyOf(kv.Key) == "smbios1" }) {
		return
	}
	after := *r.guest
	after.UUID = canon.UUID(canon.Overlay(r.guest.Config, r.guest.Pending))
	if identity.MarksOf(&after, b.subject(n)).Ours() {
		return
	}
	d := b.fail(codeCopy, n.Decl, source.Range{}, "%s is node %q and will not be after its next restart", r, n.Address)
	d.Label = "a change of its SMBIOS uuid is pending, and its notes carry no marker that would be left"
	d.Help = "revert the pending change (on the host: qm set " + strconv.FormatUint(uint64(r.guest.VMID), 10) + " --revert smbios1), then plan again"
}

// copied handles a guest that carries some marks of a node and is not it.
func (b *builder) copied(n *node, r *ref) {
	what := "it has the node's SMBIOS uuid and nothing else"
	if m := r.guest.Marker; identity.Names(m, b.subject(n)) {
		what = fmt.Sprintf("its notes carry the node's marker, for vmid %d, so it is a copy or was restored under another number", m.VMID)
		if m.Forgotten && m.VMID == r.guest.VMID {
			what = "its notes say that it was this node and was given up"
		} else if m.VMID == r.guest.VMID {
			what = "its notes carry the node's marker, which is not signed with this site's key"
		}
	}
	if !b.makes() {
		b.warn(findStranger, n.Address, n.Decl, "%s is left alone: %s", r, what)
		n.leave(r)
		return
	}
	d := b.fail(codeCopy, n.Decl, source.Range{}, "%s looks like node %q and is not", r, n.Address)
	d.Label = what
	d.Help = "remove the homestak block from its notes, or give it another SMBIOS uuid, or restore it under the vmid of the node; then plan again"
	if m := r.guest.Marker; m != nil && m.Forgotten {
		d.Help = fmt.Sprintf("take the node out of the manifest or give it another name, or take the guest back: homestak plan -M %s --adopt %s=%d", b.d.Manifest, n.Address, r.guest.VMID)
	}
}

// leave remembers a copy that the plan knows of: apply need not stop for it.
func (n *node) leave(r *ref) {
	if cluster(r.facts) == n.host.cluster {
		n.copies = byKey(append(n.copies, plan.KV{Key: strconv.FormatUint(uint64(r.guest.VMID), 10), Value: r.guest.Name}))
	}
}

// namesakes looks at guests with the node's name that are not the node.
func (b *builder) namesakes(n *node) {
	for _, r := range b.known.name[called{n.host.cluster, n.Name}] {
		m := r.guest.Marker
		if r == n.match || m != nil && m.Manifest == b.d.Manifest && m.SiteID == b.d.SiteID {
			continue
		}
		another := m != nil && m.Authentic && m.SiteID == b.d.SiteID
		if another || !n.absent() || !b.makes() {
			whose := "not ours"
			if another {
				whose = fmt.Sprintf("node %q", m.Addr)
			}
			b.warn(findStranger, n.Address, n.Decl, "%s has the name of node %q and is %s; it is left alone", r, n.Address, whose)
			continue
		}
		b.fail(codeNameHeld, n.Decl, source.Range{}, "%s has the name of node %q and is not ours", r, n.Address).
			Help = "rename that guest or the node; homestak never touches a guest without its marks"
	}
}

// squatter names the guest that has an absent node's declared vmid, when nothing
// is to be made: someone who reads "no changes" may be looking at that guest.
func (b *builder) squatter(n *node) {
	if b.makes() || !n.absent() || n.VMID.V == 0 {
		return
	}
	if r := b.known.vmid[place{n.host.cluster, uint(n.VMID.V)}]; r != nil && r.guest.Name != n.Name {
		b.warn(findStranger, n.Address, n.Decl, "%s has the vmid of node %q and is not ours; it is left alone", r, n.Address)
	}
}

// checkMACs refuses an address that would be on the wire twice.
func (b *builder) checkMACs() {
	if !b.makes() {
		return
	}
	holder := make(map[string]*node, len(b.nodes))
	for _, n := range b.nodes {
		if n.host == nil {
			continue
		}
		at := n.Network.MAC.From.Range
		b.concern(n)
		if other := holder[n.mac]; other != nil {
			b.concernAll([]*node{n, other})
			b.fail(codeMACHeld, at, n.Decl, "nodes %q and %q would both have MAC address %s", other.Address, n.Address, n.mac).
				Help = "give one of them another network.mac"
		}
		holder[n.mac] = n
		if host, ok := b.known.macs[n.mac]; ok && n.absent() {
			b.fail(codeMACHeld, at, n.Decl, "a guest on %s that is not ours has MAC address %s of node %q", host, n.mac, n.Address).
				Help = "give the node another network.mac, or change that guest"
		}
	}
}
