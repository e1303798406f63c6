package compiler

import (
	"fmt"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeTopOfFile    diag.Code = "HS0286"
	codeUnknownMeant diag.Code = "HS0288"
	codeOneOf        diag.Code = "HS0289"
)

// mention is a name that a field without effect refers to: that nothing acts on
// the field yet is no reason to let a wrong name stand.
type mention struct {
	field *schema.Field
	name  opt[string]
	in    string // the object that has the field
	where *place // the module it is said in, nil for none
}

// later decodes fields whose effect comes with a later version, as their schema
// says, so that everything inside of them is checked today.
func (r *reader) later(keys ...string) {
	for _, key := range keys {
		r.inspect(r.object.Field(key))
	}
}

func (r *reader) inspect(s *schema.Field) {
	switch s.Type {
	case schema.Bool:
		r.flag(s.Key)
	case schema.Int:
		r.number(s.Key)
	case schema.Size:
		r.size(s.Key)
	case schema.Duration:
		r.duration(s.Key)
	case schema.Any, schema.Table:
		r.take(s.Key)
	case schema.Group:
		r.group(s.Key).inspectAll()
	case schema.Ref:
		r.mention(s, r.text(s.Key))
	case schema.List:
		r.inspectItems(s)
	default:
		r.text(s.Key)
	}
}

func (r *reader) inspectAll() {
	for i := range r.object.Fields {
		if s := &r.object.Fields[i]; s.Renamed == "" && s.Gone == "" {
			r.inspect(s)
		}
	}
}

func (r *reader) inspectItems(s *schema.Field) {
	items, _ := r.items(s.Key)
	for _, n := range items {
		switch s.Elem.Type {
		case schema.Group:
			r.f.read(n, s.Elem.Object, s.Elem.Object.Name).inspectAll()
		case schema.Any:
		default:
			o := r.item(n, s.Key)
			if s.Elem.Type == schema.Ref {
				r.mention(s.Elem, o)
			}
		}
	}
	if r.f.taken != nil && s.Elem.Object != nil {
		r.f.read(nil, s.Elem.Object, "").inspectAll()
	}
}

func (r *reader) mention(s *schema.Field, name opt[string]) {
	if name.ok() {
		r.f.mentions = append(r.f.mentions, mention{s, name, r.object.Name, r.f.where})
	}
}

// mentioned reports names that mean nothing.
func (c *compilation) mentioned() {
	for _, m := range c.mentions {
		switch m.field.Of {
		case schema.KindHost:
			if c.site.find(schema.KindHost, m.name.V) == nil && m.name.V != labHost {
				c.unknown(schema.KindHost, m.name)
			}
		case schema.KindNode:
			here := c.root
			if c.where = m.where; m.where != nil {
				here = m.where
			}
			c.lookup(here, m.name, codeUnknownMeant, "node", func(*node) bool { return true })
			c.where = nil
		}
	}
}

// oneOf reports an object that has none or several of the fields of which it
// has to have one.
func (r *reader) oneOf(where string) {
	var have []*entry
	for _, key := range r.object.OneOf {
		if e := r.find(key); e != nil {
			have = append(have, e)
		}
	}
	switch {
	case len(r.object.OneOf) == 0 || len(have) == 1:
	case len(have) == 0:
		d := r.f.errorAt(codeOneOf, firstLine(r.at), "%s says nothing to look at", where)
		d.Label = "one of " + enumerate(r.object.OneOf)
		d.Help = "add one of these fields"
	default:
		d := r.f.errorAt(codeOneOf, have[1].key, "%q beside %q: %s has one of the two", have[1].schema.Key, have[0].schema.Key, article(r.object.Name))
		d.Notes = []diag.Note{{Text: "the other one", Range: have[0].key}}
		d.Help = fmt.Sprintf("write a %s for each", r.object.Name)
	}
}

// topOfFile reports, in a block, what belongs beside it.
func (r *reader) topOfFile(s *schema.Field, field *syntax.Field, where string) {
	d := r.f.errorAt(codeTopOfFile, field.Range, "%q does not belong into %s", s.Key, where)
	switch s.Key {
	case "expressions":
		d.Label, d.Help = "HCL always has expressions", "remove it"
	case "variables":
		d.Help = "write variable \"NAME\" { … } at the top of the file"
	default:
		d.Help = fmt.Sprintf("write a block %s { … } at the top of the file", s.Key)
	}
}

// policies reports the rules of the site: plans would have to keep them, and
// nothing looks at them yet.
func (c *compilation) policies() {
	for _, name := range c.site.names(schema.KindPolicy) {
		c.decodeUnused(schema.KindPolicy, name)
	}
}

// policy decodes a policy.
func (f *findings) policy(n *syntax.Node, where string) *struct{} {
	r := f.read(n, schema.Policy, where)
	r.inspectAll()
	return &struct{}{}
}
