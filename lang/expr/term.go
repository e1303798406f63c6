package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// eval is the value of an expression. ok is false when it has none; the reason
// was reported.
func (e *evaluator) eval(x hclsyntax.Expression) (v cty.Value, ok bool) {
	if !e.step(e.at(x.Range())) {
		return cty.NilVal, false
	}
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
	return cty.TupleVal(items), true
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
	return cty.ObjectVal(fields), true
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
	var text []byte
	all := true
	for _, part := range x.Parts {
		s, ok := e.textOf(part, "what is put into a text")
		if all = all && ok; !all {
			continue
		}
		if !e.spend(0, len(s), e.at(x.SrcRange)) {
			return cty.NilVal, false
		}
		text = append(text, s...)
	}
	if !all {
		return cty.NilVal, false
	}
	return cty.StringVal(string(text)), true
}

// joined is the text a %{ for } makes.
func (e *evaluator) joined(x *hclsyntax.TemplateJoinExpr) (cty.Value, bool) {
	at := e.at(x.Range())
	v, ok := e.eval(x.Tuple)
	if !ok || !v.IsKnown() {
		return cty.NilVal, false
	}
	var text []byte
	for _, item := range elements(v) {
		s, ok := e.asText(item, at, "what is put into a text")
		if !ok || !e.spend(1, len(s), at) {
			return cty.NilVal, false
		}
		text = append(text, s...)
	}
	return cty.StringVal(string(text)), true
}

// index takes one element: list[0], map["key"].
func (e *evaluator) index(x *hclsyntax.IndexExpr) (cty.Value, bool) {
	v, ok := e.eval(x.Collection)
	k, keyOK := e.eval(x.Key)
	if !ok || !keyOK {
		return cty.NilVal, false
	}
	return e.element(v, k, e.at(x.BracketRange), "this value")
}

// splatted is list[*].field: the rest of the expression for each item.
func (e *evaluator) splatted(x *hclsyntax.SplatExpr) (cty.Value, bool) {
	v, ok := e.eval(x.Source)
	if !ok || !v.IsKnown() {
		return cty.NilVal, false
	}
	var items []cty.Value
	switch {
	case v.IsNull():
	case isSequence(v):
		items = elements(v)
	default:
		items = []cty.Value{v}
	}
	if e.splat == nil {
		e.splat = map[*hclsyntax.AnonSymbolExpr]cty.Value{}
	}
	out := make([]cty.Value, 0, len(items))
	for _, item := range items {
		e.splat[x.Item] = item
		r, ok := e.eval(x.Each)
		if !ok {
			return cty.NilVal, false
		}
		out = append(out, r)
	}
	delete(e.splat, x.Item)
	return cty.TupleVal(out), true
}

// element takes the element k of v. what names v in messages.
func (e *evaluator) element(v, k cty.Value, at source.Range, what string) (cty.Value, bool) {
	if !v.IsKnown() || !k.IsKnown() {
		return cty.NilVal, false
	}
	if v.IsNull() || k.IsNull() {
		if v.IsNull() {
			e.isNull(at, what)
		} else {
			e.isNull(at, "an index")
		}
		return cty.NilVal, false
	}
	switch {
	case isMapping(v):
		key, ok := e.asText(k, at, "a key")
		if !ok {
			return cty.NilVal, false
		}
		return e.attribute(v, key, at, what)
	case isSequence(v):
		return e.item(v, k, at)
	}
	d := codeType.Errorf("%s is %s and has no elements", what, typeName(v))
	d.Range = at
	d.Help = "remove the index"
	e.report(d)
	return cty.NilVal, false
}

func (e *evaluator) item(v, k cty.Value, at source.Range) (cty.Value, bool) {
	n, ok := toNumber(k)
	if !ok || !n.AsBigFloat().IsInt() {
		e.wrongType(at, "the index of a list", "a whole number", typeName(k))
		return cty.NilVal, false
	}
	length := v.LengthInt()
	i, exact := n.AsBigFloat().Int64()
	if exact != 0 || i < 0 || i >= int64(length) {
		d := codeElement.Errorf("this list has no element %s", numberText(n))
		d.Range = at
		d.Help = "elements count from 0, and it has none"
		if length > 0 {
			d.Help = "elements count from 0 to " + numberText(cty.NumberIntVal(int64(length-1)))
		}
		e.report(d)
		return cty.NilVal, false
	}
	if v.Type().IsSetType() {
		return elements(v)[i], true
	}
	return v.Index(cty.NumberIntVal(i)), true
}

// forEach makes a list or a mapping of what it goes through.
func (e *evaluator) forEach(x *hclsyntax.ForExpr) (cty.Value, bool) {
	coll, ok := e.eval(x.CollExpr)
	if !ok || !coll.IsKnown() {
		return cty.NilVal, false
	}
	at := e.at(x.CollExpr.Range())
	if coll.IsNull() {
		e.isNull(at, "what a for goes through")
		return cty.NilVal, false
	}
	if !isSequence(coll) && !isMapping(coll) {
		e.wrongType(at, "what a for goes through", "a list or a mapping", typeName(coll))
		return cty.NilVal, false
	}
	depth := len(e.bound)
	defer func() { e.bound = e.bound[:depth] }()
	m := forMaker{e: e, x: x, values: map[string]cty.Value{}, groups: map[string][]cty.Value{}}
	position := int64(0)
	for it := coll.ElementIterator(); it.Next(); position++ {
		k, v := it.Element()
		if isSequence(coll) {
			k = cty.NumberIntVal(position)
		}
		e.bound = e.bound[:depth]
		if x.KeyVar != "" {
			e.bound = append(e.bound, binding{x.KeyVar, k})
		}
		e.bound = append(e.bound, binding{x.ValVar, v})
		if !m.add() {
			return cty.NilVal, false
		}
	}
	return m.result(), true
}

// forMaker collects the results of a for.
type forMaker struct {
	e      *evaluator
	x      *hclsyntax.ForExpr
	items  []cty.Value
	values map[string]cty.Value
	groups map[string][]cty.Value
}

// add evaluates the body for the current bindings. An error ends the for: the
// other elements would only repeat it.
func (m *forMaker) add() bool {
	if m.x.CondExpr != nil {
		if keep, ok := m.e.boolean(m.x.CondExpr); !ok || !keep {
			return ok
		}
	}
	if m.x.KeyExpr == nil {
		v, ok := m.e.eval(m.x.ValExpr)
		m.items = append(m.items, v)
		return ok
	}
	key, ok := m.e.textOf(m.x.KeyExpr, "a key")
	if !ok {
		return false
	}
	v, ok := m.e.eval(m.x.ValExpr)
	if !ok {
		return false
	}
	if m.x.Group {
		m.groups[key] = append(m.groups[key], v)
		return true
	}
	if _, dup := m.values[key]; dup {
		d := codeDuplicate.Errorf("duplicate key %q", key)
		d.Range = m.e.at(m.x.KeyExpr.Range())
		d.Label = "two elements have this key"
		d.Help = "choose another key, or collect the values with ... after the value"
		d.Notes = []diag.Note{{Text: "a mapping has each key once"}}
		m.e.report(d)
		return false
	}
	m.values[key] = v
	return true
}

func (m *forMaker) result() cty.Value {
	if m.x.KeyExpr == nil {
		return cty.TupleVal(m.items)
	}
	for key, group := range m.groups {
		m.values[key] = cty.TupleVal(group)
	}
	return cty.ObjectVal(m.values)
}
