package jsonschema

import (
	"strings"

	"github.com/homestak/homestak/lang/schema"
)

// Forms of values that the compiler parses; what cannot be said in a regular
// expression, such as the bounds of a size with a unit, is the compiler's.
const (
	sizes    = `^\s*[0-9]+\s*([KMGT](iB)?|B)?\s*$`
	duration = `^(` + number + `|` + number + `w(` + number + `d)?(` + number + `h)?(` + number + `m)?(` + number + `s)?` +
		`|` + number + `d(` + number + `h)?(` + number + `m)?(` + number + `s)?` +
		`|` + number + `h(` + number + `m)?(` + number + `s)?|` + number + `m(` + number + `s)?|` + number + `s)$`
	number = `[0-9]+`
	octet  = `(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])`
	ipv4   = octet + `(\.` + octet + `){3}`
)

// forms are the patterns of texts that schema.Type.Pattern does not describe.
var forms = map[schema.Type]string{
	schema.IP:   `^(` + ipv4 + `)?$`, // "" is: none, whatever the site says
	schema.CIDR: `^(dhcp|` + ipv4 + `(/(3[0-2]|[12]?[0-9]))?)$`,
	schema.MAC:  `^[0-9A-Fa-f][02468ACEace]([:-][0-9A-Fa-f]{2}){5}$`,
	schema.UUID: `^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`,
	schema.URL:  `^https://[^/?#@\s]+/?$`,
	schema.Zone: `^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`,
}

func text(f *schema.Field) *node {
	n := &node{Type: types{"string"}, Pattern: forms[f.Type]}
	if p := f.Type.Pattern(); p != "" {
		longest := int64(schema.LongestWord)
		n.Pattern, n.MaxLength = p, &longest
	}
	if f.Type == schema.Ref {
		one := int64(1)
		n.MinLength = &one
	}
	for _, e := range f.Enum {
		n.Enum = append(n.Enum, e)
	}
	return n
}

func integer(f *schema.Field) *node {
	n := &node{Type: types{"integer"}}
	if f.Min == f.Max {
		n.Const = f.Min
		return n
	}
	n.Minimum, n.Maximum = &f.Min, &f.Max
	return n
}

// size is a number of the field's unit, or text with a unit.
func size(f *schema.Field) *node {
	n := &node{Type: types{"integer", "string"}, Pattern: sizes}
	bare := int64(f.Unit)
	least := (f.Min + bare - 1) / bare
	n.Minimum = &least
	if f.Max > 0 {
		most := f.Max / bare
		n.Maximum = &most
	}
	return n
}

// orNull accepts null as well, which means absent.
func (n *node) orNull() {
	switch {
	case n.AnyOf != nil:
		n.AnyOf = append(n.AnyOf, &node{Type: types{"null"}})
	case n.Type != nil:
		n.Type = append(n.Type, "null")
	}
	if n.Enum != nil {
		n.Enum = append(n.Enum, nil)
	}
}

// orBlank accepts "" as well, which means: still to be filled in.
func (n *node) orBlank() {
	if n.Type == nil { // anything
		return
	}
	if n.Enum != nil {
		n.Enum = append(n.Enum, "")
	}
	for _, t := range n.Type {
		if t != "string" {
			continue
		}
		if n.Pattern != "" {
			n.Pattern = `^(` + strings.TrimSuffix(strings.TrimPrefix(n.Pattern, "^"), "$") + `)?$`
		}
		return
	}
	n.Type, n.MaxLength = append(n.Type, "string"), new(int64)
}
