package expr

import (
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

var listFuncs = []Func{
	{
		Name: "length", Params: []Param{{Name: "value", Kind: Any}}, Doc: "How many elements, entries or characters there are.",
		Call: length,
	},
	{
		Name: "concat", Params: []Param{{Name: "list", Kind: List}}, Rest: true, Doc: "One list of the elements of all.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			var out []cty.Value
			for _, list := range a {
				out = append(out, elements(list)...)
			}
			return list(out, b)
		},
	},
	{
		Name: "contains", Params: []Param{{Name: "list", Kind: List}, {Name: "value", Kind: Any}}, Doc: "Whether an element equals the value.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			i, err := indexOf(elements(a[0]), a[1], b)
			return cty.BoolVal(i >= 0), err
		},
	},
	{
		Name: "distinct", Params: []Param{{Name: "list", Kind: List}}, Doc: "The list without elements that equal an earlier one.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			var out []cty.Value
			for _, v := range elements(a[0]) {
				i, err := indexOf(out, v, b)
				if err != nil {
					return cty.NilVal, err
				}
				if i < 0 {
					out = append(out, v)
				}
			}
			return list(out, b)
		},
	},
	{
		Name: "element", Params: []Param{{Name: "list", Kind: List}, {Name: "number", Kind: Number}},
		Doc: "An element by its number from 0, going round at the end.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			items := elements(a[0])
			n, ok := whole(a[1])
			if !ok || n < 0 {
				return cty.NilVal, blame(1, "the number must be whole, from 0")
			}
			if len(items) == 0 {
				return cty.NilVal, blame(0, "the list is empty")
			}
			return items[n%len(items)], nil
		},
	},
	{
		Name: "flatten", Params: []Param{{Name: "list", Kind: List}}, Doc: "The elements of all lists in the list, at any depth.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			out, err := flatten(nil, a[0], b)
			if err != nil {
				return cty.NilVal, err
			}
			return cty.TupleVal(out), nil
		},
	},
	{
		Name: "reverse", Params: []Param{{Name: "list", Kind: List}}, Doc: "The elements from last to first.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			out := elements(a[0])
			slices.Reverse(out)
			return list(out, b)
		},
	},
	{
		Name: "slice", Params: []Param{{Name: "list", Kind: List}, {Name: "from", Kind: Number}, {Name: "to", Kind: Number}},
		Doc: "The elements from one number up to, and without, another.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items := elements(a[0])
			from, ok := whole(a[1])
			if !ok || from < 0 || from > len(items) {
				return cty.NilVal, blame(1, "the list has the numbers 0 to %d", len(items))
			}
			to, ok := whole(a[2])
			if !ok || to < from || to > len(items) {
				return cty.NilVal, blame(2, "it must be a number from %d to %d", from, len(items))
			}
			return list(items[from:to], b)
		},
	},
	{
		Name: "sort", Params: []Param{{Name: "list", Kind: List}}, Doc: "The texts in the order of their bytes.",
		Call: sortTexts,
	},
	{
		Name: "compact", Params: []Param{{Name: "list", Kind: List}}, Doc: `The list without null and "".`,
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			return list(slices.DeleteFunc(elements(a[0]), isBlank), b)
		},
	},
	{
		Name: "coalesce", Params: []Param{{Name: "value", Kind: Any}}, Rest: true, Doc: `The first argument that is neither null nor "".`,
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			for _, v := range a {
				if !isBlank(v) {
					return v, nil
				}
			}
			return cty.NilVal, blame(len(a)-1, "every argument is null or empty")
		},
	},
	{
		Name: "range", Params: []Param{{Name: "number", Kind: Number}}, Rest: true,
		Doc:  "range(4) is 0 to 3, range(2, 5) is 2 to 4, range(0, 10, 5) is 0 and 5.",
		Call: rangeOf,
	},
}

// list is a list that was made, paid for.
func list(items []cty.Value, b *Budget) (cty.Value, error) {
	if !b.Spend(len(items), 0) {
		return cty.NilVal, ErrBudget
	}
	return cty.TupleVal(items), nil
}

func isBlank(v cty.Value) bool {
	return v.IsNull() || v.Type() == cty.String && v.AsString() == ""
}

func length(a []cty.Value, _ *Budget) (cty.Value, error) {
	v := a[0]
	switch {
	case v.IsNull():
		return cty.NilVal, blame(0, "null has no length")
	case isSequence(v), isMapping(v):
		return cty.NumberIntVal(int64(v.LengthInt())), nil
	case v.Type() == cty.String:
		return cty.NumberIntVal(int64(len([]rune(v.AsString())))), nil
	}
	return cty.NilVal, blame(0, "%s has no length", typeName(v))
}

// indexOf is the place of the first element that equals v, or -1.
func indexOf(items []cty.Value, v cty.Value, b *Budget) (int, error) {
	e := evaluator{budget: b}
	for i, item := range items {
		same, ok := e.equal(item, v, noPlace)
		if !ok && e.spent {
			return -1, ErrBudget
		}
		if same {
			return i, nil
		}
	}
	return -1, nil
}

func flatten(out []cty.Value, v cty.Value, b *Budget) ([]cty.Value, error) {
	for _, item := range elements(v) {
		if !b.Spend(1, 0) {
			return nil, ErrBudget
		}
		if item.IsNull() || !item.IsKnown() || !isSequence(item) {
			out = append(out, item)
			continue
		}
		var err error
		if out, err = flatten(out, item, b); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sortTexts(a []cty.Value, b *Budget) (cty.Value, error) {
	items := elements(a[0])
	for i, v := range items {
		s, ok := written(v)
		if !ok {
			return cty.NilVal, blame(0, "element %d is %s, not text", i, typeName(v))
		}
		items[i] = cty.StringVal(s)
	}
	slices.SortStableFunc(items, func(x, y cty.Value) int { return strings.Compare(x.AsString(), y.AsString()) })
	return list(items, b)
}

// maxRange is the longest list range makes.
const maxRange = 100_000

func rangeOf(a []cty.Value, b *Budget) (cty.Value, error) {
	n := [3]int{0, 0, 1}
	if len(a) > 3 {
		return cty.NilVal, blame(3, "there are at most three numbers")
	}
	for i, v := range a {
		w, ok := whole(v)
		if !ok || w > 1<<40 || w < -1<<40 {
			return cty.NilVal, blame(i, "the number must be whole, and not huge")
		}
		n[i] = w
	}
	from, to, step := n[0], n[1], n[2]
	if len(a) == 1 {
		from, to = 0, n[0]
	}
	if step == 0 {
		return cty.NilVal, blame(2, "a step of 0 never arrives")
	}
	var out []cty.Value
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		if len(out) == maxRange {
			return cty.NilVal, blame(0, "this makes more than %d numbers", maxRange)
		}
		out = append(out, cty.NumberIntVal(int64(i)))
	}
	return list(out, b)
}
