package query

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// inputs are all the files in YAML and HCL of goldens, examples and the library.
func inputs(tb testing.TB) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	root := filepath.Join("..", "..")
	for _, dir := range []string{"golden", "examples", "stdlib", "compiler/query/testdata"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch {
			case lang.Known(p):
				text, err := os.ReadFile(p)
				files[p] = text
				return err
			case strings.HasSuffix(p, ".txtar"):
				a, err := txtar.ParseFile(p)
				if err != nil {
					return err
				}
				for _, f := range a.Files {
					if clean, _, err := langtest.Cut(f.Name, f.Data); err == nil && lang.Known(f.Name) {
						files[p+"/"+f.Name] = []byte(strings.ReplaceAll(string(clean), marker, ""))
					}
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	if len(files) < 100 {
		tb.Fatalf("only %d inputs", len(files))
	}
	return files
}

// marker stands for the cursor in the sources of tests.
const marker = "‸"

// An outline of a text that parses is what the parser makes of it.
func TestOutlineIsTheTree(t *testing.T) {
	compared := 0
	for name, text := range inputs(t) {
		f := source.NewFile(name, text)
		tree, list := lang.Parse(f)
		if tree == nil || len(list) > 0 {
			continue
		}
		compared++
		if diff := differ(tree, outlineOf(text, filepath.Ext(name) == ".hcl", none), ""); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if compared < 60 {
		t.Errorf("only %d files were compared", compared)
	}
}

// folded has the locals of all blocks of a file in one, as the parser does.
func folded(n *node) *node {
	out := *n
	out.fields = nil
	for _, f := range n.fields {
		if first := out.get(f.key); f.key == "locals" && first != nil {
			all := *first.value
			all.fields = slices.Concat(all.fields, f.value.fields)
			first.value = &all
			continue
		}
		out.fields = append(out.fields, f)
	}
	return &out
}

// differ says where an outline is not the tree, "" when it is.
func differ(want *syntax.Node, got *node, at string) string {
	if got.kind == formula || want.Kind == syntax.Expr {
		return ""
	}
	wrong := func(format string, args ...any) string {
		return fmt.Sprintf("%s %s: ", want.Range, at) + fmt.Sprintf(format, args...)
	}
	text := want.Range.File.Text[want.Range.Start:want.Range.End]
	if want.Kind == syntax.String && bytes.ContainsAny(text, "\n\\") {
		return "" // lines and escapes are read only so far
	}
	ends := int(want.Range.End) == got.end || (want.Kind == syntax.List || want.Kind == syntax.Map) && !got.flow
	if want.Kind != syntax.Null && (int(want.Range.Start) != got.start || !ends) && !got.made && at != "" {
		return wrong("%s is at %d-%d, not %d-%d", want.Kind, got.start, got.end, want.Range.Start, want.Range.End)
	}
	switch want.Kind {
	case syntax.Map:
		got = folded(got)
		if got.kind != mapping && len(want.Fields) > 0 || len(got.fields) != len(want.Fields) {
			return wrong("%d fields of kind %d, not %d", len(got.fields), got.kind, len(want.Fields))
		}
		for i, f := range want.Fields {
			g := got.fields[i]
			if strings.TrimPrefix(g.key, "? ") != f.Key || !g.sep && f.Value.Kind != syntax.Null {
				return wrong("field %q %v, not %q", g.key, g.sep, f.Key)
			}
			if g.key == f.Key && g.at.start != int(f.Range.Start) || g.at.end != int(f.Range.End) {
				return wrong("key %q is at %d-%d, not %d-%d", f.Key, g.at.start, g.at.end, f.Range.Start, f.Range.End)
			}
			if d := differ(f.Value, g.value, at+"."+f.Key); d != "" {
				return d
			}
		}
	case syntax.List:
		if strings.HasSuffix(at, ".modules") && strings.HasSuffix(want.Range.File.Name, ".hcl") {
			return "" // the parser moves what a block gives to its module
		}
		if got.kind != list || len(got.items) != len(want.Items) {
			return wrong("%d items, not %d", len(got.items), len(want.Items))
		}
		for i := range want.Items {
			if d := differ(want.Items[i], got.items[i], fmt.Sprintf("%s[%d]", at, i)); d != "" {
				return d
			}
		}
	case syntax.Null:
		if got.kind != blank && got.text != "null" && got.text != "~" {
			return wrong("%q is nothing", got.text)
		}
	default:
		if got.kind != scalar || got.quote != '|' && !strings.EqualFold(got.text, want.Text) || got.ref != want.Ref {
			return wrong("%q %q, not %q %q", got.ref, got.text, want.Ref, want.Text)
		}
	}
	return ""
}
