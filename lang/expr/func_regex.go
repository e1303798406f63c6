package expr

import (
	"regexp"

	"github.com/zclconf/go-cty/cty"
)

// Patterns are RE2: matching takes time linear in the text, whatever the
// pattern is.
var regexFuncs = []Func{
	{
		Name: "regex", Params: []Param{{Name: "pattern", Kind: Text}, {Name: "text", Kind: Text}},
		Doc: "The first match: its text, or a list of its groups, or a mapping of its groups with names.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			re, err := pattern(a, b)
			if err != nil {
				return cty.NilVal, err
			}
			m := re.FindStringSubmatchIndex(a[1].AsString())
			if m == nil {
				return cty.NilVal, blame(1, "the pattern does not match it: try(regex(…), other) gives another value then")
			}
			return matched(re, a[1].AsString(), m, b)
		},
	},
	{
		Name: "regexall", Params: []Param{{Name: "pattern", Kind: Text}, {Name: "text", Kind: Text}}, Doc: "All matches, each as regex gives it; an empty list when there is none.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			re, err := pattern(a, b)
			if err != nil {
				return cty.NilVal, err
			}
			var out []cty.Value
			for _, m := range re.FindAllStringSubmatchIndex(a[1].AsString(), maxRange) {
				v, err := matched(re, a[1].AsString(), m, b)
				if err != nil {
					return cty.NilVal, err
				}
				out = append(out, v)
			}
			return b.list(out)
		},
	},
	{
		Name: "regexreplace", Params: []Param{{Name: "text", Kind: Text}, {Name: "pattern", Kind: Text}, {Name: "new", Kind: Text}},
		Doc: "The text with every match replaced; $1 and ${name} in the new text stand for groups.",
		Call: func(a []cty.Value, b *Budget) (cty.Value, error) {
			re, err := pattern([]cty.Value{a[1], a[0]}, b)
			if err != nil {
				return cty.NilVal, err
			}
			text, repl := a[0].AsString(), a[2].AsString()
			n := len(re.FindAllStringIndex(text, maxRange+1))
			if n > maxRange {
				return cty.NilVal, blame(0, "there are more than %d matches", maxRange)
			}
			// A group may be all of the text, and the new text name many.
			if !b.Spend(n, len(text)+n*len(repl)*(1+len(text))) {
				return cty.NilVal, ErrBudget
			}
			return cty.StringVal(re.ReplaceAllString(text, repl)), nil
		},
	},
}

// maxPattern bounds patterns, in bytes: what they become is larger.
const maxPattern = 1000

// pattern is the first argument, compiled, and the time paid for a search of
// the second.
func pattern(a []cty.Value, b *Budget) (*regexp.Regexp, error) {
	text := a[0].AsString()
	if len(text) > maxPattern {
		return nil, blame(0, "a pattern has at most %d characters", maxPattern)
	}
	if !b.Spend(16*(1+len(text))+len(a[1].AsString())*(1+len(text))/16, 64*(1+len(text))) {
		return nil, ErrBudget
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, blame(0, "this is not a regular expression of RE2")
	}
	return re, nil
}

// matched is one match as a value.
func matched(re *regexp.Regexp, text string, m []int, b *Budget) (cty.Value, error) {
	group := func(i int) (cty.Value, error) {
		if m[2*i] < 0 {
			return cty.NullVal(cty.String), nil
		}
		return b.text(text[m[2*i]:m[2*i+1]])
	}
	if re.NumSubexp() == 0 {
		return group(0)
	}
	names := re.SubexpNames()
	entries, items := map[string]cty.Value{}, []cty.Value(nil)
	for i := 1; i <= re.NumSubexp(); i++ {
		v, err := group(i)
		if err != nil {
			return cty.NilVal, err
		}
		if items = append(items, v); names[i] != "" {
			entries[names[i]] = v
		}
	}
	if len(entries) > 0 {
		return b.mapping(entries)
	}
	return b.list(items)
}
