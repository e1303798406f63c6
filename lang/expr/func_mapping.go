package expr

import "github.com/zclconf/go-cty/cty"

var mappingFuncs = []Func{
	{
		Name: "keys", Params: []Param{{Name: "mapping", Kind: Mapping}}, Doc: "The keys, sorted.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			entries, err := b.pairs(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			var out []cty.Value
			for _, p := range entries {
				out = append(out, cty.StringVal(p.key))
			}
			return b.list(out)
		},
	},
	{
		Name: "values", Params: []Param{{Name: "mapping", Kind: Mapping}}, Doc: "The values, in the order of their keys.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			entries, err := b.pairs(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			var out []cty.Value
			for _, p := range entries {
				out = append(out, p.value)
			}
			return b.list(out)
		},
	},
	{
		Name: "lookup", Params: []Param{{Name: "mapping", Kind: Mapping}, {Name: "key", Kind: Text}, {Name: "default", Kind: Any, Optional: true}},
		Doc: "The value of a key, or the default when there is none.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			if v, ok := field(a[0], a[1].AsString()); ok {
				return v, nil
			}
			if len(a) < 3 {
				return cty.NilVal, blame(1, "there is no key %q, and no default", a[1].AsString())
			}
			return a[2], nil
		},
	},
	{
		Name: "merge", Params: []Param{{Name: "mapping", Kind: Mapping}}, Rest: true, Doc: "One mapping of all; later ones win.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			out := map[string]cty.Value{}
			for _, m := range a {
				entries, err := b.pairs(m)
				if err != nil {
					return cty.NilVal, err
				}
				for _, p := range entries {
					out[p.key] = p.value
				}
			}
			return b.mapping(out)
		},
	},
	{
		Name: "zipmap", Params: []Param{{Name: "keys", Kind: List}, {Name: "values", Kind: List}}, Doc: "A mapping of keys to the values at the same places.",
		Call: zipmap,
	},
}

func zipmap(a []cty.Value, b *Budget) (cty.Value, error) {
	keys, err := b.elements(a[0])
	if err != nil {
		return cty.NilVal, err
	}
	values, err := b.elements(a[1])
	if err != nil {
		return cty.NilVal, err
	}
	if len(keys) != len(values) {
		return cty.NilVal, blame(1, "there are %d keys and %d values", len(keys), len(values))
	}
	out := map[string]cty.Value{}
	for i, k := range keys {
		key, ok := written(k)
		if !ok {
			return cty.NilVal, blame(0, "element %d is %s, not text", i, typeName(k))
		}
		out[key] = values[i]
	}
	return b.mapping(out)
}
