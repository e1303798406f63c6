package lang_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// A file means the same with either line ending, and every place in it, of
// values as of findings, has the same line and column.
func TestLineEndingsMeanNothing(t *testing.T) {
	texts := map[string]string{
		"heredoc.hcl":  "a = <<E\none\n  two\nE\nb = <<-E\n    deep\n\n  less ${1 + 1}\n  E\nc = \"x\\r\\n\" # kept\nd = [ // c\n  1, f(\n2)\n]\n",
		"template.hcl": "a = <<E\nx ${upper(\"y\")}\n%{ for i in [1, 2] ~}\n- ${i}\n%{ endfor ~}\nE\nb = é +\n",
		"twice.hcl":    "x {\n  a = 1\n\n  a = 2\n}\n",
		"labels.hcl":   "# c\nnode {\n}\nmanifest \"m\" {\n  spec \"x\" {\n  }\n}\n",
	}
	archives, err := filepath.Glob("../golden/lang/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			src, _, err := langtest.Source(f.Name, f.Data)
			if err != nil {
				t.Fatal(err)
			}
			if lang.Known(f.Name) {
				texts[filepath.Base(name)+"/"+f.Name] = string(src.Text)
			}
		}
	}
	for name, text := range texts {
		if strings.Contains(text, "\r") {
			continue
		}
		want := everything(name, []byte(text))
		if got := everything(name, bytes.ReplaceAll([]byte(text), []byte("\n"), []byte("\r\n"))); got != want {
			t.Errorf("%s with CRLF is\n%s\nand with LF\n%s", name, got, want)
		}
	}
}

// everything is a tree, evaluated, and its findings, each part with its place.
func everything(name string, text []byte) string {
	var b strings.Builder
	n, l := lang.Parse(source.NewFile(name, text))
	if n != nil {
		out, found := expr.Eval(n, &expr.Scope{})
		l = append(l, found...)
		places(&b, out)
	}
	l.Sort()
	_ = diag.Text(&b, l, diag.TextOptions{})
	return b.String()
}

func places(b *strings.Builder, n *syntax.Node) {
	fmt.Fprintln(b, n.Range.Pos(), endOf(n.Range), n.Kind, n.Ref, n.Text)
	for _, item := range n.Items {
		places(b, item)
	}
	for _, f := range n.Fields {
		fmt.Fprintln(b, f.Range.Pos(), endOf(f.Range), f.Key)
		places(b, f.Value)
	}
}

// endOf counts the end of a line as one place, whatever ends it.
func endOf(r source.Range) source.Pos {
	p := r.EndPos()
	if line := r.File.Line(p.Line); p.Col > len([]rune(string(line)))+1 {
		p.Col = len([]rune(string(line))) + 1
	}
	return p
}
