package expr

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Eval returns n with every expression in it replaced by its value. Ranges
// stay those of the source; an expression that failed becomes syntax.Bad and a
// diagnostic. Parts without expressions are shared with n, not copied.
func Eval(n *syntax.Node, s *Scope) (*syntax.Node, diag.List) { return n, nil }

// Value evaluates n to one cty value: mappings are objects, lists are tuples.
// ok is false when a part failed, and the list says why.
func Value(n *syntax.Node, s *Scope) (v cty.Value, ok bool, l diag.List) {
	return cty.NilVal, false, nil
}

// ToNode is the tree of a value; every node gets the range at.
func ToNode(v cty.Value, at source.Range) *syntax.Node { return nil }

// Use is one mention of a name in an expression: var.workers is {"var",
// "workers"}. Attr is "" when the root stands alone.
type Use struct {
	Root, Attr string
	Range      source.Range
}

// Uses lists what the expressions in n mention, in source order. Names bound
// by a `for` inside the expression are left out.
func Uses(n *syntax.Node) []Use { return nil }

// Locals evaluates the fields of m, which may mention each other as
// local.NAME, in the order they need, and returns them as one object for
// Scope.Vars["local"]. Cycles are errors; failed fields are left out.
func Locals(m *syntax.Node, s *Scope) (cty.Value, diag.List) { return cty.EmptyObjectVal, nil }
