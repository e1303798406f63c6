package build

import (
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// formerOf is the address a node had before it, or a node it is in, was renamed;
// "" when neither was.
func formerOf(d *ir.Deployment, i int) addr.Address {
	n := &d.Nodes[i]
	name := n.Extra().RenamedFrom.V
	var above addr.Address
	if n.Parent >= 0 {
		above = formerOf(d, n.Parent)
	}
	switch {
	case name == "" && above == "":
		return ""
	case name == "":
		name = n.Address.Name()
	}
	if above == "" {
		if above = n.Address.Parent(); above == "" {
			return addr.New(d.Manifest, name)
		}
	}
	return above.Child(name)
}

// formerly finds the guest of a node that has none under the name it had before.
// Once the guest carries the new name, nobody asks for the old one any more, and
// another node may have it.
func (b *builder) formerly(n *node, copies []*ref) (own, more []*ref) {
	if n.was == "" {
		return nil, copies
	}
	s := b.formerSubject(n)
	own, left := b.candidates(s, n)
	if len(own) == 0 {
		return nil, append(copies, left...)
	}
	if slices.ContainsFunc(b.nodes, func(x *node) bool { return x.Address == n.was }) {
		b.fail(codeRenamed, n.Extra().RenamedFrom.From.Range, n.Decl, "node %q cannot have been %q: the manifest has that node, too, and %s is it", n.Address, n.was, own[0]).
			Help = "remove renamed_from, or the old node"
		return nil, copies
	}
	n.former = true
	return own, append(copies, left...)
}

// formerSubject is the node under its former name.
func (b *builder) formerSubject(n *node) identity.Subject {
	s := identity.Subject{SiteID: b.d.SiteID, Manifest: b.d.Manifest, Addr: n.was, UUID: identity.UUID(b.d.SiteID, b.d.Manifest, n.was), MAC: n.Network.MAC.V}
	if s.VMID = uint(max(n.VMID.V, 0)); s.VMID == 0 {
		s.VMID, _ = identity.VMID(s.UUID, b.first(), b.last(), func(uint) bool { return false })
	}
	return s
}

// rename is the step that writes the node's new name into the marks of its guest,
// and gives the guest that name.
func (s nodeSteps) rename(power string) plan.Step {
	step := s.onGuest(plan.GuestRename, quickDeadline, s.marker(), text(s.n.nameKey(), s.n.Name))
	step.Guards = s.unchanged(power)
	return step
}

// nameKey is what PVE calls the name of the node's guest.
func (n *node) nameKey() string {
	if n.match != nil && n.match.guest.Kind == canon.LXC {
		return "hostname"
	}
	return "name"
}

// checkNames refuses two nodes that would both be one guest.
func (b *builder) checkNames() {
	was := map[addr.Address]*node{}
	for _, n := range b.nodes {
		if n.was == "" {
			continue
		}
		if other := was[n.was]; other != nil {
			b.concernAll([]*node{n, other})
			b.fail(codeRenamed, n.Extra().RenamedFrom.From.Range, source.Range{}, "nodes %q and %q cannot both have been %q", other.Address, n.Address, n.was).
				Help = "write renamed_from for the one that its guest is"
		}
		was[n.was] = n
	}
}
