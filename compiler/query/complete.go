package query

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/schema"
)

// Complete lists what may be written at an offset. It does not filter by what
// is typed already: Replace is the word to replace, and filtering by it is the
// editor's business. Lines of Insert after the first have their indentation.
func (w *World) Complete(file string, offset int) []Item {
	d := w.document(file)
	if d == nil || offset < 0 || offset > len(d.file.Text) {
		return nil
	}
	if items, ok := allowed(d, offset); ok {
		return items
	}
	p := locate(d, d.at(offset), offset)
	if p == nil {
		return nil
	}
	c := &completer{w: w, place: p}
	switch {
	case p.label:
		c.labels()
	case p.key:
		c.keys(p.around().shape, p.around().node)
	default:
		c.values()
	}
	return c.items
}

// completer collects the items of one place.
type completer struct {
	w *World
	*place
	items  []Item
	prefix string // what an inserted value has to begin with
	code   bool   // the cursor is in an expression, of which it is a part
	atRoot bool   // the cursor is at the root of a typed reference, spec of spec.base
}

// maxItems bounds an answer: nobody looks at more, and typing on narrows it.
const maxItems = 1000

// add appends an item that is sorted by class, then in the order of adding.
func (c *completer) add(class byte, i Item) {
	if len(c.items) >= maxItems {
		return
	}
	i.Sort = fmt.Sprintf("%c%04d", class, len(c.items))
	if strings.Contains(i.Insert, "\n") && bytes.Contains(c.doc.file.Text, []byte("\r\n")) {
		i.Insert = strings.ReplaceAll(i.Insert, "\n", "\r\n")
	}
	if i.Replace.IsZero() {
		i.Replace = c.doc.span(c.word)
	}
	c.items = append(c.items, i)
}

// Classes of items, in the order that they are shown in.
const (
	required = '0'
	usual    = '1'
	seldom   = '2'
	further  = '3'
)

// keys offers the fields of an object that are not there yet.
func (c *completer) keys(s shape, present *node) {
	if s.object == nil {
		if s.field != nil && s.field.Key == "with" {
			c.inputs(present)
		}
		return
	}
	o := s.object
	for i := range o.Fields {
		f := &o.Fields[i]
		if !c.offered(o, f) || c.taken(f, present) || c.block && !c.isBlock(f) {
			continue
		}
		class := byte(usual)
		switch {
		case f.Required, f.InYAML:
			class = required
		case f.Key == "name", f.Key == "description":
			class = seldom
		}
		c.add(class, Item{Label: f.Key, Kind: ItemField, Detail: detailOf(f), Doc: c.w.fieldDoc(o, f), Insert: c.prefix + c.keyText(f)})
		if block := blockOf(f.Key); c.doc.hcl && block != "" {
			last := &c.items[len(c.items)-1]
			last.Label, last.Insert = block, c.blockText(block, f)
		}
	}
	if o == schema.Module && c.doc.hcl {
		c.inputs(present)
	}
}

// offered says whether a field is one to write: not an old name, and not one
// that nothing acts on.
func (c *completer) offered(o *schema.Object, f *schema.Field) bool {
	switch {
	case f.Renamed != "", f.Gone != "", f.Use != schema.Now:
		return false
	case c.doc.hcl:
		inner := f.Key == "name" && (c.around().node.head.end > 0 || schema.Of(o.Name) == o)
		inside := o == hclRoot() && (f.Key == "nodes" || f.Key == "modules")
		foreign := o == hclRoot() && c.doc.module && schema.Of(f.Key) != nil && f.Key != schema.KindManifest
		return !inner && !f.InYAML && !f.Top && !foreign && (!inside || c.doc.module) && !(f.Key == "parent" && c.nested())
	case f.Top && f.Type == schema.Table:
		return c.doc.expressive()
	}
	return !(f.Key == "parent" && c.nested())
}

// nested says whether the node around is inside another, which is its parent.
func (c *completer) nested() bool {
	n := 0
	for _, l := range c.chain {
		if l.shape.object == schema.Node {
			n++
		}
	}
	if !c.key && c.shape.object == schema.Node {
		n++ // it is about to become one
	}
	return n > 1
}

// isBlock says whether a field may take the place of a block's first word.
func (c *completer) isBlock(f *schema.Field) bool {
	return blockOf(f.Key) != "" || f.Type == schema.Group || f.Type == schema.Table
}

// taken says whether a field is there already, elsewhere than at the cursor. A
// block that is an item may be there again.
func (c *completer) taken(f *schema.Field, present *node) bool {
	if present == nil {
		return false
	}
	if c.doc.hcl && (blockOf(f.Key) != "" || f.Type == schema.Table && f.Key != "with") {
		listed := present.get(f.Key) // in brackets, which goes with no block
		return listed != nil && !listed.value.made && !listed.block
	}
	for i := range present.fields {
		p := &present.fields[i]
		if p == c.entry && c.key {
			continue
		}
		if p.key == f.Key || known(c.around().shape.object, p.key) == f {
			return true
		}
	}
	return false
}

// blockOf is the block whose items a list consists of in HCL, "" when its items
// are written in brackets.
func blockOf(list string) string {
	for _, b := range hcl.ItemBlocks() {
		if f, _ := hcl.ItemField(b); f == list {
			return b
		}
	}
	return ""
}

// written says whether the colon, equals sign or brace after the key at the
// cursor is there: only the word is replaced then.
func (c *completer) written() bool { return c.key && c.entry != nil && c.entry.sep || c.block }

// indent is the indentation of the line or item that the word begins, and of
// what has to come before it.
func (c *completer) indent() string {
	start := lineStart(c.doc.file.Text, c.word.start)
	lead := string(c.doc.file.Text[start:c.word.start])
	if strings.Trim(lead, " \t-") != "" {
		lead = lead[:len(lead)-len(strings.TrimLeft(lead, " \t"))]
	}
	return strings.ReplaceAll(lead, "-", " ") + c.prefix
}

// inFlow says whether the mapping around is in brackets.
func (c *completer) inFlow() bool {
	n := c.around().node
	if !c.key {
		n = c.list
	}
	return n != nil && n.flow
}

// keyText is a field ready for its value.
func (c *completer) keyText(f *schema.Field) string {
	if c.written() {
		return f.Key
	}
	if c.doc.hcl {
		return c.keyTextHCL(f)
	}
	group, items := f.Type == schema.Group || f.Type == schema.Table, f.Type == schema.List
	switch {
	case group && c.inFlow():
		return f.Key + ": {}"
	case items && c.inFlow():
		return f.Key + ": []"
	case group:
		return f.Key + ":\n" + c.indent() + "  "
	case items:
		return f.Key + ":\n" + c.indent() + "  - "
	}
	if f.Type == schema.Int && f.Min == f.Max && f.Min > 0 {
		return f.Key + ": " + detailNumber(f.Min)
	}
	return f.Key + ": "
}

func (c *completer) keyTextHCL(f *schema.Field) string {
	switch {
	case f.Type == schema.Table && c.around().shape.object == hclRoot() && f.Key != "locals":
		return c.braces(f.Key + ` ""`)
	case f.Type == schema.Group && !c.inFlow(), f.Key == "locals":
		return c.braces(f.Key)
	case f.Type == schema.List:
		return f.Key + " = []"
	case f.Type == schema.Group, f.Type == schema.Table:
		return f.Key + " = {}"
	}
	return f.Key + " = "
}

// blockText is a block that is an item of a list.
func (c *completer) blockText(block string, f *schema.Field) string {
	if c.written() {
		return block
	}
	if _, label := hcl.ItemField(block); label {
		return c.braces(block + ` ""`)
	}
	return c.braces(block)
}

func (c *completer) braces(head string) string {
	return head + " {\n" + c.indent() + "  \n" + c.indent() + "}"
}

// labels offers, at the label of a definition, what the library has of its kind
// and the site might replace.
func (c *completer) labels() {
	if len(c.chain) == 0 || c.entry.at == c.word && c.word != unquoted(c.doc.file.Text, c.word) {
		return // beside the quotes
	}
	kind := c.around().key
	if schema.Of(kind) == nil || c.around().shape.field == nil {
		return
	}
	own := map[string]bool{}
	for _, d := range c.w.site.Definitions(kind) {
		if !d.Library {
			own[d.Name] = true
		} else if !own[d.Name] {
			c.add(usual, Item{Label: d.Name, Kind: ItemValue, Detail: "replaces the library's", Doc: c.w.summary(kind, d.Name), Insert: d.Name})
		}
	}
}
