package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

// textFuncs work on text. What they make is never longer than what Spend
// granted before it was made.
var textFuncs = []Func{
	{
		Name: "upper", Params: []Param{{Name: "text", Kind: Text}}, Doc: "All letters in upper case.",
		Call: mapText(strings.ToUpper),
	},
	{
		Name: "lower", Params: []Param{{Name: "text", Kind: Text}}, Doc: "All letters in lower case.",
		Call: mapText(strings.ToLower),
	},
	{
		Name: "trimspace", Params: []Param{{Name: "text", Kind: Text}}, Doc: "The text without white space around it.",
		Call: mapText(strings.TrimSpace),
	},
	{
		Name: "trim", Params: []Param{{Name: "text", Kind: Text}, {Name: "characters", Kind: Text}},
		Doc: "The text without these characters around it.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			return b.text(strings.Trim(a[0].AsString(), a[1].AsString()))
		},
	},
	{
		Name: "trimprefix", Params: []Param{{Name: "text", Kind: Text}, {Name: "prefix", Kind: Text}},
		Doc: "The text without this beginning, if it has it.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			return b.text(strings.TrimPrefix(a[0].AsString(), a[1].AsString()))
		},
	},
	{
		Name: "trimsuffix", Params: []Param{{Name: "text", Kind: Text}, {Name: "suffix", Kind: Text}},
		Doc: "The text without this end, if it has it.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			return b.text(strings.TrimSuffix(a[0].AsString(), a[1].AsString()))
		},
	},
	{
		Name: "startswith", Params: []Param{{Name: "text", Kind: Text}, {Name: "prefix", Kind: Text}},
		Doc: "Whether the text begins so.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			return cty.BoolVal(strings.HasPrefix(a[0].AsString(), a[1].AsString())), nil
		},
	},
	{
		Name: "endswith", Params: []Param{{Name: "text", Kind: Text}, {Name: "suffix", Kind: Text}},
		Doc: "Whether the text ends so.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) {
			return cty.BoolVal(strings.HasSuffix(a[0].AsString(), a[1].AsString())), nil
		},
	},
	{
		Name: "replace", Params: []Param{{Name: "text", Kind: Text}, {Name: "old", Kind: Text}, {Name: "new", Kind: Text}},
		Doc:  "The text with every old replaced by new.",
		Call: replaceText,
	},
	{
		Name: "substr", Params: []Param{{Name: "text", Kind: Text}, {Name: "offset", Kind: Number}, {Name: "length", Kind: Number}},
		Doc:  "Part of a text, in characters; a length of -1 goes to the end.",
		Call: substr,
	},
	{
		Name: "split", Params: []Param{{Name: "separator", Kind: Text}, {Name: "text", Kind: Text}},
		Doc:  "The parts of a text between separators.",
		Call: split,
	},
	{
		Name: "join", Params: []Param{{Name: "separator", Kind: Text}, {Name: "list", Kind: List}},
		Doc:  "The elements as one text, with the separator between them.",
		Call: join,
	},
	{
		Name: "format", Params: []Param{{Name: "format", Kind: Text}, {Name: "value", Kind: Any, Optional: true}}, Rest: true,
		Doc:  "A text with values filled in: %s text, %d a whole number, %f a number, %q quoted, %x hexadecimal; %05d and the like set a width.",
		Call: format,
	},
	{
		Name: "tostring", Params: []Param{{Name: "value", Kind: Text}}, Doc: "A number or boolean as text.",
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return a[0], nil },
	},
	{
		Name: "tobool", Params: []Param{{Name: "value", Kind: Bool}}, Doc: `"true" and "false" as booleans.`,
		Call: func(a []cty.Value, _ *Budget) (cty.Value, error) { return a[0], nil },
	},
}

func mapText(f func(string) string) func([]cty.Value, *Budget) (cty.Value, error) {
	return func(a []cty.Value, b *Budget) (cty.Value, error) {
		// A letter takes at most three times its bytes in another case.
		if !b.Spend(1, 3*len(a[0].AsString())) {
			return cty.NilVal, ErrBudget
		}
		return cty.StringVal(f(a[0].AsString())), nil
	}
}

func replaceText(a []cty.Value, b *Budget) (cty.Value, error) {
	text, old, repl := a[0].AsString(), a[1].AsString(), a[2].AsString()
	if old == "" {
		return cty.NilVal, blame(1, "there is nothing to look for")
	}
	n := strings.Count(text, old)
	if !b.Spend(n, len(text)+n*len(repl)) {
		return cty.NilVal, ErrBudget
	}
	return cty.StringVal(strings.ReplaceAll(text, old, repl)), nil
}

func substr(a []cty.Value, b *Budget) (cty.Value, error) {
	text := a[0].AsString()
	offset, ok := whole(a[1])
	if !ok || offset < 0 {
		return cty.NilVal, blame(1, "the offset must be a whole number from 0")
	}
	length, ok := whole(a[2])
	if !ok || length < -1 {
		return cty.NilVal, blame(2, "the length must be a whole number, or -1")
	}
	rest := skipRunes(text, offset)
	if length >= 0 {
		rest = rest[:len(rest)-len(skipRunes(rest, length))]
	}
	return b.text(rest)
}

func skipRunes(s string, n int) string {
	for ; n > 0 && s != ""; n-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return s
}

func split(a []cty.Value, b *Budget) (cty.Value, error) {
	sep, text := a[0].AsString(), a[1].AsString()
	if sep == "" {
		return cty.NilVal, blame(0, "the separator is empty")
	}
	if !b.Spend(0, len(text)+sizeItem*(strings.Count(text, sep)+1)) {
		return cty.NilVal, ErrBudget
	}
	parts := strings.Split(text, sep)
	out := make([]cty.Value, len(parts))
	for i, p := range parts {
		out[i] = cty.StringVal(p)
	}
	return b.list(out)
}

func join(a []cty.Value, b *Budget) (cty.Value, error) {
	sep := a[0].AsString()
	items, err := b.elements(a[1])
	if err != nil {
		return cty.NilVal, err
	}
	parts := make([]string, len(items))
	for i, item := range items {
		s, ok := written(item)
		if !ok {
			return cty.NilVal, blame(1, "element %d is %s, not text", i, typeName(item))
		}
		if !b.Spend(1, len(s)+len(sep)) {
			return cty.NilVal, ErrBudget
		}
		parts[i] = s
	}
	return cty.StringVal(strings.Join(parts, sep)), nil
}

// written is a simple value as text.
func written(v cty.Value) (string, bool) {
	switch t := v.Type(); {
	case v.IsNull() || !v.IsKnown():
		return "", false
	case t == cty.String:
		return v.AsString(), true
	case t == cty.Number:
		return numberText(v), true
	case t == cty.Bool:
		return boolText(v), true
	}
	return "", false
}

// maxWidth is the widest a format may pad to.
const maxWidth = 1000

// format knows few verbs, each with flags, width and precision as in C.
func format(a []cty.Value, b *Budget) (cty.Value, error) {
	pattern := a[0].AsString()
	args := a[1:]
	var out strings.Builder
	for {
		i := strings.IndexByte(pattern, '%')
		if i < 0 {
			break
		}
		out.WriteString(pattern[:i])
		verb := 1 + len(pattern[i+1:]) - len(strings.TrimLeft(pattern[i+1:], "+-# 0123456789."))
		if i+verb == len(pattern) {
			return cty.NilVal, blame(0, "%q ends without its letter", pattern[i:])
		}
		directive := pattern[i : i+verb+1]
		pattern = pattern[i+verb+1:]
		if directive == "%%" {
			out.WriteByte('%')
			continue
		}
		if len(args) == 0 {
			return cty.NilVal, blame(0, "there is no value for %q", directive)
		}
		s, err := formatOne(directive, args[0], len(a)-len(args))
		if err != nil {
			return cty.NilVal, err
		}
		if !b.Spend(1, len(s)) {
			return cty.NilVal, ErrBudget
		}
		out.WriteString(s)
		args = args[1:]
	}
	if len(args) > 0 {
		return cty.NilVal, blame(len(a)-len(args), "the format has no place for this value")
	}
	return b.text(out.String() + pattern)
}

func formatOne(directive string, v cty.Value, arg int) (string, error) {
	for _, digits := range strings.FieldsFunc(directive, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(digits); err != nil || n > maxWidth {
			return "", blame(0, "%q is wider than %d", directive, maxWidth)
		}
	}
	switch verb := directive[len(directive)-1]; verb {
	case 's', 'v', 'q':
		s, ok := written(v)
		if !ok {
			return "", blame(arg, "%s wants text, and this is %s", directive, typeName(v))
		}
		return fmt.Sprintf(directive, s), nil
	case 'd', 'x', 'X', 'o', 'b':
		n, ok := toNumber(v)
		if v.IsNull() || !ok || !n.AsBigFloat().IsInt() {
			return "", blame(arg, "%s wants a whole number, and this is %s", directive, typeName(v))
		}
		i, _ := n.AsBigFloat().Int(nil)
		return fmt.Sprintf(directive, i), nil
	case 'f', 'e', 'g':
		n, ok := toNumber(v)
		if v.IsNull() || !ok {
			return "", blame(arg, "%s wants a number, and this is %s", directive, typeName(v))
		}
		return fmt.Sprintf(directive, n.AsBigFloat()), nil
	}
	return "", blame(0, "%q is not a directive; there are %%s %%d %%f %%q %%x", directive)
}
