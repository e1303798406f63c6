package diag

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang/source"
)

// codeKnown is any code of the registry, so that "see:" is rendered.
const codeKnown = Code("HS0020")

// at makes a range from a text in which «» enclose the place.
func at(name, text string) source.Range {
	start := strings.Index(text, "«")
	text = strings.Replace(text, "«", "", 1)
	end := strings.Index(text, "»")
	text = strings.Replace(text, "»", "", 1)
	return source.Span(source.NewFile(name, []byte(text)), start, end)
}

func cases() []struct {
	name string
	list List
} {
	manifest := at("manifests/nested-test.yaml", strings.Repeat("#\n", 13)+"    preset: «vm-smal»\n")
	first := source.Span(manifest.File, 0, 1)
	secret := at("secrets.yaml", "passwords:\n  vm_root: «hunter2»\n")
	secret.File.Secret = true
	one := func(d *Diagnostic) List { return List{d} }
	return []struct {
		name string
		list List
	}{
		{"full", one(&Diagnostic{
			Code: codeKnown, Message: `unknown preset "vm-smal"`, Range: manifest,
			Label: "no preset of this name in this site or in stdlib",
			Notes: []Note{{Text: "presets are sizes; specs say what a node becomes"}},
			Help:  `did you mean "vm-small"?`,
			Fixes: []Fix{{Title: `use "vm-small"`, Edits: []Edit{{Range: manifest, New: "vm-small"}}}},
		})},
		{"note-elsewhere", one(&Diagnostic{
			Code: codeKnown, Message: "duplicate", Range: manifest, Notes: []Note{{Text: "first declared here", Range: first}},
		})},
		{"no-place", one(&Diagnostic{Code: "HS9999", Severity: Warning, Message: "the host is slow", Help: "wait"})},
		{"fix-without-help", one(&Diagnostic{Code: "HS9999", Message: "m", Range: manifest, Fixes: []Fix{{Title: "rename it"}}})},
		{"secret", one(&Diagnostic{Code: codeKnown, Message: "not a name", Range: secret, Label: "this entry"})},
		{"wide", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "名前: «値é»x"), Label: "two cells each"})},
		{"combining", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "e\u0301: «v»")})},
		{"tab", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.hcl", "a\tb = «c\td»\r\n")})},
		{"empty-range", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "name:«»\n"), Label: "nothing here"})},
		{"end-of-file", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "a: [\n«»"), Label: "the text ends"})},
		{"many-lines", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "a:\n  «b: 1\n  c: 2»\n")})},
		{"byte-order-mark", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "\ufeffa: «b»\n")})},
		{"long-line", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", strings.Repeat("x", 5000)+"«here»"+strings.Repeat("y", 5000))})},
		{"long-range", one(&Diagnostic{Code: "HS9999", Message: "m", Range: at("a.yaml", "a: «"+strings.Repeat("y", 5000)+"»")})},
		{"hostile", one(&Diagnostic{
			Code: "HS9999", Message: "bad \x1b[31m\u202e name\nnext", Range: at("a.yaml", "a: «\x1b[2J\u202e\xff»\x00"), Label: "\x07",
		})},
		{"line-1000", one(&Diagnostic{
			Code: "HS9999", Message: "m", Range: at("a.yaml", strings.Repeat("\n", 999)+"«a»: 1"), Notes: []Note{{Text: "n", Range: manifest}},
		})},
		{"several", List{
			{Code: "HS9999", Message: "first", Range: manifest},
			{Code: "HS9998", Severity: Warning, Message: "second"},
			{Code: "HS9999", Message: "third"},
		}},
	}
}

func golden(t *testing.T) *goldie.Goldie {
	return goldie.New(t, goldie.WithFixtureDir("../../golden/lang/diag"))
}

func TestText(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Text(&b, c.list, TextOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t).Assert(t, c.name, b.Bytes())
		})
	}
}

func TestTextBrief(t *testing.T) {
	var b bytes.Buffer
	for _, c := range cases() {
		if err := Text(&b, c.list, TextOptions{Brief: true}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t).Assert(t, "brief", b.Bytes())
}

func TestTextColor(t *testing.T) {
	var plain, colour bytes.Buffer
	list := cases()[0].list
	if err := Text(&plain, list, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Text(&colour, list, TextOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("plain text has escape sequences")
	}
	golden(t).Assert(t, "color", []byte(strings.ReplaceAll(colour.String(), "\x1b", "ESC")))
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	for _, c := range cases() {
		if err := JSON(&b, c.list); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	golden(t).Assert(t, "json", b.Bytes())
}

// No rendering quotes a secret file, whatever the range covers.
func TestSecretIsNeverQuoted(t *testing.T) {
	f := source.NewFile("secrets.yaml", []byte("a: hunter2\nb: hunter3\n"))
	f.Secret = true
	d := &Diagnostic{
		Code: codeKnown, Message: "m", Range: source.Span(f, 0, len(f.Text)), Label: "l",
		Notes: []Note{{Text: "n", Range: source.Span(f, 3, 10)}},
		Fixes: []Fix{{Title: "t", Edits: []Edit{{Range: source.Span(f, 3, 10)}}}},
	}
	for _, o := range []TextOptions{{}, {Color: true}, {Brief: true}} {
		var b bytes.Buffer
		Text(&b, List{d}, o)
		JSON(&b, List{d})
		if strings.Contains(b.String(), "hunter") {
			t.Errorf("%+v quotes the secret:\n%s", o, b.String())
		}
	}
}

func TestSummary(t *testing.T) {
	e, w := &Diagnostic{}, &Diagnostic{Severity: Warning}
	for _, c := range []struct {
		list List
		want string
	}{
		{nil, ""}, {List{e}, "1 error"}, {List{w, w}, "2 warnings"}, {List{e, w, e}, "2 errors, 1 warning"},
	} {
		if got := Summary(c.list); got != c.want {
			t.Errorf("Summary = %q, want %q", got, c.want)
		}
	}
}

// Thousands of one mistake do not drown the others, and are counted.
func TestTextShowsTheFirstOfEachCode(t *testing.T) {
	f := source.NewFile("a.yaml", bytes.Repeat([]byte("a: b\n"), 100_000))
	var l List
	for i := range 100_000 {
		d := Code("HS9999").Errorf("m%d", i)
		if i%1000 == 0 {
			d.Code = "HS9998"
		}
		d.Range = source.Span(f, 5*i, 5*i+1)
		l = append(l, d)
	}
	for _, o := range []TextOptions{{}, {Brief: true}} {
		var b bytes.Buffer
		if err := Text(&b, l, o); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if !strings.HasSuffix(text, "\n… and 99,800 more of HS9999\n100,000 errors\n") || strings.Contains(text, "more of HS9998") {
			t.Errorf("it ends with %q", text[max(0, len(text)-100):])
		}
		if n := strings.Count(text, "error[HS9999]"); n != 100 {
			t.Errorf("%d of one code are shown", n)
		}
		if n := strings.Count(text, "error[HS9998]"); n != 100 {
			t.Errorf("%d of the other code are shown", n)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 99_900: "99,900", 1_234_567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

// A finding costs the same whether it is one or one of many.
func BenchmarkMany(b *testing.B) {
	f := source.NewFile("a.yaml", bytes.Repeat([]byte("- {name: a, foo: 1}\n"), 100_000))
	var l List
	for i := range 100_000 {
		d := Code("HS0201").Errorf("unknown field %q", "foo")
		d.Range = source.Span(f, 20*i+12, 20*i+15)
		l = append(l, d)
	}
	b.Run("text", func(b *testing.B) {
		for b.Loop() {
			Text(io.Discard, l, TextOptions{})
		}
	})
	b.Run("json", func(b *testing.B) {
		for b.Loop() {
			JSON(io.Discard, l)
		}
	})
	b.Run("sort", func(b *testing.B) {
		for b.Loop() {
			slices.Clone(l).Sort()
		}
	})
	b.Run("suggest", func(b *testing.B) {
		names := strings.Fields("name type spec preset image template host placement vmid disk cores memory disks network tags pool protect boot parent count depends_on peers execution")
		for b.Loop() {
			Suggest("foo", names)
		}
	})
}

func TestSuggest(t *testing.T) {
	presets := []string{"vm-xsmall", "vm-small", "vm-medium", "vm-large", "vm-xlarge"}
	for _, c := range []struct{ name, want string }{
		{"vm-smal", "vm-small"}, {"vm_small", "vm-small"}, {"VM-Large", "vm-large"}, {"vm-lareg", "vm-large"},
		{"mv-large", "vm-large"}, {"medium", "vm-medium"}, {"huge", ""}, {"", ""}, {"x", ""}, {strings.Repeat("x", 1000), ""},
		{"vm-small", "vm-xsmall"}, {"a name that is nothing like any of these, if not a short one", ""},
	} {
		if got := Suggest(c.name, presets); got != c.want {
			t.Errorf("Suggest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
	if a, b := Suggest("nod", []string{"node", "nods"}), Suggest("nod", []string{"nods", "node"}); a != b {
		t.Errorf("the order of candidates decides: %q, %q", a, b)
	}
}

// The bounds that save time change no result.
func TestDistance(t *testing.T) {
	plain := func(a, b string) int {
		rows := make([][]int, len(a)+1)
		for i := range rows {
			rows[i] = make([]int, len(b)+1)
			rows[i][0] = i
		}
		for j := range rows[0] {
			rows[0][j] = j
		}
		for i := 1; i <= len(a); i++ {
			for j := 1; j <= len(b); j++ {
				cost := 1
				if a[i-1] == b[j-1] {
					cost = 0
				}
				rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
				}
			}
		}
		return rows[len(a)][len(b)]
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.SampledFrom([]rune("abc")), 0, 12, -1)
		a, b, limit := word.Draw(t, "a"), word.Draw(t, "b"), rapid.IntRange(0, 9).Draw(t, "limit")
		want, got := plain(a, b), distance(a, b, limit)
		if want <= limit && got != want || want > limit && got <= limit {
			t.Fatalf("distance(%q, %q, %d) = %d, want %d", a, b, limit, got, want)
		}
	})
}

// The cost of a finding must not grow with the length of its line.
func BenchmarkTextLongLine(b *testing.B) {
	r := at("a.yaml", strings.Repeat("x", 1<<20)+"«here»")
	list := List{{Code: "HS9999", Message: "m", Range: r}}
	for b.Loop() {
		Text(&bytes.Buffer{}, list, TextOptions{})
	}
}
