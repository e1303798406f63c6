package compiler

import (
	"path"
	"strings"

	"github.com/homestak/homestak/lang/addr"
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
	b := bounder{raw: c.raw, names: make([]string, len(c.raw)), size: map[string]int{}}
	for i := range c.raw {
		if i > 0 && c.raw[i].tree == c.raw[i-1].tree {
			b.names[i] = b.names[i-1]
		} else {
			b.names[i] = nameOf(c.raw[i].tree)
		}
		b.size[b.names[i]]++
	}
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
	raw     []rawNode
	names   []string       // in the source
	size    map[string]int // instances by the name in the source
	glob    map[string]int // matches of each glob
	matched int            // comparisons so far
}

// count adds up the relations; a glob counts for as many nodes as globs say.
// It is false, with the place, once they are too many.
func (b *bounder) count(each int) (at source.Range, ok bool) {
	total, last, sum := 0, (*syntax.Node)(nil), 0
	for i := range b.raw {
		if tree := b.raw[i].tree; tree != last { // instances share their tree
			last, sum = tree, 0
			for _, key := range []string{"depends_on", "peers"} {
				for _, item := range itemsOf(tree.Get(key)) {
					sum += b.meant(item, key == "peers", each)
					at = item.Range
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
func (b *bounder) meant(item *syntax.Node, peer bool, each int) int {
	name := item
	if item.Kind == syntax.Map {
		name = item.Get("node")
	}
	switch {
	case name == nil || name.Kind != syntax.String:
		return 0
	case peer && isGlob(name.Text):
		if n, known := b.glob[name.Text]; known {
			return n
		}
		return each
	}
	return max(1, b.size[name.Text])
}

// exactly counts again with what every glob really matches.
func (b *bounder) exactly() (at source.Range, ok bool) {
	b.glob = map[string]int{}
	for i := range b.raw {
		if i > 0 && b.raw[i].tree == b.raw[i-1].tree {
			continue
		}
		for _, item := range itemsOf(b.raw[i].tree.Get("peers")) {
			if item.Kind != syntax.String || !isGlob(item.Text) {
				continue
			}
			if _, known := b.glob[item.Text]; known {
				continue
			}
			b.glob[item.Text] = b.matches(item.Text)
			if b.matched > maxMatches || len(b.glob)*len(b.raw) > maxLooks {
				return item.Range, false
			}
		}
	}
	return b.count(0)
}

// matches counts the nodes a glob means.
func (b *bounder) matches(glob string) int {
	n, prefix := 0, literal(glob)
	for i := range b.raw {
		name := b.names[i]
		if !strings.HasPrefix(name, prefix[:min(len(prefix), len(name))]) {
			continue
		}
		b.matched++
		if b.raw[i].counted {
			name = instance(name, b.raw[i].index)
		}
		if ok, err := path.Match(glob, name); ok && err == nil && addr.ValidName(name) {
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

func nameOf(tree *syntax.Node) string {
	if n := tree.Get("name"); n != nil && n.Kind == syntax.String {
		return n.Text
	}
	return ""
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
