package query

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/schema"
)

// nodeEntry is a node, or a use of a module, as a manifest's outline has it.
type nodeEntry struct {
	name   *node // the scalar that names it
	body   *node
	up     int // index of the node that it is nested in, -1 for none
	module bool
	multi  bool // there are several, or may be: the name alone means all
	// ends are what the names of its instances add to its own, for as far as
	// that can be read; nil when it cannot.
	ends []string
}

func (n *nodeEntry) text() string { return n.name.text }

// maxInstances bounds the instances of one node that are told apart.
const maxInstances = 16

// manifest is the mapping of the manifest that a place is in, nil when it is in
// none.
func (p *place) manifest() *node {
	for _, l := range p.chain {
		if l.shape.object != nil && l.shape.object.Name == schema.KindManifest {
			return l.node
		}
	}
	return nil
}

// nodesOf lists the named nodes and modules of a manifest.
func nodesOf(manifest *node) []nodeEntry {
	var out []nodeEntry
	addNodes(&out, manifest, -1, []string{""})
	return out
}

func addNodes(out *[]nodeEntry, in *node, up int, ends []string) {
	if in == nil {
		return
	}
	for i := range in.fields {
		key, l := in.fields[i].key, in.fields[i].value
		if key != "nodes" && key != "modules" || l.kind != list {
			continue
		}
		for _, item := range l.items {
			name := item.value("name")
			if name == nil || name.kind != scalar || name.text == "" {
				addNodes(out, item, up, ends)
				continue
			}
			n := nodeEntry{name: name, body: item, up: up, module: key == "modules", multi: len(ends) != 1}
			n.ends = instancesOf(item, ends)
			n.multi = n.multi || item.get("count") != nil || item.get("for_each") != nil
			*out = append(*out, n)
			addNodes(out, item, len(*out)-1, n.ends)
		}
	}
}

// instancesOf are the ends of the names of a node's instances, when those of
// what it is nested in are outer.
func instancesOf(item *node, outer []string) []string {
	own := []string{""}
	if c := item.value("count"); c != nil && c.kind != blank {
		n, err := strconv.Atoi(c.text)
		if err != nil || n > maxInstances {
			return nil
		}
		own = nil
		for i := range n {
			own = append(own, "-"+strconv.Itoa(i+1))
		}
	} else if e := item.value("for_each"); e != nil && e.kind != blank {
		if own = keysOf(e); own == nil {
			return nil
		}
	}
	var all []string
	for _, a := range outer {
		for _, b := range own {
			if all = append(all, a+b); len(all) > maxInstances {
				return nil
			}
		}
	}
	return all
}

// keysOf are the ends of the names of instances made for each of something.
func keysOf(e *node) []string {
	var out []string
	for i := range e.fields {
		out = append(out, "-"+e.fields[i].key)
	}
	for _, item := range e.items {
		if item.kind != scalar {
			return nil
		}
		out = append(out, "-"+item.text)
	}
	return out
}

// nodeNames are the names that a field of the node around may mean.
func (c *completer) nodeNames(f *schema.Field) []candidate {
	manifest := c.manifest()
	if manifest == nil {
		return nil
	}
	all := nodesOf(manifest)
	self := slices.IndexFunc(all, func(n nodeEntry) bool { return n.body == c.within(schema.Node) || n.body == c.within(schema.Module) })
	key := ""
	if c.entry != nil {
		key = c.entry.key
	}
	var out []candidate
	for i := range all {
		n := &all[i]
		if i == self || key == "parent" && self >= 0 && isBelow(all, i, self) {
			if i == self && n.multi && !n.module && key == "peers" && f != nil {
				out = append(out, candidate{name: n.text() + "-*", detail: "each other"})
			}
			continue
		}
		detail := nodeDetail(n.body)
		if n.module {
			out = append(out, c.moduleNodes(n, detail, key)...)
			continue
		}
		late := key == "parent" && !c.w.hosts(n.body)
		if !n.multi || key != "parent" {
			out = append(out, candidate{name: n.text(), detail: detail, seldom: late})
		}
		if !n.multi {
			continue
		}
		for _, end := range n.ends {
			out = append(out, candidate{name: n.text() + end, detail: detail, seldom: late})
		}
		if key == "peers" && f != nil && len(n.ends) != 1 {
			out = append(out, candidate{name: n.text() + "-*", detail: "all of " + n.text()})
		}
	}
	return out
}

// hosts says whether a node can have children, for as far as its outline tells.
func (w *World) hosts(n *node) bool {
	if n.textOf("type") == "pve" {
		return true
	}
	spec := n.textOf("spec")
	return spec != "" && w.bodyOf(schema.KindSpec, spec).value("config").get("pve") != nil
}

// moduleNodes are the names that a module's nodes have outside of it.
func (c *completer) moduleNodes(n *nodeEntry, detail, key string) []candidate {
	var out []candidate
	if key != "parent" {
		out = append(out, candidate{name: n.text(), detail: detail})
	}
	d := c.w.module(c.doc, n.body.textOf("source"))
	if d == nil {
		return out
	}
	for _, inner := range nodesOf(moduleBody(d)) {
		if inner.module || inner.multi && key == "parent" {
			continue
		}
		for _, end := range n.ends {
			out = append(out, candidate{name: n.text() + end + "-" + inner.text(), detail: nodeDetail(inner.body)})
		}
	}
	return out
}

// isBelow says whether a node hangs below another, or is it.
func isBelow(all []nodeEntry, i, top int) bool {
	for range 64 { // deeper than hosts in hosts go
		if i == top {
			return true
		}
		n := &all[i]
		if i = n.up; i >= 0 {
			continue
		}
		parent := n.body.textOf("parent")
		if parent == "" {
			return false
		}
		if i = slices.IndexFunc(all, func(m nodeEntry) bool { return m.means(parent) }); i < 0 {
			return false
		}
	}
	return true
}

// means says whether a name in the manifest means a node: itself, or one of its
// instances.
func (n *nodeEntry) means(name string) bool {
	if name == n.text() {
		return true
	}
	end, ok := strings.CutPrefix(name, n.text())
	if !ok || !n.multi || !strings.HasPrefix(end, "-") {
		return false
	}
	// Of instances in instances, the beginning of an end means several.
	return n.ends == nil || slices.ContainsFunc(n.ends, func(e string) bool { return strings.HasPrefix(e+"-", end+"-") })
}

// nodeDetail is a node in a few words.
func nodeDetail(body *node) string {
	var parts []string
	for _, key := range []string{"type", "spec", "preset", "source"} {
		if t := body.textOf(key); t != "" {
			parts = append(parts, t)
		}
	}
	return strings.Join(parts, " ")
}
