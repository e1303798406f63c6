package expr

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
)

// tryFuncs have no Call: they decide which of their arguments are evaluated,
// and what becomes of their errors.
var tryFuncs = []Func{
	{
		Name: "try", Params: []Param{{Name: "value", Kind: Any}}, Rest: true,
		Doc: "The first argument that can be evaluated without an error. Names that do not exist are errors all the same.",
	},
	{
		Name: "can", Params: []Param{{Name: "value", Kind: Any}},
		Doc: "Whether the argument can be evaluated without an error. Names that do not exist are errors all the same.",
	},
}

// attempts evaluates the arguments one by one until one has a value.
func (e *evaluator) attempts(x *hclsyntax.FunctionCallExpr, f *Func) (cty.Value, bool) {
	at := e.at(x.NameRange)
	if x.ExpandFinal {
		e.wrongType(at, "an argument of "+f.Name, "an expression of its own", "an expanded list")
		return cty.NilVal, false
	}
	if !e.arity(f, len(x.Args), at) {
		return cty.NilVal, false
	}
	var last diag.List
	for i, arg := range x.Args {
		v, ok, failed := e.attempt(arg)
		if ok || len(failed) == 0 || usedUp(failed) || e.misnamed(arg) {
			e.found = append(e.found, budgetOnly(failed)...)
			for _, rest := range x.Args[i+1:] {
				e.checkNames(rest)
			}
			if f.Name == "can" && ok {
				v = cty.True
			}
			return v, ok
		}
		last = failed
	}
	if f.Name == "can" {
		return cty.False, true
	}
	e.found = append(e.found, last...)
	return cty.NilVal, false
}

// attempt evaluates an argument and keeps its findings apart.
func (e *evaluator) attempt(x hclsyntax.Expression) (cty.Value, bool, diag.List) {
	before := e.found
	e.found = nil
	v, ok := e.eval(x)
	failed := e.found
	e.found = before
	return v, ok, failed
}

// misnamed reports names that no evaluation could find.
func (e *evaluator) misnamed(x hclsyntax.Expression) bool {
	n := len(e.found)
	e.checkNames(x)
	return len(e.found) > n
}

func usedUp(l diag.List) bool { return len(budgetOnly(l)) > 0 }

func budgetOnly(l diag.List) diag.List {
	var out diag.List
	for _, d := range l {
		if d.Code == codeWork {
			out = append(out, d)
		}
	}
	return out
}
