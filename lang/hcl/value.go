package hcl

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/syntax"
)

// value converts what is plain data and leaves the rest as an expression.
func (c *converter) value(e hclsyntax.Expression) *syntax.Node {
	n := &syntax.Node{Range: c.span(e.Range())}
	switch e := e.(type) {
	case *hclsyntax.ParenthesesExpr:
		if inner := c.value(e.Expression); inner.Kind != syntax.Expr {
			inner.Range = n.Range
			return inner
		}
	case *hclsyntax.LiteralValueExpr:
		if c.literal(n, e.Val) {
			return n
		}
	case *hclsyntax.UnaryOpExpr:
		if inner := c.value(e.Val); e.Op == hclsyntax.OpNegate && isNumber(inner) {
			n.Kind, n.Text = inner.Kind, "-"+inner.Text
			return n
		}
	case *hclsyntax.TemplateExpr:
		if text, ok := literalText(e); ok {
			n.Kind, n.Text = syntax.String, text
			return n
		}
	case *hclsyntax.ScopeTraversalExpr:
		if kind, name, ok := syntax.Reference(e.Traversal); ok {
			n.Kind, n.Text, n.Ref = syntax.String, name, kind
			return n
		}
	case *hclsyntax.TupleConsExpr:
		n.Kind = syntax.List
		for _, item := range e.Exprs {
			n.Items = append(n.Items, c.value(item))
		}
		return n
	case *hclsyntax.ObjectConsExpr:
		if c.object(n, e) {
			return n
		}
	}
	n.Kind, n.Expr = syntax.Expr, e
	return n
}

// isNumber holds for a number without a sign: -(-1) is an expression.
func isNumber(n *syntax.Node) bool {
	return (n.Kind == syntax.Int || n.Kind == syntax.Float) && !strings.HasPrefix(n.Text, "-")
}

func (c *converter) literal(n *syntax.Node, v cty.Value) bool {
	switch {
	case v.IsNull():
		n.Kind = syntax.Null
	case v.Type() == cty.Bool:
		n.Kind, n.Text = syntax.Bool, "false"
		if v.True() {
			n.Text = "true"
		}
	case v.Type() == cty.Number:
		n.Kind, n.Text = syntax.Int, string(c.file.Text[n.Range.Start:n.Range.End])
		if strings.ContainsAny(n.Text, ".eE") {
			n.Kind = syntax.Float
		}
	default:
		return false
	}
	return true
}

// literalText is the text of a template that has nothing to fill in.
func literalText(e *hclsyntax.TemplateExpr) (string, bool) {
	var b strings.Builder
	for _, part := range e.Parts {
		lit, ok := part.(*hclsyntax.LiteralValueExpr)
		if !ok || lit.Val.IsNull() || lit.Val.Type() != cty.String {
			return "", false
		}
		b.WriteString(lit.Val.AsString())
	}
	return b.String(), true
}

// object converts { … } when all its keys are plain.
func (c *converter) object(n *syntax.Node, e *hclsyntax.ObjectConsExpr) bool {
	keys := make([]plainKey, len(e.Items))
	for i, item := range e.Items {
		if !c.key(&keys[i], item.KeyExpr) {
			return false
		}
	}
	n.Kind = syntax.Map
	for i, item := range e.Items {
		r := c.span(item.KeyExpr.Range())
		if keys[i].number {
			c.numberKey(r)
			continue // no field has this name, which need not be said twice
		}
		c.add(n, syntax.Field{Key: keys[i].text, Range: r, Value: c.value(item.ValueExpr)})
	}
	return true
}

type plainKey struct {
	text   string
	number bool
}

// key reads a key that is a word, a number or a text with nothing to fill in.
func (c *converter) key(k *plainKey, e hclsyntax.Expression) bool {
	key, ok := e.(*hclsyntax.ObjectConsKeyExpr)
	if !ok || key.ForceNonLiteral {
		return false
	}
	if k.text = hcl.ExprAsKeyword(key.Wrapped); k.text != "" {
		return true
	}
	v := c.value(key.Wrapped)
	k.text, k.number = v.Text, v.Kind == syntax.Int || v.Kind == syntax.Float
	return k.number || v.Kind == syntax.String && v.Ref == ""
}
