package compiler

import (
	"path"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const codeTooManyEdges diag.Code = "HS0415"

// Bounds of what groups and globs can multiply to: maxEdges relations, maxMatches
// comparisons of a name with a glob, maxLooks of a name with what the glob
// begins with, maxGlob bytes of a glob, which has a use for no more than a name
// has characters.
const (
	maxEdges   = 500_000
	maxMatches = 4_000_000
	maxLooks   = 50_000_000
	maxGlob    = 255
)

// bound refuses a manifest whose nodes have more relations than anybody could
// mean, before there is a node: it counts what references would multiply to.
func (c *compilation) bound() bool {
	b := bounder{c: c}
	at, ok := b.count(len(c.raw))
	if !ok {
		at, ok = b.exactly()
	}
	if !ok {
		c.tooMany(at)
	}
	return ok
}

// bounder counts relations from trees.
type bounder struct {
	c       *compilation
	globs   map[glob]int // matches of each glob
	matched int          // comparisons so far
}

// count adds up the relations; a glob counts for as many nodes as globs say.
// It is false, with the place, once they are too many.
func (b *bounder) count(each int) (at source.Range, ok bool) {
	total, last, sum := 0, (*rawNode)(nil), 0
	for i := range b.c.raw {
		r := &b.c.raw[i]
		if r.absent {
			continue
		}
		if last == nil || last.tree != r.tree || last.place != r.place { // instances share their tree
			last, sum = r, 0
			for _, key := range []string{"depends_on", "peers"} {
				for _, item := range itemsOf(r.tree.Get(key)) {
					sum += b.meant(r.place, item, key == "peers", each)
					at = item.Range
				}
			}
			for m := r.place.home; m != nil; m = m.outer.home {
				for _, d := range m.waits {
					found, _, _ := b.c.meaning(m.outer, d.node.V)
					sum += len(found)
					at = d.node.At
				}
			}
		}
		if total += sum; total > maxEdges {
			return at, false
		}
	}
	return at, true
}

// meant is how many nodes an item of depends_on or peers stands for.
func (b *bounder) meant(p *place, item *syntax.Node, peer bool, each int) int {
	name := item
	if item.Kind == syntax.Map {
		name = item.Get("node")
	}
	switch {
	case name == nil || name.Kind != syntax.String:
		return 0
	case peer && isGlob(name.Text):
		if n, known := b.globs[glob{b.c.here(p), name.Text}]; known {
			return n
		}
		return each
	}
	found, _, _ := b.c.meaning(p, name.Text)
	return max(1, len(found))
}

// exactly counts again with what every glob really matches.
func (b *bounder) exactly() (at source.Range, ok bool) {
	b.globs = map[glob]int{}
	looks, last := 0, (*rawNode)(nil)
	for i := range b.c.raw {
		r := &b.c.raw[i]
		if r.absent || last != nil && last.tree == r.tree && last.place.home == r.place.home {
			continue
		}
		last = r
		here := b.c.here(r.place)
		for _, item := range itemsOf(r.tree.Get("peers")) {
			if item.Kind != syntax.String || !isGlob(item.Text) {
				continue
			}
			if _, known := b.globs[glob{here, item.Text}]; known {
				continue
			}
			b.globs[glob{here, item.Text}] = b.matches(here, item.Text)
			looks += here.last - here.first
			if b.matched > maxMatches || looks > maxLooks {
				return item.Range, false
			}
		}
	}
	return b.count(0)
}

// matches counts the nodes a glob means.
func (b *bounder) matches(here *place, text string) int {
	n, prefix := 0, literal(text)
	for i := here.first; i < here.last; i++ {
		name := strings.TrimPrefix(b.c.raw[i].name, here.prefix)
		if name == "" || !strings.HasPrefix(name, prefix[:min(len(prefix), len(name))]) {
			continue
		}
		b.matched++
		if ok, err := path.Match(text, name); ok && err == nil {
			n++
		}
	}
	return n
}

func isGlob(s string) bool { return len(s) <= maxGlob && strings.ContainsAny(s, "*?[") }

// literal is what every match of a glob begins with.
func literal(glob string) string {
	if i := strings.IndexAny(glob, `*?[\\`); i >= 0 {
		return glob[:i]
	}
	return glob
}

func itemsOf(n *syntax.Node) []*syntax.Node {
	if n == nil || n.Kind != syntax.List {
		return nil
	}
	return n.Items
}

// roomFor says whether n more edges fit. What bound counted does.
func (c *compilation) roomFor(n int, at source.Range) bool {
	if len(c.edges)+n <= maxEdges {
		return true
	}
	c.tooMany(at)
	return false
}

// tooMany reports that relations are beyond the bounds, once.
func (c *compilation) tooMany(at source.Range) {
	if !c.full {
		c.full = true
		d := c.errorAt(codeTooManyEdges, at, "manifest %q has more than %d relations between nodes", c.manifest.name, maxEdges)
		d.Help = "let fewer nodes wait for or know each other"
	}
}
