package jsonschema

import "github.com/homestak/homestak/lang/schema"

const (
	// expressions is the field that turns ${…} in the texts of a file on.
	expressions = "expressions"

	// suffix tells the definitions of files with expressions from the others.
	suffix = "-with-expressions"

	// template is text with an expression or a directive in it.
	template = `[$%]\{`
)

// eitherWay describes a file twice, because what may stand in it depends on a
// field of its own: with `expressions: true` every value may be a template.
// Without, a template where a number belongs is the mistake that it looks like.
func (g *generator) eitherWay(o *schema.Object) *node {
	on := &node{Type: types{"object"}, Required: []string{expressions},
		Properties: named{{expressions, &node{Const: true}}}}
	without := g.define(o)
	g.templates = true
	with := g.define(o)
	return &node{Type: types{"object"}, If: on, Then: with, Else: without}
}

// orTemplate accepts a template as well.
func (n *node) orTemplate() *node {
	if n.Type == nil && n.AnyOf == nil && n.Enum == nil {
		return n // anything already
	}
	outer := &node{Description: n.Description, Markdown: n.Markdown, Default: n.Default, Deprecated: n.Deprecated,
		Renamed: n.Renamed, DoNotSuggest: n.DoNotSuggest, Refusal: n.Refusal}
	inner := *n
	inner.Description, inner.Markdown, inner.Default, inner.Deprecated, inner.Renamed, inner.DoNotSuggest = "", "", nil, false, "", false
	outer.AnyOf = []*node{&inner, {Type: types{"string"}, Pattern: template, Refusal: n.Refusal, BadPattern: n.Refusal}}
	return outer
}
