package query

import (
	"bytes"
	"sort"
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

// symbol is a thing that has a name. Definitions are known in the whole site;
// nodes in their manifest, variables and locals in their file.
type symbol struct {
	kind  string // a kind of schema, or one of the kinds below
	scope string
	name  string
}

const (
	kindVariable = "variable"
	kindLocal    = "local"
	kindSecret   = "secret"
	kindFile     = "file" // the source of a module; its name is that of the file
)

// occurrence is one mention of a symbol in a document.
type occurrence struct {
	symbol
	at    span // the name itself, which a rename replaces
	whole span // with its root, quotes and what else a cursor may be on
	how   writing
	decl  bool
}

// writing is how a name is written, which says what another one has to look
// like.
type writing uint8

const (
	plain   writing = iota // of YAML
	quoted                 // between quotes, in either syntax
	dotted                 // spec.base
	indexed                // spec["base"]
	word                   // of HCL: a local, a label without quotes
	stem                   // the name of the file; there is no text
)

// glob is a pattern of nodes' names.
type glob struct {
	text  string
	scope string
	at    span
}

// index has what a document mentions, by position.
type index struct {
	list  []occurrence
	globs []glob
}

// indexOf is the index of a document, made once.
func (w *World) indexOf(d *document) *index {
	d.indexed.Do(func() {
		x := indexer{w: w, doc: d, out: &d.index}
		root := d.outline()
		x.file(root)
		x.walk(root, rootOf(d), "")
		sort.SliceStable(d.index.list, func(i, j int) bool { return d.index.list[i].whole.start < d.index.list[j].whole.start })
	})
	return &d.index
}

// indexer fills the index of one document.
type indexer struct {
	w     *World
	doc   *document
	out   *index
	scope string                // of nodes: the manifest around
	nodes map[string]*nodeEntry // of that manifest, by name
}

func (x *indexer) add(o occurrence) {
	if o.whole == (span{}) {
		o.whole = o.at
	}
	x.out.list = append(x.out.list, o)
}

// file adds what the name of a YAML file defines.
func (x *indexer) file(root *node) {
	d := x.doc
	if d.hcl && (root.get("nodes") != nil || root.get("modules") != nil) {
		x.enter("", root)
	}
	if d.hcl || d.kind == kindSite {
		return
	}
	if d.kind == schema.KindManifest {
		x.enter(d.name, root)
	}
	if d.module {
		return
	}
	sym := symbol{kind: d.kind, name: d.name}
	x.add(occurrence{symbol: sym, how: stem, decl: true})
	if n := root.value("name"); n != nil && n.kind == scalar && n.text == d.name {
		x.add(x.written(sym, n))
	}
}

// enter begins the scope of a manifest.
func (x *indexer) enter(name string, body *node) {
	x.scope, x.nodes = x.doc.file.Name+":"+name, map[string]*nodeEntry{}
	all := nodesOf(body)
	for i := range all {
		if n := &all[i]; x.nodes[n.text()] == nil {
			x.nodes[n.text()] = n
		}
	}
}

// written is the occurrence of a symbol whose name a scalar is.
func (x *indexer) written(sym symbol, n *node) occurrence {
	o := occurrence{symbol: sym, at: n.name(x.doc.file.Text), whole: span{n.start, n.end}}
	switch {
	case n.ref != "" && o.at.start > n.start && x.doc.file.Text[o.at.start-1] == '.':
		o.how = dotted
	case n.ref != "":
		o.how = indexed
	case n.quote != 0:
		o.how = quoted
	case x.doc.hcl:
		o.how = word
	}
	return o
}

// walk indexes a node of a shape, the value of key.
func (x *indexer) walk(n *node, s shape, key string) {
	switch n.kind {
	case mapping:
		x.mapping(n, s, key)
	case list:
		for _, item := range n.items {
			x.walk(item, s.item(), key)
		}
	case scalar:
		x.scalar(n, s, key)
	case formula:
		x.mentions(n)
	}
}

func (x *indexer) mapping(n *node, s shape, key string) {
	if n.flow && x.doc.hcl && isLoopOrComputed(n) {
		x.mentions(n)
	}
	for i := range n.fields {
		f := &n.fields[i]
		name := unquoted(x.doc.file.Text, f.at)
		o := occurrence{at: name, whole: f.at, how: plain}
		if f.at.end > f.at.start && f.at != name {
			o.how = quoted
		} else if x.doc.hcl {
			o.how = word
		}
		inner := s.child(f.key)
		switch {
		case key == "variable" && x.doc.hcl, key == "variables" && !x.doc.hcl && inner.object == schema.Variable:
			o.symbol, o.decl = symbol{kindVariable, x.doc.file.Name, f.key}, true
			x.add(o)
		case key == "locals" && s.field != nil && s.field.Type == schema.Table:
			o.symbol, o.decl = symbol{kindLocal, x.doc.file.Name, f.key}, true
			x.add(o)
		case f.label && f.key != "" && schema.Of(key) != nil && inner.object == schema.Of(key):
			o.symbol, o.decl = symbol{kind: key, name: f.key}, true
			x.add(o)
			if n := f.value.value("name"); n != nil && n.kind == scalar && n.text == f.key {
				x.add(x.written(o.symbol, n))
			}
			if key == schema.KindManifest {
				x.enter(f.key, f.value)
			}
		case f.key == "with" && s.object == schema.Module:
			x.inputs(n, f.value.fields)
		case s.object == schema.Module && schema.Module.Field(f.key) == nil:
			x.inputs(n, n.fields[i:i+1])
		}
		x.walk(f.value, inner, f.key)
		if key == schema.KindManifest && f.label {
			x.scope, x.nodes = "", nil
		}
	}
}

// isLoopOrComputed says that an object may have keys that are no words.
func isLoopOrComputed(n *node) bool { return len(n.fields) == 0 && n.end-n.start > len("{}") }

// inputs are keys that mean variables of the file that a module is in.
func (x *indexer) inputs(module *node, fields []field) {
	d := x.w.module(x.doc, module.textOf("source"))
	if d == nil {
		return
	}
	for i := range fields {
		f := &fields[i]
		o := occurrence{symbol: symbol{kindVariable, d.file.Name, f.key}, at: unquoted(x.doc.file.Text, f.at), whole: f.at}
		if o.at != f.at {
			o.how = quoted
		} else if x.doc.hcl {
			o.how = word
		}
		x.add(o)
	}
}

func (x *indexer) scalar(n *node, s shape, key string) {
	if n.text == "" && n.quote == 0 {
		return
	}
	f := s.field
	kind := n.ref
	switch {
	case !x.doc.hcl && x.doc.expressive() && fills(x.doc.file.Text[n.start:n.end]):
		x.mentions(n)
		return
	case n.quote == '|', n.text == "":
		return
	case f != nil && f.Type == schema.Ref:
		kind = f.Of
	case s.owner == schema.Node && key == "name", s.owner == schema.Module && key == "name":
		x.declare(n)
		return
	case s.owner == schema.Module && key == "source":
		if d := x.w.module(x.doc, n.text); d != nil {
			x.add(x.written(symbol{kind: kindFile, name: d.file.Name}, n))
		}
		return
	case s.owner == schema.User && key == "ssh_keys":
		x.add(x.written(symbol{kind: kindSecret, name: "ssh_keys." + n.text}, n))
		return
	case s.owner == schema.Host && key == "token":
		x.add(x.written(symbol{kind: kindSecret, name: "api_tokens." + n.text}, n))
		return
	}
	switch {
	case kind == "":
	case kind == schema.KindNode && key == "peers" && strings.ContainsAny(n.text, "*?["):
		x.out.globs = append(x.out.globs, glob{n.text, x.scope, span{n.start, n.end}})
	case kind == schema.KindNode:
		x.nodeUse(x.written(symbol{}, n), n.text)
	default:
		x.add(x.written(symbol{kind: kind, name: n.text}, n))
	}
}

// declare adds the declaration of a node or module.
func (x *indexer) declare(n *node) {
	o := x.written(symbol{schema.KindNode, x.scope, n.text}, n)
	o.decl = true
	x.add(o)
}

// nodeUse adds the use of a node by a name of it: its own, that of an instance,
// or that of a module's node, which has the module's in front.
func (x *indexer) nodeUse(o occurrence, text string) {
	o.kind, o.scope, o.name = schema.KindNode, x.scope, text
	end := len(text)
	for x.nodes[text[:end]] == nil {
		if end = strings.LastIndexByte(text[:end], '-'); end <= 0 {
			x.add(o) // unknown
			return
		}
	}
	n := x.nodes[text[:end]]
	if end < len(text) && !n.module && !n.means(text) {
		x.add(o)
		return
	}
	inner := o
	o.name, o.at.end = n.text(), o.at.start+end
	x.add(o)
	if n.module && end < len(text) {
		x.moduleNode(inner, n, text)
	}
}

// moduleNode adds the part of a name that is a node's inside a module.
func (x *indexer) moduleNode(o occurrence, n *nodeEntry, text string) {
	d := x.w.module(x.doc, n.body.textOf("source"))
	if d == nil {
		return
	}
	name, scope := moduleName(d)
	body := moduleBody(d)
	for _, end := range n.ends {
		rest, ok := strings.CutPrefix(text, n.text()+end+"-")
		if !ok {
			continue
		}
		for _, m := range nodesOf(body) {
			if m.means(rest) {
				o.name, o.scope = m.text(), scope+":"+name
				o.at.start += len(text) - len(rest)
				o.at.end = o.at.start + len(m.text())
				x.add(o)
				return
			}
		}
	}
}

// moduleName is what the manifest in a module's file is called, and its file.
func moduleName(d *document) (name, scope string) {
	if m := d.outline().value(schema.KindManifest); d.hcl && m != nil && len(m.fields) > 0 {
		return m.fields[0].key, d.file.Name
	}
	return d.name, d.file.Name // no name in HCL, whose nodes are at the top
}

// fills says whether something is filled in in a text.
func fills(text []byte) bool {
	return bytes.Contains(text, []byte("${")) || bytes.Contains(text, []byte("%{"))
}

// mentions adds the names in an expression, or in what is filled in in a text.
func (x *indexer) mentions(n *node) {
	text := x.doc.file.Text
	for _, m := range mentions(x.doc, n) {
		root, step := string(text[m.root.start:m.root.end]), string(text[m.step.start:m.step.end])
		o := occurrence{at: m.step, whole: m.whole, how: dotted}
		if m.index {
			o.how = indexed
		}
		switch {
		case step == "":
		case root == "var":
			o.symbol = symbol{kindVariable, x.doc.file.Name, step}
			x.add(o)
		case root == "local":
			o.symbol = symbol{kindLocal, x.doc.file.Name, step}
			x.add(o)
		case root == schema.KindNode:
			x.nodeUse(o, step)
		case syntax.IsReferenceRoot(root):
			o.symbol = symbol{kind: root, name: step}
			x.add(o)
		}
	}
}

// under are the occurrences at an offset, the most exact first.
func (x *index) under(at int) []*occurrence {
	var out []*occurrence
	for i := range x.list {
		o := &x.list[i]
		if !o.whole.touches(at) {
			continue
		}
		if o.at.touches(at) {
			out = append([]*occurrence{o}, out...)
		} else {
			out = append(out, o)
		}
	}
	return out
}
