package expr_test

import (
	"testing"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
)

// The expressions of a YAML file are evaluated like those of HCL, and whatever
// quotes are around them, findings are in the file and fixes leave it YAML.
func FuzzEvalYAML(f *testing.F) {
	for _, seed := range langtest.Seeds(f, "../../golden/lang", ".yaml") {
		f.Add(append([]byte("expressions: true\n"), seed...))
	}
	for _, seed := range []string{
		"a: ${var.n}\nb: \"${upper(\\\"x\\\")}\"\n", "a: |\n  %{ for x in var.list ~}\n  ${x}\n  %{ endfor ~}\n", "a: '${varr.n} ${local.x} ${uper(1)} ${try(1 / 0, 2)}'\n",
		"locals: {a: '${local.b}', b: '${local.a}'}\n", "a: ${var.map[\"a\"]}\nb: ${spec.base}\nc: ${image.a.b}\n",
	} {
		f.Add([]byte("expressions: true\n" + seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		run := func() (string, diag.List) {
			file := source.NewFile("fuzz.yaml", text)
			n, l := lang.Parse(file)
			if n == nil || !lang.HasExpressions(n) {
				return "", nil
			}
			readable := !l.HasErrors()
			s := scope()
			s.Budget = &expr.Budget{Steps: 20_000, Bytes: 1 << 16}
			locals, found := expr.Locals(n.Get("locals"), s)
			l = append(l, found...)
			out, found := expr.Eval(n, s.With("local", locals))
			if err := langtest.CheckTree(file, out); err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				if _, ok := diag.Lookup(d.Code); !ok || d.Help == "" || d.Range.IsZero() {
					t.Fatalf("incomplete: %v", d)
				}
			}
			if readable {
				for _, fixed := range diag.Apply(found) {
					if _, l := lang.ParseText(source.NewFile("fuzz.yaml", fixed.Text)); l.HasErrors() {
						t.Fatalf("fixed, it is no YAML: %v\n%s", l, fixed.Text)
					}
				}
			}
			return langtest.Dump(out), append(l, found...)
		}
		tree, l := run()
		again, l2 := run()
		if tree != again || l.Error() != l2.Error() {
			t.Fatal("two evaluations differ")
		}
	})
}
