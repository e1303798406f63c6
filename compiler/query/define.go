package query

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

// hit is an occurrence and the document it is in.
type hit struct {
	doc *document
	*occurrence
}

func (h hit) place() source.Range { return h.doc.span(h.at) }

// symbolAt finds what an offset is at: the most exact first. A name such as
// x-dns, of node dns of module x, is at two.
func (w *World) symbolAt(d *document, offset int) []*occurrence {
	if d == nil {
		return nil
	}
	found := w.indexOf(d).under(offset)
	if len(found) == 0 && offset == 0 {
		// The beginning of a file stands for what the file is called by.
		for i := range d.index.list {
			if o := &d.index.list[i]; o.how == stem {
				return []*occurrence{o}
			}
		}
	}
	return found
}

// hits lists the occurrences of a symbol in the site, by file and position.
func (w *World) hits(sym symbol) []hit {
	var out []hit
	for _, d := range w.concerned(sym) {
		x := w.indexOf(d)
		for i := range x.list {
			if x.list[i].symbol == sym {
				out = append(out, hit{d, &x.list[i]})
			}
		}
	}
	return out
}

// concerned are the documents that can mention a symbol, by name, the library's
// last.
func (w *World) concerned(sym symbol) []*document {
	docs := w.ordered()
	if file := sym.file(); file != "" {
		if d := w.document(file); d != nil && !slices.Contains(docs, d) {
			docs = append(docs, d) // a module
		}
	}
	slices.SortStableFunc(docs, func(a, b *document) int {
		if a.library() != b.library() {
			if a.library() {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.file.Name, b.file.Name)
	})
	return docs
}

// file is the one that the scope of a symbol is in, "" for definitions.
func (s symbol) file() string {
	switch s.kind {
	case kindVariable, kindLocal:
		return s.scope
	case kindFile:
		return s.name
	case schema.KindNode:
		if i := strings.LastIndexByte(s.scope, ':'); i >= 0 {
			return s.scope[:i]
		}
	}
	return ""
}

// manifest is the name of the manifest that the scope of a node is.
func (s symbol) manifest() string { return s.scope[strings.LastIndexByte(s.scope, ':')+1:] }

// Definition is where the name at an offset is defined. Of a definition that
// replaces the library's, both are given, the one that counts first. A
// definition of the library is in a file whose name starts with "stdlib:"; its
// File has the text. A definition that is a whole file is at its beginning.
func (w *World) Definition(file string, offset int) []source.Range {
	var out []source.Range
	for _, o := range w.symbolAt(w.document(file), offset) {
		for _, r := range w.declared(o.symbol) {
			if !slices.Contains(out, r) {
				out = append(out, r)
			}
		}
	}
	return out
}

// declared is where a symbol is declared.
func (w *World) declared(sym symbol) []source.Range {
	switch sym.kind {
	case kindFile:
		if d := w.document(sym.name); d != nil {
			return []source.Range{d.span(span{})}
		}
		return nil
	case kindSecret:
		if at, ok := w.site.SecretAt(sym.name); ok && !at.IsZero() {
			return []source.Range{at}
		}
		return nil
	}
	var out []source.Range
	for _, h := range w.hits(sym) {
		if h.decl {
			out = append(out, h.place())
		}
	}
	return out
}

// References are all mentions in the site of what is at an offset, by file and
// position; with declaration, those that define it too. A glob that a node
// matches mentions it.
func (w *World) References(file string, offset int, declaration bool) []source.Range {
	found := w.symbolAt(w.document(file), offset)
	if len(found) == 0 {
		return nil
	}
	sym := found[0].symbol
	var out []source.Range
	for _, h := range w.hits(sym) {
		if !h.decl || declaration {
			out = append(out, h.place())
		}
	}
	if sym.kind == schema.KindNode {
		out = append(out, w.globs(sym)...)
	}
	slices.SortStableFunc(out, func(a, b source.Range) int {
		return cmp.Or(cmp.Compare(a.File.Name, b.File.Name), cmp.Compare(a.Start, b.Start))
	})
	return slices.Compact(out)
}

// globs are those in its manifest that a node matches.
func (w *World) globs(sym symbol) []source.Range {
	d, n := w.node(sym)
	if n == nil {
		return nil
	}
	var out []source.Range
	for _, g := range w.indexOf(d).globs {
		if g.scope == sym.scope && slices.ContainsFunc(n.instances(sym.name), g.matches) {
			out = append(out, d.span(g.at))
		}
	}
	return out
}

func (g glob) matches(name string) bool {
	ok, _ := path.Match(g.text, name)
	return ok
}

// instances are the names of a node's instances when it is called name; when
// they cannot be read, a few that it may have.
func (n *nodeEntry) instances(name string) []string {
	ends := n.ends
	if ends == nil {
		ends = []string{"-1", "-2", "-10"}
	}
	var out []string
	for _, end := range ends {
		out = append(out, name+end)
	}
	return out
}

// node finds the node a symbol is, and its document; nil when there is none.
func (w *World) node(sym symbol) (*document, *nodeEntry) {
	d := w.document(sym.file())
	if d == nil {
		return nil, nil
	}
	all := nodesOf(d.manifest(sym.manifest()))
	for i := range all {
		if all[i].text() == sym.name {
			return d, &all[i]
		}
	}
	return d, nil
}

// manifest is the mapping of a manifest of a document by name.
func (d *document) manifest(name string) *node {
	if d.hcl && name != "" {
		return d.outline().value(schema.KindManifest).value(name)
	}
	return d.outline()
}
