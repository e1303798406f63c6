package compiler

import (
	"slices"
	"testing"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// full is a tree in which every field of an object is present, deeply.
func full(o *schema.Object) *syntax.Node {
	n := &syntax.Node{Kind: syntax.Map}
	for i := range o.Fields {
		s := &o.Fields[i]
		if s.Renamed == "" && s.Gone == "" {
			n.Fields = append(n.Fields, syntax.Field{Key: s.Key, Value: example(s)})
		}
	}
	return n
}

func example(s *schema.Field) *syntax.Node {
	switch s.Type {
	case schema.Group:
		if s.Object == nil {
			return &syntax.Node{Kind: syntax.Map}
		}
		return full(s.Object)
	case schema.List:
		item := example(s.Elem)
		if s.Elem.Object != nil {
			item = full(s.Elem.Object)
		}
		return &syntax.Node{Kind: syntax.List, Items: []*syntax.Node{item}}
	case schema.Bool:
		return &syntax.Node{Kind: syntax.Bool, Text: "true"}
	case schema.Int, schema.Size:
		return &syntax.Node{Kind: syntax.Int, Text: "1"}
	}
	return &syntax.Node{Kind: syntax.String, Text: "x"}
}

// every lists the fields of an object and of all below it.
func every(o *schema.Object, path string, visit func(*schema.Field, string)) {
	for i := range o.Fields {
		s := &o.Fields[i]
		if s.Renamed != "" || s.Gone != "" || s.Top {
			continue // withoutScope takes what is of the whole file
		}
		visit(s, path+"."+s.Key)
		if s.Object != nil {
			every(s.Object, path+"."+s.Key, visit)
		}
		if s.Elem != nil && s.Elem.Object != nil && s.Key != "nodes" && s.Key != "modules" {
			every(s.Elem.Object, path+"."+s.Key, visit)
		}
	}
}

// A field that the schema declares and no decoder takes would be accepted and
// have no effect: the mistake this project exists to avoid.
func TestEveryDeclaredFieldIsTaken(t *testing.T) {
	decoders := []struct {
		object *schema.Object
		decode func(*compilation, *syntax.Node)
	}{
		{schema.Manifest, func(c *compilation, n *syntax.Node) { c.findings.manifest(n, "m") }},
		{schema.Node, func(c *compilation, n *syntax.Node) { c.findings.node(n) }},
		{schema.Module, func(c *compilation, n *syntax.Node) { c.module(n) }},
		{schema.Spec, func(c *compilation, n *syntax.Node) { c.findings.spec(n, "s") }},
		{schema.Preset, func(c *compilation, n *syntax.Node) { c.findings.preset(n, "p") }},
		{schema.Posture, func(c *compilation, n *syntax.Node) { c.findings.posture(n, "p") }},
		{schema.Image, func(c *compilation, n *syntax.Node) { c.findings.image(n, "i") }},
		{schema.Host, func(c *compilation, n *syntax.Node) { c.host(n, "h") }},
		{schema.Policy, func(c *compilation, n *syntax.Node) { c.policy(n, "p") }},
		{schema.Variable, func(c *compilation, _ *syntax.Node) {
			n, _ := lang.Parse(source.NewFile("a.hcl", []byte("variable \"v\" {\n  validation {}\n}\n")))
			c.variable(&n.Get("variable").Fields[0], &options{}, expr.NewBudget())
		}},
		{schema.Site, func(c *compilation, n *syntax.Node) { (&loader{findings: c.findings}).siteDecl(n) }},
	}
	for _, d := range decoders {
		c := &compilation{}
		c.taken = map[*schema.Field]bool{}
		d.decode(c, full(d.object))
		every(d.object, d.object.Name, func(s *schema.Field, path string) {
			if !c.taken[s] {
				t.Errorf("%s is in the schema and nobody takes it", path)
			}
		})
	}
}

// What is of a whole YAML file is the same for all that a file can define.
func TestFieldsOfAFile(t *testing.T) {
	for _, kind := range []string{schema.KindManifest, schema.KindSpec, schema.KindPreset, schema.KindPosture, schema.KindImage, schema.KindHost, schema.KindPolicy} {
		var top []string
		for _, s := range schema.Of(kind).Fields {
			if s.Top {
				top = append(top, s.Key)
			}
		}
		if !slices.Equal(top, scopeFields) {
			t.Errorf("%s has %v at the top of its file", kind, top)
		}
	}
}

func TestSchemaSaysWhatEveryFieldIsFor(t *testing.T) {
	for _, o := range []*schema.Object{schema.Manifest, schema.Node, schema.Module, schema.Spec, schema.Preset, schema.Posture, schema.Image, schema.Host, schema.Site, schema.Variable, schema.Policy} {
		every(o, o.Name, func(s *schema.Field, path string) {
			if s.Doc == "" || s.Doc[len(s.Doc)-1] != '.' {
				t.Errorf("%s has no sentence that explains it", path)
			}
			if s.Type == schema.Int && s.Max == 0 {
				t.Errorf("%s has no upper bound", path)
			}
			if s.Type == schema.Group && s.Object == nil {
				t.Errorf("%s has no fields", path)
			}
		})
		for i := range o.Fields {
			if s := &o.Fields[i]; s.Renamed != "" && o.Field(s.Renamed) == nil {
				t.Errorf("%s.%s is renamed to %s, which does not exist", o.Name, s.Key, s.Renamed)
			}
		}
	}
}
