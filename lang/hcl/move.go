package hcl

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// mover moves places in the content of a text to where they are in its file.
type mover struct{ text Text }

func (m mover) span(start, end int) source.Range {
	if m.text.Place == nil {
		return m.text.Whole
	}
	return source.Span(m.text.Whole.File, m.text.Place(start), m.text.Place(end))
}

// findings moves the places of findings. Their fixes were made for the content,
// and would have to be written in the other syntax.
func (m mover) findings(list diag.List) diag.List {
	for _, d := range list {
		d.Range, d.Fixes = m.span(int(d.Range.Start), int(d.Range.End)), nil
		for i, n := range d.Notes {
			if !n.Range.IsZero() {
				d.Notes[i].Range = m.span(int(n.Range.Start), int(n.Range.End))
			}
		}
	}
	return list
}

func (m mover) move(ranges ...*hcl.Range) {
	f := m.text.Whole.File
	for _, r := range ranges {
		to := m.span(r.Start.Byte, r.End.Byte)
		r.Start.Byte, r.End.Byte = f.ToUnix(int(to.Start)), f.ToUnix(int(to.End))
	}
}

// expr moves an expression and all in it. The parser makes each part once, so
// that each is moved once.
func (m mover) expr(e hclsyntax.Expression) {
	switch e := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		m.move(&e.SrcRange)
	case *hclsyntax.ParenthesesExpr:
		m.move(&e.SrcRange)
		m.expr(e.Expression)
	case *hclsyntax.TemplateWrapExpr:
		m.move(&e.SrcRange)
		m.expr(e.Wrapped)
	case *hclsyntax.TemplateExpr:
		m.move(&e.SrcRange)
		m.exprs(e.Parts...)
	case *hclsyntax.TemplateJoinExpr:
		m.expr(e.Tuple)
	case *hclsyntax.ScopeTraversalExpr:
		m.move(&e.SrcRange)
		m.steps(e.Traversal)
	case *hclsyntax.RelativeTraversalExpr:
		m.move(&e.SrcRange)
		m.expr(e.Source)
		m.steps(e.Traversal)
	case *hclsyntax.IndexExpr:
		m.move(&e.SrcRange, &e.OpenRange, &e.BracketRange)
		m.exprs(e.Collection, e.Key)
	case *hclsyntax.SplatExpr:
		m.move(&e.SrcRange, &e.MarkerRange)
		m.exprs(e.Source, e.Each) // the item is inside of each
	case *hclsyntax.AnonSymbolExpr:
		m.move(&e.SrcRange)
	case *hclsyntax.ConditionalExpr:
		m.move(&e.SrcRange)
		m.exprs(e.Condition, e.TrueResult, e.FalseResult)
	case *hclsyntax.BinaryOpExpr:
		m.move(&e.SrcRange)
		m.exprs(e.LHS, e.RHS)
	case *hclsyntax.UnaryOpExpr:
		m.move(&e.SrcRange, &e.SymbolRange)
		m.expr(e.Val)
	case *hclsyntax.FunctionCallExpr:
		m.move(&e.NameRange, &e.OpenParenRange, &e.CloseParenRange)
		m.exprs(e.Args...)
	case *hclsyntax.TupleConsExpr:
		m.move(&e.SrcRange, &e.OpenRange)
		m.exprs(e.Exprs...)
	case *hclsyntax.ObjectConsExpr:
		m.move(&e.SrcRange, &e.OpenRange)
		for _, item := range e.Items {
			m.exprs(item.KeyExpr, item.ValueExpr)
		}
	case *hclsyntax.ObjectConsKeyExpr:
		m.expr(e.Wrapped)
	case *hclsyntax.ForExpr:
		m.move(&e.SrcRange, &e.OpenRange, &e.CloseRange)
		m.exprs(e.CollExpr, e.KeyExpr, e.ValExpr, e.CondExpr)
	}
}

func (m mover) exprs(list ...hclsyntax.Expression) {
	for _, e := range list {
		if e != nil {
			m.expr(e)
		}
	}
}

// steps moves the steps of a traversal, which are values in a list.
func (m mover) steps(t hcl.Traversal) {
	for i, step := range t {
		switch step := step.(type) {
		case hcl.TraverseRoot:
			m.move(&step.SrcRange)
			t[i] = step
		case hcl.TraverseAttr:
			m.move(&step.SrcRange)
			t[i] = step
		case hcl.TraverseIndex:
			m.move(&step.SrcRange)
			t[i] = step
		case hcl.TraverseSplat:
			m.move(&step.SrcRange)
			m.steps(step.Each)
			t[i] = step
		}
	}
}
