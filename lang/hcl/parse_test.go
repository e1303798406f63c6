package hcl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

func parse(t *testing.T, text string) *syntax.Node {
	t.Helper()
	n, l := Parse(source.NewFile("a.hcl", []byte(text)))
	if len(l) > 0 {
		t.Fatalf("%q: %v", text, l)
	}
	return n
}

// Each value's range covers exactly the text between « and ».
func TestRanges(t *testing.T) {
	for _, c := range []string{
		"a = «1»\n", "a = «1»", "a = «-1» # c\n", "é = «\"ü\"»\n", "\ufeffa = «true»\n", "a = «[1, \"b\"]»\r\nc = 1\r\n",
		"a = «{ b = 1 }»\n", "a = «spec.base»\n", "a = «var.x + 1» // c\n", "a = «\"${x}\"»\n", "a = «<<E\nb\nE»\n", "a = «<<E\nb\nE»",
		"a = «f(1)»\n", "a = «(1)»\n", "«a {\n b = 1\n}»\n", "a = «null»",
	} {
		start := strings.Index(c, "«")
		text := strings.Replace(c, "«", "", 1)
		end := strings.Index(text, "»")
		text = strings.Replace(text, "»", "", 1)
		r := parse(t, text).Fields[0].Value.Range
		if int(r.Start) != start || int(r.End) != end {
			t.Errorf("%q: the value is %q", c, text[r.Start:r.End])
		}
	}
}

func TestFieldsKeepTheirOrder(t *testing.T) {
	n := parse(t, "c = 1\na {}\nb = 2\nnode \"x\" {}\nd = 3\nnode \"y\" {}\n")
	var keys []string
	for _, f := range n.Fields {
		keys = append(keys, f.Key)
	}
	if got := strings.Join(keys, " "); got != "c a b nodes d" {
		t.Errorf("fields are %s", got)
	}
	if nodes := n.Get("nodes"); len(nodes.Items) != 2 || nodes.Items[1].Get("name").Text != "y" {
		t.Error("node blocks collect in order")
	}
}

// Depth and length are bounded before the library sees the text: without the
// bound each of these ends the process.
func TestLimits(t *testing.T) {
	const many = 200_000
	l := DefaultLimits()
	for _, c := range []struct {
		name string
		text string
		code diag.Code
	}{
		{"parentheses", "a = " + strings.Repeat("(", many), codeDeep},
		{"closed parentheses", "a = " + strings.Repeat("(", many) + "1" + strings.Repeat(")", many), codeDeep},
		{"lists", "a = " + strings.Repeat("[", many), codeDeep},
		{"mappings", "a = " + strings.Repeat("{a=", many), codeDeep},
		{"blocks", strings.Repeat("a {\n", many), codeDeep},
		{"calls", "a = " + strings.Repeat("f(", many), codeDeep},
		{"templates", "a = " + strings.Repeat("\"${", many), codeDeep},
		{"nots", "a = " + strings.Repeat("!", many) + "true", codeChain},
		{"minuses", "a = " + strings.Repeat("- ", many) + "1", codeChain},
		{"sums", "a = 1" + strings.Repeat("+1", many), codeChain},
		{"differences", "a = 1" + strings.Repeat("-1", many), codeChain},
		{"sums over lines", "a = (1" + strings.Repeat("\n+1", many) + ")", codeChain},
		{"conditions", "a = " + strings.Repeat("true?1:", many) + "2", codeChain},
		{"attributes", "a = b" + strings.Repeat(".c", many), codeChain},
		{"indexes", "a = b" + strings.Repeat("[0]", many), codeChain},
		{"splats", "a = b" + strings.Repeat("[*]", many), codeChain},
		{"directives", "a = \"" + strings.Repeat("%{if true}", many) + strings.Repeat("%{endif}", many) + "\"", codeChain},
		{"directives in lines", "a = <<E\n" + strings.Repeat("%{if true}\n", many) + "E\n", codeChain},
		{"mixed", "a = " + strings.Repeat("(!!!!!!!!!", many), codeChain},
		{"digits", "a = " + strings.Repeat("1", many), codeNumber},
		{"fraction", "a = 1." + strings.Repeat("1", many), codeNumber},
		{"lines of a text", "a = <<E\n" + strings.Repeat("x\n", many) + "E\n", codeTooMany},
		{"pieces of a text", "a = \"" + strings.Repeat("$x", many) + "\"", codeTooMany},
		{"tokens", strings.Repeat("a,\n", l.Tokens.Base/3+1), codeTooMany},
		{"size", strings.Repeat("#", l.Bytes.Most+1), "HS0001"},
		{"comment", "a = /* " + strings.Repeat("(", many), codeUnclosed},
		{"line", "a = \"x\n" + strings.Repeat("(", many), codeUnclosed},
		{"heredoc", "a = <<E\n" + strings.Repeat("(", many), codeUnclosed},
		{"marker", "a = << E\n" + strings.Repeat("(", many), codeDeep},
		{"no comment", "a = / *" + strings.Repeat("(", many), codeDeep},
		{"escaped quote", "a = \"\\\\\"" + strings.Repeat("(", many), codeDeep},
		{"end of text", "a = <<E\nE\n" + strings.Repeat("(", many), codeDeep},
		{"end of indented text", "a = <<-E\n\t E\t\n" + strings.Repeat("(", many), codeDeep},
		{"after a template", "a = \"${b}\" + " + strings.Repeat("(", many), codeDeep},
		{"odd letter", "a = →" + strings.Repeat("-1", many), codeChain},
	} {
		_, l := Parse(source.NewFile("a.hcl", []byte(c.text)))
		if len(l) == 0 || l[0].Code != c.code {
			t.Errorf("%s: %.200v, want %s", c.name, l, c.code)
		}
	}
	depth := l.Depth - 1
	parse(t, "a = "+strings.Repeat("(", depth)+"1"+strings.Repeat(")", depth))
	parse(t, "a = 1 "+strings.Repeat("+ 1 ", 500)+"\nb = [\n"+strings.Repeat("-1,\n", 10_000)+"]\n")
	parse(t, "a = <<E\n"+strings.Repeat("a line ( of [ a { script\n", 2000)+"E\n# "+strings.Repeat("(", 10_000)+"\n")
	parse(t, strings.Repeat("b = 1\n", 1)+strings.Repeat("/* ( */", 10_000)+"\n")
}

// What a finding suggests to write is what the tree then has.
func TestReference(t *testing.T) {
	for text, want := range map[string]string{
		"spec.base": "spec base", "image[\"a.b\"]": "image a.b", "node.x-1": "node x-1", "host.f": "host f", "preset.p": "preset p", "posture.p": "posture p",
		"var.x": "", "spec": "", "spec.a.b": "", "image[0]": "", "local.x": "",
	} {
		n := parse(t, "a = "+text+"\n").Get("a")
		got := ""
		if n.Kind == syntax.String {
			got = n.Ref + " " + n.Text
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestSecretsStaySecret(t *testing.T) {
	for _, text := range []string{"a = \"\\qhunter2\"\n", "a = hunter2 b\n", "a = 'hunter2'\n", "a = \"hunter2\n", "hunter2\n", "a = \"\\hhunter2\""} {
		f := source.NewFile("secrets.hcl", []byte(text))
		f.Secret = true
		_, l := Parse(f)
		var b strings.Builder
		if err := diag.Text(&b, l, diag.TextOptions{}); err != nil || len(l) == 0 {
			t.Fatal(err, len(l))
		}
		if strings.Contains(b.String(), "hunter") {
			t.Errorf("%q is quoted:\n%s", text, b.String())
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range langtest.Seeds(f, "../../golden/lang", ".hcl") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		langtest.CheckParser(t, "fuzz.hcl", text, Parse)
	})
}

// manifest is a realistic manifest of n nodes, every tenth a parent.
func manifest(n int) []byte {
	var b strings.Builder
	b.WriteString("manifest \"bench\" {\n  pattern = \"tiered\"\n")
	for i := range n {
		if i%10 == 0 {
			fmt.Fprintf(&b, "  node \"node-%d\" {\n    type = \"pve\"\n    spec = spec.pve\n    preset = preset.vm-large\n    image = image.debian-13-pve\n    vmid = %d\n", i, 100000+i)
		} else {
			fmt.Fprintf(&b, "    node \"node-%d\" {\n      type = \"vm\"\n      spec = spec.base\n      preset = preset.vm-small\n      image = \"debian-12\"\n      vmid = %d\n    }\n", i, 100000+i)
		}
		if i%10 == 9 || i == n-1 {
			b.WriteString("  }\n")
		}
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		text := manifest(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, l := Parse(source.NewFile("a.hcl", text)); len(l) > 0 {
					b.Fatal(l)
				}
			}
		})
	}
}

// Where no number of nodes would help, none is spoken of.
func TestTooManyTokensHoweverManyNodes(t *testing.T) {
	l := DefaultLimits()
	for most, notes := range map[int]int{l.Tokens.Most: 1, l.Tokens.Base: 0} {
		l.Tokens.Most = most
		_, found := ParseLimits(source.NewFile("a.hcl", []byte("x = ["+strings.Repeat("1,", l.Tokens.Base)+"]")), l)
		if len(found) != 1 || found[0].Code != codeTooMany || len(found[0].Notes) != notes {
			t.Errorf("at most %d: %v", most, found)
		}
	}
}
