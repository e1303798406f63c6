package compiler

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeUnknownPeer diag.Code = "HS0217"
	codeSelf        diag.Code = "HS0416"
)

// maxCycles bounds how many cycles of dependencies are reported: each has a
// path, and after a few people fix and run again.
const maxCycles = 20

// dependencies adds an edge from n to every node it waits for: because it says
// so, or because the module says so that n is at the top of.
func (c *compilation) dependencies(n *node) {
	c.waitFor(n, n.raw.place, n.decl.dependsOn)
	for m := n.raw.place.home; m != nil; m = m.outer.home {
		if len(m.waits) > 0 && (n.up == nil || !n.up.raw.place.inside(m)) {
			c.where = m.outer.home
			c.waitFor(n, m.outer, m.waits)
		}
	}
}

// waitFor lets n wait for what names at a place mean.
func (c *compilation) waitFor(n *node, p *place, names []dependencyDecl) {
	for _, d := range names {
		found, ok := c.lookup(p, d.node, codeUnknownNode, "node", n.others())
		if !ok || !c.roomFor(len(found), d.node.At) {
			continue
		}
		until := schema.Dependency.Default("until")
		if d.until.Set {
			until = d.until.V
		}
		for _, to := range found {
			if to == n {
				e := c.errorAt(codeSelf, d.node.At, "node %q waits for itself", n.name)
				e.Help = "remove it"
				continue
			}
			c.relate(ir.DependsOn, n, to, until, d.node.At)
		}
	}
}

// peers adds an edge between n and every node its names and globs mean.
func (c *compilation) peers(n *node) {
	c.where = n.raw.place.home
	for _, p := range n.decl.peers {
		found, ok := c.peersOf(n, p)
		if !ok || !c.roomFor(len(found), p.At) {
			continue
		}
		if len(found) == 1 && found[0] == n && !isGlob(p.V) {
			e := c.errorAt(codeSelf, p.At, "node %q is its own peer", n.name)
			e.Help = "remove it"
		}
		for _, m := range found {
			if m != n {
				from, to := n, m
				if to.index < from.index {
					from, to = to, from
				}
				c.relate(ir.PeerOf, from, to, "", p.At)
			}
		}
	}
}

// glob is one that was looked up, in the manifest or a module.
type glob struct {
	here *place
	text string
}

// peersOf finds what one item of peers means.
func (c *compilation) peersOf(n *node, p opt[string]) ([]*node, bool) {
	if !isGlob(p.V) {
		return c.lookup(n.raw.place, p, codeUnknownPeer, "peer", n.others())
	}
	if _, err := path.Match(p.V, ""); err != nil {
		d := c.errorAt(codeUnknownPeer, p.At, "%q is not a glob", shortened(p.V))
		d.Help = "* stands for any text, ? for one character, [a-f] for one of a range"
		return nil, false
	}
	here := c.here(n.raw.place)
	found := c.matching(glob{here, p.V})
	if len(found) == 0 && len(c.namesAt(here).perhaps) == 0 && !c.unmatched[p.At] { // instances share their source
		if c.unmatched == nil {
			c.unmatched = map[source.Range]bool{}
		}
		c.unmatched[p.At] = true
		d := c.errorAt(codeUnknownPeer, p.At, "no node matches %q", p.V)
		d.Help = "remove it, or correct it"
		c.suggestOf(d, p.V, func() []string { return c.nodeNames(n.raw.place, n.others(), true) })
	}
	return found, true
}

// matching is the nodes that a glob matches, each of which is looked up once.
func (c *compilation) matching(g glob) []*node {
	if found, ok := c.globs[g]; ok {
		return found
	}
	var found []*node
	prefix := literal(g.text)
	for i := g.here.first; i < g.here.last; i++ {
		m := &c.made[i]
		if m.raw == nil || m.bad {
			continue
		}
		name := c.nameFrom(g.here, m)
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if matched, _ := path.Match(g.text, name); matched {
			found = append(found, m)
		}
	}
	slices.SortFunc(found, func(a, b *node) int { return a.index - b.index })
	if c.globs == nil {
		c.globs = map[glob][]*node{}
	}
	c.globs[g] = found
	return found
}

// dependencyCycles reports nodes that wait for each other. A child waits for
// its parent, too. The search is a depth-first walk with its own stack: a
// chain of a hundred thousand nodes must not exhaust the program's.
func (c *compilation) dependencyCycles() {
	waits := make([][]wait, len(c.nodes))
	for i := range c.edges {
		if e := &c.edges[i]; e.kind == ir.DependsOn {
			waits[e.from.index] = append(waits[e.from.index], wait{e.to, e.at})
		}
	}
	for _, n := range c.nodes {
		if !n.bad && n.up != nil {
			waits[n.index] = append(waits[n.index], wait{n.up, n.upAt})
		}
	}
	const visiting, visited = 1, 2
	state := make([]uint8, len(c.nodes))
	cycles := 0
	var stack []walker
	for _, root := range c.nodes {
		if root.bad || state[root.index] != 0 {
			continue
		}
		stack = append(stack[:0], walker{at: root})
		for len(stack) > 0 && cycles < maxCycles {
			top := &stack[len(stack)-1]
			i := top.at.index
			state[i] = visiting
			if top.next == len(waits[i]) {
				state[i] = visited
				stack = stack[:len(stack)-1]
				continue
			}
			to := waits[i][top.next].on
			top.next++
			switch state[to.index] {
			case 0:
				stack = append(stack, walker{at: to})
			case visiting:
				c.waitingCircle(stack, waits, to)
				cycles++
			}
		}
	}
}

// wait is one thing a node waits for, and where that is said.
type wait struct {
	on *node
	at source.Range
}

// walker is a node on the current path and the next of its waits to follow.
type walker struct {
	at   *node
	next int
}

// waitingCircle reports the part of the path from to on, which ends where it
// began.
func (c *compilation) waitingCircle(stack []walker, waits [][]wait, to *node) {
	first := slices.IndexFunc(stack, func(w walker) bool { return w.at == to })
	circle := stack[first:]
	names := make([]string, 0, len(circle)+1)
	for _, w := range circle {
		names = append(names, w.at.name)
	}
	names = append(names, to.name)
	said := func(w walker) source.Range { return waits[w.at.index][w.next-1].at }
	last := circle[len(circle)-1]
	d := c.errorAt(codeCycle, said(last), "nodes wait for each other: %s", pathText(names, "waits for"))
	d.Label = "this closes the circle"
	for _, w := range circle[:len(circle)-1] {
		d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("%q waits for %q", w.at.name, waits[w.at.index][w.next-1].on.name), Range: said(w)})
		if len(d.Notes) == 8 {
			break
		}
	}
	d.Help = "a node waits for its parent anyway; remove one of these"
}
