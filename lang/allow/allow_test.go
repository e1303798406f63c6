package allow

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// granted lists what the comments of a text allow, as CODE@LINE, and what is
// wrong with them, as CODE:LINE.
func granted(name, text string) string {
	f := source.NewFile(name, []byte(text))
	var s Set
	s.Add(f)
	var out []string
	for _, d := range s.Unused(nil) {
		read := s.files[f]
		for line, on := range read.lines {
			for _, g := range on {
				if g.at == d.Range {
					out = append(out, string(g.code)+"@"+string(rune('0'+line)))
				}
			}
		}
	}
	for _, d := range s.Findings(f) {
		out = append(out, string(d.Code)+":"+string(rune('0'+d.Range.Pos().Line)))
	}
	return strings.Join(out, " ")
}

func TestRead(t *testing.T) {
	const ok = `homestak:allow HS0206 reason="r"`
	for _, c := range []struct{ name, text, want string }{
		{"a.yaml", "a: 1 # " + ok, "HS0206@1"},
		{"a.yaml", "# " + ok + "\n\n# more\na: 1\n", "HS0206@4"},
		{"a.yaml", "#" + ok + "\na: 1\n", "HS0206@2"},
		{"a.yaml", "\ufeff# " + ok + "\r\na: 1\r\n", "HS0206@2"},
		{"a.yaml", "a: 1#" + ok, ""}, // part of a plain text
		{"a.yaml", "a: |\n  # " + ok + "\nb: 1\n", ""},
		{"a.yaml", "a: >\n  x\n\n  # " + ok + "\n", ""},
		{"a.yaml", "a: 'x # " + ok + "'\n", ""},
		{"a.yaml", "a: \"x\n  # y\" # " + ok + "\n", "HS0206@2"},
		{"a.yaml", "a: [1, # " + ok + "\n  2]\n", "HS0206@1"},
		{"a.yaml", "a: 1 # see homestak:allow\n", ""}, // it is not how the comment begins
		{"a.yaml", "a: 1 // " + ok, ""},
		{"a.yaml", "a: 1 # homestak: a tool\n", ""},
		{"a.yaml", "a: 1 # homestak:v2\n", ""},
		{"a.yaml", "a: 1 # homestak:ignore HS0206\n", "HS0245:1"},
		{"a.yaml", "a: 1 # homestak:Allow HS0206\n", "HS0245:1"},
		{"a.yaml", "a: [ # " + ok + "\n", "HS0206@1"}, // not YAML yet
		{"a.hcl", "a = 1 // " + ok, "HS0206@1"},
		{"a.hcl", "a = 1 # " + ok + "\r\n", "HS0206@1"},
		{"a.hcl", "// " + ok + "\n\na = 1\n", "HS0206@3"},
		{"a.hcl", "a = <<E\n# " + ok + "\nE\n", ""},
		{"a.hcl", "a = \"# " + ok[:22] + "\"\n", ""},
		{"a.hcl", "a = [ # " + ok + "\n  1]\n", "HS0206@1"},
		{"a.hcl", "/* # " + ok + " */ a = 1\n", ""},
	} {
		if got := granted(c.name, c.text); got != c.want {
			t.Errorf("%s: %q: %q, want %q", c.name, c.text, got, c.want)
		}
	}
}

// Errors stay, whatever a comment says; other codes and other lines do too.
func TestSilence(t *testing.T) {
	f := source.NewFile("a.yaml", []byte("a: 1  # homestak:allow HS0206 HS0940 reason=\"r\"\nb: 1\n"))
	var s Set
	s.Add(f)
	list := diag.List{
		{Code: "HS0206", Severity: diag.Warning, Range: source.Span(f, 0, 1)},
		{Code: "HS0206", Severity: diag.Warning, Range: source.Span(f, f.Offset(source.Pos{Line: 2, Col: 1}), 50)},
		{Code: "HS0205", Severity: diag.Warning, Range: source.Span(f, 0, 1)},
		{Code: "HS0940", Severity: diag.Error, Range: source.Span(f, 0, 1)},
		{Code: "HS0206", Severity: diag.Warning},
	}
	kept, used := s.Silence(list)
	var codes []string
	for _, d := range kept {
		codes = append(codes, string(d.Code))
	}
	if got := strings.Join(codes, " "); got != "HS0206 HS0205 HS0940 HS0206 HS0247" {
		t.Errorf("left: %s", got)
	}
	if left := s.Unused(nil, used); len(left) != 0 {
		t.Errorf("unused: %v", left)
	}
	if left := s.Unused(nil); len(left) != 2 {
		t.Errorf("unused: %v", left)
	}
	if left := s.Unused(kept); len(left) != 0 {
		t.Errorf("called unused beside errors: %v", left)
	}
}

// Any text is read without a panic, in time linear in it, and what is found
// lies in the file.
func FuzzRead(f *testing.F) {
	f.Add("a: 1 # homestak:allow HS0206 reason=\"r\"\n", true)
	f.Add("a = 1 // homestak:allow HS0206, HS0205 reason = \"\\\"\" # more\r\n", false)
	f.Add("\ufeff#homestak:alow", true)
	f.Fuzz(func(t *testing.T, text string, yaml bool) {
		name := "a.hcl"
		if yaml {
			name = "a.yaml"
		}
		file := source.NewFile(name, []byte(text))
		var s Set
		s.Add(file)
		for _, d := range append(s.Findings(file), s.Unused(nil)...) {
			if d.Range.Start < 0 || int(d.Range.End) > len(text) || d.Range.End < d.Range.Start {
				t.Fatalf("%v: %d to %d of %d bytes", d, d.Range.Start, d.Range.End, len(text))
			}
		}
	})
}
