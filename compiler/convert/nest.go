package convert

import (
	"slices"

	"github.com/homestak/homestak/lang/syntax"
)

// nest moves the nodes of a manifest that name a parent into it. What is there
// already, has no such node as its parent, or a counted one, stays.
func nest(manifest *value) {
	list := manifest.get("nodes")
	if list == nil || list.kind != syntax.List {
		return
	}
	byName := map[string]*entry{}
	for _, e := range list.entries {
		if name := e.value.str("name"); name != "" {
			if _, twice := byName[name]; twice {
				byName[name] = nil
				continue
			}
			byName[name] = e
		}
	}
	up, holds := map[*entry]*entry{}, map[*entry]bool{}
	for _, e := range list.entries {
		switch p := e.value.get("parent"); {
		case e.value.kind != syntax.Map || p == nil:
		case p.kind == syntax.Null:
			e.value.take("parent")
		case p.kind == syntax.String:
			to := byName[p.text]
			if to == nil {
				continue
			}
			if _, asked := holds[to]; !asked {
				holds[to] = canHold(to.value)
			}
			if holds[to] {
				up[e] = to
			}
		}
	}
	settle(list.entries, up)
	var roots []*entry
	for _, e := range list.entries {
		to := up[e]
		if to == nil {
			roots = append(roots, e)
			continue
		}
		e.value.take("parent")
		below := to.value.get("nodes")
		if below == nil {
			below = &value{kind: syntax.List, wide: true}
			to.value.entries = append(to.value.entries, field("nodes", below))
		}
		below.entries = append(below.entries, e)
	}
	list.entries = roots
}

// canHold reports whether a node may have others inside.
func canHold(node *value) bool {
	below := node.find("nodes")
	return node.find("count") == nil && node.find("for_each") == nil &&
		(below == nil || below.value.kind == syntax.List && allMaps(below.value))
}

// maxNesting is how deep nodes are nested: deeper than the compiler goes, and
// not as deep as HCL is read.
const maxNesting = 100

// settle takes out the parents of nodes that are their own ancestors, or too
// deep, so that what is left is a forest that can be printed.
func settle(nodes []*entry, up map[*entry]*entry) {
	depth := map[*entry]int{} // -1: on the path being walked
	for _, e := range nodes {
		var path []*entry
		at := e
		for at != nil && depth[at] == 0 {
			depth[at] = -1
			path = append(path, at)
			at = up[at]
		}
		if at != nil && depth[at] < 0 {
			for _, m := range path[slices.Index(path, at):] {
				delete(up, m)
			}
		}
		for i := len(path) - 1; i >= 0; i-- {
			depth[path[i]] = 1
			if to := up[path[i]]; to != nil {
				depth[path[i]] = depth[to] + 1
			}
			if depth[path[i]] > maxNesting {
				delete(up, path[i])
				depth[path[i]] = 1
			}
		}
	}
}

// flatten moves nodes that stand in others behind them, and names their parent.
func flatten(manifest *value) {
	list := manifest.get("nodes")
	if list == nil || list.kind != syntax.List {
		return
	}
	list.entries = flat(list.entries, "", nil)
}

func flat(nodes []*entry, parent string, out []*entry) []*entry {
	for _, e := range nodes {
		if parent != "" {
			e.value.entries = append(e.value.entries, field("parent", text(parent)))
		}
		out = append(out, e)
		name := e.value.str("name")
		below := e.value.get("nodes")
		if below == nil || name == "" || !canHold(e.value) {
			continue
		}
		own := e.value.cut("nodes")
		inner := below.entries
		below.adopt(0, append(own.lead[:len(own.lead):len(own.lead)], own.beside...))
		e.value.tail = append(e.value.tail, below.tail...)
		out = flat(inner, name, out)
	}
	return out
}

func allMaps(list *value) bool {
	for _, e := range list.entries {
		if e.value.kind != syntax.Map || e.value.find("parent") != nil {
			return false
		}
	}
	return true
}
