package compiler

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeUnknownVariable diag.Code = "HS0222"
	codeVariableValue   diag.Code = "HS0223"
	codeVariableType    diag.Code = "HS0224"
)

// scopeOf makes the scope of a document, once.
func (c *compilation) scopeOf(doc *document) *scope {
	if s := c.scopes[doc]; s != nil {
		return s
	}
	if c.scopes == nil {
		c.scopes = map[*document]*scope{}
	}
	s := &scope{}
	c.scopes[doc] = s
	s.names = c.newScope(doc, &options{vars: c.options.Vars, own: c.own(doc)}, expr.NewBudget())
	return s
}

// newScope evaluates the variables and locals of a document.
func (c *compilation) newScope(doc *document, from supply, budget *expr.Budget) *expr.Scope {
	s := &expr.Scope{Vars: map[string]cty.Value{}, Budget: budget}
	s.Vars["var"] = c.variables(doc, from, budget)
	locals, list := expr.Locals(c.rootOf(doc).Get("locals"), s)
	c.list = append(c.list, list...)
	s.Vars["local"] = locals
	return s
}

// supply is where the variables of a file get their values from.
type supply interface {
	// value is what was given for a variable, as a value of its type; given is
	// false when nothing was. One that cannot be used was reported, and is
	// unknown.
	value(c *compilation, variable *syntax.Field, typ cty.Type) (v cty.Value, given bool)
	// missing reports a variable that has no value and no default.
	missing(c *compilation, variable *syntax.Field)
	// strays reports values for variables that there are not.
	strays(c *compilation, doc *document, declared []string)
}

// options are the supply from the command line, which is for the variables of
// the manifest's own file.
type options struct {
	vars map[string]string
	own  bool
}

func (o *options) value(c *compilation, variable *syntax.Field, typ cty.Type) (v cty.Value, given bool) {
	text, given := o.vars[variable.Key]
	if !given || !o.own {
		return cty.NilVal, false
	}
	return c.given(text, typ, variable.Key), true
}

func (o *options) missing(c *compilation, variable *syntax.Field) {
	d := c.errorAt(codeVariableValue, variable.Range, "variable %q has no value", variable.Key)
	d.Label = "no default, and none was given"
	d.Help = fmt.Sprintf("run with `--var %s=…`, or give it a default", variable.Key)
}

func (o *options) strays(c *compilation, doc *document, declared []string) {
	if !o.own {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(o.vars)) {
		if !slices.Contains(declared, name) {
			d := c.errorAt(codeUnknownVariable, source.Range{}, "%s has no variable %q", doc.file.Name, name)
			d.Label = "a value was given for it on the command line"
			d.Help = "leave it out, or declare the variable"
			c.suggest(d, name, declared)
		}
	}
}

// eval evaluates a tree of a document, if it has expressions.
func (c *compilation) eval(n *syntax.Node, doc *document) *syntax.Node {
	if n == nil || !c.expressive(doc) {
		return n
	}
	return c.evalIn(n, c.scopeOf(doc).names)
}

func (c *compilation) evalIn(n *syntax.Node, s *expr.Scope) *syntax.Node {
	out, list := expr.Eval(n, s)
	c.list = append(c.list, list...)
	return out
}

// variables gives every variable of a file its value: what was given, else the
// default.
func (c *compilation) variables(doc *document, from supply, budget *expr.Budget) cty.Value {
	values := map[string]cty.Value{}
	var names []string
	if blocks := c.rootOf(doc).Get(variablesKey(doc)); blocks != nil && blocks.Kind == syntax.Map {
		for i := range blocks.Fields {
			f := &blocks.Fields[i]
			names = append(names, f.Key)
			values[f.Key] = c.variable(f, from, budget)
		}
	}
	from.strays(c, doc, names)
	return cty.ObjectVal(values)
}

// own says whether a document is that of the manifest: values from the command
// line are for its variables.
func (c *compilation) own(doc *document) bool { return c.manifest != nil && c.manifest.doc == doc }

// variable is the value of one variable. One without a usable value was
// reported, and is unknown: what uses it is silent.
func (c *compilation) variable(f *syntax.Field, from supply, budget *expr.Budget) cty.Value {
	r := c.read(f.Value, schema.Variable, fmt.Sprintf("variable %q", f.Key))
	r.text("description")
	typ, typed := cty.DynamicPseudoType, true
	if e := r.take("type"); e != nil {
		typ, typed = c.variableType(e.node)
	}
	fallback, hasFallback := cty.DynamicVal, false
	if e := r.take("default"); e != nil {
		v, ok, list := expr.Value(e.node, &expr.Scope{Budget: budget})
		c.list = append(c.list, list...)
		if !ok {
			return cty.DynamicVal
		}
		fallback, hasFallback = c.converted(v, typ, f.Key, e.node.Range), true
		if typ == cty.DynamicPseudoType && fallback.IsKnown() {
			typ = fallback.Type()
		}
	}
	if !typed || r.bad {
		return cty.DynamicVal
	}
	if v, given := from.value(c, f, typ); given {
		return v
	}
	if !hasFallback {
		from.missing(c, f)
	}
	return fallback
}

// given is a value from the command line.
func (c *compilation) given(text string, typ cty.Type, name string) cty.Value {
	if typ == cty.DynamicPseudoType {
		typ = cty.String
	}
	if !typ.IsPrimitiveType() {
		d := c.errorAt(codeVariableValue, source.Range{}, "variable %q cannot be given on the command line", name)
		d.Label = "it is " + describeType(typ)
		d.Help = "change its default; only text, numbers, true and false can be given"
		return cty.DynamicVal
	}
	v, err := convert.Convert(cty.StringVal(text), typ)
	if err != nil {
		d := c.errorAt(codeVariableValue, source.Range{}, "%q is no value for variable %q", text, name)
		d.Label = "it takes " + describeType(typ)
		d.Help = fmt.Sprintf("give it %s, as in `--var %s=%s`", describeType(typ), name, exampleOf(typ))
		return cty.DynamicVal
	}
	return v
}

func (c *compilation) converted(v cty.Value, typ cty.Type, name string, at source.Range) cty.Value {
	out, err := convert.Convert(v, typ)
	if err != nil {
		d := c.errorAt(codeVariableType, at, "the default of variable %q is not of its type", name)
		d.Label = "not " + describeType(typ)
		d.Help = "change the default, or the type"
		return cty.DynamicVal
	}
	return out
}

// describeType is a type in the words of everybody.
func describeType(t cty.Type) string {
	switch {
	case t == cty.String:
		return "text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsMapType():
		return "a mapping, each value " + describeType(t.ElementType())
	case t.IsCollectionType():
		return "a list, each item " + describeType(t.ElementType())
	case t.IsObjectType():
		return "a mapping"
	case t.IsTupleType():
		return "a list"
	}
	return "of any type"
}

func exampleOf(t cty.Type) string {
	switch t {
	case cty.Number:
		return "3"
	case cty.Bool:
		return "true"
	}
	return "TEXT"
}

// variableType reads a type: a word, or list(…), set(…), map(…) of one. ok is
// false when it is none, which was reported.
func (c *compilation) variableType(n *syntax.Node) (typ cty.Type, ok bool) {
	if n.Kind == syntax.Bad {
		return cty.DynamicPseudoType, false
	}
	typ = cty.NilType
	if n.Kind == syntax.String {
		typ = typeNamed(strings.ReplaceAll(n.Text, " ", ""))
	}
	if typ == cty.NilType {
		d := c.errorAt(codeVariableType, n.Range, "this is not a type")
		d.Label = "string, number, bool, any, or list(…), set(…), map(…) of one of them"
		d.Help = "write one of these, or leave the type out"
		return cty.DynamicPseudoType, false
	}
	return typ, true
}

// typeNamed is the type a text means, NilType when it means none.
func typeNamed(name string) cty.Type {
	switch name {
	case "string":
		return cty.String
	case "number":
		return cty.Number
	case "bool":
		return cty.Bool
	case "any":
		return cty.DynamicPseudoType
	}
	outer, inner, ok := strings.Cut(strings.TrimSuffix(name, ")"), "(")
	if !ok || !strings.HasSuffix(name, ")") {
		return cty.NilType
	}
	elem := typeNamed(inner)
	switch {
	case elem == cty.NilType:
	case outer == "list":
		return cty.List(elem)
	case outer == "set":
		return cty.Set(elem)
	case outer == "map":
		return cty.Map(elem)
	}
	return cty.NilType
}
