package expr

import (
	"math/big"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/source"
)

func (e *evaluator) binary(x *hclsyntax.BinaryOpExpr) (cty.Value, bool) {
	switch x.Op {
	case hclsyntax.OpLogicalAnd, hclsyntax.OpLogicalOr:
		return e.logical(x)
	case hclsyntax.OpEqual, hclsyntax.OpNotEqual:
		l, lok := e.eval(x.LHS)
		r, rok := e.eval(x.RHS)
		if !lok || !rok {
			return cty.NilVal, false
		}
		at := e.at(x.SrcRange)
		if l, lok = e.openAll(l, at); lok {
			r, rok = e.openAll(r, at)
		}
		if !lok || !rok {
			return cty.NilVal, false
		}
		same, err := e.budget.equal(l, r)
		return cty.BoolVal(same == (x.Op == hclsyntax.OpEqual)), err == nil || e.stop(err, e.at(x.SrcRange))
	}
	l, lok := e.number(x.LHS)
	r, rok := e.number(x.RHS)
	if !lok || !rok {
		return cty.NilVal, false
	}
	return e.arithmetic(x.Op, l, r, e.at(x.SrcRange))
}

// logical stops at the left side when that decides; names on the right are
// checked all the same.
func (e *evaluator) logical(x *hclsyntax.BinaryOpExpr) (cty.Value, bool) {
	decides := x.Op == hclsyntax.OpLogicalOr
	l, ok := e.boolean(x.LHS)
	if !ok {
		return cty.NilVal, false
	}
	if l == decides {
		e.checkNames(x.RHS)
		return cty.BoolVal(l), true
	}
	r, ok := e.boolean(x.RHS)
	return cty.BoolVal(r), ok
}

func (e *evaluator) unary(x *hclsyntax.UnaryOpExpr) (cty.Value, bool) {
	if x.Op == hclsyntax.OpLogicalNot {
		b, ok := e.boolean(x.Val)
		return cty.BoolVal(!b), ok
	}
	n, ok := e.number(x.Val)
	if !ok {
		return cty.NilVal, false
	}
	return cty.NumberVal(new(big.Float).Neg(n)), e.spend(0, sizeNumber, e.at(x.SrcRange))
}

// number is an expression's value as an operand.
func (e *evaluator) number(x hclsyntax.Expression) (*big.Float, bool) {
	v, ok := e.eval(x)
	if !ok || !v.IsKnown() {
		return nil, false
	}
	v = e.open(v)
	at := e.at(x.Range())
	if v.IsNull() {
		e.isNull(at, "an operand")
		return nil, false
	}
	n, ok := toNumber(v)
	if !ok {
		e.wrongType(at, "an operand", "a number", typeName(v))
		return nil, false
	}
	return n.AsBigFloat(), true
}

func (e *evaluator) arithmetic(op *hclsyntax.Operation, l, r *big.Float, at source.Range) (cty.Value, bool) {
	out := new(big.Float).SetPrec(512)
	switch op {
	case hclsyntax.OpGreaterThan:
		return cty.BoolVal(l.Cmp(r) > 0), true
	case hclsyntax.OpGreaterThanOrEqual:
		return cty.BoolVal(l.Cmp(r) >= 0), true
	case hclsyntax.OpLessThan:
		return cty.BoolVal(l.Cmp(r) < 0), true
	case hclsyntax.OpLessThanOrEqual:
		return cty.BoolVal(l.Cmp(r) <= 0), true
	case hclsyntax.OpAdd:
		out.Add(l, r)
	case hclsyntax.OpSubtract:
		out.Sub(l, r)
	case hclsyntax.OpMultiply:
		out.Mul(l, r)
	case hclsyntax.OpDivide, hclsyntax.OpModulo:
		if r.Sign() == 0 {
			d := codeNumber.Errorf("division by zero")
			d.Range = at
			d.Help = "guard it: divisor == 0 ? other : number / divisor"
			e.report(d)
			return cty.NilVal, false
		}
		out.Quo(l, r)
		if op == hclsyntax.OpModulo { // the sign is that of the left side
			whole, _ := out.Int(nil)
			out.Sub(l, out.Mul(r, new(big.Float).SetPrec(512).SetInt(whole)))
		}
	}
	if !inRange(out) {
		return e.outOfRange(at)
	}
	return cty.NumberVal(out), e.spend(0, sizeNumber, at)
}
