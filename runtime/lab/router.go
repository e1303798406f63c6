package lab

import (
	"fmt"
	"strings"
)

// restParam takes what remains of the path, slashes included: volume ids have
// them.
const restParam = "{volume}"

// add puts a method in the tree and its path's parameters in its schema.
func (b *branch) add(m *method, path *schema) error {
	m.segments = strings.Split(strings.Trim(m.path, "/"), "/")
	at := b
	for _, seg := range m.segments {
		next := &at.param
		switch {
		case seg == restParam:
			next = &at.rest
		case seg[0] != '{':
			if at.static == nil {
				at.static = map[string]*branch{}
			}
			if at.static[seg] == nil {
				at.static[seg] = &branch{}
			}
			at = at.static[seg]
			continue
		}
		if path == nil || path.lookup(seg[1:len(seg)-1]) == nil {
			return fmt.Errorf("path parameter %s is not declared", seg)
		}
		m.params.put(path.lookup(seg[1 : len(seg)-1]))
		if *next == nil {
			*next = &branch{}
		}
		at = *next
	}
	if at.methods == nil {
		at.methods = map[string]*method{}
	}
	if at.methods[m.verb] != nil {
		return fmt.Errorf("%s %s is there twice", m.verb, m.path)
	}
	at.methods[m.verb] = m
	return nil
}

// schemaOf is the schema of a method that the table has.
func (t *table) schemaOf(verb, path string) *schema {
	m, _ := t.find(verb, path)
	return m.params
}

// find is the method for a request, with the values in its path. The path has
// been unescaped.
func (t *table) find(verb, path string) (*method, map[string]string) {
	segs := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	at, i := t.root, 0
	for ; i < len(segs); i++ {
		switch {
		case at.static[segs[i]] != nil:
			at = at.static[segs[i]]
		case at.param != nil:
			at = at.param
		case at.rest != nil:
			at = at.rest
			i = len(segs) - 1
		default:
			return nil, nil
		}
	}
	m := at.methods[verb]
	if m == nil {
		return nil, nil
	}
	values := map[string]string{}
	for i, seg := range m.segments {
		switch {
		case seg == restParam:
			values[seg[1:len(seg)-1]] = strings.Join(segs[i:], "/")
		case seg[0] == '{':
			values[seg[1:len(seg)-1]] = segs[i]
		}
	}
	return m, values
}
