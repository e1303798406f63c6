package expr

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Use is one mention of a name in an expression: var.workers is {"var",
// "workers"}. Attr is "" when the root stands alone.
type Use struct {
	Root, Attr string
	Range      source.Range
}

// Uses lists what the expressions in n mention, in source order. Names bound
// by a `for` inside the expression are left out.
func Uses(n *syntax.Node) []Use {
	if n == nil {
		return nil
	}
	var uses []Use
	if n.Kind == syntax.Expr {
		for _, t := range n.Expr.Variables() {
			r := t.SourceRange()
			use := Use{Root: t.RootName(), Range: syntax.Span(n.Range.File, r)}
			if len(t) > 1 {
				if step, ok := t[1].(hcl.TraverseAttr); ok {
					use.Attr = step.Name
				}
			}
			uses = append(uses, use)
		}
	}
	for _, item := range n.Items {
		uses = append(uses, Uses(item)...)
	}
	for _, f := range n.Fields {
		uses = append(uses, Uses(f.Value)...)
	}
	return uses
}

// Locals evaluates the fields of m, which may mention each other as
// local.NAME, in the order they need, and returns them as one object for
// Scope.Vars["local"]. Cycles are errors. A field that failed is unknown in the
// object, so that what uses it is silent. m may be nil.
func Locals(m *syntax.Node, s *Scope) (cty.Value, diag.List) {
	if m == nil || m.Kind != syntax.Map {
		return cty.EmptyObjectVal, nil
	}
	l := locals{fields: m.Fields, index: map[string]int{}, state: make([]state, len(m.Fields)), values: map[string]cty.Value{}}
	for i, f := range m.Fields {
		l.index[f.Key] = i
		l.values[f.Key] = cty.DynamicVal
	}
	for i := range m.Fields {
		for _, ready := range l.order(i) {
			f := m.Fields[ready]
			visible, err := s.budget().mapping(l.visible(ready))
			if err != nil {
				visible = cty.DynamicVal // Value says so
			}
			v, ok, found := Value(f.Value, s.With("local", visible))
			l.found = append(l.found, found...)
			if ok {
				l.values[f.Key] = v
			}
		}
	}
	return cty.ObjectVal(l.values), l.found
}

type state uint8

const (
	untouched state = iota
	waiting         // for what it uses
	done
)

// locals orders the evaluation of fields that use each other.
type locals struct {
	fields []syntax.Field
	index  map[string]int
	state  []state
	values map[string]cty.Value
	found  diag.List
}

// order returns the fields that must be evaluated for field i, each after what
// it uses. It keeps its own stack: a chain may be as long as the file.
func (l *locals) order(i int) []int {
	if l.state[i] != untouched {
		return nil
	}
	type visit struct {
		field int
		uses  []Use
	}
	var out []int
	stack := []visit{{i, Uses(l.fields[i].Value)}}
	l.state[i] = waiting
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.uses) == 0 {
			if l.state[top.field] == waiting {
				l.state[top.field] = done
				out = append(out, top.field)
			}
			stack = stack[:len(stack)-1]
			continue
		}
		use := top.uses[0]
		top.uses = top.uses[1:]
		next, ok := l.index[use.Attr]
		if use.Root != "local" || !ok {
			continue
		}
		switch l.state[next] {
		case untouched:
			l.state[next] = waiting
			stack = append(stack, visit{next, Uses(l.fields[next].Value)})
		case waiting:
			var names []string
			for _, v := range stack {
				if len(names) > 0 || v.field == next {
					names = append(names, "local."+l.fields[v.field].Key)
				}
			}
			l.cycle(use, append(names, names[0]))
			for k := len(stack) - 1; stack[k].field != next; k-- {
				l.state[stack[k].field] = done
			}
			l.state[next] = done
		}
	}
	return out
}

func (l *locals) cycle(use Use, names []string) {
	d := codeCycle.Errorf("locals that need each other")
	if len(names) == 2 {
		d.Message = "a local that needs itself"
	}
	d.Range = use.Range
	d.Label = strings.Join(names, " → ")
	d.Help = "write one of them without the others"
	l.found = append(l.found, d)
}

// visible is what field i sees as local. When it mentions local as a whole it
// sees all fields, those not evaluated yet as unknown; else only what it names,
// so that each evaluation costs what it uses.
func (l *locals) visible(i int) map[string]cty.Value {
	out := map[string]cty.Value{}
	for _, use := range Uses(l.fields[i].Value) {
		if use.Root != "local" {
			continue
		}
		if use.Attr == "" {
			return l.values
		}
		if v, ok := l.values[use.Attr]; ok {
			out[use.Attr] = v
		} else {
			return l.values // an unknown name: suggest among all
		}
	}
	return out
}
