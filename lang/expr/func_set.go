package expr

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// setFuncs treat lists as sets, and make one kind of collection of another. A
// set is a list of distinct values here: texts sorted, all else in the order in
// which it came.
var setFuncs = []Func{
	{
		Name: "tolist", Params: []Param{{Name: "list", Kind: List}}, Doc: "The elements of a set, or of a list, as a list.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			return b.list(items)
		},
	},
	{
		Name: "toset", Params: []Param{{Name: "list", Kind: List}}, Doc: "The distinct elements, texts sorted.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) { return union(a, b) },
	},
	{
		Name: "tomap", Params: []Param{{Name: "mapping", Kind: Mapping}}, Doc: "The mapping itself: maps and objects are the same here.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return a[0], nil },
	},
	{
		Name: "setunion", Params: []Param{{Name: "list", Kind: List}}, Rest: true, Doc: "The elements of any of the lists, each once.",
		Call: union,
	},
	{
		Name: "setintersection", Params: []Param{{Name: "list", Kind: List}}, Rest: true, Doc: "The elements that all lists have.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) { return sift(a, b, true) },
	},
	{
		Name: "setsubtract", Params: []Param{{Name: "list", Kind: List}, {Name: "without", Kind: List}}, Doc: "The elements of the first list that the second has not.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) { return sift(a, b, false) },
	},
	{
		Name: "setproduct", Params: []Param{{Name: "list", Kind: List}}, Rest: true, Doc: "Every combination of one element of each list.",
		Call: product,
	},
	{
		Name: "chunklist", Params: []Param{{Name: "list", Kind: List}, {Name: "size", Kind: Number}}, Doc: "The list in pieces of a size; the last may be shorter.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			size, ok := whole(a[1])
			if !ok || size < 1 {
				return cty.NilVal, blame(1, "the size must be a whole number from 1")
			}
			var out []cty.Value
			for piece := range slices.Chunk(items, size) {
				v, err := b.list(piece)
				if err != nil {
					return cty.NilVal, err
				}
				out = append(out, v)
			}
			return b.list(out)
		},
	},
	{
		Name: "index", Params: []Param{{Name: "list", Kind: List}, {Name: "value", Kind: Any}}, Doc: "The number, from 0, of the first element that equals the value.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			for i, item := range items {
				if same, err := b.equal(item, a[1]); err != nil || same {
					return cty.NumberIntVal(int64(i)), err
				}
			}
			return cty.NilVal, blame(1, "the list has no such element")
		},
	},
	{
		Name: "one", Params: []Param{{Name: "list", Kind: List}}, Doc: "The only element of a list, or null when it has none.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			switch {
			case err != nil:
				return cty.NilVal, err
			case len(items) > 1:
				return cty.NilVal, blame(0, "the list has %d elements, not one or none", len(items))
			case len(items) == 0:
				return cty.NullVal(cty.DynamicPseudoType), nil
			}
			return items[0], nil
		},
	},
	{
		Name: "alltrue", Params: []Param{{Name: "list", Kind: List}}, Doc: "Whether every element is true; so it is of none.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) { return quantified(a[0], b, false) },
	},
	{
		Name: "anytrue", Params: []Param{{Name: "list", Kind: List}}, Doc: "Whether an element is true.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) { return quantified(a[0], b, true) },
	},
	{
		Name: "coalescelist", Params: []Param{{Name: "list", Kind: Any}}, Rest: true, Doc: "The first list that is neither null nor empty.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			for i, v := range a {
				switch {
				case v.IsNull():
				case !isSequence(v):
					return cty.NilVal, blame(i, "this is %s, not a list", typeName(v))
				case v.LengthInt() > 0:
					return v, nil
				}
			}
			return cty.NilVal, blame(len(a)-1, "every list is null or empty")
		},
	},
}

// asSet is a list of distinct values in the order of sets.
func asSet(items []cty.Value, b *Budget) (cty.Value, error) {
	texts := !slices.ContainsFunc(items, func(v cty.Value) bool { return v.IsNull() || v.Type() != cty.String })
	list, err := b.list(items)
	if err != nil || !texts {
		return list, err
	}
	return sortTexts([]cty.Value{list}, b)
}

// distinct is all elements of lists, each once.
func distinct(lists []cty.Value, b *Budget) (out []cty.Value, err error) {
	var seen bag
	for _, list := range lists {
		items, err := b.elements(list)
		if err != nil {
			return nil, err
		}
		for _, v := range items {
			switch fresh, err := seen.add(v, b); {
			case err != nil:
				return nil, err
			case fresh:
				out = append(out, v)
			}
		}
	}
	return out, nil
}

// union is the set of all elements.
func union(a []cty.Value, b *Budget) (cty.Value, error) {
	out, err := distinct(a, b)
	if err != nil {
		return cty.NilVal, err
	}
	return asSet(out, b)
}

// sift keeps the elements of the first list that all others have, or that none
// of them has.
func sift(a []cty.Value, b *Budget, have bool) (cty.Value, error) {
	first, err := union(a[:1], b)
	if err != nil {
		return cty.NilVal, err
	}
	items, err := b.elements(first)
	if err != nil {
		return cty.NilVal, err
	}
	for _, list := range a[1:] {
		var others bag
		all, err := b.elements(list)
		if err != nil {
			return cty.NilVal, err
		}
		for _, v := range all {
			if _, err := others.add(v, b); err != nil {
				return cty.NilVal, err
			}
		}
		var kept []cty.Value
		for _, v := range items {
			found, err := others.has(v, b)
			if err != nil {
				return cty.NilVal, err
			}
			if found == have {
				kept = append(kept, v)
			}
		}
		items = kept
	}
	return b.list(items)
}

// product combines the elements of lists, the last one fastest.
func product(a []cty.Value, b *Budget) (cty.Value, error) {
	combinations := [][]cty.Value{nil}
	for _, list := range a {
		items, err := b.elements(list)
		if err != nil {
			return cty.NilVal, err
		}
		if !b.Spend(len(combinations)*len(items), sizeItem*len(combinations)*len(items)*len(a)) {
			return cty.NilVal, ErrBudget
		}
		next := make([][]cty.Value, 0, len(combinations)*len(items))
		for _, c := range combinations {
			for _, v := range items {
				next = append(next, append(slices.Clone(c), v))
			}
		}
		combinations = next
	}
	out := make([]cty.Value, len(combinations))
	for i, c := range combinations {
		v, err := b.list(c)
		if err != nil {
			return cty.NilVal, err
		}
		out[i] = v
	}
	return b.list(out)
}

// quantified says whether an element is what decides.
func quantified(list cty.Value, b *Budget, decides bool) (cty.Value, error) {
	items, err := b.elements(list)
	if err != nil {
		return cty.NilVal, err
	}
	for i, v := range items {
		if v.IsNull() {
			return cty.NilVal, blame(0, "element %d is null", i)
		}
		t, ok := toBool(v)
		if !ok {
			return cty.NilVal, blame(0, "element %d is %s, not true or false", i, typeName(v))
		}
		if t.True() == decides {
			return cty.BoolVal(decides), nil
		}
	}
	return cty.BoolVal(!decides), nil
}
