package expr_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// evaluated is the tree of an expression.
func evaluated(t *testing.T, text string) string {
	t.Helper()
	n, l := hcl.Expression(source.NewFile("a.hcl", []byte(text)))
	if n == nil {
		t.Fatalf("%s: %v", text, l)
	}
	out, l := expr.Eval(n, &expr.Scope{})
	if len(l) > 0 {
		t.Errorf("%s: %v", text, l)
	}
	return langtest.Dump(out)
}

// The examples of the manual are true, and every function has one.
func TestExamples(t *testing.T) {
	for name, f := range expr.Functions() {
		if len(f.Examples) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, x := range f.Examples {
			if !strings.Contains(x.Expr, name+"(") {
				t.Errorf("%s is no example of %s", x.Expr, name)
			}
			got, want := evaluated(t, x.Expr), evaluated(t, x.Value)
			if sorted(got) != sorted(want) {
				t.Errorf("%s is\n%s, not\n%s", x.Expr, got, want)
			}
		}
	}
}

// sorted makes mappings alike whatever the order of their keys.
func sorted(s string) string {
	lines := strings.Split(s, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Functions are pure: the package imports nothing by which a value could come
// from elsewhere than the arguments.
func TestFunctionsArePure(t *testing.T) {
	pure := []string{"bytes", "cmp", "crypto/sha256", "crypto/sha512", "encoding/base64", "encoding/hex", "encoding/json", "errors", "fmt", "io", "maps",
		"math", "math/big", "math/bits", "net/netip", "regexp", "slices", "sort", "strconv", "strings", "unicode", "unicode/utf8"}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if !strings.Contains(path, ".") && !slices.Contains(pure, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

// try swallows errors of values, and neither misspelt names nor the budget.
func TestTry(t *testing.T) {
	for text, want := range map[string]string{
		`try(var.map.nope, "none")`: "none", `try(var.list[7], var.map.a)`: "1", `try(1 / 0, "x" + 1, "last")`: "last",
		`try(var.nope.x, 1)`: "HS0151", `try(lokal.x, 1)`: "HS0150", `try(nope(1), 2)`: "2", `try(1 / 0)`: "HS0158", `try(var.failed, 1)`: "",
		`can(var.map.a)`: "true", `can(var.map.b.c)`: "false", `try()`: "HS0154", `try([]...)`: "HS0155", `can(1, 2)`: "HS0154",
		`try(1, var.nop)`: "HS0151", `try(length([for a in range(90000) : [for b in range(90000) : a]]), 1)`: "HS0162",
	} {
		n, l := hcl.Parse(source.NewFile("a.hcl", []byte("x = "+text+"\n")))
		if len(l) > 0 {
			t.Fatal(l)
		}
		out, l := expr.Eval(n, scope())
		got := out.Get("x").Text
		if len(l) > 0 {
			got = string(l[0].Code)
		} else if out.Get("x").Kind == syntax.Bad {
			got = ""
		}
		if got != want {
			t.Errorf("%s is %q (%v), want %q", text, got, l, want)
		}
	}
}
