package query

import (
	"sync"

	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/schema"
)

// shape is what the schema says may stand at a node of an outline. The zero
// shape is a place of which nothing is known.
type shape struct {
	object *schema.Object // what a mapping here is
	field  *schema.Field  // the field, or the item of a list or table, that the value is of
	owner  *schema.Object // the object that field is in
}

// rootOf is the shape of a document as a whole.
func rootOf(d *document) shape {
	switch {
	case d.hcl:
		return shape{object: hclRoot()}
	case d.kind == kindSite:
		return shape{object: schema.Site}
	}
	return shape{object: schema.Of(d.kind)}
}

// objectNamed is the object that a block of the top level is.
func objectNamed(kind string) *schema.Object {
	if kind == "variable" {
		return schema.Variable
	}
	return schema.Of(kind)
}

var docsOfBlocks = map[string]string{
	"locals": "Named values of the file, `local.NAME` each.",
}

// hclRoot is the top of an HCL file as an object: a table for each kind of
// block.
var hclRoot = sync.OnceValue(func() *schema.Object {
	o := &schema.Object{Name: "file"}
	for _, kind := range hcl.Defining() {
		of := objectNamed(kind)
		if of == nil {
			continue // a block that nothing reads yet
		}
		doc := docsOfBlocks[kind]
		if doc == "" {
			doc = of.Doc
		}
		f := schema.Field{Key: kind, Type: schema.Table, Doc: doc, Elem: &schema.Field{Type: schema.Group, Object: of}}
		for i := range of.Fields {
			if of.Fields[i].Required && of.Fields[i].Use != schema.Now {
				f.Use = of.Fields[i].Use // nothing acts on what it has to have
			}
		}
		o.Fields = append(o.Fields, f)
	}
	o.Fields = append(o.Fields, localsField())
	for _, key := range []string{"nodes", "modules"} { // of a file that is a module
		f := *schema.Manifest.Field(key)
		f.Required = false
		o.Fields = append(o.Fields, f)
	}
	return o
})

func localsField() schema.Field {
	return schema.Field{Key: "locals", Type: schema.Table, Doc: docsOfBlocks["locals"], Elem: &schema.Field{Type: schema.Any}}
}

// known is the field of an object by key, under its present name; nil when
// there is none that may be written.
func known(o *schema.Object, key string) *schema.Field {
	if o == nil {
		return nil
	}
	f := o.Field(key)
	if f != nil && f.Renamed != "" {
		f = o.Field(f.Renamed)
	}
	if f == nil || f.Gone != "" {
		return nil
	}
	return f
}

// child is the shape of the value of a field.
func (s shape) child(key string) shape {
	switch {
	case s.object != nil:
		if f := known(s.object, key); f != nil {
			return of(f, s.object)
		}
	case s.field != nil && s.field.Type == schema.Table:
		return of(s.field.Elem, s.owner)
	}
	return shape{}
}

// item is the shape of the items of a list.
func (s shape) item() shape {
	if s.field == nil || s.field.Type != schema.List || s.field.Elem == nil {
		return shape{}
	}
	return of(s.field.Elem, s.owner)
}

// of is the shape of a value of a field.
func of(f *schema.Field, in *schema.Object) shape {
	s := shape{field: f, owner: in}
	if f == nil {
		return s
	}
	switch f.Type {
	case schema.Group:
		if s.object = f.Object; s.object == nil {
			s.object = in
		}
	case schema.Ref:
		s.object = f.Object
	}
	return s
}
