package lab

import "slices"

// Method is one method of the API that the lab answers.
type Method struct {
	Verb   string
	Path   string
	Check  string  // what is asked of the caller before anything else, as PVE's schema has it; empty = nothing
	Params []Param // by name
}

// Param is what PVE checks of a parameter, or of a key of a property string.
type Param struct {
	Name      string // "scsi[n]" for scsi0, scsi1, …
	Type      string // string, integer, number, boolean, array; empty for an alias
	Required  bool
	Default   bool // the key that needs no name in a property string
	Enum      []string
	Min, Max  *float64
	MaxLength int
	Format    string
	Pattern   string
	Requires  string
	Alias     string  // of another key
	KeyAlias  string  // the key that takes this one's name
	Keys      []Param // of a property string
}

// Methods lists the API of the lab in the order of its table: for documentation,
// and for comparison with PVE's own schema.
func Methods() []Method {
	t := api()
	out := make([]Method, len(t.methods))
	for i, m := range t.methods {
		out[i] = Method{Verb: m.verb, Path: m.path, Params: t.describe(m.params)}
		if m.perm != nil {
			out[i].Check = m.perm.String()
		}
	}
	return out
}

func (t *table) describe(s *schema) []Param {
	var out []Param
	s.all(func(p *property) {
		types := map[string]string{"str": "string", "int": "integer", "num": "number", "bool": "boolean", "list": "array"}
		d := Param{
			Name: p.name, Type: types[p.kind], Required: p.required, Default: p.fallback, Enum: p.enum, Min: p.min, Max: p.max,
			MaxLength: p.maxLen, Format: p.format, Pattern: p.pattern, Requires: p.requires, Alias: p.alias, KeyAlias: p.keyAlias,
		}
		if p.count > 0 {
			d.Name += "[n]"
		}
		if p.object != "" {
			d.Keys = t.describe(t.schemas[p.object])
		}
		out = append(out, d)
	})
	slices.SortFunc(out, func(a, b Param) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
