package compiler

import (
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeTooManyNodes   diag.Code = "HS0413"
	codeNoNodes        diag.Code = "HS0225"
	codeParentTwice    diag.Code = "HS0226"
	codeVarsWithoutHCL diag.Code = "HS0227"
)

// maxNodes bounds a manifest after count, for_each and modules. Far more than
// Proxmox VE has guests.
const maxNodes = 125_000

// rawNode is one node after expansion: its evaluated tree, and where it hangs.
type rawNode struct {
	tree   *syntax.Node
	at     source.Range // of its name
	place  *place       // that it is declared in
	parent int32        // index of the node that it, or its module, is nested in; -1 for none
	nested bool         // that is its parent, whatever it says
	base   string       // its name in the source; "" when it has none that is text
	suffix string       // "-1": of one of several; "" for what is alone
	name   string       // in the manifest, see compilation.name
	bad    bool         // it cannot have its name, which was reported
	guess  bool         // how many there are could not be read: there may be more
	absent bool         // there are none: it stands for what names would mean
	why    string       // of an absent one: the field that says so
}

// spot is where a list of nodes or modules is on its way through expansion.
type spot struct {
	place  *place
	scope  *expr.Scope // nil for a file without expressions
	parent int32       // of the nodes, -1 for none
	nested bool        // they stand in their parent, and have no other
	depth  int         // of the nodes, 1 for roots
}

// expand evaluates the manifest, multiplies nodes by count and for_each, puts
// in the nodes of modules, and lifts nested nodes out of their parents.
func (c *compilation) expand() bool {
	doc := c.manifest.doc
	if !c.expressive(doc) {
		c.noVariables(doc)
	}
	nodes, modules := c.tree.Get("nodes"), c.tree.Get("modules")
	c.tree = without(c.tree, "nodes", "modules")
	c.root = &place{doc: doc}
	at := spot{place: c.root, parent: -1, depth: 1}
	if c.expressive(doc) {
		at.scope = c.scopeOf(doc).names
		c.tree = c.evalIn(c.tree, at.scope)
	}
	// The nodes are taken; that there are none is said here, in better words.
	c.tree.Fields = append(c.tree.Fields, syntax.Field{Key: "nodes", Value: &syntax.Node{Kind: syntax.List}})
	if hollow(nodes) && hollow(modules) {
		at := c.manifest.at
		if nodes != nil && nodes.Kind == syntax.List && nodes.Range.File != nil {
			at = nodes.Range
		}
		d := c.errorAt(codeNoNodes, at, "manifest %q has no nodes", c.manifest.name)
		d.Help = "add at least one: `nodes: [{name: web}]`"
		return true
	}
	more := c.expandNodes(nodes, at) && c.expandModules(modules, at)
	c.root.last = len(c.raw)
	return more
}

// hollow says whether a list has nothing to expand.
func hollow(n *syntax.Node) bool {
	return n == nil || n.Kind == syntax.Null || n.Kind == syntax.List && len(n.Items) == 0
}

// without is a mapping less some fields; the rest is shared.
func without(n *syntax.Node, drop ...string) *syntax.Node {
	out := *n
	out.Fields = make([]syntax.Field, 0, len(n.Fields)+1)
	for _, f := range n.Fields {
		keep := true
		for _, d := range drop {
			keep = keep && f.Key != d
		}
		if keep {
			out.Fields = append(out.Fields, f)
		}
	}
	return &out
}

// mappings are the items of a list of nodes or modules.
func (c *compilation) mappings(list *syntax.Node, s *expr.Scope, field, item string) []*syntax.Node {
	if list == nil {
		return nil
	}
	if list.Kind == syntax.Expr {
		list = c.evalIn(list, s)
	}
	switch list.Kind {
	case syntax.List:
	case syntax.Null, syntax.Bad:
		return nil
	default:
		c.wrongType(list, schema.List, field)
		return nil
	}
	out := make([]*syntax.Node, 0, len(list.Items))
	for _, n := range list.Items {
		if n.Kind == syntax.Expr {
			n = c.evalIn(n, s)
		}
		switch n.Kind {
		case syntax.Map:
			out = append(out, n)
		case syntax.Bad:
		default:
			c.wrongType(n, schema.Group, item)
		}
	}
	return out
}

// expandNodes adds the nodes of one list. It returns false when there are too
// many to go on.
func (c *compilation) expandNodes(list *syntax.Node, at spot) bool {
	for _, item := range c.mappings(list, at.scope, `"nodes"`, "a node") {
		if !c.expandNode(item, at) {
			return false
		}
	}
	return true
}

// expandNode adds one node, as often as it says, and what is in it.
func (c *compilation) expandNode(item *syntax.Node, at spot) bool {
	if p := item.Get("parent"); p != nil && at.nested {
		d := c.errorAt(codeParentTwice, p.Range, "a node inside another has its parent already")
		d.Help = "remove `parent`, or move the node out"
	}
	m := c.instances(item, at.scope)
	if !c.room(max(1, m.times), item) {
		return false
	}
	node := rawNode{place: at.place, parent: at.parent, nested: at.nested, guess: m.guess}
	if m.times == 0 {
		// Its fields are checked, though nothing becomes of them.
		unknown := multiple{multiplied: true, guess: true}
		node.tree, _ = c.treeIn(at.place, item, true, c.scopeOfInstance(item, &unknown, 0, at.scope))
		node.base = nameOf(node.tree)
		node.absent, node.at, node.why = true, m.at, m.field
		c.raw = append(c.raw, node)
		return true
	}
	for i, alike := 0, false; i < m.times; i++ {
		scope := c.scopeOfInstance(item, &m, i, at.scope)
		if !alike {
			node.tree, alike = c.treeIn(at.place, item, m.times > 1, scope)
			node.base, node.at = nameOf(node.tree), nameAt(node.tree)
		}
		node.suffix = m.suffix(i)
		c.raw = append(c.raw, node)
		if !c.expandInside(item, at, &m, i, scope) {
			return false
		}
	}
	return true
}

// treeIn is the tree of a node itself, evaluated. What asks for nothing of the
// instances it is in is alike in all of them, and shared; several says that
// there are some of the node itself.
func (c *compilation) treeIn(p *place, item *syntax.Node, several bool, s *expr.Scope) (tree *syntax.Node, alike bool) {
	if s == nil {
		return item, true
	}
	home := c.here(p)
	if tree := home.shared[item]; tree != nil {
		return tree, true
	}
	own := without(item, "nodes", "modules", "count", "for_each")
	tree = c.evalIn(own, s)
	if !several && p == home {
		return tree, true
	}
	if alike = !asks(own); alike && p != home {
		if home.shared == nil {
			home.shared = map[*syntax.Node]*syntax.Node{}
		}
		home.shared[item] = tree
	}
	return tree, alike
}

// expandInside adds what is in instance i of a node, the last one added.
func (c *compilation) expandInside(item *syntax.Node, at spot, m *multiple, i int, s *expr.Scope) bool {
	nodes, modules := item.Get("nodes"), item.Get("modules")
	if hollow(nodes) && hollow(modules) {
		return true
	}
	self := int32(len(c.raw) - 1)
	if at.depth > maxDepth { // said when nodes are put in order
		c.raw = append(c.raw, rawNode{place: at.place, parent: self, absent: true})
		return true
	}
	in := spot{place: at.place, scope: s, parent: self, nested: true, depth: at.depth + 1}
	if m.multiplied {
		in.place = at.place.within(m.suffix(i), m.guess)
		in.place.first = len(c.raw)
	}
	more := c.expandNodes(nodes, in) && c.expandModules(modules, in)
	if m.multiplied {
		in.place.last = len(c.raw)
	}
	return more
}

// room says whether n more nodes fit, and reports when they do not.
func (c *compilation) room(n int, item *syntax.Node) bool {
	if len(c.raw)+n <= maxNodes {
		return true
	}
	d := c.errorAt(codeTooManyNodes, firstLine(item.Range), "manifest %q has more than %d nodes", c.manifest.name, maxNodes)
	d.Help = "split it"
	return false
}
