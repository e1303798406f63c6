package expr

import "github.com/zclconf/go-cty/cty"

// Scope is what an expression can see. The zero Scope has references and the
// built-in functions.
type Scope struct {
	// Vars are the root names: "var", "local", "count", "each", … Most are
	// objects. An unknown value (cty.DynamicVal), here or inside, stands for
	// one whose error was reported already: what uses it becomes syntax.Bad
	// without another diagnostic. Values must not be marked.
	Vars map[string]cty.Value
	// Funcs is the function table; nil means Functions().
	Funcs map[string]*Func
	// Budget is shared by all evaluations that should together stay bounded;
	// nil gives each Eval one of its own.
	Budget *Budget
}

// With returns a scope that sees one more root name; s is not changed.
func (s *Scope) With(name string, v cty.Value) *Scope {
	c := *s
	c.Vars = make(map[string]cty.Value, len(s.Vars)+1)
	for k, old := range s.Vars {
		c.Vars[k] = old
	}
	c.Vars[name] = v
	return &c
}

// Budget bounds the work of evaluations. It is used up, and not thread-safe.
type Budget struct {
	Steps int // expressions visited and values made
	Bytes int // bytes of text made
}

// NewBudget is enough for any sensible file: a million steps, 64 MiB of text.
func NewBudget() *Budget { return &Budget{Steps: 1 << 20, Bytes: 64 << 20} }

// Spend takes from the budget and reports whether that much was left. Functions
// call it before they make what their arguments only describe.
func (b *Budget) Spend(steps, bytes int) bool {
	b.Steps -= steps
	b.Bytes -= bytes
	return b.Steps >= 0 && b.Bytes >= 0
}
