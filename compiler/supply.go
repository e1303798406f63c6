package compiler

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

// options are the supply from the command line: values one by one, and files of
// them. They are for the variables of the manifest's own file.
type options struct {
	vars  map[string]string
	files []*syntax.Node // their trees, the last one counts
	own   bool
}

// supplied is the supply of a document from the options.
func (c *compilation) supplied(doc *document) *options {
	o := &options{own: c.own(doc)}
	if !o.own {
		return o
	}
	o.vars = c.options.Vars
	for _, f := range c.options.VarFiles {
		if c.hasSensitive(doc) { // none of it may be quoted
			f = source.NewFile(f.Name, f.Text)
			f.Secret = true
		}
		if n := c.varFile(f); n != nil {
			o.files = append(o.files, n)
		}
	}
	return o
}

// hasSensitive says whether a document declares that a variable must not be
// shown.
func (c *compilation) hasSensitive(doc *document) bool {
	blocks := c.rootOf(doc).Get(variablesKey(doc))
	return blocks != nil && slices.ContainsFunc(blocks.Fields, func(f syntax.Field) bool {
		n := f.Value.Get("sensitive")
		return n != nil && (n.Kind != syntax.Bool || n.Text == "true")
	})
}

// varFile reads a file of values: a mapping in YAML or JSON, or name = value
// lines in HCL.
func (c *compilation) varFile(f *source.File) *syntax.Node {
	parse := lang.Parse
	if path.Ext(f.Name) == ".json" { // which YAML has in it
		parse = yaml.Parse
	}
	n, list := parse(f)
	c.adopt(list)
	switch {
	case n == nil || n.Kind == syntax.Bad || n.Kind == syntax.Null:
		return nil
	case n.Kind != syntax.Map:
		c.wrongType(n, schema.Table, "a file of values")
		return nil
	}
	return n
}

// noVariables reports values for variables of a file that can have none.
func (c *compilation) noVariables(doc *document) {
	if len(c.options.Vars) == 0 && len(c.options.VarFiles) == 0 {
		return
	}
	d := c.errorAt(codeVarsWithoutHCL, source.Range{}, "%s is data alone, and has no variables", doc.file.Name)
	d.Help = "leave out --var and --var-file, or add `expressions: true` and `variables:` to the file"
}

func (o *options) value(c *compilation, d *variableDecl) (g given, ok bool) {
	if text, ok := o.vars[d.name]; ok {
		return given{value: c.written(d, text), how: fmt.Sprintf("the text of --var %s", d.name)}, true
	}
	for _, tree := range slices.Backward(o.files) {
		for i := range tree.Fields {
			f := &tree.Fields[i]
			if f.Key != d.name {
				continue
			}
			v, ok, list := expr.Value(f.Value, &expr.Scope{})
			c.adopt(list)
			if !ok {
				v = cty.DynamicVal
			}
			return given{value: v, at: f.Value.Range}, true
		}
	}
	return given{}, false
}

// written is the value that a text of the command line means: itself where text
// belongs, and an expression without names where the type has parts.
func (c *compilation) written(d *variableDecl, text string) cty.Value {
	if d.of.kind == ofPrimitive {
		v, err := convert.Convert(cty.StringVal(text), d.of.prim)
		if err != nil {
			c.badText(d, text)
			return cty.DynamicVal
		}
		return v
	}
	n, list := hcl.Expression(source.NewFile("--var "+d.name, []byte(text)))
	if n != nil {
		v, ok, more := expr.Value(n, &expr.Scope{})
		if ok {
			return v
		}
		list = more
	}
	if d.of.kind == ofAny {
		return cty.StringVal(text)
	}
	e := c.badText(d, text)
	if !d.sensitive && len(list) > 0 {
		e.Notes = []diag.Note{{Text: list[0].Message}}
	}
	return cty.DynamicVal
}

func (c *compilation) badText(d *variableDecl, text string) *diag.Diagnostic {
	what := fmt.Sprintf("%q", shortened(text))
	if d.sensitive {
		what = "what was given"
	}
	e := c.errorAt(codeVariableValue, source.Range{}, "%s is no value for variable %q", what, d.name)
	e.Label = "it takes " + d.of.String()
	e.Help = fmt.Sprintf("give it %s, as in `--var %s=%s`", d.of, d.name, d.of.example())
	return e
}

func (o *options) missing(c *compilation, variable *syntax.Field) {
	d := c.errorAt(codeVariableValue, variable.Range, "variable %q has no value", variable.Key)
	d.Label = "no default, and none was given"
	d.Help = fmt.Sprintf("run with `--var %s=…`, or give it a default", variable.Key)
}

func (o *options) strays(c *compilation, doc *document, declared []string) {
	for _, name := range slices.Sorted(maps.Keys(o.vars)) {
		if !slices.Contains(declared, name) {
			c.stray(doc, name, source.Range{}, declared).Label = "a value was given for it on the command line"
		}
	}
	for _, tree := range o.files {
		for i := range tree.Fields {
			if f := &tree.Fields[i]; !slices.Contains(declared, f.Key) {
				c.stray(doc, f.Key, f.Range, declared).Fixes = nil // the file is not the site's
			}
		}
	}
}

func (c *compilation) stray(doc *document, name string, at source.Range, declared []string) *diag.Diagnostic {
	d := c.errorAt(codeUnknownVariable, at, "%s has no variable %q", doc.file.Name, name)
	d.Help = "leave it out, or declare the variable"
	c.suggest(d, name, declared)
	return d
}
