package langtest

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

func TestCutAndMark(t *testing.T) {
	text := "a: 1\nb: 2   #! HS0001 \"x\" \"y\" HS0002\nc: '#! no marker'\n"
	clean, wants, err := Cut("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if string(clean) != "a: 1\nb: 2\nc: '#! no marker'\n" {
		t.Errorf("the text is %q", clean)
	}
	if len(wants) != 2 || wants[0].Line != 2 || len(wants[0].Texts) != 2 || wants[1].Code != "HS0002" {
		t.Errorf("wants are %+v", wants)
	}
	for _, bad := range []string{"a #! HS1", "a #! HS0001 x", "a #! HS0001 \"x"} {
		if _, _, err := Cut("f", []byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	f := source.NewFile("f", clean)
	l := diag.List{{Code: "HS0001", Message: "m", Range: source.Span(f, 5, 6)}, {Code: "HS0002", Message: "n", Range: source.Span(f, 5, 6)}}
	if got := string(Mark("f", clean, l)); !strings.Contains(got, "b: 2 #! HS0001 \"m\" HS0002 \"n\"\n") {
		t.Errorf("marked: %q", got)
	}
}

func TestCompare(t *testing.T) {
	f := source.NewFile("f", []byte("a\nb\n"))
	d := &diag.Diagnostic{Code: "HS0001", Message: "one", Range: source.Span(f, 2, 3), Notes: []diag.Note{{Text: "two"}}}
	match := Want{File: "f", Line: 2, Code: "HS0001", Texts: []string{"one", "two"}}
	if wrong := Compare(diag.List{d}, []Want{match}); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
	for _, w := range []Want{
		{File: "f", Line: 1, Code: "HS0001"}, {File: "g", Line: 2, Code: "HS0001"}, {File: "f", Line: 2, Code: "HS0002"},
		{File: "f", Line: 2, Code: "HS0001", Texts: []string{"three"}},
	} {
		if wrong := Compare(diag.List{d}, []Want{w}); len(wrong) != 2 {
			t.Errorf("%+v matches: %q", w, wrong)
		}
	}
	if wrong := Compare(diag.List{d, d}, []Want{match}); len(wrong) != 1 {
		t.Errorf("one want covers two findings: %q", wrong)
	}
}
