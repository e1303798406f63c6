package expr

import (
	"math/bits"
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
				items, err := b.elements(list)
				if err != nil {
					return cty.NilVal, err
				}
				out = append(out, items...)
			}
			return b.list(out)
		},
	},
	{
		Name: "contains", Params: []Param{{Name: "list", Kind: List}, {Name: "value", Kind: Any}}, Doc: "Whether an element equals the value.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			found, err := holds(items, a[1], b)
			return cty.BoolVal(found), err
		},
	},
	{
		Name: "distinct", Params: []Param{{Name: "list", Kind: List}}, Doc: "The list without elements that equal an earlier one.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			out, err := distinct(a, b)
			if err != nil {
				return cty.NilVal, err
			}
			return b.list(out)
		},
	},
	{
		Name: "element", Params: []Param{{Name: "list", Kind: List}, {Name: "number", Kind: Number}},
		Doc: "An element by its number from 0, going round at the end.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
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
			out, err := flatten(nil, a[0], b, 0)
			if err != nil {
				return cty.NilVal, err
			}
			return b.list(out)
		},
	},
	{
		Name: "reverse", Params: []Param{{Name: "list", Kind: List}}, Doc: "The elements from last to first.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			out, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			slices.Reverse(out)
			return b.list(out)
		},
	},
	{
		Name: "slice", Params: []Param{{Name: "list", Kind: List}, {Name: "from", Kind: Number}, {Name: "to", Kind: Number}},
		Doc: "The elements from one number up to, and without, another.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			from, ok := whole(a[1])
			if !ok || from < 0 || from > len(items) {
				return cty.NilVal, blame(1, "the list has the numbers 0 to %d", len(items))
			}
			to, ok := whole(a[2])
			if !ok || to < from || to > len(items) {
				return cty.NilVal, blame(2, "it must be a number from %d to %d", from, len(items))
			}
			return b.list(items[from:to])
		},
	},
	{
		Name: "sort", Params: []Param{{Name: "list", Kind: List}}, Doc: "The texts in the order of their bytes.",
		Call: sortTexts,
	},
	{
		Name: "compact", Params: []Param{{Name: "list", Kind: List}}, Doc: `The list without null and "".`,
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			return b.list(slices.DeleteFunc(items, isBlank))
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

// holds reports whether an element equals v.
func holds(items []cty.Value, v cty.Value, b *Budget) (bool, error) {
	for _, item := range items {
		if same, err := b.equal(item, v); err != nil || same {
			return same, err
		}
	}
	return false, nil
}

func flatten(out []cty.Value, v cty.Value, b *Budget, depth int) ([]cty.Value, error) {
	if depth > maxNesting {
		return nil, errDeep
	}
	items, err := b.elements(v)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if item.IsNull() || !item.IsKnown() || !isSequence(item) {
			out = append(out, item)
			continue
		}
		if out, err = flatten(out, item, b, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sortTexts(a []cty.Value, b *Budget) (cty.Value, error) {
	items, err := b.elements(a[0])
	if err != nil {
		return cty.NilVal, err
	}
	bytes := 0
	for i, v := range items {
		s, ok := written(v)
		if !ok {
			return cty.NilVal, blame(0, "element %d is %s, not text", i, typeName(v))
		}
		items[i] = cty.StringVal(s)
		bytes += len(s)
	}
	// Each text is compared about as often as their number has bits.
	rounds := bits.Len(uint(len(items)))
	if !b.Spend(rounds*(len(items)+bytes/bytesPerStep), 0) {
		return cty.NilVal, ErrBudget
	}
	slices.SortStableFunc(items, func(x, y cty.Value) int { return strings.Compare(x.AsString(), y.AsString()) })
	return b.list(items)
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
		if !b.Spend(1, sizeNumber) {
			return cty.NilVal, ErrBudget
		}
		out = append(out, cty.NumberIntVal(int64(i)))
	}
	return b.list(out)
}
