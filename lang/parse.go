package lang

import (
	"path"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

const codeExtension diag.Code = "HS0006"

// Parse reads f as YAML or HCL, by its extension. The tree is nil when the
// text is so broken that nothing of it can be used; the list then has an
// error. With a tree, parts that an error was reported for are syntax.Bad.
// Texts of a YAML file that HasExpressions are templates, as in HCL.
func Parse(f *source.File) (*syntax.Node, diag.List) {
	n, list := ParseText(f)
	if isYAML(f.Name) && HasExpressions(n) && !f.Secret {
		list = append(list, yaml.Templates(n)...)
	}
	return n, list
}

// ParseText is Parse for those who only care for how a file is written: texts of
// YAML stay texts, whatever is in them.
func ParseText(f *source.File) (*syntax.Node, diag.List) {
	switch path.Ext(f.Name) {
	case ".yaml", ".yml":
		return yaml.Parse(f)
	case ".hcl":
		return hcl.Parse(f)
	}
	d := codeExtension.Errorf("%q is neither YAML nor HCL", f.Name)
	d.Range = source.Span(f, 0, 0)
	d.Help = "name the file *.yaml, *.yml or *.hcl"
	return nil, diag.List{d}
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

// Known reports whether Parse has a syntax for a file of this name.
func Known(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".hcl":
		return true
	}
	return false
}

// HasExpressions reports whether the root of a YAML file says
// `expressions: true`: then ${…} in its texts are expressions, and it may have
// variables and locals. Files of HCL always may.
func HasExpressions(root *syntax.Node) bool {
	n := root.Get("expressions")
	return n != nil && n.Kind == syntax.Bool && n.Text == "true"
}
