package selector

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/source"
)

// Selector says which nodes are meant.
type Selector struct{ expr expr }

// String is the canonical form: parentheses only where they matter, lists
// sorted, quotes where they must be. Two selectors of one form select the same.
func (s *Selector) String() string { return s.expr.text() }

// Combine is the selector of everything that one of only selects, all nodes
// when there is none, and none of skip does. Nil when both are empty.
func Combine(only, skip []*Selector) *Selector {
	exprs := func(list []*Selector) expr {
		var all []expr
		for _, s := range list {
			all = append(all, s.expr)
		}
		return join(all, true)
	}
	switch {
	case len(only)+len(skip) == 0:
		return nil
	case len(skip) == 0:
		return &Selector{expr: exprs(only)}
	case len(only) == 0:
		return &Selector{expr: negate(exprs(skip))}
	}
	return &Selector{expr: join([]expr{exprs(only), negate(exprs(skip))}, false)}
}

// expr is one expression. Its binding is that of its outermost operator.
type expr interface {
	text() string
	binding() int
	span() source.Range
	eval(*evaluation) []bool
}

const (
	bindOr = iota
	bindAnd
	bindNot
	bindTerm
)

type (
	// list is a conjunction, or a disjunction.
	list struct {
		or    bool
		terms []expr
	}
	not struct{ term expr }
	// compare holds attributes to values: = when one of them fits, != when none does.
	compare struct {
		attribute *Attribute
		op        string
		values    []value
		at        source.Range
	}
	call struct {
		function *Function
		arg      expr
		at       source.Range
	}
	glob struct{ value }
)

// value is a value as it was written, and what it is for its attribute.
type value struct {
	text    string
	wild    bool
	at      source.Range
	number  int64     // of numbers and sizes
	pattern addr.Glob // of addresses and globs
}

// join makes a list of what is more than one, and of lists in lists one list.
func join(terms []expr, or bool) expr {
	if len(terms) == 1 {
		return terms[0]
	}
	var flat []expr
	for _, t := range terms {
		if l, ok := t.(*list); ok && l.or == or {
			flat = append(flat, l.terms...)
		} else {
			flat = append(flat, t)
		}
	}
	return &list{or, flat}
}

// negate never says not not.
func negate(e expr) expr {
	switch e := e.(type) {
	case *not:
		return e.term
	case *compare:
		if op, ok := opposite(e.op); ok {
			return &compare{e.attribute, op, e.values, e.at}
		}
	}
	return &not{e}
}

// opposite is the operator that holds exactly where op does not.
func opposite(op string) (string, bool) {
	switch op {
	case "=":
		return "!=", true
	case "!=":
		return "=", true
	case "<":
		return ">=", true
	case ">=":
		return "<", true
	case ">":
		return "<=", true
	case "<=":
		return ">", true
	}
	return "", false
}

func (l *list) binding() int {
	if l.or {
		return bindOr
	}
	return bindAnd
}
func (*not) binding() int     { return bindNot }
func (*compare) binding() int { return bindTerm }
func (*call) binding() int    { return bindTerm }
func (*glob) binding() int    { return bindTerm }

func (n *not) span() source.Range     { return n.term.span() }
func (c *compare) span() source.Range { return c.at }
func (c *call) span() source.Range    { return c.at }
func (g *glob) span() source.Range    { return g.at }

func (l *list) span() source.Range {
	r := l.terms[0].span()
	if last := l.terms[len(l.terms)-1].span(); last.File == r.File {
		r.End = last.End
	}
	return r
}

func (l *list) text() string {
	word := " and "
	if l.or {
		word = " or "
	}
	parts := make([]string, len(l.terms))
	for i, t := range l.terms {
		parts[i] = within(t, l.binding()+1)
	}
	return strings.Join(parts, word)
}

func (n *not) text() string { return "not " + within(n.term, bindNot) }

// within puts parentheses around what binds less than its surroundings ask for.
func within(e expr, least int) string {
	if e.binding() < least {
		return "(" + e.text() + ")"
	}
	return e.text()
}

func (c *compare) text() string {
	if len(c.values) == 1 {
		return c.attribute.Name + c.op + quoted(c.values[0].text)
	}
	words := make([]string, len(c.values))
	for i, v := range c.values {
		words[i] = quoted(v.text)
	}
	if c.op == "!=" {
		return c.attribute.Name + " not in (" + strings.Join(words, ", ") + ")"
	}
	return c.attribute.Name + " in (" + strings.Join(words, ", ") + ")"
}

func (c *call) text() string { return c.function.Name + "(" + c.arg.text() + ")" }
func (g *glob) text() string { return quoted(g.value.text) }

// plainWord is a text that needs no quotes.
var plainWord = regexp.MustCompile(`^` + wordPattern + `$`)

func quoted(s string) string {
	if _, ok := keyword(s); ok || !plainWord.MatchString(s) {
		return strconv.Quote(s)
	}
	return s
}

// sortValues puts the values of a list in their canonical order, each once.
func sortValues(values []value) []value {
	slices.SortStableFunc(values, func(a, b value) int { return strings.Compare(a.text, b.text) })
	return slices.CompactFunc(values, func(a, b value) bool { return a.text == b.text })
}

// Range is the selector's text, from its first to its last term.
func (s *Selector) Range() source.Range { return s.expr.span() }
