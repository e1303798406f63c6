package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

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
	at := e.at(x.SrcRange)
	whole := v
	v = e.open(v)
	var items []cty.Value
	switch {
	case v.IsNull():
	case isSequence(v):
		if items, ok = e.elements(v, at); !ok {
			return cty.NilVal, false
		}
	default:
		items = []cty.Value{v}
	}
	if e.splat == nil {
		e.splat = map[*hclsyntax.AnonSymbolExpr]cty.Value{}
	}
	out := make([]cty.Value, 0, len(items))
	for _, item := range items {
		e.splat[x.Item] = like(whole, item)
		r, ok := e.eval(x.Each)
		if !ok {
			return cty.NilVal, false
		}
		out = append(out, r)
	}
	delete(e.splat, x.Item)
	return e.list(out, at)
}

// element takes the element k of v. what names v in messages.
func (e *evaluator) element(v, k cty.Value, at source.Range, what string) (cty.Value, bool) {
	if !v.IsKnown() || !k.IsKnown() {
		return cty.NilVal, false
	}
	v, k = e.open(v), e.open(k)
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
		items, ok := e.elements(v, at)
		if !ok {
			return cty.NilVal, false
		}
		return items[i], true
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
	whole := coll
	coll = e.open(coll)
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
		e.bound = e.bound[:depth]
		if x.KeyVar != "" {
			if isSequence(coll) {
				k = cty.NumberIntVal(position)
			}
			e.bound = append(e.bound, binding{x.KeyVar, like(whole, k)})
		}
		e.bound = append(e.bound, binding{x.ValVar, like(whole, v)})
		if !e.spend(1, sizeNumber, at) || !m.add() {
			return cty.NilVal, false
		}
	}
	return m.result()
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

func (m *forMaker) result() (cty.Value, bool) {
	at := m.e.at(m.x.SrcRange)
	if m.x.KeyExpr == nil {
		return m.e.list(m.items, at)
	}
	for key, group := range m.groups {
		v, ok := m.e.list(group, at)
		if !ok {
			return v, false
		}
		m.values[key] = v
	}
	return m.e.mapping(m.values, at)
}
