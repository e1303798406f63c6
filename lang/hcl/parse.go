package hcl

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Parse reads one file within DefaultLimits.
//
// The tree is nil when the text has a syntax error, and the list has it. Every
// other error leaves a tree in which the refused parts are syntax.Bad. An empty
// text is a Map without fields.
func Parse(f *source.File) (*syntax.Node, diag.List) {
	return ParseLimits(f, DefaultLimits())
}

// ParseLimits is Parse with other limits.
func ParseLimits(f *source.File, l Limits) (*syntax.Node, diag.List) {
	if d := scan(f, l); d != nil {
		return nil, diag.List{d}
	}
	// A heredoc would keep carriage returns, and ends at the end of a line.
	text := f.Unix()
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(bytes.Clone(text), '\n')
	}
	parsed, problems := hclsyntax.ParseConfig(text, f.Name, hcl.InitialPos)
	body := parsed.Body.(*hclsyntax.Body)
	if problems.HasErrors() {
		return nil, explain(f, body, problems)
	}
	c := converter{file: f, indexes: map[*syntax.Node]*syntax.Index{}, made: map[*syntax.Node]bool{}}
	root := c.root(body)
	return root, c.found
}
