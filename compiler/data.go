package compiler

import (
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Data is the tree of one file of the site as plain data: what its definitions
// say with every expression evaluated, and in manifests every node written out
// with its parent, those of count, for_each and modules too. Variables and
// locals stay as they are, beside the definitions; nothing needs them any more.
// Ranges stay those of the source. Of the options, the values of variables count.
//
// The tree is nil when the list has an error.
func (s *Site) Data(file string, o Options) (*syntax.Node, diag.List) {
	var f findings
	defs := s.of(file)
	if len(defs) == 0 {
		f.errorAt(codeUnknownManifest, source.Range{}, "%s defines nothing", file).Help = "name a file of the site with a definition in it"
		return nil, f.done()
	}
	doc := defs[0].doc
	if !doc.hcl { // its tree may be known already, or not
		tree, list := lang.Parse(doc.file)
		if f.list = append(f.list, list...); list.HasErrors() || tree == nil || tree.Kind != syntax.Map {
			return nil, f.done()
		}
		out, list := s.dataOf(defs[0], o)
		if f.list = append(f.list, list...); out != nil {
			out = beside(tree, out)
		}
		return out, f.done()
	}
	if doc.tree == nil {
		return nil, doc.findings
	}
	root := *doc.tree
	root.Fields = slices.Clone(root.Fields)
	for _, d := range defs {
		out, list := s.dataOf(d, o)
		f.list = append(f.list, list...)
		if out != nil {
			replaceDefinition(&root, d, out)
		}
	}
	if f.list.HasErrors() {
		return nil, f.done()
	}
	return &root, f.done()
}

// of lists what a file defines, in its order.
func (s *Site) of(file string) []*definition {
	var defs []*definition
	for _, byName := range s.definitions {
		for _, all := range byName {
			for _, d := range all {
				if d.doc.file.Name == file {
					defs = append(defs, d)
				}
			}
		}
	}
	slices.SortFunc(defs, func(a, b *definition) int { return int(a.at.Start) - int(b.at.Start) })
	return defs
}

// beside is data with what a YAML file has for its scope, which data lost.
func beside(tree, data *syntax.Node) *syntax.Node {
	out := *data
	out.Range = tree.Range
	out.Fields = slices.Clone(out.Fields)
	for _, f := range tree.Fields {
		if slices.Contains(scopeFields, f.Key) {
			out.Fields = append(out.Fields, f)
		}
	}
	slices.SortStableFunc(out.Fields, func(a, b syntax.Field) int { return int(a.Range.Start) - int(b.Range.Start) })
	return &out
}

// replaceDefinition puts data in the place of a definition in the tree of its
// file.
func replaceDefinition(root *syntax.Node, d *definition, data *syntax.Node) {
	for i := range root.Fields {
		kind := &root.Fields[i]
		if kind.Key != d.kind || kind.Value.Kind != syntax.Map {
			continue
		}
		value := *kind.Value
		value.Fields = slices.Clone(value.Fields)
		for j := range value.Fields {
			if value.Fields[j].Key == d.name {
				value.Fields[j].Value = data
			}
		}
		kind.Value = &value
	}
}

// dataOf is the data of one definition.
func (s *Site) dataOf(d *definition, o Options) (*syntax.Node, diag.List) {
	if other := s.find(d.kind, d.name); other != d && d.kind == schema.KindManifest {
		var f findings
		e := f.errorAt(codeDefinedOnce, d.at, "%s %q is defined twice", d.kind, d.name)
		e.Help = "remove one of the two, or rename it"
		e.Notes = []diag.Note{{Text: "the other one", Range: other.at}}
		return nil, f.done()
	}
	if o.Manifest = d.name; d.kind == schema.KindManifest {
		return s.manifestData(o)
	}
	// The values of its file's variables are for this definition.
	c := &compilation{site: s, options: o, manifest: d, reported: map[*document]bool{}}
	tree := d.tree
	if tree == nil || !d.doc.hcl {
		tree, c.list = lang.Parse(d.doc.file)
	}
	if c.list.HasErrors() || tree == nil || tree.Kind != syntax.Map {
		return nil, c.done()
	}
	if !d.doc.hcl {
		d = &definition{kind: d.kind, name: d.name, doc: &document{file: d.doc.file, tree: tree}}
		c.manifest = d
		tree = c.withoutScope(tree)
	}
	out := c.eval(tree, d.doc)
	list := c.done()
	if list.HasErrors() {
		return nil, list
	}
	return out, list
}

// manifestData runs the stages that know nodes by their names and relations.
func (s *Site) manifestData(o Options) (*syntax.Node, diag.List) {
	c := &compilation{site: s, options: o, reported: map[*document]bool{}}
	if !c.open() || !c.expand() || !c.name() || !c.bound() {
		return nil, c.done()
	}
	root, trees := c.tree, make(map[*rawNode]*syntax.Node, len(c.raw))
	for i := range c.raw {
		trees[&c.raw[i]] = c.raw[i].tree
	}
	if !c.decode() {
		return nil, c.done()
	}
	nodes := slices.Clone(c.nodes)
	c.arrange()
	list := c.silenced()
	if list.HasErrors() {
		return nil, list
	}
	known := c.relations()
	out := without(root, "nodes", "modules")
	items := &syntax.Node{Kind: syntax.List, Range: source.Range{}}
	for _, n := range nodes {
		items.Items = append(items.Items, nodeData(trees[n.raw], n, known[n], c.formerName(n)))
	}
	out.Fields = append(out.Fields, syntax.Field{Key: "nodes", Value: items})
	return out, list
}

// relations are the edges of each node, of which it is the one that says so.
func (c *compilation) relations() map[*node][]edge {
	known := map[*node][]edge{}
	for _, e := range c.edges {
		known[e.from] = append(known[e.from], e)
	}
	return known
}

// nodeData is the tree of one node with its own name and its former one, its
// parent and the names of those it waits for or knows.
func nodeData(tree *syntax.Node, n *node, edges []edge, former string) *syntax.Node {
	out := *tree
	out.Fields = nil
	at := tree.Range
	word := func(s string, at source.Range) *syntax.Node {
		return &syntax.Node{Kind: syntax.String, Text: s, Range: at}
	}
	related := map[string]bool{}
	for _, f := range tree.Fields {
		switch f.Key {
		case "name":
			f.Value = word(n.name, f.Value.Range)
		case "renamed_from":
			if former != "" {
				f.Value = word(former, f.Value.Range)
			}
		case "depends_on", "peers":
			related[f.Key] = true
			if f.Value = listOf(f.Key, edges, f.Value.Range); len(f.Value.Items) == 0 {
				continue
			}
		case "parent", "nodes", "modules", "count", "for_each":
			continue
		}
		out.Fields = append(out.Fields, f)
	}
	for _, key := range []string{"depends_on", "peers"} {
		if list := listOf(key, edges, at); !related[key] && len(list.Items) > 0 {
			out.Fields = append(out.Fields, syntax.Field{Key: key, Value: list})
		}
	}
	if n.up != nil {
		out.Fields = append(out.Fields, syntax.Field{Key: "parent", Value: word(n.up.name, source.Range{})})
	}
	return &out
}

// listOf writes the edges of one kind out.
func listOf(key string, edges []edge, at source.Range) *syntax.Node {
	kind := ir.PeerOf
	if key == "depends_on" {
		kind = ir.DependsOn
	}
	list := &syntax.Node{Kind: syntax.List, Range: at}
	seen := map[string]bool{}
	for _, e := range edges {
		if e.kind != kind || seen[e.to.name+" "+e.until] {
			continue
		}
		seen[e.to.name+" "+e.until] = true
		item := &syntax.Node{Kind: syntax.String, Text: e.to.name}
		if kind == ir.DependsOn && e.until != schema.Dependency.Default("until") {
			item = &syntax.Node{Kind: syntax.Map, Fields: []syntax.Field{
				{Key: "node", Value: item}, {Key: "until", Value: &syntax.Node{Kind: syntax.String, Text: e.until}},
			}}
		}
		list.Items = append(list.Items, item)
	}
	return list
}
