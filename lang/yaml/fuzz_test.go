package yaml

import (
	"testing"

	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

func FuzzParse(f *testing.F) {
	for _, seed := range langtest.Seeds(f, "../../golden/lang", ".yaml") {
		f.Add(seed)
	}
	f.Add(manifest(3))
	f.Fuzz(func(t *testing.T, text []byte) {
		langtest.CheckParser(t, "fuzz.yaml", text, Parse)
		n, _ := Parse(source.NewFile("fuzz.yaml", text))
		checkOrder(t, n)
	})
}

// checkOrder tests what holds for YAML: entries follow each other inside their
// collection, and a key ends before its value starts.
func checkOrder(t *testing.T, n *syntax.Node) {
	if n == nil {
		return
	}
	at := n.Range.Start
	inside := func(r source.Range) {
		if r.Start < at || r.End > n.Range.End {
			t.Fatalf("%d to %d is not inside what is left of its %s: %d to %d", r.Start, r.End, n.Kind, at, n.Range.End)
		}
		at = r.End
	}
	for _, item := range n.Items {
		inside(item.Range)
		checkOrder(t, item)
	}
	for _, field := range n.Fields {
		inside(field.Range)
		inside(field.Value.Range)
		checkOrder(t, field.Value)
	}
}
