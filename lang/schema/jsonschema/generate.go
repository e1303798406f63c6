package jsonschema

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/homestak/homestak/lang/schema"
)

// The kinds of files that are no definitions.
const (
	kindSite    = "site"
	kindSecrets = "secrets"
)

// Kinds lists the kinds of files that there is a schema for.
func Kinds() []string {
	return []string{schema.KindManifest, kindModule, schema.KindSpec, schema.KindPosture, schema.KindPreset,
		schema.KindImage, schema.KindHost, schema.KindPolicy, kindSite, kindSecrets}
}

// Names are what the definitions of a site are called, by kind. A reference to
// a kind that is not there may have any name.
type Names map[string][]string

// Of is the schema of a kind of YAML file, indented, with a line feed at its
// end. ok is false for a kind that Kinds does not list.
func Of(kind string) (document []byte, ok bool) { return In(kind, nil) }

// In is Of for the files of one site: what refers to a definition has to be the
// name of one that the site, or the library, has.
func In(kind string, names Names) (document []byte, ok bool) {
	if !slices.Contains(Kinds(), kind) {
		return nil, false
	}
	compact, err := encode(root(kind, names))
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

func root(kind string, names Names) *node {
	g := &generator{names: names}
	var n *node
	doc := "What never leaves the machine that homestak runs on."
	if kind == kindSecrets {
		n = secrets()
	} else {
		o := objectOf(kind)
		doc = o.Doc
		if o.Field(expressions) == nil {
			n = g.object(o)
		} else {
			n = g.eitherWay(o)
		}
	}
	n.Schema, n.ID, n.Defs = draft, "urn:homestak:schema:"+kind, g.defs
	n.Title, n.Description = "homestak "+kind, doc
	return n
}

func objectOf(kind string) *schema.Object {
	switch kind {
	case kindSite:
		return schema.Site
	case kindModule:
		return moduleFile()
	}
	return schema.Of(kind)
}

// generator makes one document. Objects that are items of a list become
// definitions, so that they can hold themselves, as nodes do.
type generator struct {
	names     Names
	templates bool // a value may be text with ${…} in it
	defs      named
}

// define is a reference to the definition of an object.
func (g *generator) define(o *schema.Object) *node {
	name := o.Name
	if g.templates {
		name += suffix
	}
	if g.defs.find(name) == nil {
		n := &node{}
		g.defs = append(g.defs, member{name, n}) // before it is made: it may mention itself
		*n = *g.object(o)
		n.Description = o.Doc
	}
	return &node{Ref: "#/$defs/" + name}
}

func (g *generator) object(o *schema.Object) *node {
	n := &node{Type: types{"object"}, AnyOf: somethingToMake(o)}
	if o.Open {
		n.Further = &node{Renamed: "homestak does not know this setting, and ignores it"}
	} else {
		n.Further = false
	}
	for i := range o.Fields {
		f := &o.Fields[i]
		n.Properties = append(n.Properties, member{f.Key, g.field(f, o)})
		if f.Required || f.InYAML {
			n.Required = append(n.Required, f.Key)
		}
	}
	return n
}

// field is the schema of one field of an object.
func (g *generator) field(f *schema.Field, in *schema.Object) *node {
	if f.Gone != "" {
		return &node{Enum: []any{}, Description: "Not accepted any more: " + plain(f.Gone) + ".",
			Refusal: "not accepted any more: " + plain(f.Gone), DoNotSuggest: true}
	}
	if f.Renamed != "" {
		n := g.field(in.Field(f.Renamed), in)
		n.Deprecated, n.Default = true, nil
		n.Renamed = f.Key + " is now called " + f.Renamed
		n.Description = "Now called " + f.Renamed + ". " + n.Description
		n.Markdown = "Now called `" + f.Renamed + "`. " + n.Markdown
		return n
	}
	if f.Use == schema.Later && f.New {
		return notYet(f)
	}
	if f.Top && f.Key != expressions && !g.templates {
		return &node{Type: types{"null"}, Description: plain(f.Doc) + " Needs expressions: true.",
			Refusal: f.Key + " needs `expressions: true` in this file", DoNotSuggest: true}
	}
	n := g.value(f, in)
	describe(n, f)
	if in.Blanks {
		n.orBlank()
	}
	if !f.Required && !f.InYAML {
		n.orNull()
	}
	if g.templates && f.Key != expressions && !f.InYAML {
		n = n.orTemplate()
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
	case schema.Table:
		return &node{Type: types{"object"}, Further: g.item(f.Elem, in)}
	case schema.Group:
		return g.object(f.Object)
	case schema.Ref:
		n := g.reference(f)
		if f.Object != nil {
			n = &node{AnyOf: []*node{n, g.define(f.Object)}}
		}
		return n
	}
	return text(f)
}

// item is the schema of what a list or a table consists of.
func (g *generator) item(f *schema.Field, in *schema.Object) *node {
	switch {
	case f.Type == schema.Group && f.Object == nil:
		return g.define(in)
	case f.Type == schema.Group:
		return g.define(f.Object)
	}
	n := g.value(f, in)
	complain(n, f)
	if g.templates {
		n = n.orTemplate()
	}
	return n
}

// reference is a name; where the site's names are known, one of those.
func (g *generator) reference(f *schema.Field) *node {
	n := text(f)
	if known := g.names[f.Of]; known != nil && f.Of != schema.KindNode {
		n.MinLength, n.Enum = nil, []any{}
		for _, name := range known {
			n.Enum = append(n.Enum, name)
		}
	}
	return n
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
