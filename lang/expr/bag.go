package expr

import (
	"math/big"
	"strconv"

	"github.com/zclconf/go-cty/cty"
)

// bag holds values to compare others with, as == does. Texts, numbers and the
// like are found at once, however many there are; lists and mappings are
// compared one after the other.
type bag struct {
	plain map[string]bool // by plainKey
	rest  []cty.Value
}

// add puts a value into the bag and reports whether it was not in it before.
func (s *bag) add(v cty.Value, b *Budget) (bool, error) {
	found, err := s.has(v, b)
	if err != nil || found {
		return false, err
	}
	if key, ok := plainKey(v); ok {
		if s.plain == nil {
			s.plain = map[string]bool{}
		}
		s.plain[key] = true
	} else {
		s.rest = append(s.rest, v)
	}
	return true, nil
}

// has reports whether a value equals one in the bag.
func (s *bag) has(v cty.Value, b *Budget) (bool, error) {
	if !v.IsKnown() {
		return false, errUnknown
	}
	key, ok := plainKey(v)
	if !ok {
		return holds(s.rest, v, b)
	}
	if !b.Spend(1+len(key)/bytesPerStep, 0) {
		return false, ErrBudget
	}
	return s.plain[key], nil
}

// plainKey tells every value apart that is no collection.
func plainKey(v cty.Value) (key string, ok bool) {
	switch {
	case v.IsNull():
		return "null", true
	case v.Type() == cty.String:
		return `"` + v.AsString(), true
	case v.Type() == cty.Bool:
		if v.True() {
			return "true", true
		}
		return "false", true
	case v.Type() == cty.Number:
		f := v.AsBigFloat()
		if i, off := f.Int64(); off == big.Exact { // -0 is 0
			return strconv.FormatInt(i, 10), true
		}
		return f.Text('p', 0), true // 0x.…, exact, and one for each number
	}
	return "", false
}
