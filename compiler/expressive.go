package compiler

import (
	"path"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeWithoutExpressions diag.Code = "HS0280"
	codePlainTemplate      diag.Code = "HS0284"
)

// scope is what the expressions of one file see: its own variables and locals.
// A file is a world of its own, so two manifests may both have a variable
// "workers".
type scope struct {
	names *expr.Scope
}

// scopeFields are the fields at the top of a YAML file that belong to the file
// and not to what it defines: HCL has them beside its blocks.
var scopeFields = []string{"expressions", "variables", "locals"}

// rootOf is the whole tree of a document. That of a manifest in YAML is large,
// and kept by its compilation alone.
func (c *compilation) rootOf(doc *document) *syntax.Node {
	if doc.tree == nil && c.own(doc) {
		return c.whole
	}
	return doc.tree
}

// expressive says whether a document has expressions: HCL always, YAML when it
// says so.
func (c *compilation) expressive(doc *document) bool {
	return doc.hcl || lang.HasExpressions(c.rootOf(doc))
}

// variablesKey is the field of a file's tree that has its variables.
func variablesKey(doc *document) string {
	if doc.hcl {
		return "variable"
	}
	return "variables"
}

// withoutScope checks and takes away what a YAML file has for its scope.
func (f *findings) withoutScope(tree *syntax.Node) *syntax.Node {
	own := false
	for i := range tree.Fields {
		switch field := &tree.Fields[i]; field.Key {
		case "expressions":
			own = true
			if n := field.Value; n.Kind != syntax.Bool && n.Kind != syntax.Null && n.Kind != syntax.Bad {
				f.wrongType(n, schema.Bool, `"expressions"`)
			}
		case "variables", "locals":
			own = true
			if on := tree.Get("expressions"); !lang.HasExpressions(tree) && (on == nil || on.Kind == syntax.Bool || on.Kind == syntax.Null) {
				f.needsExpressions(tree, field)
			}
			if n := field.Value; n.Kind != syntax.Map && n.Kind != syntax.Null && n.Kind != syntax.Bad {
				f.wrongType(n, schema.Table, `"`+field.Key+`"`)
			}
		}
	}
	if !own {
		return tree
	}
	return without(tree, scopeFields...)
}

// needsExpressions reports variables or locals of a file that has no
// expressions to use them in.
func (f *findings) needsExpressions(tree *syntax.Node, field *syntax.Field) {
	d := f.errorAt(codeWithoutExpressions, field.Range, "%s without expressions", field.Key)
	d.Label = "only expressions can use them"
	d.Help = "add `expressions: true` at the top of the file"
	at := tree.Fields[0].Range
	if n := tree.Get("expressions"); n != nil && n.Kind == syntax.Bool {
		d.Help = "write `expressions: true`"
		d.Fixes = put(n.Range, "true")
		return
	}
	if tree.Range.File != nil && tree.Range.File.Text[tree.Range.Start] != '{' {
		start := source.Range{File: at.File, Start: at.Start, End: at.Start}
		d.Fixes = []diag.Fix{{Title: "add expressions: true", Edits: []diag.Edit{{Range: start, New: "expressions: true\n"}}}}
	}
}

// unread says whether a text of YAML looks like an expression that nobody has
// read as one, because the file does not ask for that.
func (f *findings) unread(n *syntax.Node) bool {
	return n.Kind == syntax.String && strings.Contains(n.Text, "${") && !n.Range.IsZero() &&
		path.Ext(n.Range.File.Name) != ".hcl" && !f.evaluated[n.Range.File]
}

// unevaluated says so about such a text: in the finding about it, if there has
// been one since, else in a warning.
func (f *findings) unevaluated(n *syntax.Node, since int) {
	const why, help = "${…} is plain text in this file", "add `expressions: true` at the top of the file, if it is meant as an expression"
	if len(f.list) > since {
		d := f.list[since]
		d.Notes = append(d.Notes, diag.Note{Text: why + ": " + help})
		return
	}
	d := f.warnAt(codePlainTemplate, n.Range, "a text that looks like an expression")
	d.Label, d.Help = why, help
}
