package compiler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/homestak/homestak/lang/diag"
)

// constraint is the type of a variable: what a value of it has to be. Mappings
// and lists stay objects and tuples, which can hold values of several types;
// expressions make no difference between them.
type constraint struct {
	kind  constraintKind
	prim  cty.Type       // ofPrimitive
	elem  *constraint    // ofList, ofSet, ofMap
	items []*constraint  // ofTuple
	attrs []attribute    // ofObject
	index map[string]int // of attrs, by name
}

type constraintKind uint8

const (
	ofAny constraintKind = iota
	ofPrimitive
	ofList
	ofSet
	ofMap
	ofObject
	ofTuple
)

// attribute is one field of an object.
type attribute struct {
	name     string
	of       *constraint
	optional bool
	fallback cty.Value // of an optional one; null when it names none
}

// mismatch says where in a value something is not of its type.
type mismatch struct {
	path  []string // keys and indexes, from outside
	want  string
	got   string
	known []string // the fields there are, when one that is not is too much
}

// text is the mismatch about a value called name.
func (m *mismatch) text(name string) string {
	for _, step := range m.path {
		name += step
	}
	if m.got == "" {
		return fmt.Sprintf("%s %s", name, m.want)
	}
	return fmt.Sprintf("%s has to be %s, and is %s", name, m.want, m.got)
}

// fit makes a value one of a type, nil when it is, else what is wrong.
func (k *constraint) fit(v cty.Value) (cty.Value, *mismatch) {
	v, marks := v.Unmark()
	out, wrong := k.unmarked(v)
	if wrong != nil {
		return cty.DynamicVal, wrong
	}
	return out.WithMarks(marks), nil
}

func (k *constraint) unmarked(v cty.Value) (cty.Value, *mismatch) {
	switch {
	case !v.IsKnown() || v.IsNull() || k.kind == ofAny:
		return v, nil
	case k.kind == ofPrimitive:
		out, err := convert.Convert(v, k.prim)
		if err != nil {
			return v, k.wrong(v)
		}
		return out, nil
	case k.kind == ofMap || k.kind == ofObject:
		if t := v.Type(); !t.IsObjectType() && !t.IsMapType() {
			return v, k.wrong(v)
		}
		return k.mapping(v.AsValueMap())
	}
	if t := v.Type(); !t.IsTupleType() && !t.IsListType() && !t.IsSetType() {
		return v, k.wrong(v)
	}
	return k.sequence(v)
}

func (k *constraint) wrong(v cty.Value) *mismatch {
	return &mismatch{want: k.String(), got: describeValue(v)}
}

// at puts a step before the path of a mismatch.
func (m *mismatch) at(step string) *mismatch {
	m.path = append([]string{step}, m.path...)
	return m
}

func (k *constraint) sequence(v cty.Value) (cty.Value, *mismatch) {
	items := v.AsValueSlice()
	if k.kind == ofTuple && len(items) != len(k.items) {
		return v, &mismatch{want: k.String(), got: fmt.Sprintf("a list of %d", len(items))}
	}
	for i := range items {
		of := k.elem
		if k.kind == ofTuple {
			of = k.items[i]
		}
		var wrong *mismatch
		if items[i], wrong = of.fit(items[i]); wrong != nil {
			return v, wrong.at(fmt.Sprintf("[%d]", i))
		}
	}
	if k.kind == ofSet {
		items = distinct(items)
	}
	return cty.TupleVal(items), nil
}

// distinct sorts the texts of a set, and leaves out repetitions.
func distinct(items []cty.Value) []cty.Value {
	var out []cty.Value
	alike := map[int][]cty.Value{} // by hash
	for _, v := range items {
		plain, _ := v.UnmarkDeep()
		h := plain.Hash()
		if !slices.ContainsFunc(alike[h], plain.RawEquals) {
			alike[h] = append(alike[h], plain)
			out = append(out, v)
		}
	}
	key := func(v cty.Value) string {
		u, _ := v.Unmark()
		if u.IsKnown() && !u.IsNull() && u.Type() == cty.String {
			return u.AsString()
		}
		return ""
	}
	slices.SortStableFunc(out, func(a, b cty.Value) int { return strings.Compare(key(a), key(b)) })
	return out
}

func (k *constraint) mapping(have map[string]cty.Value) (cty.Value, *mismatch) {
	names := make([]string, 0, len(have))
	for name := range have {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make(map[string]cty.Value, len(have))
	for _, name := range names {
		of := k.elem
		if k.kind == ofObject {
			i, ok := k.index[name]
			if !ok {
				return cty.DynamicVal, (&mismatch{want: "is no field of it: there are " + enumerate(k.names()), known: k.names()}).at("." + name)
			}
			of = k.attrs[i].of
		}
		v, wrong := of.fit(have[name])
		if wrong != nil {
			return cty.DynamicVal, wrong.at("." + name)
		}
		out[name] = v
	}
	for _, a := range k.attrs {
		v, given := out[a.name]
		switch {
		case given && !(a.optional && v.IsNull()):
		case a.optional:
			out[a.name] = a.fallback
		default:
			return cty.DynamicVal, &mismatch{want: fmt.Sprintf("lacks the field %q", a.name)}
		}
	}
	return cty.ObjectVal(out), nil
}

func (k *constraint) names() []string {
	names := make([]string, len(k.attrs))
	for i, a := range k.attrs {
		names[i] = a.name
	}
	return names
}

// String is the type in the words of everybody.
func (k *constraint) String() string {
	switch k.kind {
	case ofPrimitive:
		return describeType(k.prim)
	case ofList, ofSet:
		return "a list" + k.elem.each("item")
	case ofMap:
		return "a mapping" + k.elem.each("value")
	case ofObject:
		return "a mapping with the fields " + enumerate(k.names())
	case ofTuple:
		return fmt.Sprintf("a list of %d", len(k.items))
	}
	return "anything"
}

func (k *constraint) each(what string) string {
	if k.kind == ofAny {
		return ""
	}
	return ", each " + what + " " + k.String()
}

func describeType(t cty.Type) string {
	switch t {
	case cty.Number:
		return "a number"
	case cty.Bool:
		return "true or false"
	}
	return "text"
}

func describeValue(v cty.Value) string {
	switch t := v.Type(); {
	case t.IsPrimitiveType():
		return describeType(t)
	case t.IsObjectType() || t.IsMapType():
		return "a mapping"
	}
	return "a list"
}

// inferred is the type that a default stands for when none is written.
func inferred(v cty.Value) *constraint {
	if v.IsMarked() || !v.IsKnown() || v.IsNull() {
		return &constraint{}
	}
	switch t := v.Type(); {
	case t.IsPrimitiveType():
		return &constraint{kind: ofPrimitive, prim: t}
	case t.IsObjectType() || t.IsMapType():
		return &constraint{kind: ofMap, elem: &constraint{}}
	}
	return &constraint{kind: ofList, elem: &constraint{}}
}

// typeReader reads the expression of a type.
type typeReader struct {
	literal func(hclsyntax.Expression) (cty.Value, bool)
	// wrong reports an expression that is no type, and suggests what was meant.
	wrong func(e hclsyntax.Expression, message, help string)
}

// words that people write for a type, of other languages.
var typeWords = map[string]string{
	"str": "string", "text": "string", "int": "number", "integer": "number", "float": "number", "boolean": "bool",
	"list": "list(any)", "array": "list(any)", "tuple": "list(any)", "set": "set(any)", "map": "map(any)", "dict": "map(any)",
	"object": "map(any)",
}

func (r *typeReader) read(e hclsyntax.Expression) (*constraint, bool) {
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		if len(e.Traversal) == 1 {
			return r.word(e, e.Traversal.RootName())
		}
	case *hclsyntax.TemplateExpr: // "string", as older Terraform has it
		if len(e.Parts) == 1 {
			if lit, ok := e.Parts[0].(*hclsyntax.LiteralValueExpr); ok && lit.Val.Type() == cty.String {
				return r.word(e, lit.Val.AsString())
			}
		}
	case *hclsyntax.FunctionCallExpr:
		return r.call(e)
	}
	r.wrong(e, "this is not a type", "write string, number, bool, any, list(T), set(T), map(T), object({…}) or tuple([…])")
	return nil, false
}

func (r *typeReader) word(e hclsyntax.Expression, name string) (*constraint, bool) {
	switch name {
	case "string":
		return &constraint{kind: ofPrimitive, prim: cty.String}, true
	case "number":
		return &constraint{kind: ofPrimitive, prim: cty.Number}, true
	case "bool":
		return &constraint{kind: ofPrimitive, prim: cty.Bool}, true
	case "any":
		return &constraint{}, true
	}
	best := typeWords[name]
	if best == "" {
		best = diag.Suggest(name, []string{"string", "number", "bool", "any"})
	}
	help := "write string, number, bool, any, list(T), set(T), map(T), object({…}) or tuple([…])"
	if best != "" {
		help = fmt.Sprintf("did you mean %s?", best)
	}
	r.wrong(e, fmt.Sprintf("%q is not a type", name), help)
	return nil, false
}

func (r *typeReader) call(e *hclsyntax.FunctionCallExpr) (*constraint, bool) {
	kinds := map[string]constraintKind{"list": ofList, "set": ofSet, "map": ofMap, "object": ofObject, "tuple": ofTuple}
	kind, ok := kinds[e.Name]
	switch {
	case e.Name == "optional":
		r.wrong(e, "optional stands in an object alone", "write object({name = optional(string)}); a variable with a default is optional")
		return nil, false
	case !ok:
		help := "write list(T), set(T), map(T), object({…}) or tuple([…])"
		if best := diag.Suggest(e.Name, []string{"list", "set", "map", "object", "tuple"}); best != "" {
			help = fmt.Sprintf("did you mean %s(…)?", best)
		}
		r.wrong(e, fmt.Sprintf("there are no types of %s(…)", e.Name), help)
		return nil, false
	case len(e.Args) != 1:
		r.wrong(e, fmt.Sprintf("%s takes one type", e.Name), fmt.Sprintf("write it as in %s", typeExample(kind)))
		return nil, false
	}
	switch arg := e.Args[0]; kind {
	case ofObject:
		if o, ok := arg.(*hclsyntax.ObjectConsExpr); ok {
			return r.object(o)
		}
	case ofTuple:
		if t, ok := arg.(*hclsyntax.TupleConsExpr); ok {
			return r.tuple(t)
		}
	default:
		elem, ok := r.read(arg)
		return &constraint{kind: kind, elem: elem}, ok
	}
	r.wrong(e, fmt.Sprintf("%s takes its parts in brackets", e.Name), fmt.Sprintf("write it as in %s", typeExample(kind)))
	return nil, false
}

func typeExample(kind constraintKind) string {
	return [...]string{"any", "string", "list(string)", "set(string)", "map(number)", "object({name = string})", "tuple([string, number])"}[kind]
}

func (r *typeReader) tuple(e *hclsyntax.TupleConsExpr) (*constraint, bool) {
	k, all := &constraint{kind: ofTuple}, true
	for _, item := range e.Exprs {
		of, ok := r.read(item)
		k.items, all = append(k.items, of), all && ok
	}
	return k, all
}

func (r *typeReader) object(e *hclsyntax.ObjectConsExpr) (*constraint, bool) {
	k, all := &constraint{kind: ofObject, index: map[string]int{}}, true
	for _, item := range e.Items {
		name, ok := r.literal(item.KeyExpr)
		if !ok || name.Type() != cty.String {
			all = false
			continue
		}
		a := attribute{name: name.AsString(), fallback: cty.NullVal(cty.DynamicPseudoType)}
		if _, twice := k.index[a.name]; twice {
			r.wrong(item.KeyExpr, fmt.Sprintf("the field %q is there twice", a.name), "remove one of the two")
			all = false
			continue
		}
		if !r.field(&a, item.ValueExpr) {
			all = false
			continue
		}
		k.index[a.name] = len(k.attrs)
		k.attrs = append(k.attrs, a)
	}
	return k, all
}

// field reads the type of a field, which may be optional(T, default).
func (r *typeReader) field(a *attribute, e hclsyntax.Expression) bool {
	call, ok := e.(*hclsyntax.FunctionCallExpr)
	if !ok || call.Name != "optional" {
		a.of, ok = r.read(e)
		return ok
	}
	a.optional = true
	if len(call.Args) != 1 && len(call.Args) != 2 {
		r.wrong(e, "optional takes a type and perhaps a default", "write it as in optional(string) or optional(number, 3)")
		return false
	}
	if a.of, ok = r.read(call.Args[0]); !ok || len(call.Args) == 1 {
		return ok
	}
	v, ok := r.literal(call.Args[1])
	if !ok {
		return false
	}
	v, wrong := a.of.fit(v)
	if wrong != nil {
		r.wrong(call.Args[1], wrong.text("the default of "+a.name), "change the default, or the type")
		return false
	}
	a.fallback = v
	return true
}
