package expr

import "github.com/zclconf/go-cty/cty"

// Scope is what an expression can see. The zero Scope has references and the
// built-in functions.
type Scope struct {
	// Vars are the root names: "var", "local", "count", "each", … Most are
	// objects. An unknown value (cty.DynamicVal), here or inside, stands for
	// one whose error was reported already: what uses it becomes syntax.Bad
	// without another diagnostic. Values have no marks but that of Sensitive.
	Vars map[string]cty.Value
	// Sensitive says that some of Vars are. Only then are marks looked for.
	Sensitive bool
	// Funcs is the function table; nil means Functions().
	Funcs map[string]*Func
	// Budget bounds all evaluations in this scope, and in those made of it by
	// With, together. The first evaluation sets it when it is nil.
	Budget *Budget
}

// With returns a scope that sees one more root name and shares the budget.
func (s *Scope) With(name string, v cty.Value) *Scope {
	s.budget()
	c := *s
	c.Vars = make(map[string]cty.Value, len(s.Vars)+1)
	for k, old := range s.Vars {
		c.Vars[k] = old
	}
	c.Vars[name] = v
	return &c
}

// budget is the scope's own, made when it has none.
func (s *Scope) budget() *Budget {
	if s.Budget == nil {
		s.Budget = NewBudget()
	}
	return s.Budget
}
