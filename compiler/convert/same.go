package convert

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// faithful reads a result again and reports whether it says the same, with the
// same comments.
func (c *conversion) faithful(before string, d definition, to Syntax, out []byte) (bool, diag.List) {
	f := source.NewFile(directoryOf(d.kind)+path.Base(d.name)+"."+string(to), out)
	tree, found := lang.Parse(f)
	if found.HasErrors() {
		return false, found
	}
	again := &conversion{file: f, options: Options{Expressions: true}}
	defs := again.definitions(tree, to)
	if again.upgraded || again.list.HasErrors() {
		old := codeCannot.Errorf("in YAML this would be a file of schema v1")
		old.Range, old.Help = d.at, "write it as today's schema has it: `homestak validate` says how"
		return false, diag.List{old}
	}
	return len(defs) == 1 && plain(defs[0]) == before, nil
}

// plain is all that a definition says and its comments, without what the two
// syntaxes have their own ways for: the order of nodes and fields, the nesting
// of nodes, version and name.
func plain(d definition) string {
	var comments []string
	scope := mapping(d.scope...)
	for _, c := range slices.Concat(d.lead, d.beside, scope.remarks(), d.body.remarks()) {
		comments = append(comments, strings.TrimRight(c.text, " \t"))
	}
	slices.Sort(comments)
	skip := map[string]bool{"schema_version": usualVersion(d), "name": true}
	var nodes []string
	if d.kind == schema.KindManifest {
		if list := d.body.get("nodes"); list != nil && list.kind == syntax.List {
			nodes = plainNodes(list, "", nil)
			skip["nodes"] = true
		}
	}
	slices.Sort(nodes)
	return strings.Join([]string{d.kind, d.name, plainFields(scope, nil), plainFields(d.body, skip), strings.Join(nodes, "\n"), strings.Join(comments, "\n")}, "\n")
}

func plainNodes(list *value, parent string, all []string) []string {
	for _, e := range list.entries {
		v, skip := e.value, map[string]bool{}
		if v.kind != syntax.Map {
			all = append(all, plainValue(v))
			continue
		}
		up := parent
		if p := v.get("parent"); p != nil && (p.kind == syntax.Null || up == "" && p.kind == syntax.String) {
			skip["parent"] = true
			if p.kind == syntax.String {
				up = p.text
			}
		}
		below, name := v.get("nodes"), v.str("name")
		if below != nil && name != "" && canHold(v) {
			skip["nodes"] = true
			all = plainNodes(below, name, all)
		}
		all = append(all, plainFields(v, skip)+" in "+strconv.Quote(up))
	}
	return all
}

func plainFields(v *value, skip map[string]bool) string {
	var fields []string
	for _, e := range v.entries {
		if e.key == "type" && isType(e.value) && !skip[e.key] { // that of a variable is spaced as HCL is
			fields = append(fields, "type: "+plainTemplate("${"+e.value.text+"}"))
		} else if !skip[e.key] {
			fields = append(fields, strconv.Quote(e.key)+": "+plainValue(e.value))
		}
	}
	slices.Sort(fields)
	return "{" + strings.Join(fields, ", ") + "}"
}

func plainValue(v *value) string {
	switch v.kind {
	case syntax.List:
		items := make([]string, len(v.entries))
		for i, e := range v.entries {
			items[i] = plainValue(e.value)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case syntax.Map:
		return plainFields(v, nil)
	case syntax.String:
		return strconv.Quote(v.text)
	case syntax.Expr:
		return plainTemplate(v.text)
	case syntax.Int, syntax.Float:
		s, _ := decimal(v.text)
		return s
	}
	return v.kind.String() + " " + v.text
}
