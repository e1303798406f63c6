package manual

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/schema"
)

// block is a mapping with known fields and how each syntax writes it; "" where
// a syntax has no such thing.
type block struct {
	path      string
	doc       string
	object    *schema.Object
	yaml, hcl string
	item      bool // of the list that the path names
}

// roots are the blocks that stand in a file of their own, and the two that
// everything is about.
func roots() []block {
	file := func(kind, dir string) block {
		return block{kind, "", schema.Of(kind), fmt.Sprintf("the file %s/NAME.yaml", dir), fmt.Sprintf("%s \"NAME\" { … }", kind), false}
	}
	return []block{
		file(schema.KindManifest, "manifests"),
		{schema.KindNode, "", schema.Node, "an item of `nodes`, in a manifest or in the node that is its parent",
			"node \"NAME\" { … }, in a manifest or in the node that is its parent", false},
		{"module", "", schema.Module, "an item of `modules`, in a manifest or in the node that is the parent of its nodes",
			"module \"NAME\" { … }, in a manifest or in the node that is the parent of its nodes", false},
		file(schema.KindSpec, "specs"),
		file(schema.KindPreset, "presets"),
		file(schema.KindPosture, "postures"),
		file(schema.KindImage, "images"),
		file(schema.KindHost, "hosts"),
		{"site", "", schema.Site, "the file site.yaml", "", false},
		file(schema.KindPolicy, "policies"),
		{"variable", "", schema.Variable, "an entry of `variables`, at the top of a file that says `expressions: true`",
			"variable \"NAME\" { … }, at the top of a file", false},
	}
}

// blocks lists every block, each below the one it is in. An object that two
// blocks have is described where it comes first.
func blocks() []block {
	w := &walk{path: map[*schema.Object]string{}}
	for _, b := range roots() {
		w.path[b.object] = b.path
	}
	for _, b := range roots() {
		w.add(b)
	}
	return w.all
}

type walk struct {
	all  []block
	path map[*schema.Object]string
}

func (w *walk) add(b block) {
	if b.doc == "" {
		b.doc = b.object.Doc
	}
	w.all = append(w.all, b)
	for i := range b.object.Fields {
		f := &b.object.Fields[i]
		o := objectOf(f, b.object)
		if o == nil || w.path[o] != "" {
			continue
		}
		path := b.path + "." + f.Key
		w.path[o] = path
		doc := f.Doc
		if f.Use == schema.Later {
			doc = strings.Join(append([]string{doc}, remarks(&b, f)...), " ")
		}
		below := block{path, doc, o, fmt.Sprintf("%s: { … }", f.Key), fmt.Sprintf("%s { … }", f.Key), f.Type == schema.List}
		if b.yaml == "" {
			below.yaml = ""
		}
		switch {
		case f.Type != schema.List:
		case repeated(f.Key) != "":
			below.yaml = fmt.Sprintf("an item of `%s`", f.Key)
			below.hcl = repeated(f.Key) + " { … }"
		default:
			below.yaml = fmt.Sprintf("an item of `%s`", f.Key)
			below.hcl = fmt.Sprintf("an item of `%s`, in braces", f.Key)
		}
		if b.hcl == "" {
			below.hcl = ""
		}
		w.add(below)
	}
}

// objectOf is the object that a field, or an item of it, may be; nil if none.
func objectOf(f *schema.Field, in *schema.Object) *schema.Object {
	switch {
	case f.Renamed != "" || f.Gone != "":
		return nil
	case f.Type == schema.List, f.Type == schema.Table && f.Elem != nil:
		return objectOf(f.Elem, in)
	case f.Type == schema.Group && f.Object == nil:
		return in
	}
	return f.Object
}

// repeated is how the HCL block begins that makes an item of a list, "" if none
// does.
func repeated(list string) string {
	switch list {
	case "nodes", "users", "checks", "modules", "disks":
		return strings.TrimSuffix(list, "s") + " \"NAME\""
	case "interfaces":
		return "interface"
	case "validation":
		return list
	}
	return ""
}

// fields are those of a block that one may write.
func (b *block) fields() []*schema.Field {
	var out []*schema.Field
	for i := range b.object.Fields {
		if f := &b.object.Fields[i]; f.Renamed == "" && f.Gone == "" {
			out = append(out, f)
		}
	}
	return out
}

// aliases are upstream's names of a field.
func (b *block) aliases(key string) []string {
	var out []string
	for i := range b.object.Fields {
		if f := &b.object.Fields[i]; f.Renamed == key {
			out = append(out, f.Key)
		}
	}
	return out
}
