package format

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// Texts come from every editor; they leave in one shape.
func TestInputForms(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a.yaml", "", ""},
		{"a.hcl", "", ""},
		{"a.yaml", "\n\n", ""},
		{"a.hcl", "\n \n", ""},
		{"a.yaml", "\ufeff", ""},
		{"a.yaml", "# only\n\n\n  # comments", "# only\n\n# comments\n"},
		{"a.hcl", "# only\n\n\n  // comments", "# only\n\n// comments\n"},
		{"a.yaml", "\ufeffa:  1\r\nb: |\r\n   x\r\n   y\r\n# c\r\n", "a: 1\nb: |\n  x\n  y\n# c\n"},
		{"a.hcl", "\ufeffa =  1 # c\r\n\r\n\r\nb =2\r\n", "a = 1 # c\n\nb = 2\n"},
		{"a.yml", "a: |\n  no line end", "a: |-\n  no line end\n"},
		{"a.yaml", "a: |+\n  x\n\n", "a: |+\n  x\n\n"},
		{"a.yaml", "\t# tabs\na:\t1\t# x", "# tabs\na: 1  # x\n"},
		{"a.yaml", "--- text\n...\n# end\n", "---\ntext\n...\n# end\n"},
		{"a.yaml", " --- a: b\n", "\"--- a\": b\n"},
		{"a.yaml", "a: \"x\\ \n  y\\\n  z \n\n  w\"", "a: \"x\\ \n  y\\\n  z\n\n  w\"\n"},
		{"a.yaml", "? |\n  two\n  lines\n: v\n? k\n: - 1\n  - 2\n", "? |\n  two\n  lines\n: v\nk:\n  - 1\n  - 2\n"},
		{"a.yaml", "? " + strings.Repeat("k", maxKey) + "\n: {? " + strings.Repeat("l", maxKey) + " : v}",
			"? " + strings.Repeat("k", maxKey) + "\n: {? " + strings.Repeat("l", maxKey) + ": v}\n"},
		{"a.yaml", ">1\n# c\n", ">2\n# c\n"},
		{"a.yaml", "|\nx\n y", "|-\n  x\n   y\n"},
		{"a.yaml", "a: [\n'-',\nb::]\nc:: d\n", "a:\n  - \"-\"\n  - \"b:\":\n\"c:\": d\n"},
		{"a.hcl", "a = 1 .0\nb = 1.0\n", "a = 1 .0\nb = 1.0\n"},
		{"a.hcl", "a = 1 + [x #\n\n]\n", "a = 1 + [x #\n]\n"},
		{"a.hcl", "a = <<E\n x \nE", "a = <<E\n x \nE\n"},
		{"a.hcl", "a = f(/* one\n  two */ 1) # c\nlonger = 2 # d\n", "a      = f(/* one\n  two */ 1) # c\nlonger = 2  # d\n"},
	} {
		check(t, c.name, []byte(c.text))
		got, l := Source(source.NewFile(c.name, []byte(c.text)))
		if string(got) != c.want || len(l) > 0 {
			t.Errorf("%q becomes %q, want %q %v", c.text, got, c.want, l)
		}
	}
}

// What has errors is left alone, with the errors of reading it.
func TestRefused(t *testing.T) {
	deep := strings.Repeat("[\n", 190) + strings.Repeat("1,\n", 100_000) + strings.Repeat("]", 190)
	for _, c := range []struct {
		name, text string
		code       diag.Code
	}{
		{"a.txt", "a: 1", "HS0006"},
		{"a.yaml", "a: [1", "HS0014"},
		{"a.yaml", "a: 1\na: 2", "HS0020"},
		{"a.yaml", "a: &x 1", "HS0021"},
		{"a.yaml", "a\rb", "HS0005"},
		{"a.hcl", "a = ", "HS0101"},
		{"a.hcl", "a = 1\na = 2", "HS0020"},
		{"a.yaml", "a: " + deep, codeSize},
		{"a.hcl", "a = " + deep + "\n", codeSize},
	} {
		out, l := Source(source.NewFile(c.name, []byte(c.text)))
		if out != nil || len(l) == 0 || l[0].Code != c.code || l[0].Help == "" {
			t.Errorf("%.40q: %v, want %s", c.text, l, c.code)
		}
	}
}

// A printer that changes the meaning is caught before anything is written.
func TestUnfaithful(t *testing.T) {
	for _, c := range []struct {
		name, text, out string
		same            bool
	}{
		{"a.yaml", "a: [1, {b: c}]", "a:\n  - 1\n  - b: 'c'\n", true},
		{"a.yaml", "a: 1", "a: \"1\"", false},
		{"a.yaml", "a: x", "a: y", false},
		{"a.yaml", "a: x", "b: x", false},
		{"a.yaml", "a: x", "a: [x", false},
		{"a.yaml", "a: [1]", "a: [1, 2]", false},
		{"a.yaml", "a: 1\nb: 2", "b: 2\na: 1", false},
		{"a.yaml", "a:  b c", "a: b  c", false},
		{"a.hcl", "a = x+1", "a = x + 1", true},
		{"a.hcl", "a = x+1", "a = x + 2", false},
		{"a.hcl", "a = [x,\n\n1]", "a = [x,\n1]", true},
		{"a.hcl", "a = \"${x}  y\"", "a = \"${ x } y\"", false},
		{"a.hcl", "a = spec.b", "a = preset.b", false},
		{"a.hcl", "variable \"v\" {\n type = list( string )\n}", "variable \"v\" {\n type = list(string)\n}", true},
		{"a.hcl", "variable \"v\" {\n type = list(string)\n}", "variable \"v\" {\n type = set(string)\n}", false},
	} {
		tree, l := lang.ParseText(source.NewFile(c.name, []byte(c.text)))
		if l.HasErrors() {
			t.Fatal(l)
		}
		if got := faithful(c.name, []byte(c.out), tree); got != c.same {
			t.Errorf("%q as %q: %v, want %v", c.text, c.out, got, c.same)
		}
	}
	if d := unfaithful(source.NewFile("a.yaml", nil)); d.Code != "HS0090" || d.Help == "" {
		t.Error(d)
	}
}

// Shapes on which a careless printer takes quadratic time: this test then runs
// for minutes.
func TestLinear(t *testing.T) {
	const n = 20_000
	for name, text := range map[string]string{
		"pairs.yaml":    "a: [\n" + strings.Repeat("k: v, ", n) + "]",
		"comments.yaml": "a:\n" + strings.Repeat(" # c\n", n) + " b: 1",
		"beside.yaml":   "a: 1 # c\n" + strings.Repeat("     # c\n", n),
		"run.yaml":      "a:\n" + strings.Repeat("  - x # c\n", n),
		"spaces.yaml":   "a:" + strings.Repeat(" ", n) + "b" + strings.Repeat("\n", n),
		"run.hcl":       "a = [\n" + strings.Repeat("  1, # c\n", n) + "]",
		"blank.hcl":     "a = 1" + strings.Repeat("\n", 10*n) + "b = 2",
		"line.hcl":      "a = [" + strings.Repeat("1,", n) + "]",
	} {
		if out, l := Source(source.NewFile(name, []byte(text))); out == nil {
			t.Errorf("%s: %v", name, l)
		}
	}
}

func TestExtension(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1":                      ".yaml",
		"---\n- a\n":                ".yaml",
		"a = 1":                     ".hcl",
		"manifest \"m\" {\n}\n":     ".hcl",
		"# c\nmanifest \"m\" {\n a": ".hcl",
		"# c\nnodes:\n  - {a: [b\n": ".yaml",
		"// c\nx =\n":               ".hcl",
		"a: b: c\n":                 ".yaml",
	} {
		if got := Extension([]byte(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
