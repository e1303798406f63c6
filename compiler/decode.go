package compiler

import (
	"fmt"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeDuplicateNode diag.Code = "HS0228"
	codeUnknownParent diag.Code = "HS0215"
	codeUnknownNode   diag.Code = "HS0216"
)

// decode turns trees into declarations.
func (c *compilation) decode() bool {
	c.decl = c.manifestDecl()
	c.made = make([]node, len(c.raw))
	c.nodes = make([]*node, 0, len(c.raw))
	decls := map[*syntax.Node]*nodeDecl{} // instances share their trees
	var last *syntax.Node
	var decl *nodeDecl
	for i := range c.raw {
		raw, n := &c.raw[i], &c.made[i]
		c.where = raw.place.home
		if raw.absent {
			if raw.tree != nil {
				c.node(raw.tree)
			}
			continue
		}
		if raw.tree != last {
			last = raw.tree
			if raw.place == c.root && raw.suffix == "" {
				decl = c.node(last)
			} else if decl = decls[last]; decl == nil {
				decl = c.node(last)
				decls[last] = decl
			}
		}
		n.raw, n.decl, n.name = raw, decl, raw.name
		n.bad = raw.bad || !decl.name.ok()
		if raw.suffix != "" || raw.place.suffixes() != "" {
			n.group = raw.base
			if raw.place.home != nil {
				n.group = raw.place.home.prefix + n.group
			}
		}
		c.nodes = append(c.nodes, n)
	}
	c.where = nil
	for i := range c.raw {
		c.raw[i].tree = nil // declarations hold what is needed
	}
	return true
}

func (c *compilation) manifestDecl() manifestDecl {
	return c.findings.manifest(c.tree, fmt.Sprintf("manifest %q", c.manifest.name))
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
			default:
				if m = c.single(m.raw.place, m.decl.parent.V); m == nil {
					return true
				}
			}
		}
		return false
	}
}

// single is the one node that a name means, nil when it means none or several.
func (c *compilation) single(p *place, name string) *node {
	if found, single, _ := c.meaning(p, name); single {
		return &c.made[found[0]]
	}
	return nil
}

// at is where a node is declared.
func (n *node) at() source.Range { return n.decl.at }
