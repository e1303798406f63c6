package expr

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/source"
)

// eval is the value of an expression. ok is false when it has none; the reason
// was reported.
func (e *evaluator) eval(x hclsyntax.Expression) (v cty.Value, ok bool) {
	if !e.step(e.at(x.Range())) {
		return cty.NilVal, false
	}
	if e.scope.Sensitive {
		return e.marked(func() (cty.Value, bool) { return e.kind(x) })
	}
	return e.kind(x)
}

// kind evaluates each kind of expression.
func (e *evaluator) kind(x hclsyntax.Expression) (v cty.Value, ok bool) {
	switch x := x.(type) {
	case *hclsyntax.LiteralValueExpr:
		return e.literal(x)
	case *hclsyntax.ParenthesesExpr:
		return e.eval(x.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return e.eval(x.Wrapped)
	case *hclsyntax.TemplateExpr:
		return e.template(x)
	case *hclsyntax.TemplateJoinExpr:
		return e.joined(x)
	case *hclsyntax.ScopeTraversalExpr:
		return e.variable(x)
	case *hclsyntax.RelativeTraversalExpr:
		if v, ok = e.eval(x.Source); !ok {
			return v, false
		}
		return e.traverse(v, x.Traversal, "this value")
	case *hclsyntax.IndexExpr:
		return e.index(x)
	case *hclsyntax.SplatExpr:
		return e.splatted(x)
	case *hclsyntax.AnonSymbolExpr:
		v, ok = e.splat[x]
		return v, ok
	case *hclsyntax.ConditionalExpr:
		branch, ok := e.branch(x)
		if !ok {
			return cty.NilVal, false
		}
		return e.eval(branch)
	case *hclsyntax.BinaryOpExpr:
		return e.binary(x)
	case *hclsyntax.UnaryOpExpr:
		return e.unary(x)
	case *hclsyntax.FunctionCallExpr:
		return e.call(x)
	case *hclsyntax.TupleConsExpr:
		return e.tuple(x)
	case *hclsyntax.ObjectConsExpr:
		return e.object(x)
	case *hclsyntax.ForExpr:
		return e.forEach(x)
	}
	d := codeType.Errorf("this kind of expression is not part of the language")
	d.Range = e.at(x.Range())
	d.Help = "write it with operators, functions and for"
	e.report(d)
	return cty.NilVal, false
}

func (e *evaluator) literal(x *hclsyntax.LiteralValueExpr) (cty.Value, bool) {
	if x.Val.Type() == cty.Number && !x.Val.IsNull() && !inRange(x.Val.AsBigFloat()) {
		return e.outOfRange(e.at(x.SrcRange))
	}
	return x.Val, true
}

func (e *evaluator) outOfRange(at source.Range) (cty.Value, bool) {
	d := codeNumber.Errorf("this number is too large or too small")
	d.Range = at
	d.Help = "stay within 150 digits"
	e.report(d)
	return cty.NilVal, false
}

func (e *evaluator) tuple(x *hclsyntax.TupleConsExpr) (cty.Value, bool) {
	items := make([]cty.Value, len(x.Exprs))
	all := true
	for i, item := range x.Exprs {
		v, ok := e.eval(item)
		items[i], all = v, all && ok
	}
	if !all {
		return cty.NilVal, false
	}
	return e.list(items, e.at(x.SrcRange))
}

func (e *evaluator) object(x *hclsyntax.ObjectConsExpr) (cty.Value, bool) {
	fields := make(map[string]cty.Value, len(x.Items))
	places := make(map[string]source.Range, len(x.Items))
	all := true
	for _, item := range x.Items {
		at := e.at(item.KeyExpr.Range())
		key, keyOK := e.key(item.KeyExpr)
		v, ok := e.eval(item.ValueExpr)
		if all = all && ok && keyOK; !keyOK || !ok {
			continue
		}
		if first, dup := places[key]; dup {
			e.duplicate(key, at, first)
			all = false
			continue
		}
		fields[key], places[key] = v, at
	}
	if !all {
		return cty.NilVal, false
	}
	return e.mapping(fields, e.at(x.SrcRange))
}

// key is the key of an object's entry: a word stands for itself.
func (e *evaluator) key(x hclsyntax.Expression) (string, bool) {
	if k, isKey := x.(*hclsyntax.ObjectConsKeyExpr); isKey {
		if word := keyword(k); word != "" {
			return word, true
		}
		x = k.Wrapped
	}
	return e.textOf(x, "a key")
}

// text is an expression's value as text; numbers and booleans are written out.
func (e *evaluator) textOf(x hclsyntax.Expression, what string) (string, bool) {
	v, ok := e.eval(x)
	if !ok {
		return "", false
	}
	return e.asText(v, e.at(x.Range()), what)
}

func (e *evaluator) asText(v cty.Value, at source.Range, what string) (string, bool) {
	v = e.open(v)
	switch t := v.Type(); {
	case !v.IsKnown():
		return "", false
	case v.IsNull():
		e.isNull(at, what)
		return "", false
	case t == cty.String:
		return v.AsString(), true
	case t == cty.Number:
		return numberText(v), true
	case t == cty.Bool:
		return boolText(v), true
	}
	e.wrongType(at, what, "text", typeName(v))
	return "", false
}

// boolean is an expression's value as a condition.
func (e *evaluator) boolean(x hclsyntax.Expression) (value, ok bool) {
	v, ok := e.eval(x)
	if !ok || !v.IsKnown() {
		return false, false
	}
	v = e.open(v)
	at := e.at(x.Range())
	if v.IsNull() {
		e.isNull(at, "a condition")
		return false, false
	}
	if b, ok := toBool(v); ok {
		return b.True(), true
	}
	e.wrongType(at, "a condition", "true or false", typeName(v))
	return false, false
}

func toBool(v cty.Value) (cty.Value, bool) {
	if v.Type() == cty.Bool {
		return v, true
	}
	if v.Type() == cty.String {
		switch v.AsString() {
		case "true":
			return cty.True, true
		case "false":
			return cty.False, true
		}
	}
	return cty.NilVal, false
}

func toNumber(v cty.Value) (cty.Value, bool) {
	if v.Type() == cty.Number {
		return v, true
	}
	if v.Type() == cty.String {
		return parseNumber(v.AsString())
	}
	return cty.NilVal, false
}

// template fills a text in.
func (e *evaluator) template(x *hclsyntax.TemplateExpr) (cty.Value, bool) {
	parts := make([]string, 0, len(x.Parts))
	all := true
	for _, part := range x.Parts {
		s, ok := e.textOf(part, "what is put into a text")
		if all = all && ok; !all {
			continue
		}
		if !e.spend(0, len(s), e.at(x.SrcRange)) {
			return cty.NilVal, false
		}
		parts = append(parts, s)
	}
	if !all {
		return cty.NilVal, false
	}
	return cty.StringVal(strings.Join(parts, "")), true
}

// joined is the text a %{ for } makes.
func (e *evaluator) joined(x *hclsyntax.TemplateJoinExpr) (cty.Value, bool) {
	at := e.at(x.Range())
	v, ok := e.eval(x.Tuple)
	if !ok || !v.IsKnown() {
		return cty.NilVal, false
	}
	v = e.open(v)
	items, ok := e.elements(v, at)
	if !ok {
		return cty.NilVal, false
	}
	parts := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := e.asText(item, at, "what is put into a text")
		if !ok || !e.spend(1, len(s), at) {
			return cty.NilVal, false
		}
		parts = append(parts, s)
	}
	return cty.StringVal(strings.Join(parts, "")), true
}
