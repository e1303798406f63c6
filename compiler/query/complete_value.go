package query

import (
	"regexp"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/stdlib"
)

// values offers what the value at the cursor may be.
func (c *completer) values() {
	if c.value.kind == scalar && c.value.name(c.doc.file.Text) != c.word {
		if c.value.quote != 0 {
			return // beside the quotes
		}
		outer := *c.value // at the root of a typed reference, which is replaced with it
		outer.ref, c.atRoot = "", true
		c.value = &outer
	}
	if f, ok := c.fragment(); ok {
		c.expression(f)
		return
	}
	text := c.doc.file.Text
	if c.value.kind == blank && c.offset > 0 && (text[c.offset-1] == ':' || text[c.offset-1] == '=' && c.doc.hcl || text[c.offset-1] == '-' && !c.doc.hcl && c.list != nil && !c.list.flow) {
		c.prefix = " "
	}
	if c.value.bare {
		c.prefix = "- "
	}
	f := c.shape.field
	if c.value.quote == '|' || c.value.kind == formula {
		return
	}
	if f == nil {
		if len(c.chain) == 0 {
			c.keys(c.shape, nil) // of an empty file
		}
		return
	}
	switch f.Type {
	case schema.Group:
		if c.value.bare {
			c.newItem(c.shape.object)
		} else if c.beginsMapping() {
			c.keys(c.shape, nil)
		}
	case schema.List:
		c.newList(f)
	default:
		c.scalars(f)
	}
}

// beginsMapping says whether the first key of a mapping may be written at the
// cursor: on a line of its own below the key, or at an item.
func (c *completer) beginsMapping() bool {
	if c.doc.hcl {
		return false
	}
	return c.list != nil && !c.list.flow || c.entry != nil && lineStart(c.doc.file.Text, c.offset) > c.entry.at.start
}

// newList offers the first item of a list that is not there yet.
func (c *completer) newList(f *schema.Field) {
	below := c.entry != nil && lineStart(c.doc.file.Text, c.offset) > c.entry.at.start
	open, shut := "[", "]"
	if below && !c.doc.hcl {
		open, shut = "- ", ""
	}
	if c.value.kind == scalar && c.value.quote != 0 || f.Elem == nil {
		return
	}
	item := c.shape.item()
	if item.field.Type == schema.Group {
		if open == "- " {
			c.newItem(item.object)
		}
		return
	}
	c.shape, c.list = item, nil
	c.scalars(item.field)
	for i := range c.items {
		c.items[i].Insert = c.prefix + open + strings.TrimPrefix(c.items[i].Insert, c.prefix) + shut
	}
}

// newItem offers an item of a list of mappings, with the field that comes first.
func (c *completer) newItem(o *schema.Object) {
	if o == nil || len(o.Fields) == 0 {
		return
	}
	first := &o.Fields[0]
	for i := range o.Fields {
		if o.Fields[i].Required {
			first = &o.Fields[i]
			break
		}
	}
	c.add(usual, Item{Label: "- " + first.Key, Kind: ItemField, Detail: "a new " + o.Name, Doc: c.w.fieldDoc(o, first), Insert: "- " + first.Key + ": "})
}

// scalars offers what a field that is one value may be.
func (c *completer) scalars(f *schema.Field) {
	switch {
	case c.around().shape.object == schema.Variable && f.Key == "type":
		for _, t := range []string{"string", "number", "bool", "any", "list(string)", "set(string)", "map(string)", "list(number)"} {
			c.add(usual, Item{Label: t, Kind: ItemValue, Insert: c.prefix + t})
		}
	case f.Enum != nil:
		for _, v := range f.Enum {
			c.text(v, detailOfDefault(f, v), "")
		}
	case f.Type == schema.Bool:
		for _, v := range []string{"true", "false"} {
			if c.value.quote == 0 {
				c.add(usual, Item{Label: v, Kind: ItemValue, Detail: detailOfDefault(f, v), Insert: c.prefix + v})
			}
		}
	case f.Type == schema.Ref:
		c.references(f)
	case f.Type == schema.Zone:
		for _, z := range stdlib.Zones() {
			c.text(z, "", "")
		}
	case f.Type == schema.CIDR:
		c.text("dhcp", detailOfDefault(f, "dhcp"), "")
	case c.around().shape.object == schema.Module && f.Key == "source":
		c.sources()
	case c.around().shape.object == schema.Image && f.Key == "source":
		for _, name := range stdlib.BuiltinNames() {
			c.text("builtin:"+name, "for the lab", "")
		}
	case c.around().shape.object == schema.User && c.entry != nil && c.entry.key == "ssh_keys":
		c.secretNames("ssh_keys.")
	case c.around().shape.object == schema.Host && f.Key == "token":
		c.secretNames("api_tokens.")
	case f.Min == f.Max && f.Type == schema.Int && f.Min > 0, f.Default != "" && c.value.quote == 0:
		v := f.Default
		if v == "" {
			v = detailNumber(f.Min)
		}
		insert := c.prefix + v
		if f.Type != schema.Int && f.Type != schema.Size {
			insert = c.prefix + c.written1(v)
		}
		c.add(usual, Item{Label: v, Kind: ItemValue, Detail: detailOfDefault(f, v), Insert: insert})
	}
}

// text offers a text, in quotes where it needs them.
func (c *completer) text(v, detail, doc string) {
	c.add(usual, Item{Label: v, Kind: ItemValue, Detail: detail, Doc: doc, Insert: c.prefix + c.written1(v)})
}

// misread are texts that YAML reads as something else.
var misread = regexp.MustCompile(`^(?i:true|false|null|~|[-+.]?[0-9][0-9_.eExXa-fA-F+-]*|)$`)

// doubtful are texts that other readers of YAML take for something else.
var doubtful = regexp.MustCompile(`^(?i:yes|no|on|off|y|n)$`)

// plainYAML are texts that need no quotes.
var plainYAML = regexp.MustCompile(`^[A-Za-z0-9_./][A-Za-z0-9_./:@+-]*$`)

// written1 is a text as it is written at the cursor.
func (c *completer) written1(v string) string {
	switch {
	case c.value.quote != 0:
		return v
	case c.doc.hcl, doubtful.MatchString(v), misread.MatchString(v), !plainYAML.MatchString(v):
		return `"` + v + `"`
	}
	return v
}

// secretNames offers the names of secrets of a section.
func (c *completer) secretNames(section string) {
	for _, name := range c.w.site.SecretNames() {
		if rest, ok := strings.CutPrefix(name, section); ok {
			c.add(usual, Item{Label: rest, Kind: ItemReference, Detail: "a secret of the site", Insert: c.prefix + c.written1(rest)})
		}
	}
}

// references offers the names that a reference may be.
func (c *completer) references(f *schema.Field) {
	if f.Object != nil && c.beginsMapping() && c.value.kind == blank && !c.value.bare {
		defer c.keys(shape{object: f.Object}, nil)
	}
	if f.Of == schema.KindNode {
		for _, n := range c.nodeNames(f) {
			c.reference(schema.KindNode, n)
		}
		return
	}
	for _, n := range c.w.definitions(f.Of, c.place) {
		c.reference(f.Of, n)
	}
}

// candidate is a name that a reference may be.
type candidate struct {
	name, detail, doc string
	seldom            bool // it comes after the others
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// reference offers a name: in HCL as a typed reference, unless it is being
// written in quotes.
func (c *completer) reference(kind string, n candidate) {
	if c.listed(n.name) {
		return
	}
	class := byte(usual)
	if n.seldom {
		class = seldom
	}
	i := Item{Label: n.name, Kind: ItemReference, Detail: n.detail, Doc: n.doc, Insert: c.prefix + n.name}
	switch {
	case c.code:
		if i.Insert = typed(kind, n.name); strings.Contains(n.name, "*") {
			return
		}
	case !c.doc.hcl:
		i.Insert = c.prefix + c.written1(n.name)
	case c.value.quote != 0:
	case strings.Contains(n.name, "*"):
		i.Insert = c.prefix + `"` + n.name + `"`
	case c.value.ref != "":
		if c.value.ref != kind || !identifier.MatchString(n.name) {
			return
		}
	default:
		i.Insert = c.prefix + typed(kind, n.name)
	}
	c.add(class, i)
}

// listed says whether a name is an item of the list around already.
func (c *completer) listed(name string) bool {
	return c.list != nil && slices.ContainsFunc(c.list.items, func(n *node) bool { return n.text == name && n.start != c.value.start })
}

// typed is a typed reference in HCL.
func typed(kind, name string) string {
	if identifier.MatchString(name) {
		return kind + "." + name
	}
	return kind + `["` + name + `"]`
}
