package convert

import (
	"io/fs"
	"path"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/format"
	"github.com/homestak/homestak/lang/input"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Syntax is one of the two.
type Syntax string

// The syntaxes, by what the names of their files end in.
const (
	YAML Syntax = "yaml"
	HCL  Syntax = "hcl"
)

// Options say what to make of a file.
type Options struct {
	To   Syntax // "": the other one, and YAML for schema v1
	Site fs.FS  // where v1 files find envs/ and vms/; nil: nowhere
}

// Part is one file of the result.
type Part struct {
	Name string // below the site: "manifests/web.hcl"
	Text []byte // in canonical form
}

// File converts f, whose name says its syntax and, by its directory, what it
// defines. There are several parts only when YAML is made of HCL with several
// definitions. There is none when the list has errors.
func File(f *source.File, o Options) ([]Part, diag.List) {
	f = clean(f)
	tree, found := lang.Parse(f)
	if found.HasErrors() {
		return nil, found
	}
	c := &conversion{file: f, options: o}
	from := YAML
	if path.Ext(f.Name) == ".hcl" {
		from = HCL
	}
	defs := c.definitions(tree, from)
	if c.list.HasErrors() {
		return nil, c.done()
	}
	to := o.To
	if to == "" {
		to = HCL
		if c.upgraded || from == HCL {
			to = YAML
		}
	}
	if from == to && !c.upgraded {
		c.report(codeNothing, source.Span(f, 0, 0), "%s is in this syntax already", f.Name).Help = "`homestak fmt` prints its canonical form"
		return nil, c.done()
	}
	var parts []Part
	for _, d := range defs {
		parts = append(parts, c.print(d, to))
	}
	if c.list.HasErrors() {
		return nil, c.done()
	}
	return parts, c.done()
}

// clean drops what the shared tree and its texts do not agree on: a byte order
// mark, and carriage returns. Lines and columns stay.
func clean(f *source.File) *source.File {
	out := source.NewFile(f.Name, f.Unix()[input.Mark(f.Unix()):])
	out.Secret = f.Secret
	return out
}

// conversion is the state of one call of File.
type conversion struct {
	problems
	file     *source.File
	options  Options
	upgraded bool // from schema v1
}

// definition is one thing a file defines.
type definition struct {
	kind, name string
	lead       []comment
	beside     []comment
	body       *value
	at         source.Range
}

func (c *conversion) definitions(tree *syntax.Node, from Syntax) []definition {
	if from == HCL {
		c.onlyHCL(tree, tree)
		if c.list.HasErrors() {
			return nil
		}
		return c.fromHCL(outline(c.file, tree, true))
	}
	if tree.Kind != syntax.Map {
		c.unknownKind()
		return nil
	}
	return c.fromYAML(outline(c.file, tree, false))
}

// onlyHCL reports every place that YAML has no words for.
func (c *conversion) onlyHCL(n, root *syntax.Node) {
	if n.Kind == syntax.Expr {
		c.report(codeOnlyHCL, n.Range, "YAML has no expressions").Label = "would be lost"
		return
	}
	for _, f := range n.Fields {
		switch {
		case n == root && (f.Key == "variable" || f.Key == "locals" || f.Key == "module"):
			c.report(codeOnlyHCL, f.Range, "YAML has no %ss", strings.TrimSuffix(f.Key, "s")).Label = "would be lost"
		case f.Key == "for_each":
			c.report(codeOnlyHCL, f.Range, "YAML has no for_each").Label = "would be lost"
		default:
			c.onlyHCL(f.Value, root)
		}
	}
	for _, item := range n.Items {
		c.onlyHCL(item, root)
	}
}

// fromHCL takes the definitions of a file apart, in order.
func (c *conversion) fromHCL(root *value) []definition {
	var defs []definition
	for _, kind := range root.entries {
		if schema.Of(kind.key) == nil || kind.key == schema.KindNode || kind.value.kind != syntax.Map {
			c.report(codeKind, kind.at, "%q defines nothing that YAML has a file for", kind.key).Help =
				"a file defines manifests, specs, presets, postures, images or hosts"
			continue
		}
		for _, e := range kind.value.entries {
			if e.value.kind != syntax.Map {
				c.report(codeKind, e.at, "%s %q is no mapping", kind.key, e.key).Help = "write it as a block"
				continue
			}
			lead := e.lead
			if len(defs) == 0 {
				lead = append(kind.lead[:len(kind.lead):len(kind.lead)], e.lead...)
			}
			defs = append(defs, definition{kind: kind.key, name: e.key, lead: lead, beside: e.beside, body: e.value, at: e.at})
		}
	}
	if len(defs) == 0 && !c.list.HasErrors() {
		c.report(codeKind, source.Span(c.file, 0, 0), "%s defines nothing", c.file.Name).Help = "name a file with a definition in it"
		return nil
	}
	if n := len(defs); n > 0 {
		defs[n-1].body.tail = append(defs[n-1].body.tail, root.tail...)
	}
	return defs
}

// print makes one part.
func (c *conversion) print(d definition, to Syntax) Part {
	name := d.kind + "s/" + d.name + "." + string(to)
	before := plain(d)
	var text []byte
	if to == HCL {
		text = c.printHCL(d)
	} else {
		text = c.printYAML(d)
	}
	part := Part{Name: name}
	if c.list.HasErrors() {
		return part
	}
	f := source.NewFile(path.Base(path.Dir(name))+"/"+path.Base(name), text)
	out, found := format.Source(f)
	if found.HasErrors() || !c.faithful(before, d, to, out) {
		c.report(codeUnfaithful, source.Span(c.file, 0, 0), "converting would change what %s says", c.file.Name).Help =
			"please report it with the file as a bug in homestak"
		return part
	}
	part.Text = out
	return part
}

func (c *conversion) printHCL(d definition) []byte {
	p := &hclPrinter{fresh: true}
	body := d.body
	if d.kind == schema.KindManifest {
		nest(body)
	}
	e := &entry{key: d.kind, lead: d.lead, beside: d.beside, value: body}
	e.blank = len(body.entries) > 0 && body.entries[0].blank
	for _, key := range []string{"schema_version", "name"} {
		if key == "schema_version" && !usualVersion(d) {
			continue
		}
		if first := body.find(key); first != nil && first == body.entries[0] {
			e.lead = append(e.lead, first.lead...)
			e.beside = append(e.beside, first.beside...)
			first.lead, first.beside = nil, nil
		}
		body.take(key)
	}
	if !labelText(d.name) || strings.TrimSpace(d.name) == "" {
		c.report(codeCannot, d.at, "%q cannot be the name of a block", d.name).Help = "rename the file"
		return nil
	}
	p.inner(e, d.kind+" "+quoteHCL(d.name), schema.Of(d.kind))
	c.list = append(c.list, p.list...)
	return p.out.Bytes()
}

func (c *conversion) printYAML(d definition) []byte {
	body := d.body
	for _, key := range []string{"schema_version", "name"} {
		if key == "schema_version" && !usualVersion(d) {
			continue
		}
		if first := body.find(key); first != nil && first == body.entries[0] {
			d.lead = append(d.lead[:len(d.lead):len(d.lead)], first.lead...)
			first.lead = nil
		}
		body.take(key)
	}
	if d.kind == schema.KindManifest {
		flatten(body)
		body.entries = append([]*entry{field("name", text(d.name))}, body.entries...)
	}
	if v := versions[d.kind]; v != "" && body.find("schema_version") == nil {
		body.entries = append([]*entry{field("schema_version", number(v))}, body.entries...)
	}
	if len(body.entries) > 0 {
		first := body.entries[0]
		first.lead = append(d.lead[:len(d.lead):len(d.lead)], first.lead...)
		first.beside = append(d.beside[:len(d.beside):len(d.beside)], first.beside...)
	} else {
		body.tail = append(append(d.lead[:len(d.lead):len(d.lead)], d.beside...), body.tail...)
	}
	p := &yamlPrinter{fresh: true}
	if len(body.entries) == 0 {
		p.remark(body.tail, 0)
		p.row(false, 0, "{}")
	} else {
		p.block(body, 0)
	}
	return p.out.Bytes()
}

// versions are what YAML files have to say, and HCL files need not.
var versions = map[string]string{schema.KindManifest: "2", schema.KindSpec: "1"}

// usualVersion reports whether the version of a definition goes without saying.
func usualVersion(d definition) bool {
	v := d.body.get("schema_version")
	return v != nil && v.kind == syntax.Int && v.text == versions[d.kind]
}
