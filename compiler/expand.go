package compiler

import (
	"slices"
	"strconv"

	"github.com/zclconf/go-cty/cty"

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

// maxNodes bounds a manifest after count. Far more than Proxmox VE has guests.
const maxNodes = 250_000

// rawNode is one node after expansion: its evaluated tree, and where it hangs.
type rawNode struct {
	tree    *syntax.Node
	parent  int // index of the node it is nested in, -1 for none
	counted bool
	guess   bool // its count could not be read: there may be more instances
	index   int  // 1… of a counted node
}

// expand evaluates the manifest, multiplies nodes by their count and lifts
// nested nodes out of their parents.
func (c *compilation) expand() bool {
	doc := c.manifest.doc
	if !c.expressive(doc) && len(c.options.Vars) > 0 {
		d := c.errorAt(codeVarsWithoutHCL, source.Range{}, "%s is data alone, and has no variables", doc.file.Name)
		d.Help = "leave out --var, or add `expressions: true` and `variables:` to the file"
	}
	nodes := c.tree.Get("nodes")
	c.tree = without(c.tree, "nodes")
	var s *expr.Scope
	if c.expressive(doc) {
		s = c.scopeOf(doc).names
		c.tree = c.evalIn(c.tree, s)
	}
	// The nodes are taken; that there are none is said here, in better words.
	c.tree.Fields = append(c.tree.Fields, syntax.Field{Key: "nodes", Value: &syntax.Node{Kind: syntax.List}})
	if nodes != nil && nodes.Kind == syntax.Bad {
		return true
	}
	if nodes == nil || nodes.Kind == syntax.Null || nodes.Kind == syntax.List && len(nodes.Items) == 0 {
		d := c.errorAt(codeNoNodes, c.manifest.at, "manifest %q has no nodes", c.manifest.name)
		d.Help = "add at least one: `nodes: [{name: web}]`"
		return true
	}
	return c.expandNodes(nodes, -1, s)
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

// expandNodes adds the nodes of one list. s is nil for a file without
// expressions. It returns false when there are too many to go on.
func (c *compilation) expandNodes(list *syntax.Node, parent int, s *expr.Scope) bool {
	if list.Kind == syntax.Expr {
		list = c.evalIn(list, s)
	}
	if list.Kind != syntax.List {
		if list.Kind != syntax.Bad {
			c.wrongType(list, schema.List, `"nodes"`)
		}
		return true
	}
	for _, item := range list.Items {
		if item.Kind == syntax.Expr {
			item = c.evalIn(item, s)
		}
		if item.Kind != syntax.Map {
			if item.Kind != syntax.Bad {
				c.wrongType(item, schema.Group, "a node")
			}
			continue
		}
		if !c.expandNode(item, parent, s) {
			return false
		}
	}
	return true
}

// expandNode adds one node, as often as its count says, and its children.
func (c *compilation) expandNode(item *syntax.Node, parent int, s *expr.Scope) bool {
	children, own := item.Get("nodes"), item
	if s != nil {
		own = without(item, "nodes", "count")
	}
	if p := item.Get("parent"); p != nil && parent >= 0 {
		d := c.errorAt(codeParentTwice, p.Range, "a node inside another has its parent already")
		d.Help = "remove `parent`, or move the node out"
	}
	times, counted, guess := c.countOf(item, s)
	if name := nameOf(item); times == 0 && name != "" {
		if c.empty == nil {
			c.empty = map[string]source.Range{}
		}
		c.empty[name] = item.Get("count").Range
	}
	if counted && children != nil {
		d := c.errorAt(codeNotYet, firstLine(children.Range), "children of a counted node are not supported in this version")
		d.Help = "write the parents out, or give each child `parent` with the name of one instance"
		children = nil
	}
	if len(c.raw)+times > maxNodes {
		d := c.errorAt(codeTooManyNodes, firstLine(item.Range), "manifest %q has more than %d nodes", c.manifest.name, maxNodes)
		d.Help = "split it"
		return false
	}
	// Instances that do not ask which they are share one tree, as in YAML.
	alike := counted && !slices.ContainsFunc(expr.Uses(own), func(u expr.Use) bool { return u.Root == "count" })
	tree := own
	for i := range times {
		if s != nil && (i == 0 || !alike) {
			scope := s
			if counted {
				scope = s.With("count", cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(int64(i))}))
			}
			tree = c.evalIn(own, scope)
		}
		c.raw = append(c.raw, rawNode{tree: tree, parent: parent, counted: counted, guess: guess, index: i + 1})
	}
	if children != nil {
		return c.expandNodes(children, len(c.raw)-1, s)
	}
	return true
}

// countOf says how many instances a node has.
func (c *compilation) countOf(item *syntax.Node, s *expr.Scope) (times int, counted, guess bool) {
	n := item.Get("count")
	if n == nil || n.Kind == syntax.Null {
		return 1, false, false
	}
	if s != nil {
		n = c.evalIn(n, s)
	}
	count := c.number(n, schema.Node.Field("count"))
	if count.Bad {
		return 1, true, true // one instance, so that the rest is still checked
	}
	return count.V, true, false
}

// instance is the name of one instance of a counted node.
func instance(name string, index int) string { return name + "-" + strconv.Itoa(index) }
