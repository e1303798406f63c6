package langtest

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Dump writes a tree as text, one value a line, without places: what two
// spellings of the same content must agree on.
func Dump(n *syntax.Node) string {
	var b strings.Builder
	dump(&b, n, "", "")
	return b.String()
}

func dump(b *strings.Builder, n *syntax.Node, indent, key string) {
	if n == nil {
		b.WriteString(indent + key + "(no tree)\n")
		return
	}
	fmt.Fprintf(b, "%s%s%s", indent, key, n.Kind)
	switch n.Kind {
	case syntax.Bool, syntax.Int, syntax.Float, syntax.String:
		fmt.Fprintf(b, " %q", n.Text)
		if n.Ref != "" {
			b.WriteString(" ref " + n.Ref)
		}
	case syntax.Expr:
		fmt.Fprintf(b, " %q", n.Range.File.Text[n.Range.Start:n.Range.End])
	}
	b.WriteByte('\n')
	for _, item := range n.Items {
		dump(b, item, indent+"  ", "- ")
	}
	for _, f := range n.Fields {
		dump(b, f.Value, indent+"  ", f.Key+": ")
	}
}

// CheckTree returns what is wrong with a tree of f: a range outside the file,
// an entry without a value, two fields of one name, an unknown kind.
func CheckTree(f *source.File, n *syntax.Node) error {
	if n == nil {
		return fmt.Errorf("a node is missing")
	}
	if err := checkRange(f, n.Range); err != nil {
		return fmt.Errorf("%s: %w", n.Kind, err)
	}
	for _, item := range n.Items {
		if err := CheckTree(f, item); err != nil {
			return err
		}
	}
	seen := map[string]bool{}
	for _, field := range n.Fields {
		if seen[field.Key] {
			return fmt.Errorf("field %q twice", field.Key)
		}
		seen[field.Key] = true
		if err := checkRange(f, field.Range); err != nil {
			return fmt.Errorf("field %q: %w", field.Key, err)
		}
		if err := CheckTree(f, field.Value); err != nil {
			return err
		}
	}
	if n.Kind == syntax.Expr && n.Expr == nil {
		return fmt.Errorf("an expression without one")
	}
	return nil
}

func checkRange(f *source.File, r source.Range) error {
	if r.File != f || r.Start < 0 || r.End < r.Start || int(r.End) > len(f.Text) {
		return fmt.Errorf("range %d to %d is not in the %d bytes of the file", r.Start, r.End, len(f.Text))
	}
	return nil
}
