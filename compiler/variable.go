package compiler

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeUnknownVariable diag.Code = "HS0222"
	codeVariableValue   diag.Code = "HS0223"
	codeVariableType    diag.Code = "HS0224"
	codeRefusedValue    diag.Code = "HS0282"
	codeBadCondition    diag.Code = "HS0285"
)

// variableDecl is a variable as it was written.
type variableDecl struct {
	name      string
	at        source.Range // of the name
	of        *constraint
	sensitive bool
	nullable  bool
	fallback  cty.Value    // NilVal when there is none
	from      source.Range // of the default
	rules     []ruleDecl
	usable    bool // nothing was wrong that a value could be judged by
}

// ruleDecl is one validation of a variable.
type ruleDecl struct {
	condition, message *syntax.Node
}

// given is a value for a variable from outside its file.
type given struct {
	value cty.Value
	at    source.Range // in a file, else the zero Range
	how   string       // what gave it, for messages: "--var n", "the module"
}

// variable is the value of one variable. One without a usable value was
// reported, and is unknown: what uses it is silent.
func (c *compilation) variable(f *syntax.Field, from supply, budget *expr.Budget) cty.Value {
	d := c.variableDecls[f]
	if d == nil { // instances of a module share it
		if c.variableDecls == nil {
			c.variableDecls = map[*syntax.Field]*variableDecl{}
		}
		d = c.variableDecl(f, budget)
		c.variableDecls[f] = d
	}
	if !d.usable {
		return cty.DynamicVal
	}
	v, at := d.fallback, d.from
	g, ok := from.value(c, d)
	switch {
	case ok && !g.value.IsKnown():
		return cty.DynamicVal // which was reported
	case ok:
		if v, at = c.fitted(d, g), g.at; at.IsZero() {
			at = d.at
		}
	case v == cty.NilVal:
		from.missing(c, f)
		return cty.DynamicVal
	}
	if v.IsNull() && !d.nullable {
		if d.fallback == cty.NilVal || d.fallback.IsNull() {
			e := c.errorAt(codeVariableValue, d.place(at), "variable %q must not be null", d.name)
			e.Help = "give it a value, or write `nullable: true`"
			return cty.DynamicVal
		}
		v = d.fallback
	}
	if d.sensitive {
		v = expr.Sensitive(v)
	}
	if !v.IsWhollyKnown() || !c.fulfils(d, v, at, budget) {
		return cty.DynamicVal
	}
	return v
}

// variableDecl reads a variable.
func (c *compilation) variableDecl(f *syntax.Field, budget *expr.Budget) *variableDecl {
	d := &variableDecl{name: f.Key, at: f.Range, of: &constraint{}, usable: true}
	r := c.read(f.Value, schema.Variable, fmt.Sprintf("variable %q", f.Key))
	r.text("description")
	d.sensitive = r.flag("sensitive").V
	nullable := r.flag("nullable")
	d.nullable = !nullable.Set || nullable.V || nullable.Bad
	typed := r.take("type")
	if typed != nil {
		of, ok := c.typeOf(typed.node, f.Key, budget)
		if d.usable = ok; ok {
			d.of = of
		}
	}
	r.take("default")
	if n := f.Value.Get("default"); n != nil { // null too: a default as good as any
		d.usable = c.fallback(d, n, budget) && d.usable
		if typed == nil && d.fallback != cty.NilVal {
			d.of = inferred(d.fallback)
		}
	}
	if typed == nil && d.fallback == cty.NilVal {
		d.of = &constraint{kind: ofPrimitive, prim: cty.String}
	}
	d.rules = c.rules(r)
	d.usable = d.usable && !r.bad
	return d
}

// fallback reads the default of a variable, which is a value and no expression.
func (c *compilation) fallback(d *variableDecl, n *syntax.Node, budget *expr.Budget) bool {
	v, ok, list := expr.Value(n, &expr.Scope{Budget: budget})
	c.adopt(list)
	if !ok {
		return false
	}
	fits, wrong := d.of.fit(v)
	if wrong != nil {
		e := c.errorAt(codeVariableType, d.place(partOf(n, wrong.path)), "the default of variable %q is not of its type", d.name)
		e.Label = wrong.text(d.name)
		e.Help = "change the default, or the type"
		return false
	}
	d.fallback, d.from = fits, n.Range
	return true
}

// place is where something about a value is reported: not at the value when it
// must not be shown.
func (d *variableDecl) place(at source.Range) source.Range {
	if d.sensitive {
		return d.at
	}
	return at
}

// partOf is the place of a part of a value, as near as the source has it.
func partOf(n *syntax.Node, path []string) source.Range {
	for _, step := range path {
		var next *syntax.Node
		for i := range n.Fields {
			if "."+n.Fields[i].Key == step {
				next = n.Fields[i].Value
			}
		}
		for i := range n.Items {
			if fmt.Sprintf("[%d]", i) == step {
				next = n.Items[i]
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return n.Range
}

// fitted is a given value as one of the variable's type.
func (c *compilation) fitted(d *variableDecl, g given) cty.Value {
	v, wrong := d.of.fit(g.value)
	if wrong == nil {
		return v
	}
	if !g.at.IsZero() {
		defer c.outside()()
	}
	e := c.errorAt(codeVariableValue, g.at, "this is no value for variable %q", d.name)
	e.Label = wrong.text(d.name)
	e.Help = fmt.Sprintf("give it %s", d.of)
	if g.at.IsZero() {
		e.Message = fmt.Sprintf("%s is no value for variable %q", g.how, d.name)
		e.Help += fmt.Sprintf(", as in `--var %s=%s`", d.name, d.of.example())
	} else {
		e.Notes = []diag.Note{{Text: "the variable is declared here", Range: d.at}}
	}
	return cty.DynamicVal
}

// example is a value of a type, for the command line.
func (k *constraint) example() string {
	switch k.kind {
	case ofPrimitive:
		return map[cty.Type]string{cty.Number: "3", cty.Bool: "true"}[k.prim] + map[bool]string{true: "TEXT"}[k.prim == cty.String]
	case ofList, ofSet:
		return "'[" + k.elem.inner() + "]'"
	case ofMap:
		return "'{key = " + k.elem.inner() + "}'"
	case ofObject:
		if len(k.attrs) > 0 {
			return "'{" + k.attrs[0].name + " = " + k.attrs[0].of.inner() + ", …}'"
		}
		return "'{}'"
	case ofTuple:
		return "'[…]'"
	}
	return "VALUE"
}

func (k *constraint) inner() string {
	switch {
	case k.kind == ofPrimitive && k.prim == cty.String:
		return `"TEXT"`
	case k.kind == ofPrimitive:
		return k.example()
	}
	return "…"
}

// typeOf reads the type of a variable. In YAML it is a text, in HCL words
// without quotes; the parser has made a text of those, too.
func (c *compilation) typeOf(n *syntax.Node, name string, budget *expr.Budget) (*constraint, bool) {
	if n.Kind == syntax.Bad {
		return nil, false
	}
	if n.Kind != syntax.String || n.Ref != "" {
		c.noType(n.Range, "this is not a type", "write string, number, bool, any, list(T), set(T), map(T), object({…}) or tuple([…])")
		return nil, false
	}
	x := hcl.Text{Content: []byte(n.Text), Whole: n.Range}
	for quote := range 2 { // where the text stands in the file as it is
		at := int(n.Range.Start) + quote
		if end := at + len(n.Text); end <= int(n.Range.End) && string(n.Range.File.Text[at:end]) == n.Text {
			x.Place = func(offset int) int { return at + offset }
			break
		}
	}
	parsed, list := x.Expression()
	c.adopt(list)
	if parsed == nil {
		return nil, false
	}
	at := func(e hclsyntax.Expression) source.Range { return syntax.Span(n.Range.File, e.Range()) }
	r := typeReader{
		literal: func(e hclsyntax.Expression) (cty.Value, bool) {
			if key, ok := e.(*hclsyntax.ObjectConsKeyExpr); ok {
				if word, ok := key.Wrapped.(*hclsyntax.ScopeTraversalExpr); ok && len(word.Traversal) == 1 {
					return cty.StringVal(word.Traversal.RootName()), true
				}
				e = key.Wrapped
			}
			v, ok, list := expr.Value(&syntax.Node{Kind: syntax.Expr, Range: at(e), Expr: e}, &expr.Scope{Budget: budget})
			c.adopt(list)
			return v, ok
		},
		wrong: func(e hclsyntax.Expression, message, help string) { c.noType(at(e), message, help) },
	}
	return r.read(parsed.Expr)
}

func (c *compilation) noType(at source.Range, message, help string) {
	d := c.errorAt(codeVariableType, at, "%s", message)
	d.Help = help
	if meant, ok := strings.CutPrefix(help, "did you mean "); ok {
		d.Fixes = replace(at, strings.TrimSuffix(meant, "?"))
	}
}

// rules reads the validations of a variable.
func (c *compilation) rules(r *reader) []ruleDecl {
	items, _ := r.items("validation")
	var rules []ruleDecl
	for _, n := range items {
		v := c.read(n, schema.Validation, "validation")
		condition, message := v.take("condition"), v.take("error_message")
		if condition != nil && message != nil {
			rules = append(rules, ruleDecl{condition.node, message.node})
		}
	}
	return rules
}

// fulfils holds a value against the validations of its variable; at is where
// the value is from.
func (c *compilation) fulfils(d *variableDecl, v cty.Value, at source.Range, budget *expr.Budget) bool {
	scope := &expr.Scope{Budget: budget, Sensitive: v.ContainsMarked(), Vars: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{d.name: v}),
	}}
	all := true
	for _, rule := range d.rules {
		good, ok := c.holds(rule.condition, scope)
		if !ok || good {
			all = all && ok
			continue
		}
		all = false
		e := c.errorAt(codeRefusedValue, d.place(at), "the value of variable %q is refused", d.name)
		e.Label = c.refusal(rule.message, scope)
		e.Notes = []diag.Note{{Text: "the condition that does not hold", Range: rule.condition.Range}}
		switch at {
		case d.from:
			e.Help = fmt.Sprintf("change the default, or give it another value, as in `--var %s=%s`", d.name, d.of.example())
		case d.at:
			e.Help = fmt.Sprintf("give it another value, as in `--var %s=%s`", d.name, d.of.example())
		default:
			e.Help = "write another value here"
		}
	}
	return all
}

// holds evaluates a condition.
func (c *compilation) holds(n *syntax.Node, scope *expr.Scope) (good, ok bool) {
	v, ok, list := expr.Value(n, scope)
	c.adopt(list)
	if !ok {
		return false, false
	}
	if v, _ = v.Unmark(); v.IsKnown() && !v.IsNull() && v.Type() == cty.Bool {
		return v.True(), true
	}
	d := c.errorAt(codeBadCondition, n.Range, "a condition is true or false, and this is neither")
	d.Help = "write a comparison of var.NAME, or a function such as contains(…)"
	if n.Kind == syntax.String {
		d.Label = "this is plain text"
		d.Help = "write it as an expression: ${…}"
	}
	return false, false
}

// refusal is what the author of a variable says about a bad value.
func (c *compilation) refusal(n *syntax.Node, scope *expr.Scope) string {
	v, ok, list := expr.Value(n, scope)
	c.adopt(list)
	switch {
	case !ok:
		return ""
	case v.ContainsMarked():
		return "the message has the value in it, which is sensitive"
	case v.IsNull() || v.Type() != cty.String:
		d := c.errorAt(codeBadCondition, n.Range, "an error message is text")
		d.Help = "write what a good value is"
		return ""
	}
	return v.AsString()
}
