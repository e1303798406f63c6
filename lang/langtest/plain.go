package langtest

import (
	"encoding/json"
	"testing"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Plain parses a file without expressions to what encoding/json would make of
// the same data, with numbers as json.Number. An empty file is an empty map.
func Plain(t *testing.T, name string, text []byte, parse func(*source.File) (*syntax.Node, diag.List)) any {
	t.Helper()
	n, list := parse(source.NewFile(name, text))
	if list.HasErrors() {
		t.Fatalf("%s: %v", name, list)
	}
	if n == nil || n.Kind == syntax.Null {
		return map[string]any{}
	}
	return plain(t, n)
}

func plain(t *testing.T, n *syntax.Node) any {
	switch n.Kind {
	case syntax.Null:
		return nil
	case syntax.Bool:
		return n.Text == "true"
	case syntax.Int, syntax.Float:
		return json.Number(n.Text)
	case syntax.String:
		return n.Text
	case syntax.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = plain(t, item)
		}
		return list
	case syntax.Map:
		m := map[string]any{}
		for _, f := range n.Fields {
			m[f.Key] = plain(t, f.Value)
		}
		return m
	}
	t.Fatalf("%s: %s is no data", n.Range, n.Kind)
	return nil
}
