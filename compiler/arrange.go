package compiler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeParentGroup diag.Code = "HS0229"
	codeCycle       diag.Code = "HS0401"
	codeTooDeep     diag.Code = "HS0414"
)

// maxDepth bounds the nesting of hosts in hosts. Three is deep in practice.
const maxDepth = 32

// arrange relates nodes to each other and puts them in the deployment's order:
// parents before children, siblings by name. Nodes without a usable name or
// place come last.
func (c *compilation) arrange() bool {
	for _, n := range c.nodes {
		c.where = n.raw.place.home
		c.parentOf(n)
	}
	c.where = nil
	c.parentCycles()
	c.order()
	for _, n := range c.nodes {
		c.where = n.raw.place.home
		c.dependencies(n)
		c.peers(n)
	}
	c.where = nil
	c.dependencyCycles()
	return true
}

// parentOf finds the node that spawns n.
func (c *compilation) parentOf(n *node) {
	p := n.decl.parent
	if n.raw.parent >= 0 && (n.raw.nested || !p.Set) {
		n.up, n.upAt = &c.made[n.raw.parent], n.at()
		return
	}
	if !p.Set {
		return
	}
	n.upAt = p.At
	if p.Bad {
		n.bad = true
		return
	}
	found, ok := c.lookup(n.raw.place, p, codeUnknownParent, "parent", c.hostsOf(n))
	switch {
	case !ok, found[0].raw.guess: // how many it makes was reported
		n.bad = true
	case c.single(n.raw.place, p.V) == nil:
		d := c.errorAt(codeParentGroup, p.At, "%q is a group of %d nodes, and a node has one parent", p.V, len(found))
		d.Help = fmt.Sprintf("name one of them, as in %q, or put this node into it, once for each", c.nameFrom(n.raw.place, found[0]))
		n.bad = true
	default:
		n.up = found[0]
	}
}

// parentCycles reports nodes that are their own ancestors, each circle once,
// and takes everything that hangs on one out of what follows. It sets depths.
func (c *compilation) parentCycles() {
	const visiting = -1
	for _, n := range c.nodes {
		var path []*node
		at := n
		for at != nil && at.depth == 0 {
			at.depth = visiting
			path = append(path, at)
			at = at.up
		}
		if at != nil && at.depth == visiting {
			circle := path[slices.Index(path, at):]
			c.circle(circle)
			for _, m := range circle {
				m.bad, m.circular = true, true
			}
		}
		for _, m := range slices.Backward(path) {
			m.depth = 1
			if m.up != nil && !m.bad {
				m.depth = max(m.up.depth, 1) + 1
				m.bad = m.up.bad
			}
		}
	}
}

// circle reports a cycle of parents. path[i] has path[i+1] as its parent.
func (c *compilation) circle(path []*node) {
	first := 0
	for i := range path {
		if path[i].name < path[first].name {
			first = i
		}
	}
	path = append(path[first:len(path):len(path)], path[:first]...)
	names := make([]string, 0, len(path)+1)
	for _, n := range path {
		names = append(names, n.name)
	}
	names = append(names, path[0].name)
	d := c.errorAt(codeCycle, path[0].upAt, "nodes are their own ancestors: %s", pathText(names, "is inside"))
	d.Label = "this closes the circle"
	d.Help = "remove one of these parents"
	for _, n := range path[1:] {
		d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("parent of %q", n.name), Range: n.upAt})
		if len(d.Notes) == 8 {
			break
		}
	}
}

// pathText joins names by a relation, shortened in the middle.
func pathText(names []string, relation string) string {
	if len(names) > 10 {
		cut := slices.Concat(names[:5], []string{"…"}, names[len(names)-4:])
		names = cut
	}
	return strings.Join(names, " "+relation+" ")
}

// order fixes the deployment's order and the addresses.
func (c *compilation) order() {
	var roots []*node
	for _, n := range c.nodes {
		switch {
		case n.bad:
		case n.up == nil:
			roots = append(roots, n)
		default:
			n.up.below = append(n.up.below, n)
		}
	}
	byName := func(a, b *node) int { return strings.Compare(a.name, b.name) }
	slices.SortFunc(roots, byName)
	ordered := make([]*node, 0, len(c.nodes))
	stack := slices.Clone(roots)
	slices.Reverse(stack)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n.index = len(ordered)
		ordered = append(ordered, n)
		if n.depth == maxDepth+1 {
			d := c.errorAt(codeTooDeep, n.upAt, "node %q is more than %d levels deep", n.name, maxDepth)
			d.Help = "give it a parent further up"
		}
		if n.depth > maxDepth {
			continue
		}
		slices.SortFunc(n.below, byName)
		for _, child := range slices.Backward(n.below) {
			stack = append(stack, child)
		}
	}
	for _, n := range c.nodes {
		if n.bad {
			n.index = -1
			ordered = append(ordered, n)
		}
	}
	c.nodes = ordered
}

// relate adds an edge.
func (c *compilation) relate(kind ir.EdgeKind, from, to *node, until string, at source.Range) {
	if from.bad || to.bad {
		return
	}
	c.edges = append(c.edges, edge{kind: kind, from: from, to: to, until: until, at: at})
}
