package expr_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

var update = flag.Bool("update", false, "rewrite the archives from what happens now")

func scope() *expr.Scope {
	return &expr.Scope{Vars: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{
			"n": cty.NumberIntVal(3), "name": cty.StringVal("web"), "on": cty.True, "none": cty.NullVal(cty.String),
			"list":   cty.ListVal([]cty.Value{cty.StringVal("a"), cty.StringVal("b")}),
			"set":    cty.SetVal([]cty.Value{cty.StringVal("y"), cty.StringVal("x")}),
			"map":    cty.MapVal(map[string]cty.Value{"b": cty.NumberIntVal(2), "a": cty.NumberIntVal(1)}),
			"people": cty.TupleVal([]cty.Value{person("ann", 1), person("bob", 2)}),
			"failed": cty.DynamicVal,
		}),
		"count": cty.ObjectVal(map[string]cty.Value{"index": cty.NumberIntVal(4)}),
	}}
}

func person(name string, age int64) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(name), "age": cty.NumberIntVal(age)})
}

// evalFile parses a file, evaluates its locals, then everything else.
func evalFile(f *source.File, b *expr.Budget) (*syntax.Node, diag.List) {
	n, l := hcl.Parse(f)
	if n == nil {
		return nil, l
	}
	s := scope()
	s.Budget = b
	locals, found := expr.Locals(n.Get("locals"), s)
	l = append(l, found...)
	s = s.With("local", locals)
	rest := *n
	rest.Fields = nil
	for _, field := range n.Fields {
		if field.Key != "locals" {
			rest.Fields = append(rest.Fields, field)
		}
	}
	out, found := expr.Eval(&rest, s)
	l = append(l, found...)
	l.Sort()
	return out, l
}

// Each archive of golden/lang/expr holds files with findings in place, and the
// trees they evaluate to in out/NAME.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../../golden/lang/expr/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out := &txtar.Archive{Comment: a.Comment}
		for i, f := range a.Files {
			if filepath.Ext(f.Name) != ".hcl" {
				continue
			}
			src, wants, err := langtest.Source(f.Name, f.Data)
			if err != nil {
				t.Fatal(err)
			}
			n, l := evalFile(src, nil)
			tree := txtar.File{Name: "out/" + strings.TrimSuffix(f.Name, ".hcl"), Data: []byte(langtest.Dump(n))}
			out.Files = append(out.Files, txtar.File{Name: f.Name, Data: langtest.Mark(f.Name, src.Text, l)}, tree)
			if *update {
				continue
			}
			for _, wrong := range langtest.Compare(l, wants) {
				t.Errorf("%s: %s", f.Name, wrong)
			}
			if i+1 == len(a.Files) || a.Files[i+1].Name != tree.Name || string(a.Files[i+1].Data) != string(tree.Data) {
				t.Errorf("%s: the tree is\n%s", f.Name, tree.Data)
			}
			if err := langtest.CheckTree(src, n); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			for _, d := range l {
				if d.Help == "" || d.Range.IsZero() {
					t.Errorf("%v does not say where or what to do", d)
				}
			}
		}
		if *update {
			if err := os.WriteFile(name, txtar.Format(out), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every function has a case in the archives, so that none goes untested.
func TestEveryFunctionHasACase(t *testing.T) {
	text, err := os.ReadFile("../../golden/lang/expr/functions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	long, _ := diag.Lookup("HS0152")
	for name, f := range expr.Functions() {
		if !strings.Contains(string(text), name+"(") {
			t.Errorf("%s has no case", name)
		}
		if !strings.Contains(long.Long, name) {
			t.Errorf("homestak explain HS0152 does not name %s", name)
		}
		if f.Name != name || f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || f.Call == nil && name != "try" && name != "can" {
			t.Errorf("%s needs a name, a sentence and an implementation", name)
		}
	}
}
