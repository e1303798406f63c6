package query

import (
	"cmp"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/schema"
)

// Symbols is the outline of a file: what it defines, and in there nodes, users,
// and whatever else has fields.
func (w *World) Symbols(file string) []Symbol {
	d := w.document(file)
	if d == nil {
		return nil
	}
	root := d.outline()
	list := symbolsIn(d, root, rootOf(d), "")
	if d.hcl || d.kind == kindSite || d.module || root.kind != mapping {
		return list
	}
	// The file is what it defines; what belongs to the file is beside that.
	whole := Symbol{Name: d.name, Detail: d.kind, Kind: SymbolDefinition, Range: d.span(span{root.start, root.end}), Selection: d.span(span{root.start, root.start})}
	if d.kind == schema.KindManifest {
		whole.Detail, whole.Kind = root.textOf("pattern"), SymbolManifest
	}
	if n := root.value("name"); n != nil && n.kind == scalar {
		whole.Selection = d.span(span{n.start, n.end})
	}
	var out []Symbol
	for _, s := range list {
		if s.Kind == SymbolVariable || s.Kind == SymbolLocal {
			out = append(out, s)
		} else {
			whole.Children = append(whole.Children, s)
		}
	}
	return append(out, whole)
}

// symbolsIn are the symbols of the entries of a node that is the value of key.
func symbolsIn(d *document, n *node, s shape, key string) []Symbol {
	var out []Symbol
	for i := range n.fields {
		f := &n.fields[i]
		if f.key == "" || !f.sep {
			continue
		}
		inner := s.child(f.key)
		if f.value.made && f.value.kind == mapping || scopeTable(d, key, f) {
			out = append(out, symbolsIn(d, f.value, inner, f.key)...) // of a kind
			continue
		}
		if f.value.kind == list {
			items := itemSymbols(d, f.value, inner, f.key)
			if f.value.made || len(items) == 0 {
				out = append(out, items...)
				continue
			}
			out = append(out, Symbol{Name: f.key, Kind: SymbolGroup, Range: d.span(span{f.at.start, max(f.at.end, f.value.end)}),
				Selection: d.span(f.at), Children: items})
			continue
		}
		kind, detail, ok := kindOfEntry(d, key, f)
		if !ok {
			continue
		}
		start := f.at.start
		if h := f.value.head; h.end > 0 {
			start = h.start
		}
		out = append(out, Symbol{Name: f.key, Detail: detail, Kind: kind, Range: d.span(span{start, max(f.at.end, f.value.end)}),
			Selection: d.span(f.at), Children: symbolsIn(d, f.value, inner, f.key)})
	}
	slices.SortStableFunc(out, func(a, b Symbol) int { return cmp.Compare(a.Range.Start, b.Range.Start) })
	return out
}

// scopeTable says whether a field holds the variables or locals of a file.
func scopeTable(d *document, key string, f *field) bool {
	return key == "" && (f.key == "locals" || f.key == "variables" && !d.hcl) && f.value.kind == mapping
}

// kindOfEntry says what a field of the mapping that is the value of key is; ok
// is false when it is no symbol.
func kindOfEntry(d *document, key string, f *field) (kind SymbolKind, detail string, ok bool) {
	switch key {
	case "variable", "variables":
		return SymbolVariable, declaredDetail(d, "var", f), true
	case "locals":
		return SymbolLocal, declaredDetail(d, "local", f), true
	case schema.KindManifest:
		if f.label {
			return SymbolManifest, f.value.textOf("pattern"), true
		}
	}
	if f.label {
		return SymbolDefinition, key, f.value.kind != scalar
	}
	return SymbolGroup, "", f.value.kind == mapping && len(f.value.fields) > 0
}

// itemSymbols are those of the items of a list that have fields.
func itemSymbols(d *document, l *node, s shape, key string) []Symbol {
	var out []Symbol
	kind := SymbolItem
	switch strings.TrimSuffix(key, "s") {
	case "node":
		kind = SymbolNode
	case "module":
		kind = SymbolModule
	case "user":
		kind = SymbolUser
	}
	for _, item := range l.items {
		if item.kind != mapping || len(item.fields) == 0 {
			continue
		}
		first := &item.fields[0]
		y := Symbol{Name: first.value.text, Kind: kind, Range: d.span(span{item.start, item.end}), Selection: d.span(span{first.value.start, first.value.end})}
		if name := item.value("name"); name != nil && name.kind == scalar {
			y.Name, y.Selection = name.text, d.span(span{name.start, name.end})
		}
		if y.Name == "" {
			y.Name, y.Selection = first.key, d.span(first.at)
			if y.Name == "" {
				continue
			}
		}
		y.Detail = itemDetail(item, kind)
		y.Children = symbolsIn(d, item, s.item(), blockName(key))
		out = append(out, y)
	}
	return out
}

// blockName is the block that items of a list are in HCL; it is the key of what
// is in them.
func blockName(list string) string {
	for _, b := range hcl.ItemBlocks() {
		if f, _ := hcl.ItemField(b); f == list {
			return b
		}
	}
	return list
}

// itemDetail is an item in a few words.
func itemDetail(item *node, kind SymbolKind) string {
	detail := ""
	if kind == SymbolNode || kind == SymbolModule {
		detail = nodeDetail(item)
	}
	if parent := item.textOf("parent"); parent != "" && kind == SymbolNode {
		detail = strings.TrimSpace(detail + " in " + parent)
	}
	return detail
}
