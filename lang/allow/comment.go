package allow

import (
	"cmp"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/lang/yaml"
)

// commentsOf returns a function that says whether what looks like the sign of
// a comment at an offset is one, and not part of a text.
func commentsOf(f *source.File) func(offset int) bool {
	if path.Ext(f.Name) == ".hcl" {
		return hclComments(f)
	}
	return yamlComments(f)
}

// hclComments asks HCL's lexer, which takes any text and does not recurse.
func hclComments(f *source.File) func(int) bool {
	tokens, _ := hclsyntax.LexConfig(f.Unix(), f.Name, hcl.InitialPos)
	starts := map[int]bool{}
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenComment {
			starts[int(syntax.Span(f, t.Range).Start)] = true
		}
	}
	return func(offset int) bool { return starts[offset] }
}

// yamlComments asks the tree: a comment is what is in no value. Of a text that
// is not YAML every sign after space is one; what that gets wrong is forgotten
// when the text is right.
func yamlComments(f *source.File) func(int) bool {
	var texts []source.Range
	tree, _ := yaml.Parse(f)
	collect(tree, &texts)
	slices.SortFunc(texts, func(a, b source.Range) int { return cmp.Compare(a.Start, b.Start) })
	return func(offset int) bool {
		if f.Text[offset] != '#' {
			return false
		}
		if offset > 0 && f.Text[offset-1] > ' ' && offset != len("\ufeff") {
			return false
		}
		i, starts := slices.BinarySearchFunc(texts, int32(offset), func(t source.Range, at int32) int { return cmp.Compare(t.Start, at) })
		return !starts && (i == 0 || texts[i-1].End <= int32(offset))
	}
}

// collect lists the places of a tree's texts and expressions.
func collect(n *syntax.Node, out *[]source.Range) {
	if n == nil {
		return
	}
	switch n.Kind {
	case syntax.String, syntax.Expr:
		*out = append(*out, n.Range)
	}
	for _, item := range n.Items {
		collect(item, out)
	}
	for _, field := range n.Fields {
		*out = append(*out, field.Range)
		collect(field.Value, out)
	}
}
