package compiler

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeUnknownInput diag.Code = "HS0256"
	codeMissingInput diag.Code = "HS0257"
)

// inputs are what an instance of a module is given: the supply of its
// variables.
type inputs struct {
	name  string       // of the module
	use   source.Range // of it
	given []input
	lost  bool            // they could not be read in full: none is missing
	lacks []*syntax.Field // variables that need a value and were given none
}

// input is one value, evaluated where the module is used.
type input struct {
	key string
	at  source.Range // of the key
	given
}

// inputs evaluates what a use of a module gives to instance p.
func (c *compilation) inputs(item *syntax.Node, decl *moduleDecl, p *place, s *expr.Scope) *inputs {
	in := &inputs{name: decl.name.V, use: p.at}
	with := item.Get("with")
	if with != nil && with.Kind == syntax.Expr {
		with = c.present(with, s)
	}
	if with == nil || with.Kind == syntax.Null {
		return in
	}
	if with.Kind != syntax.Map {
		in.lost = true
		if with.Kind != syntax.Bad {
			c.wrongType(with, schema.Table, `"with"`)
		}
		return in
	}
	if s == nil {
		s = &expr.Scope{}
	}
	for i := range with.Fields {
		f := &with.Fields[i]
		v, ok, list := expr.Value(f.Value, s)
		c.adopt(list)
		if !ok {
			v = cty.DynamicVal
		} else if v.IsNull() {
			continue // as absent
		}
		in.given = append(in.given, input{f.Key, f.Range, given{value: v, at: f.Value.Range}})
	}
	return in
}

func (in *inputs) value(_ *compilation, d *variableDecl) (g given, ok bool) {
	for i := range in.given {
		if in.given[i].key == d.name {
			return in.given[i].given, true
		}
	}
	return given{}, false
}

func (in *inputs) missing(_ *compilation, variable *syntax.Field) {
	if !in.lost {
		in.lacks = append(in.lacks, variable)
	}
}

// incomplete reports all variables that got no value at once.
func (in *inputs) incomplete(c *compilation) {
	if len(in.lacks) == 0 {
		return
	}
	var names []string
	var notes []diag.Note
	for _, v := range in.lacks {
		names = append(names, v.Key)
		note := diag.Note{Text: fmt.Sprintf("%q is declared here", v.Key), Range: v.Range}
		if text := v.Value.Get("description"); text != nil && text.Kind == syntax.String && text.Text != "" {
			note.Text += ": " + shortened(text.Text)
		}
		if len(notes) < 8 {
			notes = append(notes, note)
		}
	}
	d := c.errorAt(codeMissingInput, in.use, "module %q is not given %s", in.name, enumerate(names))
	d.Label = "there is no default"
	d.Help = fmt.Sprintf("add a value, as in `%s = …` in the block, or below `with` in YAML", names[0])
	d.Notes = notes
}

func (in *inputs) strays(c *compilation, doc *document, declared []string) {
	known := make(map[string]bool, len(declared))
	for _, name := range declared {
		known[name] = true
	}
	defer c.outside()()
	in.incomplete(c)
	for _, g := range in.given {
		if known[g.key] {
			continue
		}
		d := c.errorAt(codeUnknownInput, g.at, "module %q has no input %q", in.name, g.key)
		d.Label = fmt.Sprintf("%s declares no variable of this name", doc.file.Name)
		d.Help = "remove it: the module takes no inputs"
		c.suggest(d, g.key, declared)
	}
}

// outside leaves the module whose inputs are read, until what it returns is
// called: what is wrong with them is wrong where it is used.
func (c *compilation) outside() (back func()) {
	before := c.where
	if before != nil {
		c.where = before.outer.home
	}
	return func() { c.where = before }
}
