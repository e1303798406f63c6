package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/syntax"
)

// same reports whether two trees say the same: equal but for their places.
// Expressions, and the types of variables, which the tree has as they are
// written, are equal word by word.
func same(a, b *syntax.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Ref != b.Ref || len(a.Items) != len(b.Items) || len(a.Fields) != len(b.Fields) {
		return false
	}
	if a.Text != b.Text || a.Kind == syntax.Expr {
		return isHCL(a.Range.File.Name) && sameWords(expression(a), expression(b))
	}
	for i := range a.Items {
		if !same(a.Items[i], b.Items[i]) {
			return false
		}
	}
	for i := range a.Fields {
		if a.Fields[i].Key != b.Fields[i].Key || !same(a.Fields[i].Value, b.Fields[i].Value) {
			return false
		}
	}
	return true
}

func expression(n *syntax.Node) []byte { return n.Range.File.Text[n.Range.Start:n.Range.End] }

// sameWords compares the tokens of two texts in HCL. Line ends count once, and
// not at all at the edges.
func sameWords(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, y := words(a), words(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Type != y[i].Type || !bytes.Equal(x[i].Bytes, y[i].Bytes) {
			return false
		}
	}
	return true
}

// words drops what only lays out: the second of two line ends.
func words(text []byte) hclsyntax.Tokens {
	all, _ := hclsyntax.LexExpression(text, "", hcl.InitialPos)
	kept := all[:0]
	line := true
	for _, t := range all {
		if t.Type == hclsyntax.TokenNewline && line {
			continue
		}
		line = t.Type == hclsyntax.TokenNewline
		if t.Type == hclsyntax.TokenComment {
			line = bytes.HasSuffix(t.Bytes, []byte("\n"))
			t.Bytes = bytes.TrimRight(t.Bytes, " \t\n")
		}
		kept = append(kept, t)
	}
	return kept
}
