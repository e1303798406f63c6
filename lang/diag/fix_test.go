package diag

import (
	"testing"

	"github.com/homestak/homestak/lang/source"
)

func TestApply(t *testing.T) {
	f := source.NewFile("a", []byte("one two three"))
	secret := source.NewFile("s", []byte("hidden"))
	secret.Secret = true
	fix := func(file *source.File, start, end int, text string) *Diagnostic {
		return &Diagnostic{Fixes: []Fix{{Edits: []Edit{{source.Span(file, start, end), text}}}}}
	}
	got := Apply(List{fix(f, 8, 13, "3"), fix(f, 0, 3, "1"), fix(f, 2, 5, "overlaps"), {}, fix(secret, 0, 6, "x"), fix(f, 13, 13, "!")})
	if len(got) != 1 || string(got[0].Text) != "1 two 3!" || got[0].Edits != 3 {
		t.Errorf("%+v", got)
	}
	if string(f.Text) != "one two three" {
		t.Error("the source was changed")
	}
}
