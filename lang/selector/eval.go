package selector

import (
	"slices"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
)

const (
	codeNothing diag.Code = "HS0565" // a literal that names nothing
	codeEmpty   diag.Code = "HS0566" // no node is selected
	codeNobody  diag.Code = "HS0567" // a value that no node has, and might have
)

// World is the set of nodes that are selected from. Nodes are numbered, parents
// before children.
type World interface {
	Len() int
	Address(i int) addr.Address
	Parent(i int) int  // -1 for a node on a site's host
	Needs(i int) []int // depends_on
	Peers(i int) []int // both ways
	// Texts appends the values of an attribute of kind Text or Choice; none when it
	// is not set.
	Texts(to []string, i int, attribute string) []string
	Number(i int, attribute string) int64 // value of an attribute of kind Number or Bytes
}

// Eval says for each node of the world whether it is selected. A literal that
// names nothing is a finding, and so is a selector that selects nothing: an
// error, unless the value is one that a node might well have.
func (s *Selector) Eval(w World) ([]bool, diag.List) {
	e := &evaluation{w: w, nothing: map[expr]bool{}}
	set := e.eval(s.expr)
	if !e.diags.HasErrors() && !slices.Contains(set, true) {
		e.empty(s.expr)
	}
	e.diags.Sort()
	return set, e.diags
}

type evaluation struct {
	w       World
	diags   diag.List
	nothing map[expr]bool // terms that select nothing
	looked  int           // names that were compared with what was not found
	texts   []string      // of one node
}

func (e *evaluation) eval(x expr) []bool {
	set := x.eval(e)
	if !slices.Contains(set, true) {
		e.nothing[x] = true
	}
	return set
}

// where selects the nodes that a condition holds for.
func (e *evaluation) where(holds func(i int) bool) []bool {
	set := make([]bool, e.w.Len())
	for i := range set {
		set[i] = holds(i)
	}
	return set
}

func (l *list) eval(e *evaluation) []bool {
	set := e.eval(l.terms[0])
	for _, t := range l.terms[1:] {
		for i, in := range e.eval(t) {
			if l.or {
				set[i] = set[i] || in
			} else {
				set[i] = set[i] && in
			}
		}
	}
	return set
}

func (n *not) eval(e *evaluation) []bool {
	set := e.eval(n.term)
	for i := range set {
		set[i] = !set[i]
	}
	return set
}

func (g *glob) eval(e *evaluation) []bool {
	set := e.where(func(i int) bool { return g.pattern.Match(e.w.Address(i)) })
	if !g.wild && !slices.Contains(set, true) {
		e.noNode(nil, &g.value)
	}
	return set
}

func (c *compare) eval(e *evaluation) []bool {
	held := make([]bool, len(c.values))
	set := e.where(func(i int) bool {
		fits := false
		for k := range c.values {
			if c.fits(e, i, &c.values[k]) {
				held[k], fits = true, true
			}
		}
		return fits != (c.op == "!=")
	})
	for k := range c.values {
		if v := &c.values[k]; !held[k] && !v.wild && v.text != "" {
			e.unheld(c, v)
		}
	}
	return set
}

// fits reports whether a node has a value; with !=, the values it must not have.
func (c *compare) fits(e *evaluation, i int, v *value) bool {
	w := e.w
	switch c.attribute.Kind {
	case Number, Bytes:
		return c.ordered(c.number(w, i), v.number)
	case Address:
		if c.attribute.Name == "addr" {
			return v.pattern.Match(w.Address(i))
		}
		p := w.Parent(i)
		if p < 0 || v.text == "" {
			return p < 0 && v.text == ""
		}
		return v.pattern.Match(w.Address(p))
	}
	e.texts = c.texts(e.texts[:0], w, i)
	if v.text == "" {
		return len(e.texts) == 0
	}
	for _, t := range e.texts {
		if t == v.text || v.wild && addr.Wild(v.text, t) {
			return true
		}
	}
	return false
}

func (c *compare) ordered(have, want int64) bool {
	switch c.op {
	case "<":
		return have < want
	case "<=":
		return have <= want
	case ">":
		return have > want
	case ">=":
		return have >= want
	}
	return have == want
}

func (c *compare) number(w World, i int) int64 {
	if c.attribute.Name == "depth" {
		return int64(w.Address(i).Depth())
	}
	return w.Number(i, c.attribute.Name)
}

// texts appends a node's values of the attribute.
func (c *compare) texts(to []string, w World, i int) []string {
	switch c.attribute.Name {
	case "name":
		return append(to, w.Address(i).Name())
	case "manifest":
		return append(to, w.Address(i).Manifest())
	}
	return w.Texts(to, i, c.attribute.Name)
}

func (c *call) eval(e *evaluation) []bool {
	of := e.eval(c.arg)
	set := make([]bool, len(of))
	switch c.function.Name {
	case "under":
		for i := range set { // parents come first
			p := e.w.Parent(i)
			set[i] = p >= 0 && (of[p] || set[p])
		}
	case "above":
		for i := len(set) - 1; i >= 0; i-- {
			if p := e.w.Parent(i); p >= 0 && (of[i] || set[i]) {
				set[p] = true
			}
		}
	case "needs":
		reach(of, set, e.w.Needs)
	case "dependents":
		users := make([][]int, len(of))
		for i := range of {
			for _, n := range e.w.Needs(i) {
				users[n] = append(users[n], i)
			}
		}
		reach(of, set, func(i int) []int { return users[i] })
	case "peers":
		for i, in := range of {
			if in {
				for _, p := range e.w.Peers(i) {
					set[p] = true
				}
			}
		}
	}
	return set
}

// reach marks everything that edges lead to from the nodes of a set.
func reach(from, set []bool, edges func(int) []int) {
	var todo []int
	for i, in := range from {
		if in {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, next := range edges(i) {
			if !set[next] {
				set[next] = true
				todo = append(todo, next)
			}
		}
	}
}
