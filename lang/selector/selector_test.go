package selector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// node is one node of a world for tests.
type node struct {
	addr    addr.Address
	texts   map[string][]string
	numbers map[string]int64
	needs   []int
	peers   []int
}

type world []node

func (w world) Len() int                   { return len(w) }
func (w world) Address(i int) addr.Address { return w[i].addr }
func (w world) Needs(i int) []int          { return w[i].needs }
func (w world) Peers(i int) []int          { return w[i].peers }
func (w world) Texts(to []string, i int, attribute string) []string {
	return append(to, w[i].texts[attribute]...)
}
func (w world) Number(i int, attribute string) int64 { return w[i].numbers[attribute] }
func (w world) Parent(i int) int {
	return slices.IndexFunc(w, func(n node) bool { return n.addr == w[i].addr.Parent() })
}

// shop is a manifest with one host inside a host.
func shop() world {
	texts := func(pairs ...string) map[string][]string {
		m := map[string][]string{"host": {"father"}}
		for _, p := range pairs {
			k, v, _ := strings.Cut(p, "=")
			m[k] = append(m[k], v)
		}
		return m
	}
	return world{
		{addr: "shop/dns", texts: texts("type=vm", "spec=base", "mode=push", "tag=core"), numbers: map[string]int64{"memory": int64(unit.GiB), "cores": 1}},
		{addr: "shop/inner-pve", texts: texts("type=pve", "spec=pve", "mode=push"), numbers: map[string]int64{"memory": int64(8 * unit.GiB), "cores": 4}},
		{addr: "shop/inner-pve/db", texts: texts("type=vm", "spec=base", "mode=pull", "tag=core", "tag=data"), needs: []int{0}},
		{addr: "shop/inner-pve/web-1", texts: texts("type=vm", "spec=web", "mode=push"), needs: []int{2}, peers: []int{4}},
		{addr: "shop/inner-pve/web-2", texts: texts("type=vm", "spec=web", "mode=pull"), needs: []int{2}, peers: []int{3}},
	}
}

func parse(t *testing.T, text string) *selector.Selector {
	t.Helper()
	s, list := selector.Parse(source.NewFile("--only", []byte(text)))
	if len(list) > 0 {
		t.Fatalf("%s:\n%v", text, list)
	}
	return s
}

func TestSelect(t *testing.T) {
	for text, want := range map[string]string{
		"**":                "dns inner-pve db web-1 web-2",
		"web-*":             "web-1 web-2",
		"shop/*":            "dns inner-pve",
		"shop/inner-pve/**": "db web-1 web-2",
		"spec=base and under(inner-pve) and not mode=pull": "",
		"spec=web and under(inner-pve) and not mode=pull":  "web-1",
		"spec!=base":                "inner-pve web-1 web-2",
		"name=web-* or tag=core":    "dns db web-1 web-2",
		"spec in (web, pve)":        "inner-pve web-1 web-2",
		"spec not in (web, pve)":    "dns db",
		"not (dns or db)":           "inner-pve web-1 web-2",
		"not dns and not db":        "inner-pve web-1 web-2",
		"under(inner-pve)":          "db web-1 web-2",
		"above(db)":                 "inner-pve",
		"needs(web-1)":              "dns db",
		"dependents(dns)":           "db web-1 web-2",
		"peers(web-1)":              "web-2",
		"peers(web-*)":              "web-1 web-2",
		"parent=inner-pve":          "db web-1 web-2",
		"parent=shop/inner-pve":     "db web-1 web-2",
		`parent=""`:                 "dns inner-pve",
		"depth=1":                   "dns inner-pve",
		"depth>1":                   "db web-1 web-2",
		"memory>=4GiB":              "inner-pve",
		"memory=1024":               "dns",
		"cores in (1, 4)":           "dns inner-pve",
		`tag=""`:                    "inner-pve web-1 web-2",
		"tag=data":                  "db",
		"manifest=shop and dns":     "dns",
		"host=father and spec=pve":  "inner-pve",
		"dns or inner-pve and db":   "dns",
		"(dns or db) and spec=base": "dns db",
		`"dns"`:                     "dns",
		"type=v*":                   "dns db web-1 web-2",
		"above(under(inner-pve))":   "inner-pve",
	} {
		s := parse(t, text)
		w := shop()
		set, list := s.Eval(w)
		var got []string
		for i, in := range set {
			if in {
				got = append(got, w[i].addr.Name())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s selects %s, want %s", text, got, want)
		}
		if (want == "") != list.HasErrors() {
			t.Errorf("%s: %v", text, list)
		}
	}
}

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		" a ":                          "a",
		"a and (b and c)":              "a and b and c",
		"(a or b) or c":                "a or b or c",
		"(a or b) and c":               "(a or b) and c",
		"a or (b and c)":               "a or b and c",
		"not not a":                    "a",
		"not (not a)":                  "a",
		"not (a and b)":                "not (a and b)",
		"not spec=a":                   "spec!=a",
		"not depth<2":                  "depth>=2",
		"spec in (b, a, b)":            "spec in (a, b)",
		"spec in (a)":                  "spec=a",
		"not spec in (b,a)":            "spec not in (a, b)",
		`spec = "a"`:                   "spec=a",
		`tag="a b" or "and"`:           `tag="a b" or "and"`,
		"memory >= 1024":               "memory>=1GiB",
		"depth=01":                     "depth=1",
		"under( ( a ) )":               "under(a)",
		"((((**))))":                   "**",
		"under(a or b)":                "under(a or b)",
		"not under(a) and\n\tname=b-*": "not under(a) and name=b-*",
	} {
		s := parse(t, text)
		if s.String() != want {
			t.Errorf("%q prints %s, want %s", text, s, want)
		}
		if again := parse(t, s.String()); again.String() != want {
			t.Errorf("%s prints %s", want, again)
		}
	}
}

// The first finding of each text: its code, and what its range covers.
func TestFindings(t *testing.T) {
	for _, c := range []struct {
		text, code, at, help string
	}{
		{"", "HS0560", "", "**"},
		{"spec=", "HS0560", "", ""},
		{"spec=base and", "HS0560", "", ""},
		{"spec==base", "HS0560", "=", "one ="},
		{"spec=base && dns", "HS0560", "&", `"and"`},
		{"dns || db", "HS0560", "|", `"or"`},
		{"!dns", "HS0560", "!", `"not"`},
		{"dns AND db", "HS0560", "AND", "lower case"},
		{"dns db", "HS0560", "db", `"or"`},
		{"(dns", "HS0560", "", ""},
		{"dns)", "HS0560", ")", `"("`},
		{"()", "HS0560", ")", `"("`},
		{"spec in base", "HS0560", "base", ""},
		{"spec in ()", "HS0560", ")", ""},
		{"spec in (a,)", "HS0560", ",", "leave the comma out"},
		{"name=[ab]", "HS0560", "[", "* and ?"},
		{"web-ü", "HS0560", "ü", "double quotes"},
		{"name=shop/dns", "HS0565", "shop/dns", "without name="},
		{"dns, db", "HS0560", ",", `"or"`},
		{"spec=and", "HS0560", "and", "quotes"},
		{"tag='a'", "HS0560", "'", "double quotes"},
		{`tag="a`, "HS0560", `"`, "double quotes"},
		{`tag="\q"`, "HS0560", `"`, "backslash"},
		{"dns\x00", "HS0560", "\x00", "remove"},
		{"dns\xff", "HS0560", "\xff", "remove"},
		{"shop//db", "HS0560", "", "one slash"},
		{"a or sh@p/db", "HS0560", "@", "letters"},
		{strings.Repeat("a", selector.MaxLength+1), "HS0561", "", "tag"},
		{strings.Repeat("(", selector.MaxDepth+1) + "a", "HS0561", "(", "tag"},
		{"spce=base", "HS0562", "spce", "spec"},
		{"colour=red", "HS0562", "colour", "name, addr"},
		{"udner(dns)", "HS0563", "udner", "under"},
		{"type=toaster", "HS0564", "toaster", "write one of those"},
		{"mode=puhs", "HS0564", "puhs", "push"},
		{"depth=deep", "HS0564", "deep", "whole number"},
		{"depth=-1", "HS0564", "-1", "whole number"},
		{"memory>4GB", "HS0564", "4GB", "4GiB"},
		{"spec<base", "HS0564", "spec", "spec="},
		{"spec=bsae", "HS0565", "bsae", "base"},
		{"dsn", "HS0565", "dsn", "dns"},
		{"not dbb", "HS0565", "dbb", "db"},
		{"name=nothing", "HS0565", "nothing", "db, dns"},
		{"shop/inner-pvee/db", "HS0565", "shop/inner-pvee/db", "shop/inner-pve/db"},
		{"inner-pve/db", "HS0565", "inner-pve/db", "write shop/inner-pve/db"},
		{"inner-pve/**", "HS0566", "inner-pve/**", "write shop/inner-pve/**"},
		{"under(innr-pve)", "HS0565", "innr-pve", "inner-pve"},
		{"parent=innerpv", "HS0565", "innerpv", "inner-pve"},
		{"host=mother", "HS0565", "mother", "father"},
		{"spec=base and type=ct", "HS0566", "type=ct", "pve, vm"},
		{"wep-*", "HS0566", "wep-*", "web-1"},
		{"spec=pve and mode=pull", "HS0566", "spec=pve and mode=pull", "alone"},
		{"under(dns)", "HS0566", "under", ""},
		{"spec!=whatever", "HS0567", "whatever", "base, pve, web"},
	} {
		s, list := selector.Parse(source.NewFile("--only", []byte(c.text)))
		if len(list) == 0 {
			_, list = s.Eval(shop())
		} else if s != nil || !list.HasErrors() {
			t.Errorf("%.40s: a selector and errors", c.text)
		}
		if len(list) == 0 {
			t.Errorf("%.40s: no finding", c.text)
			continue
		}
		d := list[0]
		at := ""
		if d.Range.File != nil {
			at = string(d.Range.File.Text[d.Range.Start:d.Range.End])
		}
		if string(d.Code) != c.code || at != c.at || !strings.Contains(d.Help, c.help) || d.Help == "" {
			t.Errorf("%.40s: %s at %q, help %q; want %s at %q, help with %q\n%v", c.text, d.Code, at, d.Help, c.code, c.at, c.help, list)
		}
		if _, ok := diag.Lookup(d.Code); !ok {
			t.Errorf("%s is not registered", d.Code)
		}
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	_, list := selector.Parse(source.NewFile("--only", []byte("spce=base or udner(typ=vm) and mode=pussh")))
	if len(list) != 4 {
		t.Errorf("%d findings, want 4:\n%v", len(list), list)
	}
}

// drawSelector makes a text that is a selector of the world's.
func drawSelector(t *rapid.T, w world, depth int) string {
	kind := rapid.IntRange(0, 7).Draw(t, "kind")
	if depth == 0 {
		kind = kind % 4
	}
	a := w[rapid.IntRange(0, len(w)-1).Draw(t, "node")].addr
	switch kind {
	case 0:
		return rapid.SampledFrom([]string{string(a), a.Name(), "**", "*/" + a.Name(), a.Name()[:1] + "*", string(a) + "/**"}).Draw(t, "glob")
	case 1:
		return "name" + rapid.SampledFrom([]string{"=", "!=", " = "}).Draw(t, "op") + a.Name()
	case 2:
		return fmt.Sprintf("depth %s %d", rapid.SampledFrom([]string{"<", "<=", ">", ">=", "=", "!="}).Draw(t, "op"), rapid.IntRange(0, 3).Draw(t, "depth"))
	case 3:
		return "spec " + rapid.SampledFrom([]string{"in", "not in"}).Draw(t, "in") + " (web, base, \"pve\")"
	case 4:
		return rapid.SampledFrom([]string{"under", "above", "needs", "dependents", "peers"}).Draw(t, "function") + "(" + drawSelector(t, w, depth-1) + ")"
	case 5:
		return "not " + "(" + drawSelector(t, w, depth-1) + ")"
	case 6:
		return "(" + drawSelector(t, w, depth-1) + ") and (" + drawSelector(t, w, depth-1) + ")"
	}
	return "(" + drawSelector(t, w, depth-1) + " or " + drawSelector(t, w, depth-1) + ")"
}

// The canonical form is a selector of the same nodes, and its own canonical form.
func TestCanonicalMeansTheSame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := shop()
		text := drawSelector(rt, w, 4)
		s, list := selector.Parse(source.NewFile("--only", []byte(text)))
		if len(list) > 0 {
			rt.Fatalf("%s: %v", text, list)
		}
		again, list := selector.Parse(source.NewFile("--only", []byte(s.String())))
		if len(list) > 0 || again.String() != s.String() {
			rt.Fatalf("%s prints %s, which prints %s: %v", text, s, again, list)
		}
		x, _ := s.Eval(w)
		y, _ := again.Eval(w)
		if !slices.Equal(x, y) {
			rt.Fatalf("%s and its canonical form %s select %v and %v", text, s, x, y)
		}
	})
}

// Only and skip combine as sets do.
func TestCombine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := shop()
		draw := func(n int) (out []*selector.Selector, sets [][]bool) {
			for range n {
				s, _ := selector.Parse(source.NewFile("--only", []byte(drawSelector(rt, w, 2))))
				set, _ := s.Eval(w)
				out, sets = append(out, s), append(sets, set)
			}
			return out, sets
		}
		only, in := draw(rapid.IntRange(0, 2).Draw(rt, "only"))
		skip, out := draw(rapid.IntRange(0, 2).Draw(rt, "skip"))
		s := selector.Combine(only, skip)
		if s == nil {
			if len(only)+len(skip) > 0 {
				rt.Fatal("nothing combined")
			}
			return
		}
		set, _ := s.Eval(w)
		for i := range w {
			has := func(sets [][]bool) bool { return slices.ContainsFunc(sets, func(s []bool) bool { return s[i] }) }
			if want := (len(only) == 0 || has(in)) && !has(out); set[i] != want {
				rt.Fatalf("%s on %s: %v", s, w[i].addr, set[i])
			}
		}
		if back, list := selector.Parse(source.NewFile("plan", []byte(s.String()))); len(list) > 0 || back.String() != s.String() {
			rt.Fatalf("%s does not parse back: %v", s, list)
		}
	})
}

func FuzzSelector(f *testing.F) {
	for _, s := range []string{
		"spec=base and under(inner-pve) and not mode=pull", "**", "a/**/b or c", `tag in ("x y", z)`, "depth>=2", "memory<4GiB", "not (a)", "((a)", "a b", `"\x00"`, "spec not in (a,b)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, list := selector.Parse(source.NewFile("--only", []byte(text)))
		for _, d := range list {
			if d.Range.Start > d.Range.End || int(d.Range.End) > len(text) || d.Help == "" {
				t.Fatalf("%q: %v at %d-%d", text, d, d.Range.Start, d.Range.End)
			}
		}
		if s == nil {
			return
		}
		again, list := selector.Parse(source.NewFile("--only", []byte(s.String())))
		if len(list) > 0 || again.String() != s.String() {
			t.Fatalf("%q prints %q, which does not parse back: %v", text, s, list)
		}
		w := shop()
		x, _ := s.Eval(w)
		y, _ := again.Eval(w)
		if !slices.Equal(x, y) {
			t.Fatalf("%q and %q select other nodes", text, s)
		}
	})
}

func BenchmarkEval(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := make(large, n)
			for i := range w {
				w[i] = addr.Address(fmt.Sprintf("shop/p%06d", i-i%10))
				if i%10 > 0 {
					w[i] = w[i].Child(fmt.Sprintf("web-%06d", i))
				}
			}
			s, list := selector.Parse(source.NewFile("--only", []byte("web-*1 and under(shop/*) and not depth=1")))
			if len(list) > 0 {
				b.Fatal(list)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, list := s.Eval(w); list.HasErrors() {
					b.Fatal(list)
				}
			}
		})
	}
}

// large is a world of addresses alone: every tenth is the parent of the next nine.
type large []addr.Address

func (w large) Len() int                                    { return len(w) }
func (w large) Address(i int) addr.Address                  { return w[i] }
func (w large) Needs(int) []int                             { return nil }
func (w large) Peers(int) []int                             { return nil }
func (w large) Texts(to []string, _ int, _ string) []string { return to }
func (w large) Number(int, string) int64                    { return 0 }
func (w large) Parent(i int) int {
	if i%10 == 0 {
		return -1
	}
	return i - i%10
}
