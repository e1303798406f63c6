package expr

import (
	"math"
	"math/big"
	"strings"
	"unicode"

	"github.com/zclconf/go-cty/cty"
)

// moreText are functions of text beside the basic ones.
var moreText = []Func{
	{
		Name: "title", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The first letter of each word in upper case.",
		Call: mapText(func(s string) string {
			start := true
			return strings.Map(func(r rune) rune {
				first := start
				if start = unicode.IsSpace(r); first {
					return unicode.ToTitle(r)
				}
				return r
			}, s)
		}),
	},
	{
		Name: "chomp", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The text without line feeds at its end.",
		Call: mapText(func(s string) string { return strings.TrimRight(s, "\r\n") }),
	},
	{
		Name: "indent", Params: []Param{{Name: "spaces", Kind: Number}, {Name: "text", Kind: Text}}, Doc: "The text with spaces before each line but the first.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			n, ok := whole(a[0])
			if !ok || n < 0 || n > maxWidth {
				return cty.NilVal, blame(0, "it must be a whole number from 0 to %d", maxWidth)
			}
			text := a[1].AsString()
			lines := strings.Count(text, "\n")
			if !b.Spend(lines, len(text)+lines*n) {
				return cty.NilVal, ErrBudget
			}
			return cty.StringVal(strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", n))), nil
		},
	},
	{
		Name: "strcontains", Params: []Param{{Name: "text", Kind: Text}, {Name: "part", Kind: Text}}, Doc: "Whether the text has the part in it.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			return cty.BoolVal(strings.Contains(a[0].AsString(), a[1].AsString())), nil
		},
	},
	{
		Name: "strrev", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The characters from last to first.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			if !b.Spend(1, 4*len(a[0].AsString())) {
				return cty.NilVal, ErrBudget
			}
			r := []rune(a[0].AsString())
			for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
				r[i], r[j] = r[j], r[i]
			}
			return cty.StringVal(string(r)), nil
		},
	},
	{
		Name: "formatlist", Params: []Param{{Name: "format", Kind: Text}, {Name: "value", Kind: Any}}, Rest: true,
		Doc:  "A list of texts as format makes them, one for each element of the lists among the values.",
		Call: formatList,
	},
}

// formatList calls format for each place of the lists.
func formatList(a []cty.Value, b *Budget) (cty.Value, error) {
	n := -1
	columns := make([][]cty.Value, len(a))
	for i, v := range a[1:] {
		if v.IsNull() || !isSequence(v) {
			continue
		}
		items, err := b.elements(v)
		if err != nil {
			return cty.NilVal, err
		}
		if n >= 0 && len(items) != n {
			return cty.NilVal, blame(i+1, "this list has %d elements, and another %d", len(items), n)
		}
		n, columns[i+1] = len(items), items
		if items == nil {
			columns[i+1] = []cty.Value{}
		}
	}
	if n < 0 {
		n = 1
	}
	var out []cty.Value
	for i := range n {
		row := make([]cty.Value, len(a))
		copy(row, a)
		for j, column := range columns {
			if column != nil {
				row[j] = column[i]
			}
		}
		s, err := format(row, b)
		if err != nil {
			return cty.NilVal, err
		}
		out = append(out, s)
	}
	return b.list(out)
}

// moreNumber are functions of numbers beside the basic ones.
var moreNumber = []Func{
	{
		Name: "sum", Params: []Param{{Name: "list", Kind: List}}, Doc: "The sum of the numbers in a list; of none it is 0.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			items, err := b.elements(a[0])
			if err != nil {
				return cty.NilVal, err
			}
			sum := new(big.Float).SetPrec(512)
			for i, v := range items {
				if v.IsNull() {
					return cty.NilVal, blame(0, "element %d is null", i)
				}
				n, ok := toNumber(v)
				if !ok {
					return cty.NilVal, blame(0, "element %d is %s, not a number", i, typeName(v))
				}
				sum.Add(sum, n.AsBigFloat())
			}
			return cty.NumberVal(sum), nil
		},
	},
	{
		Name: "signum", Params: []Param{{Name: "number", Kind: Number}}, Doc: "-1, 0 or 1, by the sign of the number.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			return cty.NumberIntVal(int64(a[0].AsBigFloat().Sign())), nil
		},
	},
	{
		Name: "pow", Params: []Param{{Name: "number", Kind: Number}, {Name: "exponent", Kind: Number}}, Doc: "The number to a whole power from 0.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			n, ok := whole(a[1])
			if !ok || n < 0 || n > maxExponent {
				return cty.NilVal, blame(1, "the exponent must be a whole number from 0 to %d", maxExponent)
			}
			if !b.Spend(n, sizeNumber) {
				return cty.NilVal, ErrBudget
			}
			out := new(big.Float).SetPrec(512).SetInt64(1)
			for range n {
				if out.Mul(out, a[0].AsBigFloat()); !inRange(out) {
					return cty.NilVal, blame(0, "the result is too large or too small")
				}
			}
			return cty.NumberVal(out), nil
		},
	},
	{
		Name: "log", Params: []Param{{Name: "number", Kind: Number}, {Name: "base", Kind: Number}}, Doc: "The logarithm of a number to a base, to ten digits after the point.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			x, _ := a[0].AsBigFloat().Float64()
			base, _ := a[1].AsBigFloat().Float64()
			if x <= 0 {
				return cty.NilVal, blame(0, "the number must be larger than 0")
			}
			if base <= 0 || base == 1 {
				return cty.NilVal, blame(1, "the base must be larger than 0, and not 1")
			}
			// Rounded, so that log(8, 2) is 3 on every machine.
			v := math.Round(math.Log(x)/math.Log(base)*1e10) / 1e10
			if math.IsInf(v, 0) || math.IsNaN(v) {
				return cty.NilVal, blame(0, "the result is too large")
			}
			return cty.NumberFloatVal(v), nil
		},
	},
}
