package expr

import (
	"fmt"
	"maps"
	"sort"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/source"
)

// Func is one pure function of the language.
type Func struct {
	Name   string
	Params []Param
	// Rest allows more arguments, each like the last parameter.
	Rest bool
	Doc  string // one sentence, for docs/reference and editors
	// Examples show the function at work; each is a test.
	Examples []Example
	// Call gets known values that match Params; optional ones may be missing.
	// Its error is one lower-case line without a full stop. It is an
	// ArgumentError when one argument is to blame, and ErrBudget when the
	// budget is used up. It is nil for try and can, whose arguments may fail.
	Call func(args []cty.Value, b *Budget) (cty.Value, error)
}

// Example is an expression and an expression of what it is.
type Example struct{ Expr, Value string }

// Param is one parameter.
type Param struct {
	Name     string
	Kind     ParamKind
	Optional bool
}

// ParamKind is what an argument must be.
type ParamKind uint8

const (
	Any     ParamKind = iota // anything, null too
	Text                     // text; numbers and booleans are written out
	Number                   // a number, or text that is one
	Bool                     // true or false
	List                     // a sequence of any kind
	Mapping                  // a map or object
)

func (k ParamKind) String() string {
	return [...]string{"anything", "text", "a number", "true or false", "a list", "a mapping"}[k]
}

// ArgumentError blames one argument, counted from 0.
type ArgumentError struct {
	Arg    int
	Reason string
}

func (a *ArgumentError) Error() string { return a.Reason }

func blame(arg int, format string, args ...any) error {
	return &ArgumentError{arg, fmt.Sprintf(format, args...)}
}

// Functions is the built-in table, by name. The caller may add to it.
func Functions() map[string]*Func { return maps.Clone(builtin) }

// builtin is never changed.
var builtin = func() map[string]*Func {
	table := map[string]*Func{}
	for _, family := range [][]Func{textFuncs, moreText, listFuncs, setFuncs, mappingFuncs, numberFuncs, moreNumber, netFuncs, codeFuncs, regexFuncs, tryFuncs} {
		for i := range family {
			family[i].Examples = examples[family[i].Name]
			table[family[i].Name] = &family[i]
		}
	}
	return table
}()

// Signature is how a function is called: "join(separator, list)".
func (f *Func) Signature() string {
	s := f.Name + "("
	for i, p := range f.Params {
		if i > 0 {
			s += ", "
		}
		s += p.Name
		if p.Optional {
			s += "?"
		}
	}
	if f.Rest {
		s += "…"
	}
	return s + ")"
}

// call evaluates the arguments, checks them and calls the function.
func (e *evaluator) call(x *hclsyntax.FunctionCallExpr) (cty.Value, bool) {
	at := e.at(x.NameRange)
	f := e.funcs[x.Name]
	if f == nil {
		e.unknownFunction(x.Name, at)
		return cty.NilVal, false
	}
	if f.Call == nil {
		return e.attempts(x, f)
	}
	args, places, ok := e.arguments(x)
	if !ok {
		return cty.NilVal, false
	}
	if !e.arity(f, len(args), at) {
		return cty.NilVal, false
	}
	for i := range args {
		if args[i], ok = e.openAll(args[i], places[i]); !ok {
			return cty.NilVal, false
		}
		if args[i], ok = e.argument(f, i, args[i], places[i]); !ok {
			return cty.NilVal, false
		}
	}
	v, err := f.Call(args, e.budget)
	switch err {
	case nil:
		return v, e.spend(1, sizeNumber, at)
	case ErrBudget, errUnknown, errDeep:
		return cty.NilVal, e.stop(err, at)
	}
	d := codeRefused.Errorf("%s: %s", f.Name, err)
	d.Range = e.at(x.Range())
	if blamed, ok := err.(*ArgumentError); ok && blamed.Arg < len(places) {
		d.Range = places[blamed.Arg]
	}
	d.Help = "it goes: " + f.Signature()
	e.report(d)
	return cty.NilVal, false
}

func (e *evaluator) unknownFunction(name string, at source.Range) {
	d := codeFunction.Errorf("unknown function %q", name)
	d.Range = at
	names := make([]string, 0, len(e.funcs))
	for n := range e.funcs {
		names = append(names, n)
	}
	sort.Strings(names)
	didYouMean(d, name, names, "functions are pure: they cannot read files, the clock or the environment")
	e.report(d)
}

// arguments evaluates all arguments; f(list...) gives each element as one.
func (e *evaluator) arguments(x *hclsyntax.FunctionCallExpr) (args []cty.Value, places []source.Range, ok bool) {
	ok = true
	for i, arg := range x.Args {
		at := e.at(arg.Range())
		v, good := e.eval(arg)
		if ok = ok && good && v.IsKnown(); !ok {
			continue
		}
		if !x.ExpandFinal || i < len(x.Args)-1 {
			args, places = append(args, v), append(places, at)
			continue
		}
		whole := v
		v = e.open(v)
		if v.IsNull() || !isSequence(v) {
			e.wrongType(at, "what ... expands", "a list", typeName(v))
			return nil, nil, false
		}
		items, good := e.elements(v, at)
		if !good {
			return nil, nil, false
		}
		for _, item := range items {
			args, places = append(args, like(whole, item)), append(places, at)
		}
	}
	return args, places, ok
}

func (e *evaluator) arity(f *Func, n int, at source.Range) bool {
	least := 0
	for _, p := range f.Params {
		if !p.Optional {
			least++
		}
	}
	if n >= least && (n <= len(f.Params) || f.Rest) {
		return true
	}
	d := codeArguments.Errorf("%s takes %s, not %d", f.Name, howMany(least, len(f.Params), f.Rest), n)
	d.Range = at
	d.Help = "it goes: " + f.Signature()
	e.report(d)
	return false
}

func howMany(least, most int, rest bool) string {
	switch {
	case rest:
		return fmt.Sprintf("%d or more arguments", least)
	case least < most:
		return fmt.Sprintf("%d to %d arguments", least, most)
	case least == 1:
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", least)
}

// argument makes one argument what its parameter wants.
func (e *evaluator) argument(f *Func, i int, v cty.Value, at source.Range) (cty.Value, bool) {
	p := f.Params[min(i, len(f.Params)-1)]
	if !v.IsKnown() || !e.read(v, at) {
		return cty.NilVal, false
	}
	if p.Kind == Any {
		return v, true
	}
	what := fmt.Sprintf("%q of %s", p.Name, f.Name)
	if v.IsNull() {
		e.isNull(at, what)
		return cty.NilVal, false
	}
	ok := false
	out := v
	switch p.Kind {
	case Text:
		if v.Type() == cty.String {
			return v, true
		}
		s, isText := e.asText(v, at, what)
		return cty.StringVal(s), isText
	case Number:
		out, ok = toNumber(v)
	case Bool:
		out, ok = toBool(v)
	case List:
		ok = isSequence(v)
	case Mapping:
		ok = isMapping(v)
	}
	if !ok {
		e.wrongType(at, what, p.Kind.String(), typeName(v))
	}
	return out, ok
}
