package cli

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/manual"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab/faults"
)

var update = flag.Bool("update", false, "rewrite docs/reference")

// docs/reference is generated from what runs; this test fails when it is
// stale. Rewrite it with: go test ./cli -update
func TestReferenceIsCurrent(t *testing.T) {
	for name, text := range map[string]string{
		"verbs.md":       verbsReference(),
		"diagnostics.md": diagnosticsReference(),
		"ops.md":         opsReference(t),
		"language.md":    manual.Language(),
		"functions.md":   manual.Functions(),
		"faults.md":      faults.Manual(),

		"small-languages.md": manual.SmallLanguages(),
	} {
		file := filepath.Join("..", "docs", "reference", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("docs/reference/%s is stale: go test ./cli -update", name)
		}
	}
}

func verbsReference() string {
	var b strings.Builder
	b.WriteString("# Verbs\n\nGenerated from the help texts.\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```text\n%s```\n", c.name, strings.ToUpper(c.short[:1])+c.short[1:], c.help())
	}
	return b.String()
}

func diagnosticsReference() string {
	var b strings.Builder
	b.WriteString("# Diagnostics\n\nGenerated from the registry; `homestak explain CODE` says the same.\n")
	for _, e := range diag.Entries() {
		fmt.Fprintf(&b, "\n## %s: %s\n\n%s", e.Code, e.Title, explanation(e))
	}
	return b.String()
}

// opsReference takes each op's contract from where it is written: the comment
// beside its constant.
func opsReference(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "plan", "op.go"), nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Ops\n\nThe closed set of what a step can do. Generated from plan/op.go.\n")
	op := plan.Op(0)
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			if v.Doc == nil {
				continue
			}
			op++
			fmt.Fprintf(&b, "\n## %s\n\n%s", op, strings.TrimPrefix(v.Doc.Text(), v.Names[0].Name+" "))
		}
	}
	return b.String()
}

// Every help text says how to call the verb, fits a terminal, and every flag
// has a sentence.
func TestHelpTexts(t *testing.T) {
	for _, c := range commands() {
		help := c.help()
		for n, line := range strings.Split(help, "\n") {
			if len([]rune(line)) > 100 {
				t.Errorf("%s, line %d is %d wide", c.name, n+1, len([]rune(line)))
			}
		}
		f := newFlags(c.name)
		c.setup(f)
		if !strings.HasPrefix(help, "usage: homestak "+c.name) || c.short == "" || strings.HasSuffix(c.short, ".") {
			t.Errorf("%s: usage line or summary is missing", c.name)
		}
	}
}
