package expr_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Each of these would take for ever, or all memory, without a budget.
func TestBudget(t *testing.T) {
	double := func(first, next string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "locals {\n  a0 = %s\n", first)
		for i := 1; i <= 60; i++ {
			fmt.Fprintf(&b, "  a%d = %s\n", i, strings.ReplaceAll(next, "X", fmt.Sprintf("local.a%d", i-1)))
		}
		return b.String() + "}\nx = local.a60\n"
	}
	result := func(text, x string) string { return strings.Replace(text, "x = local.a60", "x = "+x, 1) }
	nest := func(n int) string {
		var b strings.Builder
		b.WriteString("locals {\n  a0 = 1\n")
		for i := 1; i <= n; i++ {
			fmt.Fprintf(&b, "  a%d = [local.a%d]\n", i, i-1)
		}
		return b.String() + fmt.Sprintf("}\nx = local.a%d\n", n)
	}
	for name, text := range map[string]string{
		"nested for":        "x = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : a + b + c]]]\n",
		"quiet for":         "x = length([for a in range(90000) : length([for b in range(90000) : 1])])\n",
		"doubling texts":    double(`"0123456789"`, `"${X}${X}"`),
		"doubling lists":    double("[1]", "[X, X]"),
		"doubling concat":   double("[1]", "concat(X, X)"),
		"doubling mappings": double("{ v = 1 }", "{ a = X, b = X }"),
		"equal lists":       result(double("[1]", "[X, X]"), "local.a60 == local.a60"),
		"flattened":         result(double("[1]", "[X, X]"), "flatten(local.a60)"),
		"contained":         result(double("[1]", "[X, X]"), "contains([local.a60], local.a60)"),
		"replaced":          double(`"aa"`, `replace(X, "a", "aaaaaaaa")`),
		"joined":            double(`"a"`, `join(X, [X, X])`),
		"formatted":         double(`"a"`, `format("%s%s", X, X)`),
		"long text read":    "locals {\n  s = join(\"\", [for i in range(90000) : \"0123456789\"])\n}\nx = length([for i in range(90000) : upper(local.s)])\n",
		"names":             "x = [for i in range(100000) : true ? range(1000) : [" + strings.Repeat("var.n,", 1000) + "]]\n",
		"deep":              nest(5_000),
		"sorted":            "locals {\n  l = [for i in range(90) : join(\"\", [for j in range(99) : \"0123456789\"])]\n}\nx = length([for i in range(90000) : sort(local.l)])\n",
		"chosen":            "locals {\n  l = range(9000)\n}\nx = length([for i in range(9000) : element(local.l, i)])\n",
		"expanded":          "locals {\n  l = range(9000)\n}\nx = length([for i in range(9000) : max(local.l...)])\n",
		"typos":             "x = [" + strings.Repeat("nope.x, ", 50_000) + "]\n",
		"encoded":           double(`"\""`, `jsonencode([X, X])`),
		"combined":          "locals {\n  l = range(900)\n}\nx = length(setproduct(local.l, local.l, local.l))\n",
		"indented":          double(`"a\n"`, `indent(900, "${X}${X}")`),
		"listed":            "locals {\n  l = range(9000)\n}\nx = [for i in range(9000) : formatlist(\"%d\", local.l)]\n",
		"searched":          "locals {\n  s = join(\"\", [for i in range(9000) : \"0123456789\"])\n}\nx = [for i in range(9000) : regexall(\"x+y\", local.s)]\n",
		"rewritten":         double(`"aa"`, `regexreplace(X, "(.*)", "$1$1$1$1")`),
		"hashed":            "locals {\n  s = join(\"\", [for i in range(9000) : \"0123456789\"])\n}\nx = [for i in range(9000) : sha256(local.s)]\n",
		"tried":             "x = [for i in range(90000) : try(nope(i), nope(i), i)]\n",
		"merged":            double("{ k = 1 }", `{ for i, k in concat(keys(X), keys(X)) : "k${i}" => 1 }`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, l := evalFile(source.NewFile("a.hcl", []byte(text)), &expr.Budget{Steps: 100_000, Bytes: 1 << 20})
			costly := 0
			for _, d := range l {
				if d.Code == "HS0162" {
					costly++
				}
			}
			if costly != 1 {
				t.Errorf("%d times HS0162, want it once: %.300v", costly, l)
			}
		})
	}
}

// One budget bounds all evaluations of a scope and what is made of it, and that
// it is used up is reported once.
func TestBudgetIsShared(t *testing.T) {
	n, l := hcl.Parse(source.NewFile("a.hcl", []byte("x = [for i in range(100) : i]\n")))
	if len(l) > 0 {
		t.Fatal(l)
	}
	s := &expr.Scope{Budget: &expr.Budget{Steps: 4000, Bytes: 1 << 20}}
	failed, reported := 0, 0
	for range 10 {
		out, l := expr.Eval(n, s.With("local", cty.EmptyObjectVal))
		if out.Get("x").Kind == syntax.Bad {
			failed++
		}
		reported += len(l)
	}
	if failed == 0 || failed == 10 || reported != 1 {
		t.Errorf("%d of 10 evaluations had no budget left, which was reported %d times", failed, reported)
	}
}

// A scope without a budget gets one that bounds memory, not one an expression.
func TestDefaultBudget(t *testing.T) {
	var b strings.Builder
	b.WriteString("locals {\n  a0 = [1, 1, 1, 1]\n")
	for i := range 60 {
		fmt.Fprintf(&b, "  a%d = concat(local.a%d, local.a%d)\n", i+1, i, i)
	}
	b.WriteString("}\n")
	for i := range 60 {
		fmt.Fprintf(&b, "x%d = local.a%d\n", i, i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, l := evalFile(source.NewFile("a.hcl", []byte(b.String())), nil)
	runtime.ReadMemStats(&after)
	if len(l) != 1 || l[0].Code != "HS0162" {
		t.Errorf("%.300v, want HS0162 once", l)
	}
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 400 {
		t.Errorf("made %d MiB", made)
	}
}

func TestLongChainOfLocals(t *testing.T) {
	var b strings.Builder
	const n = 10_000
	b.WriteString("locals {\n")
	for i := range n {
		fmt.Fprintf(&b, "  a%d = local.a%d + 1\n", i, i+1)
	}
	fmt.Fprintf(&b, "  a%d = 0\n}\nx = local.a0\n", n)
	tree, l := evalFile(source.NewFile("a.hcl", []byte(b.String())), nil)
	if len(l) > 0 || tree.Get("x").Text != fmt.Sprint(n) {
		t.Errorf("%.200v %+v", l, tree.Get("x"))
	}
}

// Evaluation shares what has no expressions, and leaves its input alone.
func TestEvalSharesAndKeeps(t *testing.T) {
	f := source.NewFile("a.hcl", []byte("plain = { a = [1, 2] }\nmixed = [1, var.n]\n"))
	n, _ := hcl.Parse(f)
	before := langtest.Dump(n)
	out, l := expr.Eval(n, scope())
	if len(l) > 0 {
		t.Fatal(l)
	}
	if langtest.Dump(n) != before {
		t.Error("the input changed")
	}
	if out.Get("plain") != n.Get("plain") {
		t.Error("a part without expressions was copied")
	}
	if got := out.Get("mixed").Items[1]; got.Kind != syntax.Int || string(f.Text[got.Range.Start:got.Range.End]) != "var.n" {
		t.Errorf("the value is %+v", got)
	}
}

func TestUses(t *testing.T) {
	n, _ := hcl.Parse(source.NewFile("a.hcl", []byte("a = [var.x, { b = \"${local.y[0]}\" }]\nc = [for k in var.z : k.n + count.index]\nd = spec.base\ne = f(each)\n")))
	var got []string
	for _, u := range expr.Uses(n) {
		got = append(got, u.Root+"."+u.Attr)
	}
	if want := "var.x local.y var.z count.index each."; strings.Join(got, " ") != want {
		t.Errorf("uses %s, want %s", strings.Join(got, " "), want)
	}
}

func TestValue(t *testing.T) {
	n, _ := hcl.Parse(source.NewFile("a.hcl", []byte("a = [1, \"x\", true, null, { b = var.n }]\n")))
	v, ok, l := expr.Value(n.Get("a"), scope())
	want := cty.TupleVal([]cty.Value{
		cty.NumberIntVal(1), cty.StringVal("x"), cty.True, cty.NullVal(cty.DynamicPseudoType), cty.ObjectVal(map[string]cty.Value{"b": cty.NumberIntVal(3)}),
	})
	if !ok || len(l) > 0 || !v.RawEquals(want) {
		t.Errorf("%#v %v %v", v, ok, l)
	}
	if _, ok, l := expr.Value(&syntax.Node{Kind: syntax.Bad, Range: n.Range}, scope()); ok || len(l) > 0 {
		t.Error("a bad part has no value, and was reported before")
	}
}

// A caller may add functions; they get checked arguments.
func TestOwnFunctions(t *testing.T) {
	s := scope()
	s.Funcs = expr.Functions()
	s.Funcs["twice"] = &expr.Func{
		Name: "twice", Params: []expr.Param{{Name: "text", Kind: expr.Text}},
		Call: func(a []cty.Value, b *expr.Budget) (cty.Value, error) {
			return cty.StringVal(a[0].AsString() + a[0].AsString()), nil
		},
	}
	n, _ := hcl.Parse(source.NewFile("a.hcl", []byte("a = twice(1)\n")))
	out, l := expr.Eval(n, s)
	if len(l) > 0 || out.Get("a").Text != "11" {
		t.Errorf("%v %+v", l, out)
	}
	if expr.Functions()["twice"] != nil {
		t.Error("the built-in table changed")
	}
}

func FuzzEval(f *testing.F) {
	for _, seed := range langtest.Seeds(f, "../../golden/lang/expr", ".hcl") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		run := func() (string, diag.List) {
			n, l := hcl.Parse(source.NewFile("fuzz.hcl", text))
			if n == nil {
				return "", nil
			}
			s := scope()
			s.Budget = &expr.Budget{Steps: 20_000, Bytes: 1 << 16}
			locals, found := expr.Locals(n.Get("locals"), s)
			l = append(l, found...)
			out, found := expr.Eval(n, s.With("local", locals))
			if err := langtest.CheckTree(n.Range.File, out); err != nil {
				t.Fatal(err)
			}
			if left := expr.Uses(out); len(left) > 0 {
				t.Fatalf("%v is left unevaluated", left)
			}
			for _, d := range found {
				if _, ok := diag.Lookup(d.Code); !ok || d.Help == "" || d.Range.IsZero() {
					t.Fatalf("incomplete: %v", d)
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

func BenchmarkEval(b *testing.B) {
	n, l := hcl.Parse(source.NewFile("a.hcl", []byte(`
node "web" {
  preset = var.on ? preset.vm-large : preset.vm-small
  tags   = ["web", "n${count.index}"]
  network {
    ip = "${cidrhost("10.0.0.0/16", 20 + count.index)}/16"
  }
}
`)))
	if len(l) > 0 {
		b.Fatal(l)
	}
	s := scope()
	b.ReportAllocs()
	for b.Loop() {
		s.Budget = expr.NewBudget()
		if _, l := expr.Eval(n, s); len(l) > 0 {
			b.Fatal(l)
		}
	}
}
