package hcl

import (
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// converter makes the shared tree of the library's. Its recursion is as deep
// as the text, which scan has bounded.
type converter struct {
	file    *source.File
	indexes map[*syntax.Node]*syntax.Index // of the maps being filled
	made    map[*syntax.Node]bool          // maps and lists that collect blocks
	found   diag.List
}

func (c *converter) span(r hcl.Range) source.Range { return syntax.Span(c.file, r) }

func (c *converter) root(body *hclsyntax.Body) *syntax.Node {
	root := &syntax.Node{Kind: syntax.Map, Range: source.Span(c.file, 0, len(c.file.Text))}
	for _, e := range entries(body) {
		if e.block != nil && e.block.Type == "locals" {
			c.labels(e.block, forbidden)
			c.locals(root, e.block)
		} else if e.block != nil && (labelled[e.block.Type] || len(e.block.Labels) > 0 && items[e.block.Type].field == "") {
			c.define(root, e.block)
		} else {
			c.entry(root, e)
		}
	}
	return root
}

// define adds a block to the mapping of its kind, by its label.
func (c *converter) define(root *syntax.Node, b *hclsyntax.Block) {
	if !c.labels(b, required) {
		return
	}
	kind := c.field(root, b.Type)
	if kind == nil {
		root.Fields = append(root.Fields, syntax.Field{
			Key: b.Type, Range: c.span(b.TypeRange), Value: &syntax.Node{Kind: syntax.Map, Range: c.span(b.Range())},
		})
		kind = &root.Fields[len(root.Fields)-1]
		c.made[kind.Value] = true
	}
	if !c.made[kind.Value] {
		c.duplicate(b.Type, c.span(b.TypeRange), kind.Range)
		return
	}
	kind.Value.Range.End = c.span(b.CloseBraceRange).End
	inner := c.body(b)
	if t := inner.Get("type"); b.Type == "variable" && t != nil && t.Kind == syntax.Expr {
		// number and list(string) are words here, not names or calls.
		*t = syntax.Node{Kind: syntax.String, Range: t.Range, Text: string(c.file.Text[t.Range.Start:t.Range.End])}
	}
	c.add(kind.Value, syntax.Field{Key: b.Labels[0], Range: c.span(b.LabelRanges[0]), Value: inner})
}

// locals adds what a block names to what those before it did: a file may have
// its locals where it uses them.
func (c *converter) locals(root *syntax.Node, b *hclsyntax.Block) {
	inner := c.body(b)
	first := c.field(root, b.Type)
	switch {
	case first == nil:
		c.made[inner] = true
		c.add(root, syntax.Field{Key: b.Type, Range: c.span(b.TypeRange), Value: inner})
	case !c.made[first.Value]:
		c.duplicate(b.Type, c.span(b.TypeRange), first.Range)
	default:
		for _, f := range inner.Fields {
			c.add(first.Value, f)
		}
		first.Value.Range.End = inner.Range.End
	}
}

// entry is an attribute or a block of a body.
type entry struct {
	at    int
	attr  *hclsyntax.Attribute
	block *hclsyntax.Block
}

// entries puts what the library sorted by kind back into the order written.
func entries(body *hclsyntax.Body) []entry {
	list := make([]entry, 0, len(body.Attributes)+len(body.Blocks))
	for _, a := range body.Attributes {
		list = append(list, entry{at: a.NameRange.Start.Byte, attr: a})
	}
	for _, b := range body.Blocks {
		list = append(list, entry{at: b.TypeRange.Start.Byte, block: b})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].at < list[j].at })
	return list
}

// body is the mapping of a block's content.
func (c *converter) body(b *hclsyntax.Block) *syntax.Node {
	m := &syntax.Node{Kind: syntax.Map, Range: c.span(hcl.RangeBetween(b.TypeRange, b.CloseBraceRange))}
	for _, e := range entries(b.Body) {
		c.entry(m, e)
	}
	return m
}

func (c *converter) entry(m *syntax.Node, e entry) {
	if e.attr != nil {
		c.add(m, syntax.Field{Key: e.attr.Name, Range: c.span(e.attr.NameRange), Value: c.value(e.attr.Expr)})
		return
	}
	kind := e.block.Type
	if len(e.block.Labels) > 0 && items[kind].field == "" && !groups[kind] {
		if kind = c.unknown(e.block); kind == "" {
			return
		}
	}
	item, ok := items[kind]
	c.labels(e.block, item.label) // what is inside counts all the same
	if ok {
		c.item(m, kind, e.block)
		return
	}
	c.add(m, syntax.Field{Key: e.block.Type, Range: c.span(e.block.TypeRange), Value: c.body(e.block)})
}

// inputs gathers what a module block gives to its module below `with`, as data
// has it. A field of `with` itself may have the name of one that the block has.
func (c *converter) inputs(m *syntax.Node) {
	var own, given []syntax.Field
	for _, f := range m.Fields {
		if schema.Module.Field(f.Key) != nil {
			own = append(own, f)
		} else {
			given = append(given, f)
		}
	}
	delete(c.indexes, m)
	if m.Fields = own; len(given) == 0 {
		return
	}
	with := c.field(m, "with")
	if with == nil {
		m.Fields = append(m.Fields, syntax.Field{Key: "with", Range: given[0].Range, Value: &syntax.Node{Kind: syntax.Map, Range: given[0].Range}})
		with = &m.Fields[len(m.Fields)-1]
	}
	if with.Value.Kind != syntax.Map {
		c.duplicate("with", given[0].Range, with.Range)
		return
	}
	with.Value.Range.End = max(with.Value.Range.End, given[len(given)-1].Value.Range.End)
	for _, f := range given {
		c.add(with.Value, f)
	}
}

// label is the name of a block as a field: a bad one where the block should
// have a name, and none where it need not, or says it in another way.
func (c *converter) label(kind string, b *hclsyntax.Block) (syntax.Field, bool) {
	use := items[kind].label
	switch {
	case use == forbidden, len(b.Labels) == 0 && (use == optional || b.Body.Attributes["name"] != nil):
		return syntax.Field{}, false
	case len(b.Labels) == 0:
		at := c.span(b.TypeRange)
		return syntax.Field{Key: "name", Range: at, Value: &syntax.Node{Kind: syntax.Bad, Range: at}}, true
	}
	at := c.span(b.LabelRanges[0])
	return syntax.Field{Key: "name", Range: at, Value: &syntax.Node{Kind: syntax.String, Range: at, Text: b.Labels[0]}}, true
}

// item appends a block to the list that has the blocks of its kind, which is
// what its type was meant as.
func (c *converter) item(m *syntax.Node, kind string, b *hclsyntax.Block) {
	name := items[kind].field
	inner := c.body(b)
	if kind == "module" {
		c.inputs(inner)
	}
	if label, ok := c.label(kind, b); ok {
		if other := c.field(inner, "name"); other != nil {
			c.duplicate("name", other.Range, label.Range)
			inner.Fields = without(inner.Fields, "name")
		}
		inner.Fields = append([]syntax.Field{label}, inner.Fields...)
	}
	list := c.field(m, name)
	if list == nil {
		m.Fields = append(m.Fields, syntax.Field{
			Key: name, Range: c.span(b.TypeRange), Value: &syntax.Node{Kind: syntax.List, Range: inner.Range},
		})
		list = &m.Fields[len(m.Fields)-1]
		c.made[list.Value] = true
	}
	if !c.made[list.Value] {
		c.duplicate(name, c.span(b.TypeRange), list.Range)
		return
	}
	list.Value.Items = append(list.Value.Items, inner)
	list.Value.Range.End = inner.Range.End
}

// add appends a field, or reports that its key is taken.
func (c *converter) add(m *syntax.Node, f syntax.Field) {
	if first := c.field(m, f.Key); first != nil {
		c.duplicate(f.Key, f.Range, first.Range)
		return
	}
	m.Fields = append(m.Fields, f)
}

func (c *converter) field(m *syntax.Node, key string) *syntax.Field {
	x := c.indexes[m]
	if x == nil {
		x = &syntax.Index{}
		c.indexes[m] = x
	}
	if i, ok := x.Find(m.Fields, key); ok {
		return &m.Fields[i]
	}
	return nil
}

func without(fields []syntax.Field, key string) []syntax.Field {
	var kept []syntax.Field
	for _, f := range fields {
		if f.Key != key {
			kept = append(kept, f)
		}
	}
	return kept
}
