package lab

import (
	"errors"
	"slices"
	"strings"
)

// object is a parsed property string: "local:1,size=4G".
type object map[string]string

// parseObject reads a property string and checks it against its schema. The
// error is PVE's text, ending in a newline.
func (t *table) parseObject(kind, path, text string) (object, error) {
	s := t.schemas[kind]
	fallback := s.fallbackKey()
	obj := object{}
	for _, part := range strings.Split(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		key, value, ok := strings.Cut(part, "=")
		switch {
		case !ok && fallback == nil:
			return nil, errors.New("value without key, but schema does not define a default key\n")
		case !ok:
			key, value = fallback.name, part
		case key == "" || value == "":
			return nil, errors.New("missing key in comma-separated list property\n")
		}
		p := s.lookup(key)
		if ok && p != nil && p.kind == "bool" {
			if b, known := parseBool(value); known {
				value = b
			}
		}
		if p != nil && p.alias != "" {
			if p.keyAlias != "" {
				if _, twice := obj[p.keyAlias]; twice {
					return nil, errors.New("key alias '" + p.keyAlias + "' is already defined\n")
				}
				obj[p.keyAlias] = key
			}
			key = p.alias
		}
		if _, twice := obj[key]; twice {
			return nil, errors.New("duplicate key in comma-separated list property: " + key + "\n")
		}
		obj[key] = value
	}
	given := make([]KV, 0, len(obj))
	for _, k := range sortedKeys(obj) {
		given = append(given, KV{k, obj[k]})
	}
	values, faults := t.checkAt(path+".", s, given)
	if faults != nil {
		var b strings.Builder
		b.WriteString("format error\n")
		for _, k := range sortedKeys(faults) {
			b.WriteString(path + "." + k + ": " + strings.TrimSuffix(faults[k], "\n") + "\n")
		}
		return nil, errors.New(b.String())
	}
	return object(values), nil
}

// printObject writes a property string in PVE's order: the default key, the
// required ones, the others, each group sorted.
func (t *table) printObject(kind string, obj object) string {
	s := t.schemas[kind]
	rank := func(key string) int {
		switch p := s.lookup(key); {
		case p == nil:
			return 2
		case p.fallback:
			return 0
		case p.required:
			return 1
		}
		return 2
	}
	keys := sortedKeys(obj)
	slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
	var parts []string
	skip := ""
	for _, k := range keys {
		switch p := s.lookup(k); {
		case k == skip:
		case p != nil && p.fallback:
			// model=virtio,macaddr=X is printed virtio=X.
			if alias := s.lookup(obj[k]); alias != nil && alias.keyAlias == k && obj[alias.alias] != "" {
				parts = append(parts, obj[k]+"="+obj[alias.alias])
				skip = alias.alias
			} else {
				parts = append(parts, obj[k])
			}
		default:
			parts = append(parts, k+"="+obj[k])
		}
	}
	return strings.Join(parts, ",")
}
