package yaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Codes that lang/input reports for every syntax.
const (
	codeSize      diag.Code = "HS0001"
	codeEncoding  diag.Code = "HS0004"
	codeCharacter diag.Code = "HS0005"
)

func parse(t *testing.T, text string) *syntax.Node {
	t.Helper()
	n, l := Parse(source.NewFile("a.yaml", []byte(text)))
	if len(l) > 0 {
		t.Fatalf("%q: %v", text, l)
	}
	return n
}

// wantError parses text and checks the first finding: its code and the text
// its range covers.
func wantError(t *testing.T, text string, code diag.Code, covers string) *diag.Diagnostic {
	t.Helper()
	_, l := Parse(source.NewFile("a.yaml", []byte(text)))
	if len(l) == 0 {
		t.Fatalf("%.60q: no error, want %s", text, code)
	}
	d := l[0]
	if got := text[d.Range.Start:d.Range.End]; d.Code != code || got != covers {
		t.Errorf("%.60q: %s at %q, want %s at %q", text, d.Code, got, code, covers)
	}
	if d.Help == "" {
		t.Errorf("%s does not say what to do", d.Code)
	}
	return d
}

func TestScalarKinds(t *testing.T) {
	for kind, texts := range map[syntax.Kind]string{
		syntax.Null:  "~ null Null NULL",
		syntax.Bool:  "true True TRUE false False FALSE",
		syntax.Int:   "0 7 -7 +7 010 0644 0o17 0xfF 99011 123456789012345678901234567890",
		syntax.Float: "1. 1.5 .5 -1.5 1e3 1E-3 1.5e+3 .inf -.Inf +.INF .nan .NaN",
		syntax.String: "yes no on off Yes NO y n x nUll tRue -a . .. 1_000 22:30 2001-12-14 0b1 0o8 0x 0xg 1.2.3 1e 1e+ .e3 + 12GiB" +
			" -.nan 10.0.0.1/24 99011a 'yes' \"1\" '' 'null' \"~\"",
	} {
		for _, text := range strings.Fields(texts) {
			n := parse(t, "a: "+text).Get("a")
			if n.Kind != kind {
				t.Errorf("%s is a %s, want %s", text, n.Kind, kind)
			}
			want := strings.Trim(text, `'"`)
			switch kind {
			case syntax.Bool:
				want = strings.ToLower(want)
			case syntax.Null:
				want = ""
			}
			if n.Text != want {
				t.Errorf("%s has the text %q: what was written must stay", text, n.Text)
			}
		}
	}
}

// Each value's range covers exactly the text between « and » (for one value a
// case), whatever comes before and after it.
func TestRanges(t *testing.T) {
	for _, c := range []string{
		"a: «b»\n", "a: «b»   # c\n", "a:   «b c»\nd: e\n", "é: «ü»\n", "日本: «\"語\"»\n", "a: «'it''s'» # x\n",
		"a: «\"q\\\"\\\\\"» # x\n", "a: «b\n  c\n\n  d»\ne: f\n", "a: «\"b\n  c\"»\n", "a: «b»\r\nc: d\r\n",
		"\ufeffa: «b»\n", "---\na: «b»\n...\n", "a: «|\n  b\n\n   c»\n\nd: e\n", "a: «>-\n  b\n  c »\n# c\nd: e\n",
		"a: «|2\n    b\n  c»\nd: e\n", "a: «|  # c\n  b»\n", "a: «|-»\nb: c\n", "a: «|\n  b»", "a: «|\r\n  b\r\n  c»\r\nd: e\r\n",
		"a: «|\n  b\n  # c»\n# d\n", "a: «|+\n\n  \n  x»\n\n\n", "a: «[]»\n", "a: «[ b, {c: d}, ]» # e\n", "a: «{b: [c, # ]\n d]}»\n",
		"a: «{}»\n", "a: «{b: }»\n", "a: «[b: c]»\nd: e\n", "a: «[]»", "a:«»\nb: c\n", "a: «~»\n", "a:\n  «b: c\n  d: [e]»\nf: g\n",
		"a:\n«- b\n- c»\nd: e\n", "a:\n  «- - b\n    - c\n  - d»\n", "a:\n  «-»\n", "a: # c\n  «b»\n", "? a\n: «b»\n",
		"a: «b#c»\n", "a: «b:c»\n", "a: «-b»\n", "a: «https://x/y?z#w»\n",
	} {
		start := strings.Index(c, "«")
		text := strings.Replace(c, "«", "", 1)
		end := strings.Index(text, "»")
		text = strings.Replace(text, "»", "", 1)
		m := parse(t, text)
		if m.Kind != syntax.Map || len(m.Fields) == 0 {
			t.Fatalf("%q is no mapping", text)
		}
		r := m.Fields[0].Value.Range
		if int(r.Start) != start || int(r.End) != end {
			t.Errorf("%q: the value is %q (%d to %d)", c, text[r.Start:r.End], r.Start, r.End)
		}
	}
}

func TestKeyRanges(t *testing.T) {
	m := parse(t, "é: 1\n\"b c\" : 2\n? d\n: 3\n'e': {f: 4, \"g\":5}\n")
	var got []string
	for _, f := range append(m.Fields, m.Get("e").Fields...) {
		got = append(got, f.Key+"="+string(f.Range.File.Text[f.Range.Start:f.Range.End]))
	}
	if want := `é=é b c="b c" d=d e='e' f=f g="g"`; strings.Join(got, " ") != want {
		t.Errorf("keys are %s", strings.Join(got, " "))
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		text   string
		code   diag.Code
		covers string
	}{
		{"a: 1\nb: 2\na: 3\n", codeDuplicate, "a"},
		{"a: &x 1\n", codeAnchor, "&x"},
		{"a: &x\n  b: 1\nc: *x\n", codeAnchor, "&x"},
		{"a: *x\n", codeAnchor, "*x"},
		{"<<: {a: 1}\n", codeMerge, "<<"},
		{"a: !!str 1\n", codeTag, "!!str"},
		{"a: !!python/object:os.system {}\n", codeTag, "!!python/object:os.system"},
		{"a: !<tag:x,2002:y> 1\n", codeTag, "!<tag:x,2002:y>"},
		{"a: 1\n---\nb: 2\n", codeDocuments, "---"},
		{"--- a\n--- b\n", codeDocuments, "---"},
		{"a: 1\n...\nb: 2\n", codeDocuments, "b: 2"},
		{"1: a\n", codeKey, "1"},
		{"[a]: b\n", codeKey, "[a]"},
		{"%YAML 1.1\n---\na: 1\n", codeDirective, "%YAML 1.1"},
		{"a:\n\tb: 1\n", codeTab, "\t"},
		{"a: \x00\n", codeCharacter, "\x00"},
		{"a: \x1b\n", codeCharacter, "\x1b"},
		{"a: \u2028\n", codeCharacter, "\u2028"},
		{"a: b\rc: d\n", codeCharacter, "\r"},
		{"a: b\ufeff\n", codeCharacter, "\ufeff"},
		{"a: \xff\n", codeEncoding, "\xff"},
		{"\xff\xfea\x00", codeEncoding, "\xff"},
		{"a: \xed\xa0\x80\n", codeEncoding, "\xed"},
		{"a: 'b", codeUnclosed, "'"},
		{"a: [b", codeUnclosed, "["},
	} {
		wantError(t, c.text, c.code, c.covers)
	}
}

func TestDuplicateShowsTheFirst(t *testing.T) {
	var b strings.Builder
	for i := range 40 { // enough for the index of large mappings
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	d := wantError(t, b.String()+"k3: 2\n", codeDuplicate, "k3")
	if len(d.Notes) != 1 || d.Notes[0].Range.Pos().Line != 4 {
		t.Errorf("the note is at %v", d.Notes)
	}
	n, _ := Parse(source.NewFile("a.yaml", []byte("a: 1\na: 2\n")))
	if len(n.Fields) != 1 || n.Fields[0].Value.Text != "1" {
		t.Error("the first of two equal keys counts")
	}
}

func TestAcceptedForms(t *testing.T) {
	for _, text := range []string{"", "\n", "# c\n", "---\n", "---\n...\n", "\ufeff", "---\n# c\n"} {
		if n := parse(t, text); n.Kind != syntax.Null {
			t.Errorf("%q is a %s, want null", text, n.Kind)
		}
	}
	if n := parse(t, "--- # c\na: \"---\"\nb: |\n  ---\n  ...\n---x: 1\n"); len(n.Fields) != 3 {
		t.Error("--- is a marker only as a word of its own at the start of a line")
	}
	if got := parse(t, "a: \"\\u2028\"").Get("a").Text; got != "\u2028" {
		t.Errorf("an escaped separator is %q", got)
	}
}

func TestLimits(t *testing.T) {
	deep := DefaultLimits().Depth
	for _, c := range []struct {
		name string
		text string
		code diag.Code
	}{
		{"brackets", strings.Repeat("[", 100_000), codeDeep},
		{"braces", strings.Repeat("{a: ", 100_000), codeDeep},
		{"closed brackets", strings.Repeat("[", deep+1) + strings.Repeat("]", deep+1), codeDeep},
		{"dashes", strings.Repeat("- ", 100_000), codeDeep},
		{"indentation", staircase(deep + 1), codeDeep},
		{"size", strings.Repeat("#", DefaultLimits().Bytes.Most+1), codeSize},
		{"values", "[" + strings.Repeat("a,", DefaultLimits().Values.Base+1) + "]", codeTooMany},
		{"alias bomb", bomb(40), codeAnchor},
	} {
		_, l := Parse(source.NewFile("a.yaml", []byte(c.text)))
		if len(l) == 0 || l[0].Code != c.code {
			t.Errorf("%s: %.200v, want %s", c.name, l, c.code)
		}
	}
	parse(t, staircase(deep))
	parse(t, strings.Repeat("[", deep)+strings.Repeat("]", deep))
	parse(t, "a: |\n  "+strings.Repeat("[", 10*deep)+"\n# "+strings.Repeat("{", 10*deep)+"\nb: x"+strings.Repeat("[", 10*deep)+"\n")
}

// staircase nests n mappings by indentation.
func staircase(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// bomb would expand to 10 to the power of n values.
func bomb(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	return b.String()
}

// Findings about a secret file never quote it, whatever is wrong with it.
func TestSecretsStaySecret(t *testing.T) {
	for _, text := range []string{
		"a: hunter2\nhunter2: 1\nhunter2: 2\n", "hunter2\na: b\n", "a: @hunter2\n", "a: \"\\qhunter2\"\n", "a: hunter2: x\n", "a: [hunter2\n",
		"a: 'hunter2", "a: &hunter2 x\n", "a: !hunter2 x\n", "a: \"x\" hunter2\n", "a: hunter2\n - x\n  y: z\n", "a: {{hunter2}}\n", "\thunter2\n",
		"a: x\n---\nhunter2\n", "%hunter2\n", "*hunter2", "a: b\n hunter2: c\n", "a: %hunter2", "a: hunter2\x00", "[hunter2]: x", "a: |hunter2\n  x\n",
	} {
		f := source.NewFile("secrets.yaml", []byte(text))
		f.Secret = true
		_, l := Parse(f)
		if len(l) == 0 {
			t.Errorf("%q has no finding", text)
		}
		var b strings.Builder
		for _, o := range []diag.TextOptions{{}, {Brief: true}} {
			if err := diag.Text(&b, l, o); err != nil {
				t.Fatal(err)
			}
		}
		if err := diag.JSON(&b, l); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "hunter") {
			t.Errorf("%q is quoted:\n%s", text, b.String())
		}
	}
}

func TestFindingsAreBounded(t *testing.T) {
	_, l := Parse(source.NewFile("a.yaml", []byte(strings.Repeat("a: 1\n", 100_000))))
	if len(l) != maxFindings {
		t.Errorf("%d findings, want %d", len(l), maxFindings)
	}
}

// A block text that is the whole file may start in its first column, and has
// lines further in.
func TestBlockTextAtTheTop(t *testing.T) {
	for _, text := range []string{">\n\n- \n - \ny  #", "|\nx\n  y\nz", "|-\na\n b\n\n c\nd # e"} {
		if n := parse(t, text); n.Kind != syntax.String || int(n.Range.End) != len(text) {
			t.Errorf("%q: the text ends at %d", text, n.Range.End)
		}
	}
}
