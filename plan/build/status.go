package build

import (
	"cmp"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// Condition is what has become of a node, in one word.
type Condition string

const (
	Missing    Condition = "absent"     // no guest is it
	Unfinished Condition = "unfinished" // it exists and never became ready
	Ready      Condition = "ready"      // it exists and was proven ready with what the manifest says
	Outdated   Condition = "outdated"   // it was proven ready with something else than the manifest says
	Adopted    Condition = "adopted"    // it exists, and what is inside is its owner's
	Removed    Condition = "removed"    // it exists, and the manifest no longer names it
	Unseen     Condition = "unknown"    // its host could not be asked
)

// Status is what is known of one node.
type Status struct {
	Addr        addr.Address
	Condition   Condition
	Kind        string // vm, ct, pve
	Host        string // of the site, or the address of the node that is its host
	Node        string // PVE node it is on, "" when it is absent
	Moved       bool   // it is on another PVE node than its host's: others moved it
	VMID        uint
	Name        string
	Power       string
	UUID        string
	Incarnation uint
	Was         addr.Address // the address its marks say, of one that is to be renamed
	Marks       []string     // those it lacks: marker, uuid
	HA          string
	Snapshots   []string
	Jobs        []string
	Drift       []Difference
	Pending     []string // attributes that wait for its next restart
}

// Difference is an attribute that is not the same in the manifest, when homestak
// last applied it, and now. What was applied is known as a hash only.
type Difference struct {
	Name string
	Want string // what the manifest says
	Have string // what it is, pending changes made
	By   Author
}

// Author says who made a difference.
type Author string

const (
	ByManifest Author = "manifest" // the manifest is new, the guest is as homestak left it
	ByHand     Author = "hand"     // the guest was changed since homestak applied it
	ByBoth     Author = "both"     // it was changed by hand, and the manifest has followed: they agree again
	ByNobody   Author = "unknown"  // homestak never applied it
)

// Drifted reports whether a node is not as homestak left it: what people, or
// other tools, have done to it.
func (s *Status) Drifted() bool {
	return len(s.Marks) > 0 || slices.ContainsFunc(s.Drift, func(d Difference) bool { return d.By == ByHand || d.By == ByBoth })
}

// StatusOf says what has become of each node of a deployment, by address, and of
// the guests that the manifest no longer names. The list tells what stands in the
// way of knowing more; nothing in it keeps the rest from being told.
func StatusOf(d *ir.Deployment, f *plan.Facts, o Options) ([]Status, diag.List) {
	b := &builder{d: d, f: f, goal: plan.GoalDestroy, o: o, dragged: map[addr.Address]*node{}}
	b.indexFacts()
	b.gather()
	b.matchAll()
	b.numberAll()
	known := b.diags
	var out []Status
	for _, n := range b.nodes {
		out = append(out, b.status(n))
	}
	for _, o := range b.orphan {
		n := o.node()
		s := statusOfGuest(n)
		s.Addr, s.Condition, s.Host, s.Kind = n.Address, Removed, o.facts.Name, string(n.Type.V)
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y Status) int {
		return cmp.Or(cmp.Compare(x.Addr, y.Addr), cmp.Compare(x.VMID, y.VMID))
	})
	known.Sort()
	return out, known
}

func (b *builder) status(n *node) Status {
	s := Status{Addr: n.Address, Kind: string(n.Type.V), VMID: n.vmid, UUID: n.uuid, Condition: Missing}
	if n.host != nil {
		s.Host = n.host.name
	} else {
		s.Host, _ = hostOf(b.d, n.index, b.o.DefaultHost)
	}
	if n.host == nil || n.host.lost {
		s.Condition = Unseen
		return s
	}
	if n.absent() {
		return s
	}
	s = statusOfGuest(n)
	s.Addr, s.Kind, s.Host, s.UUID = n.Address, string(n.Type.V), n.host.name, n.uuid
	if n.former {
		s.Was = n.was
	}
	s.Moved = n.host.facts != nil && n.host.facts.Node != "" && s.Node != "" && s.Node != n.host.facts.Node
	b.lower(n)
	switch {
	case n.isAdopted():
		s.Condition = Adopted
	case n.proven() == "":
		s.Condition = Unfinished
	case n.proven() != n.digest || n.rotated():
		s.Condition = Outdated
	default:
		s.Condition = Ready
	}
	s.Drift = b.threeWay(n)
	return s
}

func statusOfGuest(n *node) Status {
	g := n.match.guest
	s := Status{Node: g.Node, VMID: g.VMID, Name: g.Name, Power: g.Power, UUID: n.uuid, HA: g.HA, Snapshots: g.Snapshots, Jobs: g.Jobs}
	if m := g.Marker; m != nil && m.Authentic {
		s.Incarnation = m.Incarnation
	} else {
		s.Marks = append(s.Marks, "marker")
	}
	if g.Kind == canon.QEMU && !strings.EqualFold(g.UUID, n.uuid) {
		s.Marks = append(s.Marks, "uuid")
	}
	for _, kv := range g.Pending {
		s.Pending = append(s.Pending, kv.Key)
	}
	return s
}

// threeWay compares what the manifest says, what homestak last applied, and what is.
func (b *builder) threeWay(n *node) []Difference {
	g := n.match.guest
	have, want := canon.Overlay(g.Config, g.Pending), b.desired(n)
	var unchanged, edited []string
	if m := g.Marker; m != nil && m.Authentic {
		unchanged, edited = m.Unchanged, m.Edited
	}
	var out []Difference
	differs := map[string]bool{}
	for _, a := range canon.Diff(have, want) {
		if a.Name == markUUID {
			continue // a mark, told as such
		}
		differs[a.Name] = true
		d := Difference{Name: a.Name, Want: a.To, Have: a.From, By: ByNobody}
		switch {
		case slices.Contains(edited, a.Name):
			d.By = ByHand
		case slices.Contains(unchanged, a.Name):
			d.By = ByManifest
		case added(a, have, unchanged, edited):
			d.By = ByHand
		}
		out = append(out, d)
	}
	for _, kv := range want {
		if !differs[kv.Key] && slices.Contains(edited, kv.Key) {
			out = append(out, Difference{Name: kv.Key, Want: kv.Value, Have: canon.Get(have, kv.Key), By: ByBoth})
		}
	}
	slices.SortFunc(out, func(x, y Difference) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// added reports whether somebody else made a difference that the marker has
// nothing to say of, because the attribute was not there when homestak wrote its
// key: a part was added to what is to have none, or all of the key was taken away.
func added(a plan.Attr, have []plan.KV, unchanged, edited []string) bool {
	name := canon.KeyOf(a.Name)
	ofKey := func(attr string) bool { return canon.KeyOf(attr) == name }
	if a.To == "" {
		return slices.ContainsFunc(unchanged, ofKey) || slices.ContainsFunc(edited, ofKey)
	}
	return !canon.Has(have, name) && slices.ContainsFunc(edited, ofKey)
}
