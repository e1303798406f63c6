package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
)

// isSilent reports whether a node is a host that may have guests and cannot be
// asked about them.
func (b *builder) isSilent(n *node) bool {
	if !n.isPVE() || n.absent() || n.neverReady() {
		return false
	}
	f := b.known.hosts[string(n.Address)]
	return f == nil || f.Presence != plan.Present
}

// residents lists everybody who was seen on a node that is a host, by vmid. Facts
// may know of some nothing but the number.
func (b *builder) residents(n *node) []plan.Resident {
	f := b.known.hosts[string(n.Address)]
	if n.absent() || f == nil || f.Presence != plan.Present {
		return nil
	}
	out := slices.Clone(f.Residents)
	add := func(r plan.Resident) {
		if !slices.ContainsFunc(out, func(have plan.Resident) bool { return have.VMID == r.VMID }) {
			out = append(out, r)
		}
	}
	for i := range f.Guests {
		add(plan.Resident{VMID: f.Guests[i].VMID, Kind: f.Guests[i].Kind, Name: f.Guests[i].Name})
	}
	for _, id := range f.Taken {
		add(plan.Resident{VMID: id, Kind: "qemu"})
	}
	slices.SortFunc(out, func(x, y plan.Resident) int { return int(x.VMID) - int(y.VMID) })
	return out
}

// strangers names the guests on a node that share its fate and are no nodes: the
// plan has no step and no change for them.
func (b *builder) strangers(n *node) []string {
	var out []string
	for _, r := range b.residents(n) {
		own := slices.ContainsFunc(n.children, func(c *node) bool { return c.match != nil && c.match.guest.VMID == r.VMID && c.host == n.hosts })
		if b.goal == plan.GoalDestroy {
			own = own || slices.ContainsFunc(b.orphan, func(o *orphan) bool {
				return o.guest.VMID == r.VMID && o.facts == b.known.hosts[string(n.Address)] && b.hostOfOrphan(o) != nil
			})
		}
		if own {
			continue
		}
		out = append(out, r.String())
	}
	return out
}

// atStake is what is lost with a node's guest: its volumes, and who is on it and has
// no change of its own.
func (b *builder) atStake(n *node) []string {
	g := n.match.guest
	out := slices.Clone(g.Volumes)
	for _, s := range g.Snapshots {
		out = append(out, plan.StakeSnapshot(s))
	}
	for _, id := range g.Jobs {
		out = append(out, plan.StakeJob(id))
	}
	out = append(out, b.strangers(n)...)
	if b.isSilent(n) {
		out = append(out, plan.StakeUnseen)
	}
	return out
}

// holds is what must be true of a node that is a host before it goes down: nobody
// is on it but those who were seen there and the nodes this plan puts there. There
// is no such guard when nobody could be asked; the findings say so.
func (b *builder) holds(n *node) []plan.Guard {
	if !n.isPVE() || b.isSilent(n) {
		return nil
	}
	var expect []plan.KV
	for _, r := range b.residents(n) {
		expect = append(expect, plan.KV{Key: strconv.FormatUint(uint64(r.VMID), 10), Value: r.Name})
	}
	if b.makes() {
		for _, c := range n.children {
			if !c.touched {
				continue
			}
			expect = append(expect, plan.KV{Key: strconv.FormatUint(uint64(c.vmid), 10), Value: c.Name})
		}
	}
	return []plan.Guard{{Kind: plan.GuardGuests, VMID: n.vmid, UUID: n.uuid, Expect: byKey(expect)}}
}

// byKey sorts pairs; of two with one key the first stays.
func byKey(kvs []plan.KV) []plan.KV {
	slices.SortStableFunc(kvs, func(x, y plan.KV) int { return strings.Compare(x.Key, y.Key) })
	return slices.CompactFunc(kvs, func(x, y plan.KV) bool { return x.Key == y.Key })
}

// fate is what happens to the guests of a node that is a host: words for one and
// for many of them.
type fate struct{ one, many string }

// shareFate tells who goes down, or goes away, with a node that is a host. With
// restarts its own descendants are told too: they have no step of their own.
func (b *builder) shareFate(n *node, f fate, restarts bool) {
	var below []*node
	if restarts || b.isSilent(n) {
		below = descendants(n)
	}
	if b.isSilent(n) {
		inside := "whatever is on it " + f.one
		if len(below) > 0 {
			inside = "these " + f.many + ": " + listed(below)
		}
		if !b.declares(n) {
			inside += "; to have them listed, put it back into the manifest as type pve, start it, and plan to destroy it"
		}
		b.warn(findChildren, n.Address, n.Decl, "node %q cannot be asked about its guests; %s", n.Address, inside)
		return
	}
	if restarts && len(below) > 0 {
		b.warn(findChildren, n.Address, n.Decl, "restarting node %q takes the guests inside down with it: %s", n.Address, listed(below))
	}
	if others := b.strangers(n); len(others) > 0 {
		b.warn(findChildren, n.Address, n.Decl, "node %q holds guests that are not in the manifest and %s: %s", n.Address, f.many, strings.Join(others, ", "))
	}
}

// declares reports whether the manifest has the node as the host it is.
func (b *builder) declares(n *node) bool {
	return slices.ContainsFunc(b.nodes, func(x *node) bool { return x.Address == n.Address && x.Type.V == ir.PVE })
}

// descendants are the nodes in a node, and in those, to the last; a host before
// what is on it.
func descendants(n *node) []*node {
	var all []*node
	for _, c := range n.children {
		all = append(append(all, c), descendants(c)...)
	}
	return all
}
