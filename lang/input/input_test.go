package input

import (
	"bytes"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		text string
		code diag.Code
		at   int32
	}{
		{"", "", 0}, {"a\tb\r\nc\n", "", 0}, {"\ufeffa", "", 0}, {"日本 é \u00a0 🙂", "", 0},
		{"a\xffb", codeEncoding, 1}, {"a\xc3", codeEncoding, 1}, {"a\xed\xa0\x80", codeEncoding, 1},
		{"ab\x00", codeCharacter, 2}, {"\x1b", codeCharacter, 0}, {"a\x7f", codeCharacter, 1}, {"a\rb", codeCharacter, 1}, {"a\r", codeCharacter, 1},
		{"a\u0085", codeCharacter, 1}, {"a\u2028", codeCharacter, 1}, {"a\ufeff", codeCharacter, 1}, {"\ufeff\ufeff", codeCharacter, 3},
		{strings.Repeat("a", 101), codeSize, 0}, {strings.Repeat("a", 100) + "n", "", 0}, {strings.Repeat("n", 201), codeSize, 0},
	} {
		d := Check(source.NewFile("f", []byte(c.text)), Allowance{Base: 100, Node: 10, Most: 200}, func(b []byte) int { return bytes.Count(b, []byte("n")) })
		switch {
		case d == nil && c.code != "":
			t.Errorf("%.20q passes, want %s", c.text, c.code)
		case d != nil && (d.Code != c.code || d.Range.Start != c.at || d.Help == ""):
			t.Errorf("%.20q: %v at %d, want %s at %d", c.text, d, d.Range.Start, c.code, c.at)
		}
	}
}
