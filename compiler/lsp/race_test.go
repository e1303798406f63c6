package lsp_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An editor that types, asks, cancels, opens, closes and removes files without
// ever waiting gets an answer to each question, and in the end the findings of
// the last text.
func TestNeverWaiting(t *testing.T) {
	hcl := "manifest \"h\" {\n  node \"x\" {\n    spec = spec.web\n  }\n}\n"
	dir := site(t, map[string]string{"manifests/m.yaml": manifest, "specs/web.yaml": webSpec, "manifests/h.hcl": hcl})
	e := start(t, dir, site(t, nil))
	random := rand.New(rand.NewPCG(1, 2))
	texts := map[string]string{"manifests/m.yaml": manifest, "manifests/h.hcl": hcl, "specs/web.yaml": webSpec}
	versions, asked := map[string]int{}, []int{}
	uri := func(name string) string { return fileURI(filepath.Join(dir, name)) }
	for name, text := range texts {
		e.open(uri(name), text)
		versions[name] = 1
	}
	methods := []string{"completion", "hover", "definition", "documentSymbol", "codeAction", "formatting", "documentHighlight", "prepareRename"}
	for range 400 {
		name := []string{"manifests/m.yaml", "manifests/h.hcl", "specs/web.yaml"}[random.IntN(3)]
		switch random.IntN(8) {
		case 0, 1, 2:
			versions[name]++
			line := random.IntN(6)
			e.notify("textDocument/didChange", map[string]any{
				"textDocument": map[string]any{"uri": uri(name), "version": versions[name]},
				"contentChanges": []any{map[string]any{
					"range": span{position{line, random.IntN(9)}, position{line, random.IntN(9)}}, "text": []string{"", "x", "\n", "😀", "{", "  "}[random.IntN(6)],
				}},
			})
		case 3, 4, 5:
			place := at(uri(name), random.IntN(6), random.IntN(12))
			place["range"], place["context"] = span{}, map[string]any{}
			asked = append(asked, e.ask("textDocument/"+methods[random.IntN(len(methods))], place))
			if random.IntN(4) == 0 {
				e.notify("$/cancelRequest", map[string]any{"id": asked[len(asked)-1]})
			}
		case 6:
			preset := filepath.Join(dir, "presets/own.yaml")
			if os.Remove(preset) != nil {
				write(t, dir, "presets/own.yaml", "cores: 2\n")
			}
			e.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
		case 7:
			e.notify("textDocument/didClose", doc(uri(name)))
			versions[name]++
			e.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
				"uri": uri(name), "languageId": "x", "version": versions[name], "text": texts[name],
			}})
		}
	}
	for _, id := range asked {
		if raw, bad := e.answer(id); bad != nil && bad.Code != -32800 && bad.Code != -32803 {
			t.Errorf("%d: %s %v", id, raw, bad)
		}
	}
	os.Remove(filepath.Join(dir, "presets/own.yaml"))
	for name, text := range texts {
		versions[name]++
		e.change(uri(name), versions[name], text)
	}
	for name := range texts {
		e.become(uri(name), versions[name], "")
	}
}

// Many changes in one message, as when everything of a kind is replaced at once.
func TestManyChanges(t *testing.T) {
	const lines = 2000
	dir := site(t, nil)
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	var b strings.Builder
	b.WriteString("schema_version: 2\nnodes:\n")
	for i := range lines {
		fmt.Fprintf(&b, "  - {name: n-%d, preset: vm-smal}\n", i)
	}
	e.open(uri, b.String())
	var changes []any
	for i := range lines {
		line := 2 + lines - 1 - i
		end := len(fmt.Sprintf("  - {name: n-%d, preset: vm-smal", lines-1-i))
		changes = append(changes, map[string]any{"range": span{position{line, end}, position{line, end}}, "text": "l"})
	}
	e.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 2}, "contentChanges": changes})
	e.become(uri, 2, "")
}
