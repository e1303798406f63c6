package query

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
)

// fragment is the name that is being written in an expression, such as var.wo
// in "${var.wo}"; ok is false when the cursor is in no expression, but in plain
// text.
func (c *completer) fragment() (f fragment, ok bool) {
	switch {
	case c.doc.hcl && (c.value.kind == formula || c.value.kind == blank || c.value.quote != '\'' && c.value.ref == ""):
	case !c.doc.hcl && c.value.kind == scalar && c.doc.expressive():
	default:
		return f, false
	}
	text := c.doc.file.Text
	begun := *c.value
	begun.end = max(c.value.start, min(c.offset, len(text)))
	if part, _ := content(c.doc, &begun); !inCode(part, !c.doc.hcl) {
		return f, false
	}
	start := c.offset
	for start > c.value.start && (wordLetter(text[start-1]) || text[start-1] == '.') {
		start--
	}
	end := c.offset
	for end < len(text) && wordLetter(text[end]) {
		end++
	}
	f.whole = span{start, end}
	f.root, f.rest, f.dotted = strings.Cut(string(text[start:c.offset]), ".")
	f.word = f.whole
	if i := bytes.LastIndexByte(text[start:c.offset], '.'); i >= 0 {
		f.word.start = start + i + 1
	}
	return f, true
}

// fragment is a name in an expression, up to the cursor.
type fragment struct {
	root, rest string
	dotted     bool
	whole      span // with its root
	word       span // its last step
}

// expression offers what a name in an expression may be.
func (c *completer) expression(f fragment) {
	field := c.shape.field
	if !f.dotted {
		if !c.atRoot {
			c.word = f.whole
		}
		c.words(field)
		return
	}
	c.word = f.word
	if strings.Contains(f.rest, ".") {
		c.keysOf(f)
		return
	}
	switch f.root {
	case "var", "local":
		for _, v := range c.declared(f.root) {
			v.Insert = v.Label
			c.add(usual, v)
		}
	case "count", "each":
		for _, name := range c.counters() {
			if rest, ok := strings.CutPrefix(name, f.root+"."); ok {
				c.add(usual, Item{Label: rest, Kind: ItemVariable, Doc: docsOfCounters[name], Insert: rest})
			}
		}
	case schema.KindNode:
		for _, n := range c.nodeNames(field) {
			c.step(n)
		}
	case schema.KindSpec, schema.KindPreset, schema.KindPosture, schema.KindImage, schema.KindHost:
		for _, n := range c.w.definitions(f.root, c.place) {
			c.step(n)
		}
	}
}

// keysOf offers the keys of a mapping that a local is, or a variable by default.
func (c *completer) keysOf(f fragment) {
	steps := strings.Split(f.rest, ".")
	var at *node
	for _, d := range declarations(c.root, f.root) {
		if d.key == steps[0] && d.value.textOf("sensitive") != "true" {
			at = d.value
		}
	}
	if f.root == "var" {
		at = at.value("default")
	}
	for _, step := range steps[1 : len(steps)-1] {
		at = at.value(step)
	}
	if at == nil {
		return
	}
	for i := range at.fields {
		if d := &at.fields[i]; d.sep && identifier.MatchString(d.key) {
			c.add(usual, Item{Label: d.key, Kind: ItemVariable, Detail: shorten(c.doc.slice(span{d.value.start, d.value.end})), Insert: d.key})
		}
	}
}

// step offers a name after the dot of a typed reference.
func (c *completer) step(n candidate) {
	if identifier.MatchString(n.name) {
		c.add(usual, Item{Label: n.name, Kind: ItemReference, Detail: n.detail, Doc: n.doc, Insert: n.name})
	}
}

var docsOfCounters = map[string]string{
	"count.index": "Which instance of the node this is, from 0.",
	"each.key":    "The key that this instance is made for.",
	"each.value":  "The value at the key that this instance is made for.",
}

// words offers what an expression may begin with.
func (c *completer) words(field *schema.Field) {
	text := c.doc.file.Text
	if c.value.kind == blank && c.offset > 0 && text[c.offset-1] == '=' {
		c.prefix = " "
	}
	whole := c.value.kind != formula && c.doc.hcl // nothing but the word itself
	if field != nil && whole {
		switch {
		case field.Type == schema.List:
			c.newList(field)
		case c.around().shape.object == schema.Variable && field.Key == "type":
			c.scalars(field)
			return
		case field.Type == schema.Table, field.Type == schema.Any, field.Type == schema.Group:
		default:
			c.scalars(field)
		}
	} else if field != nil && field.Type == schema.Ref {
		inner := *c.value
		inner.ref, inner.quote = "", 0
		c.value, c.code = &inner, true
		c.references(field)
	}
	for _, root := range []string{"var", "local"} {
		for _, v := range c.declared(root) {
			v.Insert = c.prefix + root + "." + v.Label
			v.Label = root + "." + v.Label
			c.add(seldom, v)
		}
	}
	for _, name := range c.counters() {
		c.add(seldom, Item{Label: name, Kind: ItemVariable, Doc: docsOfCounters[name], Insert: c.prefix + name})
	}
	funcs := expr.Functions()
	for _, name := range slices.Sorted(maps.Keys(funcs)) {
		fn := funcs[name]
		insert := name + "("
		if c.word.end < len(text) && text[c.word.end] == '(' {
			insert = name
		}
		c.add(further, Item{Label: name, Kind: ItemFunction, Detail: fn.Signature(), Doc: functionDoc(fn), Insert: c.prefix + insert})
	}
}

// declared are the variables or locals of the file.
func (c *completer) declared(root string) []Item {
	var out []Item
	for _, d := range declarations(c.root, root) {
		out = append(out, Item{Label: d.key, Kind: ItemVariable, Detail: declaredDetail(c.doc, root, d), Doc: d.value.textOf("description")})
	}
	return out
}

// declarations are the fields that declare variables or locals in an outline.
func declarations(root *node, kind string) []*field {
	var out []*field
	for i := range root.fields {
		f := &root.fields[i]
		switch {
		case kind == "var" && (f.key == "variable" || f.key == "variables"), kind == "local" && f.key == "locals":
			for j := range f.value.fields {
				if d := &f.value.fields[j]; d.sep && d.key != "" {
					out = append(out, d)
				}
			}
		}
	}
	return out
}

// counters are the names that tell the instances of the nodes around apart.
func (c *completer) counters() []string {
	var counted, each bool
	for _, l := range c.chain {
		counted = counted || l.node.get("count") != nil
		each = each || l.node.get("for_each") != nil
	}
	var out []string
	if counted {
		out = append(out, "count.index")
	}
	if each {
		out = append(out, "each.key", "each.value")
	}
	return out
}
