package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
)

// Every rendering says that a plan is partial and of what, one without changes too.
func TestPartial(t *testing.T) {
	p := mixed()
	p.Program.Partial = `tag="it's" or web-*`
	p.Program.Changes[2].Reason = plan.ReasonContext
	for name, want := range map[string][]string{
		"text": {"(partial plan)\n  selected: tag=\"it's\" or web-*, with what that needs", "left as it is, others are in it"},
		"md":   {"partial plan of `tag=\"it's\" or web-*`", `homestak plan -M shop -o plan.bin --goal reconcile --only 'tag="it'\''s" or web-*'`},
		"asm":  {`partial="tag=\"it's\" or web-*"`},
	} {
		var b bytes.Buffer
		switch name {
		case "text":
			if err := Text(&b, p, TextOptions{}); err != nil {
				t.Fatal(err)
			}
		case "md":
			b.WriteString(Markdown(p))
		case "asm":
			if err := Asm(&b, &p.Program); err != nil {
				t.Fatal(err)
			}
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("%s lacks %s:\n%.2000s", name, w, b.String())
			}
		}
	}
	var b bytes.Buffer
	if err := Text(&b, &plan.Plan{Program: plan.Program{Manifest: "shop", Partial: "web"}}, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "shop: no changes (partial plan)\n  selected: web, ") {
		t.Error(b.String())
	}
	p.Program.Partial = strings.Repeat("x", 1<<16)
	if s := Markdown(p); len(s) > MaxMarkdown {
		t.Errorf("%d bytes", len(s))
	}
	p.Program.Partial = "tag=\"```\n<img src=x>\""
	if s := Markdown(p); strings.Count(s, "```") != strings.Count(Markdown(mixed()), "```") {
		t.Errorf("a selector ends a fence:\n%s", s)
	}
}
