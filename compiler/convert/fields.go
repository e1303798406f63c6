package convert

import (
	"math/big"
	"strings"

	"github.com/homestak/homestak/lang/schema"
)

// fieldOf is what the language knows of a field, nil if nothing. Upstream's
// names are as good as ours.
func fieldOf(o *schema.Object, key string) *schema.Field {
	if o == nil {
		return nil
	}
	f := o.Field(key)
	if f != nil && f.Renamed != "" {
		return o.Field(f.Renamed)
	}
	return f
}

// objectOf is the mapping a field holds.
func objectOf(f *schema.Field) *schema.Object {
	if f == nil {
		return nil
	}
	return f.Object
}

// itemOf is the mapping that the items of a list are. That a node may have nodes
// is a circle the tables leave open.
func itemOf(key string, f *schema.Field) *schema.Object {
	switch {
	case key == "nodes":
		return schema.Node
	case key == "modules":
		return schema.Module
	case f == nil || f.Elem == nil:
		return nil
	}
	return f.Elem.Object
}

// decimal is a number of YAML without what only YAML has: another base, a sign
// or a point at its edge. ok is false for what is no number elsewhere.
func decimal(s string) (out string, ok bool) {
	if strings.ContainsAny(strings.ToLower(s), "nx") && !strings.HasPrefix(s, "0x") || strings.HasSuffix(strings.ToLower(s), "inf") {
		return s, false
	}
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0o") {
		n, ok := new(big.Int).SetString(s, 0)
		if !ok {
			return s, false
		}
		return n.String(), true
	}
	sign := ""
	switch s[0] {
	case '-':
		sign, s = "-", s[1:]
	case '+':
		s = s[1:]
	}
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	if i := strings.IndexByte(s, '.'); i >= 0 && (i+1 == len(s) || s[i+1] == 'e' || s[i+1] == 'E') {
		s = s[:i+1] + "0" + s[i+1:]
	}
	return sign + s, true
}
