package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/homestak/homestak/lang/schema"
)

// Kinds lists the kinds of files that there is a schema for.
func Kinds() []string {
	return []string{schema.KindManifest, schema.KindSpec, schema.KindPosture, schema.KindPreset,
		schema.KindImage, schema.KindHost, "site"}
}

// Of is the schema of a kind of YAML file, indented, with a line feed at its
// end. ok is false for a kind that Kinds does not list.
func Of(kind string) (document []byte, ok bool) {
	if !slices.Contains(Kinds(), kind) {
		return nil, false
	}
	o := schema.Of(kind)
	if kind == "site" {
		o = schema.Site
	}
	g := &generator{}
	root := g.object(o)
	root.Schema, root.Title, root.Description, root.Defs = draft, "homestak "+kind, o.Doc, g.defs
	compact, err := encode(root)
	if err != nil {
		panic("jsonschema: " + err.Error()) // strings, numbers and booleans only
	}
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		panic("jsonschema: " + err.Error())
	}
	out.WriteByte('\n')
	return out.Bytes(), true
}

// generator makes one document. Objects that are items of a list become
// definitions, so that they can hold themselves, as nodes do.
type generator struct {
	defs named
}

// define is a reference to the definition of an object.
func (g *generator) define(o *schema.Object) *node {
	if g.defs.find(o.Name) == nil {
		n := &node{}
		g.defs = append(g.defs, member{o.Name, n}) // before it is made: it may mention itself
		*n = *g.object(o)
		n.Description = o.Doc
	}
	return &node{Ref: "#/$defs/" + o.Name}
}

func (g *generator) object(o *schema.Object) *node {
	n := &node{Type: types{"object"}}
	if !o.Open {
		n.Further = new(bool)
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		if f.Gone != "" {
			continue
		}
		n.Properties = append(n.Properties, member{f.Key, g.field(f, o)})
		if f.Required || f.InYAML {
			n.Required = append(n.Required, f.Key)
		}
	}
	return n
}

// field is the schema of one field of an object.
func (g *generator) field(f *schema.Field, in *schema.Object) *node {
	if f.Renamed != "" {
		n := g.field(in.Field(f.Renamed), in)
		n.Deprecated, n.Description = true, fmt.Sprintf("Now called %s. %s", f.Renamed, n.Description)
		n.Default = nil
		return n
	}
	if f.Use == schema.Later && f.New {
		return notYet(f)
	}
	n := g.value(f, in)
	n.Description, n.Default = f.Doc, value(f, f.Default)
	switch f.Use {
	case schema.Later:
		n.Description += " No effect in this version."
	case schema.Retired:
		n.Deprecated = true
		n.Description += " No effect."
	case schema.Record:
		n.Description += " Nothing acts on it."
	}
	if in.Blanks {
		n.orBlank()
	}
	if !f.Required && !f.InYAML {
		n.orNull()
	}
	return n
}

// notYet accepts what says nothing: null, and what holds anyway.
func notYet(f *schema.Field) *node {
	n := &node{Description: "Not supported in this version. " + f.Doc, Type: types{"null"}}
	if v := value(f, f.Default); v != nil {
		n.Type, n.Enum = nil, []any{v, nil}
	}
	return n
}

// value is the schema of what a field holds, whether or not it has to.
func (g *generator) value(f *schema.Field, in *schema.Object) *node {
	switch f.Type {
	case schema.Any:
		return &node{}
	case schema.Bool:
		return &node{Type: types{"boolean"}}
	case schema.Int:
		return integer(f)
	case schema.Size:
		return size(f)
	case schema.Duration:
		return &node{Type: types{"integer", "string"}, Minimum: new(int64), Pattern: duration}
	case schema.List:
		return &node{Type: types{"array"}, Items: g.item(f.Elem, in)}
	case schema.Group:
		return g.object(f.Object)
	case schema.Ref:
		if f.Object != nil {
			return &node{AnyOf: []*node{text(f), g.define(f.Object)}}
		}
	}
	return text(f)
}

// item is the schema of what a list consists of.
func (g *generator) item(f *schema.Field, in *schema.Object) *node {
	if f.Type != schema.Group {
		return g.value(f, in)
	}
	if f.Object == nil {
		return g.define(in)
	}
	return g.define(f.Object)
}

// value is text of the tables as the JSON value that a file would have there;
// nil for "".
func value(f *schema.Field, text string) any {
	switch {
	case text == "":
		return nil
	case f.Type == schema.Bool:
		return text == "true"
	case f.Type == schema.Int, f.Type == schema.Size:
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return v
		}
	}
	return text
}
