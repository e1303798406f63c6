package convert

import (
	"io/fs"
	"path"
	"strings"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/format"
	"github.com/homestak/homestak/lang/input"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
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

	// Expressions keeps variables, locals and expressions of HCL as templates
	// of YAML, which has them in files that say `expressions: true`.
	Expressions bool

	// Evaluate makes data of what is none: expressions evaluated, nodes written
	// out, modules inlined. Site is then the site that the file is of, by its
	// name below the site's root, and Values has those of its variables.
	Evaluate bool
	Values   compiler.Options
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
	if o.Evaluate {
		if tree = c.evaluate(); tree == nil {
			return nil, c.done()
		}
	}
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
	if from == to && !c.upgraded && !o.Evaluate {
		c.report(codeNothing, source.Span(f, 0, 0), "%s is in this syntax already", f.Name).Help = "`homestak fmt` prints its canonical form"
		return nil, c.done()
	}
	var parts []Part
	for i := range defs {
		d := defs[i]
		defs[i] = definition{} // it may be large, and is printed once
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
	scope      []*entry // variables and locals
	expressive bool     // YAML has to say that it has expressions
	body       *value
	at         source.Range
}

func (c *conversion) definitions(tree *syntax.Node, from Syntax) []definition {
	if from == HCL {
		if c.options.Evaluate {
			return c.fromHCL(outlineOfData(c.file, tree, nil))
		}
		if !c.options.Expressions {
			c.lossOfScope(tree)
		}
		if c.list.HasErrors() {
			return nil
		}
		return c.fromHCL(outline(c.file, tree, nil))
	}
	if tree.Kind != syntax.Map {
		c.unknownKind()
		return nil
	}
	raw := tree
	if lang.HasExpressions(tree) || c.options.Evaluate {
		raw, _ = yaml.Parse(c.file)
	}
	if c.options.Evaluate {
		return c.fromYAML(outlineOfData(c.file, tree, raw))
	}
	return c.fromYAML(outline(c.file, tree, raw))
}

// fromHCL takes the definitions of a file apart, in order.
func (c *conversion) fromHCL(root *value) []definition {
	var defs []definition
	var scope []*entry
	for _, kind := range root.entries {
		switch kind.key {
		case "variable", "locals":
			if kind.key == "variable" {
				kind.key = "variables"
			}
			scope = append(scope, kind)
			continue
		}
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
			for _, key := range []string{"expressions", "variables", "locals"} {
				if own := e.value.find(key); own != nil {
					c.report(codeCannot, own.at, "%q is no field of a block: in YAML it would be about the file", key).Help = "remove it"
				}
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
	if c.options.Evaluate {
		return defs // all is data now
	}
	if len(scope) > 0 && len(defs) > 1 {
		c.report(codeKind, defs[1].at, "%s has several definitions that share variables or locals", c.file.Name).Help =
			"move each into a file with the variables and locals it uses, or convert with --evaluate"
		return nil
	}
	for i := range defs {
		defs[i].scope, defs[i].expressive = scope, len(scope) > 0 || defs[i].body.templated()
	}
	return defs
}

// print makes one part.
func (c *conversion) print(d definition, to Syntax) Part {
	name := directoryOf(d.kind) + d.name + "." + string(to)
	if path.Base(path.Dir(c.file.Name)) == "modules" {
		name = "modules/" + path.Base(name)
	}
	before := plain(d)
	var text []byte
	if to == HCL {
		text = c.printHCL(d)
	} else {
		text = c.printYAML(d)
	}
	d.body, d.scope = nil, nil
	part := Part{Name: name}
	if c.list.HasErrors() {
		return part
	}
	f := source.NewFile(path.Base(path.Dir(name))+"/"+path.Base(name), text)
	out, found := format.Unchecked(f)
	if !found.HasErrors() {
		var same bool
		if same, found = c.faithful(before, d, to, out); same {
			part.Text = out
			return part
		}
	}
	if found.HasErrors() && found[0].Code == codeCannot {
		c.list = append(c.list, found...)
		return part
	}
	if found.HasErrors() && limits[found[0].Code] {
		r := c.report(codeCannot, d.at, "%s cannot be written in %s", c.file.Name, strings.ToUpper(string(to)))
		r.Label, r.Help = found[0].Message, "shorten it, or keep it in this syntax"
		return part
	}
	c.report(codeUnfaithful, source.Span(c.file, 0, 0), "converting would change what %s says", c.file.Name).Help =
		"please report it with the file as a bug in homestak"
	return part
}

// limits are the findings about a text that is more than its syntax takes.
var limits = map[diag.Code]bool{"HS0001": true, "HS0002": true, "HS0003": true, "HS0106": true, "HS0110": true}

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
	p.scope(d.scope)
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
	}
	if d.expressive {
		body.entries = append(append([]*entry{field("expressions", &value{kind: syntax.Bool, text: "true"})}, d.scope...), body.entries...)
	}
	if d.kind == schema.KindManifest {
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
	p := &yamlPrinter{fresh: true, templates: d.expressive}
	if len(body.entries) == 0 {
		p.remark(body.tail, 0)
		p.row(false, 0, "{}")
	} else {
		p.block(body, 0)
	}
	c.list = append(c.list, p.list...)
	return p.out.Bytes()
}

// versions are what YAML files have to say, and HCL files need not.
var versions = map[string]string{schema.KindManifest: "2", schema.KindSpec: "1"}

// usualVersion reports whether the version of a definition goes without saying.
func usualVersion(d definition) bool {
	v := d.body.get("schema_version")
	return v != nil && v.kind == syntax.Int && v.text == versions[d.kind]
}
