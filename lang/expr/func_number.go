package expr

import (
	"math/big"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

var numberFuncs = []Func{
	{
		Name: "abs", Params: []Param{{Name: "number", Kind: Number}}, Doc: "The number without its sign.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			return cty.NumberVal(new(big.Float).Abs(a[0].AsBigFloat())), nil
		},
	},
	{
		Name: "ceil", Params: []Param{{Name: "number", Kind: Number}}, Doc: "The next whole number, upwards.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return rounded(a[0], 1), nil },
	},
	{
		Name: "floor", Params: []Param{{Name: "number", Kind: Number}}, Doc: "The next whole number, downwards.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return rounded(a[0], -1), nil },
	},
	{
		Name: "max", Params: []Param{{Name: "number", Kind: Number}}, Rest: true, Doc: "The largest of its arguments.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return extreme(a, 1), nil },
	},
	{
		Name: "min", Params: []Param{{Name: "number", Kind: Number}}, Rest: true, Doc: "The smallest of its arguments.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return extreme(a, -1), nil },
	},
	{
		Name: "parseint", Params: []Param{{Name: "text", Kind: Text}, {Name: "base", Kind: Number}},
		Doc:  "The whole number a text writes in a base from 2 to 36.",
		Call: parseInt,
	},
	{
		Name: "tonumber", Params: []Param{{Name: "value", Kind: Number}}, Doc: "The number a text writes.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return a[0], nil },
	},
}

// whole is a number that fits an int and has no fraction.
func whole(v cty.Value) (int, bool) {
	i, exact := v.AsBigFloat().Int64()
	return int(i), exact == big.Exact
}

func rounded(v cty.Value, direction int) cty.Value {
	f := v.AsBigFloat()
	i, _ := f.Int(nil) // towards zero
	if !f.IsInt() && f.Sign() == direction {
		i.Add(i, big.NewInt(int64(direction)))
	}
	return cty.NumberVal(new(big.Float).SetPrec(512).SetInt(i))
}

func extreme(a []cty.Value, direction int) cty.Value {
	best := a[0]
	for _, v := range a[1:] {
		if v.AsBigFloat().Cmp(best.AsBigFloat()) == direction {
			best = v
		}
	}
	return best
}

func parseInt(a []cty.Value, _ *Budget) (cty.Value, error) {
	base, ok := whole(a[1])
	if !ok || base < 2 || base > 36 {
		return cty.NilVal, blame(1, "the base must be a whole number from 2 to 36")
	}
	n, err := strconv.ParseInt(a[0].AsString(), base, 64)
	if err != nil {
		return cty.NilVal, blame(0, "this is not a whole number in base %d", base)
	}
	return cty.NumberIntVal(n), nil
}
