package yaml

import (
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Parse reads one document within DefaultLimits.
//
// The tree is nil when the text has a syntax error, and the list has it. Every
// other error leaves a tree in which the refused parts are syntax.Bad. An empty
// text is a Null node.
func Parse(f *source.File) (*syntax.Node, diag.List) {
	return ParseLimits(f, DefaultLimits())
}

// ParseLimits is Parse with other limits.
func ParseLimits(f *source.File, l Limits) (*syntax.Node, diag.List) {
	return nil, nil
}
