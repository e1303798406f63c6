package compiler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeDuplicateNode diag.Code = "HS0228"
	codeUnknownParent diag.Code = "HS0215"
	codeUnknownNode   diag.Code = "HS0216"
)

// decode turns trees into declarations and gives every instance its name.
func (c *compilation) decode() bool {
	c.decl = c.manifestDecl()
	c.byName, c.groups = make(map[string]*node, len(c.raw)), map[string][]*node{}
	nodes := make([]node, len(c.raw))
	c.nodes = make([]*node, len(c.raw))
	var last *syntax.Node
	var decl *nodeDecl
	for i := range c.raw {
		if raw := &c.raw[i]; raw.tree != last { // instances of YAML share their tree
			last, decl = raw.tree, c.node(raw.tree)
		}
		c.nodes[i] = &nodes[i]
		nodes[i].decl = decl
		c.naming(&nodes[i], &c.raw[i])
	}
	for i := range c.raw {
		c.raw[i].tree = nil // declarations hold what is needed
	}
	c.groupsApart()
	return true
}

func (c *compilation) manifestDecl() manifestDecl {
	return c.findings.manifest(c.tree, fmt.Sprintf("manifest %q", c.manifest.name))
}

// naming gives a node its name and makes it known by it.
func (c *compilation) naming(n *node, raw *rawNode) {
	if !n.decl.name.ok() {
		n.bad, c.nameless = true, true
		return
	}
	n.name = n.decl.name.V
	if raw.counted {
		n.group = n.name
		n.name = instance(n.group, raw.index)
		c.groups[n.group] = append(c.groups[n.group], n)
		if raw.guess {
			c.guessed = append(c.guessed, n.group)
		}
		if !addr.ValidName(n.name) {
			d := c.errorAt(codeBadName, n.decl.name.At, "%q is too long for a counted node", n.group)
			d.Label = fmt.Sprintf("its instance %d has more than 63 characters", raw.index)
			d.Help = "write a shorter name"
			n.bad = true
			return
		}
	}
	if old := c.byName[n.name]; old != nil {
		c.duplicate(n, old)
		return
	}
	c.byName[n.name] = n
}

func (c *compilation) duplicate(n, old *node) {
	n.bad = true
	d := c.errorAt(codeDuplicateNode, n.decl.name.At, "two nodes are called %q", n.name)
	d.Label = "a name is one machine, in the whole manifest"
	d.Help = "rename one of the two; for several alike use `count`"
	d.Notes = []diag.Note{{Text: "the other one", Range: old.decl.name.At}}
}

// groupsApart refuses a group with the name of a node: references to it could
// mean either.
func (c *compilation) groupsApart() {
	for _, n := range c.nodes {
		if n.group == "" || c.groups[n.group][0] != n {
			continue
		}
		if other := c.byName[n.group]; other != nil && !other.bad {
			d := c.errorAt(codeDuplicateNode, n.decl.name.At, "%q is a node and a group of counted nodes", n.group)
			d.Help = "rename one of the two"
			d.Notes = []diag.Note{{Text: "the node", Range: other.decl.name.At}}
		}
	}
}

// lookup finds the nodes a name in this manifest means: one, or the instances
// of a counted node. ok is false when it was reported, or must stay silent.
// fits says which nodes the one who asks could mean.
func (c *compilation) lookup(name opt[string], code diag.Code, what string, fits func(*node) bool) (nodes []*node, ok bool) {
	if n := c.byName[name.V]; n != nil {
		return []*node{n}, true
	}
	if group := c.groups[name.V]; group != nil {
		return group, true
	}
	// A node whose name or count could not be read may be the one meant.
	if c.nameless || slices.ContainsFunc(c.guessed, func(g string) bool { return strings.HasPrefix(name.V, g+"-") }) {
		return nil, false
	}
	if at, ok := c.empty[name.V]; ok {
		d := c.errorAt(code, name.At, "node %q has no instances", name.V)
		d.Label = "its count is 0"
		d.Notes = []diag.Note{{Text: "the count", Range: at}}
		d.Help = "remove it here, or raise the count"
		return nil, false
	}
	d := c.errorAt(code, name.At, "unknown %s %q", what, name.V)
	d.Label = fmt.Sprintf("manifest %q has no node of this name", c.manifest.name)
	d.Help = "remove it, or add a node of this name"
	c.suggestOf(d, name.V, func() []string {
		names := c.nodeNames(fits)
		if code == codeUnknownParent { // which is never a group
			names = slices.DeleteFunc(names, func(s string) bool { return c.byName[s] == nil })
		}
		return names
	})
	return nil, false
}

// others are the nodes that n itself can wait for or know: a member of its own
// group is no other.
func (n *node) others() func(*node) bool {
	return func(m *node) bool { return m != n && (n.group == "" || m.group != n.group) }
}

// hostsOf are the nodes that can be the parent of n: none that n is above of.
func (c *compilation) hostsOf(n *node) func(*node) bool {
	return func(m *node) bool {
		for range maxDepth {
			switch {
			case m == n:
				return false
			case m.up != nil:
				m = m.up
			case c.byName[m.decl.parent.V] != nil:
				m = c.byName[m.decl.parent.V]
			default:
				return true
			}
		}
		return false
	}
}

// nodeNames lists what a reference may say that means nodes that fit, sorted.
func (c *compilation) nodeNames(fits func(*node) bool) []string {
	names := make([]string, 0, len(c.nodes))
	for _, n := range c.nodes {
		if n.name != "" && !n.bad && fits(n) {
			names = append(names, n.name)
			if n.group != "" {
				names = append(names, n.group)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// at is where a node is declared.
func (n *node) at() source.Range { return n.decl.at }
