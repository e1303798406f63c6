package compiler

import (
	"fmt"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
)

const codePattern diag.Code = "HS0403"

// shape is what patterns are judged by.
type shape struct {
	roots, depth    int
	parents, peers  bool
	peersAcross     bool // some peers have different parents
	broken          bool // some node has no place: the shape is not known
	firstParent     *node
	firstPeer, peer *node
}

func (c *compilation) shape() shape {
	var s shape
	for _, n := range c.nodes {
		switch {
		case n.bad:
			s.broken = true
		case n.up == nil:
			s.roots++
		case !s.parents:
			s.parents, s.firstParent = true, n
		}
		s.depth = max(s.depth, n.depth)
	}
	for i := range c.edges {
		e := &c.edges[i]
		if e.kind != ir.PeerOf {
			continue
		}
		if !s.peers {
			s.peers, s.firstPeer, s.peer = true, e.from, e.to
		}
		s.peersAcross = s.peersAcross || e.from.up != e.to.up
	}
	return s
}

// derived is the pattern of a graph nobody named one for. A hub with spokes is
// the same graph as two tiers, so hub-spoke is only ever asserted.
func (s shape) derived() ir.Pattern {
	switch {
	case s.peers && s.parents:
		return ir.Federated
	case s.peers:
		return ir.Mesh
	case s.parents:
		return ir.Tiered
	}
	return ir.Flat
}

// contradicts says why the graph does not have a pattern, "" when it does.
func (s shape) contradicts(p ir.Pattern) string {
	switch p {
	case ir.Flat:
		if s.parents {
			return fmt.Sprintf("%q has a parent", s.firstParent.name)
		}
		return s.hasPeers()
	case ir.Tiered:
		if !s.parents {
			return "no node has a parent"
		}
		return s.hasPeers()
	case ir.HubSpoke:
		switch {
		case s.roots != 1:
			return fmt.Sprintf("there are %d nodes without a parent, and a hub is one", s.roots)
		case s.depth != 2:
			return fmt.Sprintf("it is %d levels deep, and hub and spokes are 2", s.depth)
		}
		return s.hasPeers()
	case ir.Mesh:
		if !s.peers {
			return "no node has peers"
		}
		if s.peersAcross {
			return "peers have different parents, which is federated"
		}
	case ir.Federated:
		if !s.peers || !s.parents {
			return "it needs parents and peers"
		}
	}
	return ""
}

func (s shape) hasPeers() string {
	if !s.peers {
		return ""
	}
	return fmt.Sprintf("%q and %q are peers", s.firstPeer.name, s.peer.name)
}

// checkPattern compares the asserted pattern with the graph.
func (c *compilation) checkPattern() {
	s := c.shape()
	c.pattern = byDefault(s.derived())
	p := c.decl.pattern
	if !p.ok() {
		return
	}
	asserted := ir.Pattern(p.V)
	if why := s.contradicts(asserted); why != "" && !s.broken {
		d := c.errorAt(codePattern, p.At, "manifest %q is not %s", c.manifest.name, asserted)
		d.Label = why
		d.Help = fmt.Sprintf("write %s, or leave the pattern to be derived", s.derived())
	}
	c.pattern = ir.Value[ir.Pattern]{V: asserted, From: ir.Origin{Layer: ir.FromManifest, Range: p.At}}
}
