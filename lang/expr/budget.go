package expr

import (
	"errors"

	"github.com/zclconf/go-cty/cty"
)

// Budget bounds the work of evaluations. It is used up, and not thread-safe.
type Budget struct {
	Steps int // time: expressions visited, elements looked at
	Bytes int // memory: text, values and nodes made, kept or not

	reported bool // that it is used up, once for all who share it
}

// NewBudget is enough for any sensible file: a hundred thousand instances of a
// node with a few expressions, or ten thousand with many. Used up, it was less
// than a second and 200 MiB.
func NewBudget() *Budget { return &Budget{Steps: 4 << 20, Bytes: 96 << 20} }

// bytesPerStep is how much text is read, or memory filled, in the time of a
// step.
const bytesPerStep = 64

// What values take, in bytes, with what go-cty keeps beside them.
const (
	sizeItem   = 64   // an element of a list
	sizeEntry  = 256  // an entry of a mapping
	sizeNumber = 160  // a number, and the other small results of operators
	sizeNode   = 192  // a node of a tree
	sizeReport = 2048 // a finding, with its suggestion
)

// Spend takes from the budget and reports whether that much was left. Functions
// call it before they make what their arguments only describe.
func (b *Budget) Spend(steps, bytes int) bool {
	b.Steps -= steps + bytes/bytesPerStep
	b.Bytes -= bytes
	return b.Steps >= 0 && b.Bytes >= 0
}

// ErrBudget is what Call returns when Budget.Spend said no.
var ErrBudget = errors.New("the budget is used up")

// errUnknown stands for a value whose error was reported before.
var errUnknown = errors.New("not known")

// Collections are taken apart and put together here only, so that both are
// always paid for.

// elements are the items of a sequence.
func (b *Budget) elements(v cty.Value) ([]cty.Value, error) {
	n := v.LengthInt()
	if !b.Spend(n, 0) {
		return nil, ErrBudget
	}
	out := make([]cty.Value, 0, n)
	for it := v.ElementIterator(); it.Next(); {
		_, item := it.Element()
		out = append(out, item)
	}
	return out, nil
}

type pair struct {
	key   string
	value cty.Value
}

// pairs are the entries of a mapping, sorted by key.
func (b *Budget) pairs(v cty.Value) ([]pair, error) {
	n := v.LengthInt()
	if !b.Spend(4*n, 0) {
		return nil, ErrBudget
	}
	out := make([]pair, 0, n)
	for it := v.ElementIterator(); it.Next(); {
		k, item := it.Element()
		out = append(out, pair{k.AsString(), item})
	}
	return out, nil
}

// list is a list of items.
func (b *Budget) list(items []cty.Value) (cty.Value, error) {
	if !b.Spend(1, sizeItem*(1+len(items))) {
		return cty.NilVal, ErrBudget
	}
	return cty.TupleVal(items), nil
}

// mapping is a mapping of entries.
func (b *Budget) mapping(entries map[string]cty.Value) (cty.Value, error) {
	if !b.Spend(1, sizeEntry*(1+len(entries))) {
		return cty.NilVal, ErrBudget
	}
	return cty.ObjectVal(entries), nil
}

// text is a text that a function made.
func (b *Budget) text(s string) (cty.Value, error) {
	if !b.Spend(1, len(s)) {
		return cty.NilVal, ErrBudget
	}
	return cty.StringVal(s), nil
}

// equal compares by content: a list made by a for equals one written out, and
// values of different kinds differ.
func (b *Budget) equal(l, r cty.Value) (bool, error) { return b.equalAt(l, r, 0) }

func (b *Budget) equalAt(l, r cty.Value, depth int) (bool, error) {
	switch {
	case !l.IsKnown() || !r.IsKnown():
		return false, errUnknown
	case !b.Spend(1, 0):
		return false, ErrBudget
	case depth > maxNesting:
		return false, errDeep
	case l.IsNull() || r.IsNull():
		return l.IsNull() && r.IsNull(), nil
	case isSequence(l) && isSequence(r):
		return b.equalLists(l, r, depth)
	case isMapping(l) && isMapping(r):
		return b.equalMappings(l, r, depth)
	case l.Type() == cty.String && r.Type() == cty.String:
		x, y := l.AsString(), r.AsString()
		if !b.Spend(min(len(x), len(y))/bytesPerStep, 0) {
			return false, ErrBudget
		}
		return x == y, nil
	case l.Type() == cty.Number && r.Type() == cty.Number:
		return l.AsBigFloat().Cmp(r.AsBigFloat()) == 0, nil
	case l.Type() == cty.Bool && r.Type() == cty.Bool:
		return l.True() == r.True(), nil
	}
	return false, nil
}

func (b *Budget) equalLists(l, r cty.Value, depth int) (bool, error) {
	if l.LengthInt() != r.LengthInt() {
		return false, nil
	}
	x, err := b.elements(l)
	if err != nil {
		return false, err
	}
	y, err := b.elements(r)
	if err != nil {
		return false, err
	}
	for i := range x {
		if same, err := b.equalAt(x[i], y[i], depth+1); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func (b *Budget) equalMappings(l, r cty.Value, depth int) (bool, error) {
	if l.LengthInt() != r.LengthInt() {
		return false, nil
	}
	x, err := b.pairs(l)
	if err != nil {
		return false, err
	}
	y, err := b.pairs(r)
	if err != nil {
		return false, err
	}
	for i := range x {
		if x[i].key != y[i].key {
			return false, nil
		}
		if same, err := b.equalAt(x[i].value, y[i].value, depth+1); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}
