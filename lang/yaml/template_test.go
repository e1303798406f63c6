package yaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// texts calls visit for every text of a tree, with the indentation around it.
func texts(n *syntax.Node, indent int, visit func(*syntax.Node, int)) {
	if n.Kind == syntax.String {
		visit(n, indent)
	}
	if n.Kind == syntax.List || n.Kind == syntax.Map {
		indent = n.Range.Pos().Col - 1
	}
	for _, item := range n.Items {
		texts(item, indent, visit)
	}
	for _, f := range n.Fields {
		texts(f.Value, indent, visit)
	}
}

// The content of each text is what the library says it is, and each byte of it
// has a place.
func TestContent(t *testing.T) {
	for _, text := range []string{
		"a: plain\n", "a: plain of\n  two\n\n\n  lines  \nb: x\n", "- 'it''s  '\n", "a: 'x\n\n  y  \n  z'\n",
		`a: "\t\"\\\/\x41\u00e9\U0001F600\N\_\L\P\e"` + "\n", "a: \"x \\\n   y\\\n\n  z  \n  \\  w\"\n",
		"a: |\n  x\n   y\n\n  z\n\n\nb: c\n", "a: |-\n  x\n", "a: |+\n  x\n\n\n", "a: >\n  x\n  y\n\n  z\n   w\n\n   v\n  u\n", "a: >-\n\n  x\n  y\n",
		"a: |2\n    x\n   y\n", "a:\n- |1\n  x\n- >+  # why\n  y\n\n", "- - |\n    x\n  - y\n", "a: |\n  x", "a: >\n  x\n  y\n  ", "|\n x\n", ">\nx\ny\n",
		"a: \"x\r\n  y\"\r\nb: |\r\n  p\r\n  q\r\n", "a: \"e\u0301\"\n", "{a: x y, b: [\"c\", 'd']}\n", "a: |\n\n  \n   x\n",
	} {
		f := source.NewFile("a.yaml", []byte(text))
		n, l := Parse(f)
		if len(l) > 0 {
			t.Fatalf("%q: %v", text, l)
		}
		texts(n, -1, func(s *syntax.Node, indent int) {
			c, ok := contentOf(s, indent)
			if !ok {
				t.Errorf("%q: the content is %q, not %q", text, c.text, s.Text)
			}
			for i := range c.text {
				if at := c.place(i); at < int(s.Range.Start) || at >= int(s.Range.End) && c.text[i] != '\n' {
					t.Errorf("%q: byte %d of %q is at %d", text, i, c.text, at)
				}
			}
			if at := c.place(len(c.text)); at > int(s.Range.End) {
				t.Errorf("%q: it ends at %d", text, at)
			}
		})
	}
}

// Every part of an expression is where it stands in the file, whatever the
// quotes and the indentation around it.
func TestTemplatePlaces(t *testing.T) {
	for _, text := range []string{
		"a: ${here.x}\n", "a: é ${ here.x }\n", "a: 'it''s ${here.x}'\n", `a: "\t\u00e9 ${f(\"x\", here.x)}"` + "\n",
		"a: |\n  x\n   ${here.x}\n", "a: >\n  x\n  y ${\n  here.x}\n", "a: plain\n  text\n\n  ${here.x}\n", "a: \"x \\\n     ${here.x}\"\n",
		"a: \"x\r\n  ${here.x}\"\r\n", "- - ${here.x}\n", "a: '%{ if here.x }y%{ endif }'\n", `a: "${f(\"\u00e9\", here.x)}"` + "\n", "a: >-\n  %{ for i in here.x ~}\n  ${i}\n  %{ endfor ~}\n",
	} {
		f := source.NewFile("a.yaml", []byte(text))
		n, l := Parse(f)
		if l = append(l, Templates(n)...); len(l) > 0 {
			t.Fatalf("%q: %v", text, l)
		}
		found := 0
		var visit func(n *syntax.Node)
		visit = func(n *syntax.Node) {
			if n.Kind == syntax.Expr {
				for _, v := range n.Expr.Variables() {
					r := syntax.Span(f, v.SourceRange())
					if got := string(f.Text[r.Start:r.End]); got == "here.x" {
						found++
					} else {
						t.Errorf("%q: the name is at %q", text, got)
					}
				}
			}
			for _, i := range n.Items {
				visit(i)
			}
			for _, f := range n.Fields {
				visit(f.Value)
			}
		}
		visit(n)
		if found != 1 {
			t.Errorf("%q: %d names", text, found)
		}
	}
}

func TestTemplateFindings(t *testing.T) {
	for text, want := range map[string]string{
		"a: ${\n":                    "1:4 HS0014",
		"a: \"x\\t${ 1 + }\"\n":      "1:15 HS0101",
		"a: |\n  x\n  ${ 1 2 }\n":    "3:8 HS0104",
		"a: '%{ if true }'\n":        "1:17 HS0104",
		"a: ${'x'}\n":                "1:6 HS0101",
		"a: $${x} and %%{y}\n":       "",
		"a: ${x}\nb: ${y\nc: ${z}\n": "2:4 HS0014",
	} {
		n, l := Parse(source.NewFile("a.yaml", []byte(text)))
		got := ""
		for _, d := range append(l, Templates(n)...) {
			got += fmt.Sprintf("%d:%d %s", d.Range.Pos().Line, d.Range.Pos().Col, d.Code)
			if d.Help == "" {
				t.Errorf("%v says nothing to do", d)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestTemplateLiteral(t *testing.T) {
	n, _ := Parse(source.NewFile("a.yaml", []byte("a: $${x} and %%{y} $x\n")))
	if l := Templates(n); len(l) > 0 || n.Get("a").Kind != syntax.String || n.Get("a").Text != "${x} and %{y} $x" {
		t.Errorf("%v %+v", l, n.Get("a"))
	}
}

// Many texts cost no more than one that is as long: the bound is the file's.
func TestTemplatesAreBounded(t *testing.T) {
	lines := strings.Repeat("  x\n", 9000)
	text := strings.Repeat("- |\n  ${1}\n"+lines, 50)
	n, l := Parse(source.NewFile("a.yaml", []byte(text)))
	if len(l) > 0 {
		t.Fatal(l)
	}
	if l = Templates(n); len(l) != 1 || l[0].Code != "HS0003" {
		t.Errorf("%v", l)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range langtest.Seeds(f, "../../golden/lang", ".yaml") {
		f.Add(seed)
	}
	for _, seed := range []string{"a: \"x\\\n  ${f(\\\"y\\\")}\"\n", "a: >\n  ${a\n  .b}\n", "- 'it''s ${x[0].y}'\n", "a: |+\n  %{ for k, v in {a = 1} ~}\n  ${k}\n  %{ endfor }\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, _ := Parse(source.NewFile("fuzz.yaml", text))
		if n != nil {
			texts(n, -1, func(s *syntax.Node, indent int) {
				if c, ok := contentOf(s, indent); !ok && !strange(text) {
					t.Fatalf("the content is %q, not %q", c.text, s.Text)
				}
			})
		}
		langtest.CheckParser(t, "fuzz.yaml", text, templated)
	})
}

func templated(f *source.File) (*syntax.Node, diag.List) {
	n, l := Parse(f)
	if n != nil {
		l = append(l, Templates(n)...)
	}
	return n, l
}

// strange are the ends of lines of YAML 1.1 alone, which nobody writes, and a
// last line that does not end.
func strange(text []byte) bool {
	s := string(text)
	return !strings.HasSuffix(s, "\n") || strings.Contains(strings.ReplaceAll(s, "\r\n", ""), "\r") || strings.ContainsAny(s, "\u0085\u2028\u2029\ufeff")
}
