package compiler

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/source"
)

// Eval is the value of an expression in the scope of a manifest: it sees the
// variables and locals of the manifest's file, with values from the options.
// Without the name of a manifest it sees functions and references alone, and s
// may be nil. f is the text of the expression; findings about it are in f, and
// those about the manifest's file in that. The value is usable when the list
// has no error.
func Eval(s *Site, o Options, f *source.File) (Value, diag.List) {
	c := &compilation{site: s, options: o, reported: map[*document]bool{}}
	scope := &expr.Scope{Vars: map[string]cty.Value{"var": cty.EmptyObjectVal, "local": cty.EmptyObjectVal}}
	if o.Manifest != "" {
		if !c.open() {
			return Value{}, c.done()
		}
		if doc := c.manifest.doc; c.expressive(doc) {
			scope = c.scopeOf(doc).names
		} else {
			c.noVariables(doc)
		}
	}
	n, list := hcl.Expression(f)
	c.list = append(c.list, list...)
	if n == nil {
		return Value{}, c.done()
	}
	v, ok, list := expr.Value(n, scope)
	c.list = append(c.list, list...)
	if !ok && !c.list.HasErrors() {
		v = cty.DynamicVal // what it needs was reported elsewhere, and is not known
	}
	return Value{v}, c.done()
}

// Value is the result of an expression.
type Value struct{ v cty.Value }

// hidden stands for a sensitive value.
const hidden = "(sensitive)"
