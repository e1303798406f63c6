package expr

import (
	"errors"
	"math/big"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// maxNesting bounds values as the parser bounds text: locals could nest in one
// another without end.
const maxNesting = 200

var errDeep = errors.New("nested too deep")

// toNode is the tree of a value; every node gets the range at.
func (e *evaluator) toNode(v cty.Value, at source.Range, depth int) (*syntax.Node, bool) {
	n := &syntax.Node{Range: at}
	if !e.spend(1, sizeNode, at) || !v.IsKnown() {
		return nil, false
	}
	if depth > maxNesting {
		return nil, e.stop(errDeep, at)
	}
	t := v.Type()
	switch {
	case v.IsNull():
		return n, true // the zero kind is Null
	case t == cty.String:
		n.Kind, n.Text = syntax.String, v.AsString()
	case t == cty.Bool:
		n.Kind, n.Text = syntax.Bool, boolText(v)
	case t == cty.Number:
		n.Kind, n.Text = numberNode(v)
	case isSequence(v):
		n.Kind = syntax.List
		items, ok := e.elements(v, at)
		if !ok {
			return nil, false
		}
		for _, item := range items {
			i, ok := e.toNode(item, at, depth+1)
			if !ok {
				return nil, false
			}
			n.Items = append(n.Items, i)
		}
	case isMapping(v):
		n.Kind = syntax.Map
		entries, err := e.budget.pairs(v)
		if err != nil {
			return nil, e.stop(err, at)
		}
		for _, p := range entries {
			i, ok := e.toNode(p.value, at, depth+1)
			if !ok {
				return nil, false
			}
			n.Fields = append(n.Fields, syntax.Field{Key: p.key, Range: at, Value: i})
		}
	}
	return n, true
}

// nodeValue is the value of a tree.
func (e *evaluator) nodeValue(n *syntax.Node) (cty.Value, bool) {
	if n == nil || !e.step(n.Range) {
		return cty.NilVal, false
	}
	switch n.Kind {
	case syntax.Null:
		return cty.NullVal(cty.DynamicPseudoType), true
	case syntax.Bool:
		return cty.BoolVal(n.Text == "true"), true
	case syntax.Int, syntax.Float:
		if v, ok := parseNumber(n.Text); ok && syntax.Decimal(n.Text) {
			return v, true
		}
		d := codeType.Errorf("%q is not a number expressions can use", n.Text)
		d.Range = n.Range
		d.Help = "write it in decimal, without zeros before it"
		e.report(d)
		return cty.NilVal, false
	case syntax.String:
		return cty.StringVal(n.Text), true
	case syntax.Expr:
		return e.eval(n.Expr)
	case syntax.List:
		items := make([]cty.Value, len(n.Items))
		all := true
		for i, item := range n.Items {
			v, ok := e.nodeValue(item)
			items[i], all = v, all && ok
		}
		if !all {
			return cty.NilVal, false
		}
		return e.list(items, n.Range)
	case syntax.Map:
		fields := make(map[string]cty.Value, len(n.Fields))
		all := true
		for _, f := range n.Fields {
			v, ok := e.nodeValue(f.Value)
			fields[f.Key], all = v, all && ok
		}
		if !all {
			return cty.NilVal, false
		}
		return e.mapping(fields, n.Range)
	}
	return cty.NilVal, false
}

func boolText(v cty.Value) string {
	if v.True() {
		return "true"
	}
	return "false"
}

// numberNode writes a number without loss: whole ones as digits, others in the
// shortest form.
func numberNode(v cty.Value) (syntax.Kind, string) {
	f := v.AsBigFloat()
	if f.IsInt() {
		return syntax.Int, f.Text('f', 0)
	}
	return syntax.Float, f.Text('f', -1)
}

func numberText(v cty.Value) string {
	_, text := numberNode(v)
	return text
}

// maxExponent bounds numbers to what can be written in a line: about 150
// decimal digits on either side of the point.
const maxExponent = 512

func inRange(f *big.Float) bool {
	if f.IsInf() {
		return false
	}
	exp := f.MantExp(nil)
	return f.Sign() == 0 || exp < maxExponent && exp > -maxExponent
}

// parseNumber reads a decimal number.
func parseNumber(s string) (cty.Value, bool) {
	if len(s) > 200 || strings.Trim(s, "+-.0123456789eE") != "" {
		return cty.NilVal, false
	}
	v, err := cty.ParseNumberVal(s)
	if err != nil || !inRange(v.AsBigFloat()) {
		return cty.NilVal, false
	}
	return v, true
}

func isSequence(v cty.Value) bool {
	t := v.Type()
	return t.IsTupleType() || t.IsListType() || t.IsSetType()
}

func isMapping(v cty.Value) bool {
	t := v.Type()
	return t.IsObjectType() || t.IsMapType()
}

// typeName is what a value is, in a user's words.
func typeName(v cty.Value) string {
	switch t := v.Type(); {
	case v.IsNull():
		return "null"
	case t == cty.String:
		return "text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case isSequence(v):
		return "a list"
	case isMapping(v):
		return "a mapping"
	}
	return "a value"
}
