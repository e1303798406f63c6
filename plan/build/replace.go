package build

import (
	"slices"
	"strconv"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// attrType is how a change says that a VM becomes a container, or the other way
// round; attrAsked, that the user asked for another guest.
const (
	attrType  = "type"
	attrAsked = "replace"
)

// rebuilds says why the node's guest cannot become what is declared, nil when it
// can: it is of the other kind, or the user asks for a new one.
func (b *builder) rebuilds(n *node) []plan.Attr {
	switch {
	case n.match == nil:
		return nil
	case n.match.guest.Kind != n.kind():
		was := "ct"
		if n.match.guest.Kind == canon.QEMU {
			was = "vm"
		}
		return []plan.Attr{{Name: attrType, From: was, To: string(n.Type.V), Class: plan.Rebuild}}
	case b.asked(n):
		return []plan.Attr{{Name: attrAsked, From: n.match.String(), To: "a new guest", Class: plan.Rebuild}}
	}
	return nil
}

// asked reports whether the user wants the node's guest replaced.
func (b *builder) asked(n *node) bool {
	return b.makes() && slices.Contains(b.o.Replace, n.Address)
}

// replace takes the node's guest away and makes it anew, with its vmid and uuid
// and the next incarnation. What is on it is lost, and the change says what.
func (b *builder) replace(n *node, attrs []plan.Attr) plan.Change {
	stake := b.atStake(n)
	b.refuseProtected(n.match, string(n.Address), n.Protect.V, n.Protect.From.Range)
	b.shareFate(n, fate{"goes with it", "go with it"}, false)
	s := b.stepsOf(n, plan.ReasonReplaced)
	s.removes = strconv.FormatUint(uint64(n.lives()), 10)
	gates := b.gates(n)
	gone := s.remove(n.power() == plan.PowerRunning, owning(s.asWas(), n.match.guest.Volumes, n.match.guest.Snapshots...), gates...)
	n.incarnation = n.lives() + 1
	n.match, n.want, n.disks, n.placed, n.restarts = nil, nil, nil, false, true
	n.gone = gone
	c := b.create(n)
	c.Action, c.Reason, c.Attrs, c.Stake = plan.Replace, plan.ReasonReplaced, attrs, stake
	return c
}

// asWas expects everything that homestak manages as the facts had it: of a guest
// of another kind the declaration says nothing.
func (s nodeSteps) asWas() plan.Guard {
	g := s.n.match.guest
	return plan.Guard{Kind: plan.GuardUnchanged, VMID: s.n.vmid, UUID: s.n.uuid,
		Expect: withMarker(canon.Only(canon.Overlay(g.Config, g.Pending)), g)}
}

// lives is the incarnation of the node's guest.
func (n *node) lives() uint {
	if n.match == nil || n.match.guest.Marker == nil || !n.match.guest.Marker.Authentic {
		return firstIncarnation
	}
	return max(n.match.guest.Marker.Incarnation, firstIncarnation)
}
