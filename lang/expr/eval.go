package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Eval returns n with every expression in it replaced by its value. Ranges
// stay those of the source; an expression that failed becomes syntax.Bad and a
// diagnostic. Parts without expressions are shared with n, not copied.
func Eval(n *syntax.Node, s *Scope) (*syntax.Node, diag.List) {
	e := newEvaluator(n, s)
	return e.tree(n), e.found
}

// Value evaluates n to one cty value: mappings are objects, lists are tuples.
// ok is false when a part failed, and the list says why.
func Value(n *syntax.Node, s *Scope) (v cty.Value, ok bool, l diag.List) {
	e := newEvaluator(n, s)
	v, ok = e.nodeValue(n)
	return v, ok, e.found
}

// evaluator evaluates the expressions of one file.
type evaluator struct {
	file   *source.File
	scope  *Scope
	funcs  map[string]*Func
	budget *Budget
	bound  []binding                               // names of the `for`s around, innermost last
	splat  map[*hclsyntax.AnonSymbolExpr]cty.Value // the current item of each splat around
	named  map[hclsyntax.Expression]bool           // what checkNames has looked at
	found  diag.List
	seen   bool // the expression being evaluated has looked at a sensitive value
	told   bool // and so has one before it in the same field: findings are redacted
}

type binding struct {
	name  string
	value cty.Value
}

func newEvaluator(n *syntax.Node, s *Scope) *evaluator {
	e := &evaluator{scope: s, funcs: s.Funcs, budget: s.budget()}
	if n != nil {
		e.file = n.Range.File
	}
	if e.funcs == nil {
		e.funcs = builtin
	}
	return e
}

func (e *evaluator) at(r hcl.Range) source.Range {
	return syntax.Span(e.file, r)
}

// tree evaluates what is inside n, and shares n when nothing is.
func (e *evaluator) tree(n *syntax.Node) *syntax.Node {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case syntax.Expr:
		e.seen, e.told = false, false
		return e.node(n.Expr)
	case syntax.List:
		out := n
		for i, item := range n.Items {
			v := e.tree(item)
			if v == item {
				continue
			}
			if out == n {
				c := *n
				c.Items = append([]*syntax.Node(nil), n.Items...)
				out = &c
			}
			out.Items[i] = v
		}
		return out
	case syntax.Map:
		out := n
		for i, f := range n.Fields {
			v := e.tree(f.Value)
			if v == f.Value {
				continue
			}
			if out == n {
				c := *n
				c.Fields = append([]syntax.Field(nil), n.Fields...)
				out = &c
			}
			out.Fields[i].Value = v
		}
		return out
	}
	return n
}

// node evaluates an expression to a tree. What has structure in the source
// keeps the places of its parts; everything else is a value at one place.
func (e *evaluator) node(x hclsyntax.Expression) *syntax.Node {
	at := e.at(x.Range())
	bad := &syntax.Node{Kind: syntax.Bad, Range: at}
	if !e.step(at) {
		return bad
	}
	switch x := x.(type) {
	case *hclsyntax.ParenthesesExpr:
		return e.node(x.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return e.node(x.Wrapped)
	case *hclsyntax.ConditionalExpr:
		branch, ok := e.branch(x)
		if ok && e.seen {
			e.wouldShow(e.at(x.Condition.Range()))
			return bad
		}
		if !ok {
			return bad
		}
		return e.node(branch)
	case *hclsyntax.ScopeTraversalExpr:
		if kind, name, ok := syntax.Reference(x.Traversal); ok && !e.isBound(kind) {
			return &syntax.Node{Kind: syntax.String, Range: at, Text: name, Ref: kind}
		}
	case *hclsyntax.TupleConsExpr:
		list := &syntax.Node{Kind: syntax.List, Range: at}
		for _, item := range x.Exprs {
			list.Items = append(list.Items, e.node(item))
		}
		return list
	case *hclsyntax.ObjectConsExpr:
		return e.objectNode(x, at)
	}
	v, ok := e.eval(x)
	if !ok {
		return bad
	}
	if e.scope.Sensitive && IsSensitive(v) {
		e.wouldShow(at)
		return bad
	}
	n, ok := e.toNode(v, at, 0)
	if !ok {
		return bad
	}
	return n
}

func (e *evaluator) objectNode(x *hclsyntax.ObjectConsExpr, at source.Range) *syntax.Node {
	m := &syntax.Node{Kind: syntax.Map, Range: at}
	var index syntax.Index
	for _, item := range x.Items {
		keyAt := e.at(item.KeyExpr.Range())
		key, ok := e.key(item.KeyExpr)
		if ok && e.seen {
			e.wouldShow(keyAt)
			ok = false
		}
		value := e.node(item.ValueExpr)
		if !ok {
			m.Kind = syntax.Bad
			continue
		}
		if first, dup := index.Find(m.Fields, key); dup {
			e.duplicate(key, keyAt, m.Fields[first].Range)
			continue
		}
		m.Fields = append(m.Fields, syntax.Field{Key: key, Range: keyAt, Value: value})
	}
	if m.Kind == syntax.Bad {
		m.Fields = nil
	}
	return m
}

// branch chooses the result of a condition. Names in the other one are checked
// too: a typo must not wait until the condition turns.
func (e *evaluator) branch(x *hclsyntax.ConditionalExpr) (hclsyntax.Expression, bool) {
	c, ok := e.boolean(x.Condition)
	if !ok {
		return nil, false
	}
	if c {
		e.checkNames(x.FalseResult)
		return x.TrueResult, true
	}
	e.checkNames(x.TrueResult)
	return x.FalseResult, true
}

// step takes one step from the budget; at is where it is reported when none is
// left.
func (e *evaluator) step(at source.Range) bool { return e.spend(1, 0, at) }

func (e *evaluator) spend(steps, bytes int, at source.Range) bool {
	return e.budget.Spend(steps, bytes) || e.stop(ErrBudget, at)
}

// stop reports why there is no value, unless that was done before. It returns
// false.
func (e *evaluator) stop(err error, at source.Range) bool {
	switch err {
	case ErrBudget:
		if !e.budget.reported {
			e.budget.reported = true
			d := codeWork.Errorf("the expressions of this file take too long or make too much")
			d.Range = at
			d.Label = "the limit was reached here"
			d.Help = "make fewer elements, shorter texts or fewer nested for expressions"
			e.found = append(e.found, d)
		}
	case errDeep:
		d := codeWork.Errorf("this value is nested more than %d levels deep", maxNesting)
		d.Range = at
		d.Help = "flatten it"
		e.report(d)
	}
	return false
}

// elements are the items of a sequence, made for the expression at at.
func (e *evaluator) elements(v cty.Value, at source.Range) ([]cty.Value, bool) {
	items, err := e.budget.elements(v)
	return items, err == nil || e.stop(err, at)
}

func (e *evaluator) list(items []cty.Value, at source.Range) (cty.Value, bool) {
	v, err := e.budget.list(items)
	return v, err == nil || e.stop(err, at)
}

func (e *evaluator) mapping(entries map[string]cty.Value, at source.Range) (cty.Value, bool) {
	v, err := e.budget.mapping(entries)
	return v, err == nil || e.stop(err, at)
}

// read pays for looking at a text.
func (e *evaluator) read(v cty.Value, at source.Range) bool {
	if v.Type() != cty.String || v.IsNull() || !v.IsKnown() {
		return true
	}
	return e.spend(len(v.AsString())/bytesPerStep, 0, at)
}
