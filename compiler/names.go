package compiler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// names are what names mean at a place. Nodes are indexes of compilation.raw.
type names struct {
	one  map[string]int32    // a node
	many map[string][]int32  // the instances of a node, the nodes of a module
	none map[string]*rawNode // the same of which there are no instances
	// What the names of nodes begin with that may exist, each with its hyphen;
	// "" when there may be nodes of any name.
	perhaps map[string]bool
}

// longestName is what a host name may have.
const longestName = 63

// name gives every node its name in the manifest and makes it known by it.
func (c *compilation) name() bool {
	for i := range c.raw {
		r := &c.raw[i]
		if r.base == "" || !addr.ValidName(r.base) || r.absent {
			continue // decoding says so
		}
		c.where = r.place.home
		if r.place.width+len(r.base)+len(r.suffix) > longestName {
			c.tooLong(r)
			continue
		}
		l := r.labelAt(c.root)
		r.name = l.name()
	}
	c.where = nil
	c.namesAt(c.root)
	return true
}

func (c *compilation) tooLong(r *rawNode) {
	r.bad = true
	d := c.errorAt(codeBadName, r.at, "%q is too long for a counted node", r.base)
	d.Label = fmt.Sprintf("its instance %s has more than %d characters", strings.TrimPrefix(r.suffix, "-"), longestName)
	if m := r.place.home; m != nil {
		d.Message = fmt.Sprintf("%q is too long for a node of module %q", r.base, m.base)
		d.Label = fmt.Sprintf("with the name of the module it has more than %d characters", longestName)
	}
	d.Help = "write a shorter name"
}

// namesAt is what names mean at a place, found out when it is first asked for.
func (c *compilation) namesAt(p *place) *names {
	if p.names != nil {
		return p.names
	}
	n := &names{one: map[string]int32{}, many: map[string][]int32{}, perhaps: map[string]bool{}}
	if p == c.root {
		n.one = make(map[string]int32, len(c.raw))
	}
	p.names = n
	for i := p.first; i < p.last; i++ {
		r := &c.raw[i]
		if !addr.ValidName(r.base) {
			n.perhaps[""] = true
			continue
		}
		l := r.labelAt(p)
		if l.guess || r.bad {
			n.perhaps[l.base+"-"] = true
		}
		switch {
		case r.bad:
			continue
		case r.absent && !r.guess:
			n.lacks(&l, r)
			continue
		case r.absent:
			continue
		}
		c.meet(n, l.name(), i)
		for _, g := range l.groupNames() {
			n.many[g] = append(n.many[g], int32(i))
		}
	}
	c.groupsApart(n)
	return n
}

// lacks notes that a node has no instances, and no group has it.
func (n *names) lacks(l *label, r *rawNode) {
	if n.none == nil {
		n.none = map[string]*rawNode{}
	}
	for _, name := range append(l.groupNames(), l.name()) {
		n.none[name] = r
	}
}

// meet makes a node known by its name.
func (c *compilation) meet(n *names, name string, i int) {
	old, taken := n.one[name]
	if !taken {
		n.one[name] = int32(i)
		return
	}
	r, first := &c.raw[i], &c.raw[old]
	r.bad = true
	c.where = r.place.home
	d := c.errorAt(codeDuplicateNode, r.at, "two nodes are called %q", name)
	d.Label = "a name is one machine, in the whole manifest"
	d.Help = "rename one of the two; for several alike use `count`"
	d.Notes = []diag.Note{{Text: "the other one", Range: first.at}}
	c.where = nil
}

// groupsApart refuses a group with the name of a node: references to it could
// mean either.
func (c *compilation) groupsApart(n *names) {
	for _, name := range slices.Sorted(maps.Keys(n.many)) {
		if i, taken := n.one[name]; taken {
			group, other := &c.raw[n.many[name][0]], &c.raw[i]
			at := group.at
			for m := group.place.home; m != nil; m = m.outer.home {
				if m.base == name || m.called() == name {
					at = m.at
				}
			}
			d := c.errorAt(codeDuplicateNode, at, "%q is a node and a group of nodes", name)
			d.Label = "it means several"
			d.Help = "rename one of the two"
			d.Notes = []diag.Note{{Text: "the node", Range: other.at}}
		}
	}
}

// meaning finds the nodes that a name means for who is at a place: one, or all
// of a group. When there are none, silent says whether that was reported, or
// some may exist that could not be read.
func (c *compilation) meaning(p *place, name string) (found []int32, single, silent bool) {
	for ; ; p = p.outer {
		n := c.namesAt(p)
		if i, ok := n.one[name]; ok {
			return []int32{i}, true, false
		}
		if group := n.many[name]; group != nil {
			return group, false, false
		}
		silent = silent || n.mayHave(name)
		if p.outer == nil || p.isModule() {
			return nil, false, silent
		}
	}
}

// mayHave says whether a node of a name may exist that could not be read.
func (n *names) mayHave(name string) bool {
	if len(n.perhaps) == 0 {
		return false
	}
	for i, c := range name + "-" {
		if c == '-' && n.perhaps[(name + "-")[:i+1]] {
			return true
		}
	}
	return n.perhaps[""]
}

// lookup finds the nodes a name means for a node: one, or the instances of a
// counted one, or those of a module. ok is false when it was reported, or must
// stay silent. fits says which nodes the one who asks could mean.
func (c *compilation) lookup(p *place, name opt[string], code diag.Code, what string, fits func(*node) bool) (nodes []*node, ok bool) {
	found, _, silent := c.meaning(p, name.V)
	if silent {
		return nil, false
	}
	for _, i := range found {
		nodes = append(nodes, &c.made[i])
	}
	if len(nodes) > 0 {
		return nodes, true
	}
	if r := c.lacking(p, name.V); r != nil {
		d := c.errorAt(code, name.At, "node %q has no instances", name.V)
		d.Label, d.Help = "its count is 0", "remove it here, or raise the count"
		if r.why == "for_each" {
			d.Label, d.Help = "its for_each is empty", "remove it here, or give it a key there"
		}
		d.Notes = []diag.Note{{Text: "the " + r.why, Range: r.at}}
		return nil, false
	}
	d := c.errorAt(code, name.At, "unknown %s %q", what, name.V)
	d.Label = fmt.Sprintf("manifest %q has no node of this name", c.manifest.name)
	if p.home != nil {
		d.Label = fmt.Sprintf("module %q has no node of this name, and sees no others", p.home.base)
	}
	d.Help = "remove it, or add a node of this name"
	c.suggestOf(d, name.V, func() []string { return c.nodeNames(p, fits, code != codeUnknownParent) })
	return nil, false
}

// lacking is the node of a name that has no instances.
func (c *compilation) lacking(p *place, name string) *rawNode {
	for ; ; p = p.outer {
		if r := c.namesAt(p).none[name]; r != nil || p.outer == nil || p.isModule() {
			return r
		}
	}
}

// nodeNames lists what a reference at a place may say that means nodes that
// fit, sorted.
func (c *compilation) nodeNames(p *place, fits func(*node) bool, groups bool) []string {
	var out []string
	for ; ; p = p.outer {
		n := c.namesAt(p)
		for name, i := range n.one {
			if m := &c.made[i]; !m.bad && fits(m) {
				out = append(out, name)
			}
		}
		for name, members := range n.many {
			if groups && slices.ContainsFunc(members, func(i int32) bool { m := &c.made[i]; return !m.bad && fits(m) }) {
				out = append(out, name)
			}
		}
		if p.outer == nil || p.isModule() {
			slices.Sort(out)
			return slices.Compact(out)
		}
	}
}

// nameFrom is what n is called in the manifest, or the module, that p is in.
func (c *compilation) nameFrom(p *place, n *node) string {
	return strings.TrimPrefix(n.name, c.here(p).prefix)
}

// here is the place whose names globs are compared with: the manifest, or the
// module that p is in.
func (c *compilation) here(p *place) *place {
	if p.home != nil {
		return p.home
	}
	return c.root
}

// nameOf is the name of a node in the source, "" when it has none that is text.
func nameOf(tree *syntax.Node) string {
	if n := tree.Get("name"); n != nil && n.Kind == syntax.String {
		return n.Text
	}
	return ""
}

// nameAt is where it is, or where a node without one begins.
func nameAt(tree *syntax.Node) source.Range {
	if n := tree.Get("name"); n != nil {
		return n.Range
	}
	return firstLine(tree.Range)
}
