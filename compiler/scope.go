package compiler

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
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
	s.names = c.newScope(doc, c.supplied(doc), expr.NewBudget())
	return s
}

// newScope evaluates the variables and locals of a document.
func (c *compilation) newScope(doc *document, from supply, budget *expr.Budget) *expr.Scope {
	if c.evaluated == nil {
		c.evaluated = map[*source.File]bool{}
	}
	c.evaluated[doc.file] = true
	s := &expr.Scope{Vars: map[string]cty.Value{}, Budget: budget}
	s.Vars["var"] = c.variables(doc, from, budget)
	s.Sensitive = s.Vars["var"].ContainsMarked()
	locals, list := expr.Locals(c.rootOf(doc).Get("locals"), s)
	c.adopt(list)
	s.Vars["local"] = locals
	return s
}

// supply is where the variables of a file get their values from.
type supply interface {
	// value is what was given for a variable; ok is false when nothing was. It
	// need not be of the variable's type yet. One that cannot be used at all was
	// reported, and is unknown.
	value(c *compilation, d *variableDecl) (g given, ok bool)
	// missing reports a variable that has no value and no default.
	missing(c *compilation, variable *syntax.Field)
	// strays reports values for variables that there are not.
	strays(c *compilation, doc *document, declared []string)
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
	c.adopt(list)
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
