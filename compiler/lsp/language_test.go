package lsp_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/lsp"
)

// where is the position of the n-th character of the first mention of a text.
func where(t *testing.T, text, of string, n int) position {
	t.Helper()
	i := strings.Index(text, of)
	if i < 0 {
		t.Fatalf("no %q in %q", of, text)
	}
	i += n
	line := strings.Count(text[:i], "\n")
	return position{line, i - strings.LastIndex(text[:i], "\n") - 1}
}

func about(uri string, p position) map[string]any { return at(uri, p.Line, p.Character) }

type textEdit struct {
	Range   span   `json:"range"`
	NewText string `json:"newText"`
}

// applied is a text after edits, which come in any order and do not overlap.
func applied(text string, edits []textEdit) string {
	lines := strings.SplitAfter(text, "\n")
	offset := func(p position) int {
		n := 0
		for _, l := range lines[:p.Line] {
			n += len(l)
		}
		return n + p.Character
	}
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b textEdit) int { return offset(b.Range.Start) - offset(a.Range.Start) })
	for _, e := range edits {
		text = text[:offset(e.Range.Start)] + e.NewText + text[offset(e.Range.End):]
	}
	return text
}

const (
	manifest = "schema_version: 2\nname: m\nnodes:\n  - name: a\n    spec: web\n    preset: vm-small\n  - name: b\n    spec: web\n    depends_on: [a]\n"
	webSpec  = "schema_version: 1\nplatform:\n  packages: [nginx]\n"
)

func TestNavigation(t *testing.T) {
	hcl := "manifest \"h\" {\n  node \"x\" {\n    spec = spec.web\n  }\n}\n"
	dir := site(t, map[string]string{"manifests/m.yaml": manifest, "specs/web.yaml": webSpec, "manifests/h.hcl": hcl})
	e := start(t, dir)
	uri, spec, other := fileURI(filepath.Join(dir, "manifests/m.yaml")), fileURI(filepath.Join(dir, "specs/web.yaml")), fileURI(filepath.Join(dir, "manifests/h.hcl"))
	e.open(uri, manifest)

	var places []location
	e.must("textDocument/definition", about(uri, where(t, manifest, "web", 1)), &places)
	if len(places) != 1 || places[0].URI != spec {
		t.Errorf("a node's spec is defined at %v", places)
	}
	e.must("textDocument/definition", about(uri, where(t, manifest, "vm-small", 1)), &places)
	if len(places) != 1 {
		t.Fatalf("a preset of the library is defined at %v", places)
	}
	copied, err := os.ReadFile(strings.TrimPrefix(places[0].URI, "file://"))
	if err != nil || !strings.Contains(string(copied), "cores") {
		t.Errorf("what the editor can show of the library: %q %v", copied, err)
	}
	e.must("textDocument/references", map[string]any{
		"textDocument": map[string]any{"uri": uri}, "position": where(t, manifest, "web", 1), "context": map[string]any{"includeDeclaration": false},
	}, &places)
	var found []string
	for _, p := range places {
		found = append(found, filepath.Base(p.URI))
	}
	slices.Sort(found)
	if !slices.Equal(found, []string{"h.hcl", "m.yaml", "m.yaml"}) {
		t.Errorf("references in both syntaxes: %v", places)
	}
	// A file that is not open can be asked about too.
	e.must("textDocument/definition", about(other, where(t, hcl, "spec.web", 6)), &places)
	if len(places) != 1 || places[0].URI != spec {
		t.Errorf("from HCL: %v", places)
	}
	var h struct{ Contents struct{ Kind, Value string } }
	e.must("textDocument/hover", about(uri, where(t, manifest, "preset", 1)), &h)
	if h.Contents.Kind != "markdown" || h.Contents.Value == "" {
		t.Errorf("hover %+v", h)
	}
	var marks []struct{ Range span }
	e.must("textDocument/documentHighlight", about(uri, where(t, manifest, "web", 1)), &marks)
	if len(marks) != 2 {
		t.Errorf("highlights %v", marks)
	}
	var symbols []struct {
		Name           string
		Range          span
		SelectionRange span
		Children       []json.RawMessage
	}
	e.must("textDocument/documentSymbol", doc(uri), &symbols)
	if len(symbols) == 0 {
		t.Error("no symbols")
	}
	var search []struct {
		Name     string
		Location location
	}
	e.must("workspace/symbol", map[string]any{"query": "WEB"}, &search)
	if len(search) == 0 {
		t.Error("no symbol of the workspace")
	}
	var folds []struct{ StartLine, EndLine int }
	e.must("textDocument/foldingRange", doc(uri), &folds)
	if len(folds) == 0 || folds[0].EndLine <= folds[0].StartLine {
		t.Errorf("folds %v", folds)
	}
}

func TestCompletion(t *testing.T) {
	text := strings.Replace(manifest, "vm-small", "vm-", 1)
	dir := site(t, map[string]string{"specs/web.yaml": webSpec})
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, text)
	var list struct {
		Items []struct {
			Label    string
			TextEdit textEdit
		}
	}
	e.must("textDocument/completion", about(uri, where(t, text, "vm-", 3)), &list)
	i := slices.IndexFunc(list.Items, func(i struct {
		Label    string
		TextEdit textEdit
	}) bool {
		return i.Label == "vm-large"
	})
	if i < 0 {
		t.Fatalf("no vm-large in %v", list)
	}
	if got := applied(text, []textEdit{list.Items[i].TextEdit}); got != strings.Replace(text, "vm-", "vm-large", 1) {
		t.Errorf("the completed text is\n%s", got)
	}
	// In a file of HCL that is being typed, and in one that is not in a site.
	hcl := "manifest \"h\" {\n  node \"x\" {\n    spec = spec.w\n  }\n}\n"
	other := fileURI(filepath.Join(dir, "manifests/h.hcl"))
	e.open(other, strings.Replace(hcl, "spec.w", "", 1))
	e.change(other, 2, hcl)
	e.must("textDocument/completion", about(other, where(t, hcl, "spec.w", 6)), &list)
	if !slices.ContainsFunc(list.Items, func(i struct {
		Label    string
		TextEdit textEdit
	}) bool {
		return i.Label == "web"
	}) {
		t.Errorf("no web in %v", list)
	}
	e.open("untitled:x", "a")
	e.must("textDocument/completion", at("untitled:x", 0, 1), &list)
	// In a module that no manifest uses yet, as it is typed.
	module := fileURI(filepath.Join(dir, "modules/new.yaml"))
	e.open(module, "nodes:\n")
	e.must("textDocument/completion", at(module, 1, 0), &list)
	text = "nodes:\n  - name: a\n    preset: vm-\n"
	e.change(module, 2, text)
	e.must("textDocument/completion", about(module, where(t, text, "vm-", 3)), &list)
	if len(list.Items) == 0 || applied(text, []textEdit{list.Items[0].TextEdit}) != strings.Replace(text, "vm-", list.Items[0].Label, 1) {
		t.Errorf("in a module: %v", list)
	}
}

type workspaceEdit struct {
	Changes         map[string][]textEdit
	DocumentChanges []struct {
		TextDocument struct {
			URI     string
			Version *int
		}
		Edits                []textEdit
		Kind, OldURI, NewURI string
	}
}

func TestRename(t *testing.T) {
	files := map[string]string{"manifests/m.yaml": manifest, "specs/web.yaml": webSpec}
	dir := site(t, files)
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, manifest)
	place := about(uri, where(t, manifest, "spec: web", 7))
	var p struct {
		Range       span
		Placeholder string
	}
	e.must("textDocument/prepareRename", place, &p)
	if p.Placeholder != "web" || p.Range.Start != where(t, manifest, "spec: web", 6) {
		t.Errorf("%+v", p)
	}
	place["newName"] = "site-web"
	var edit workspaceEdit
	e.must("textDocument/rename", place, &edit)
	changes := edit.DocumentChanges
	if len(changes) != 2 || changes[0].TextDocument.URI != uri || *changes[0].TextDocument.Version != 1 || changes[1].Kind != "rename" ||
		!strings.HasSuffix(changes[1].OldURI, "/specs/web.yaml") || !strings.HasSuffix(changes[1].NewURI, "/specs/site-web.yaml") {
		t.Fatalf("%+v", edit)
	}
	if got := applied(manifest, changes[0].Edits); got != strings.ReplaceAll(manifest, "spec: web", "spec: site-web") {
		t.Errorf("%s", got)
	}
	// What the editor does next leaves a site without findings.
	e.change(uri, 2, applied(manifest, changes[0].Edits))
	if err := os.Rename(filepath.Join(dir, "specs/web.yaml"), filepath.Join(dir, "specs/site-web.yaml")); err != nil {
		t.Fatal(err)
	}
	e.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{}})
	e.become(uri, 2, "")

	place["newName"] = "not a name!"
	if _, bad := e.call("textDocument/rename", place); bad == nil || bad.Code != -32803 {
		t.Errorf("a name that cannot be: %v", bad)
	}
	// An editor that cannot rename files is told so, and nothing half is done.
	dir = site(t, files)
	old := launch(t, lsp.Config{})
	old.initialize("{}", dir)
	uri = fileURI(filepath.Join(dir, "manifests/m.yaml"))
	old.open(uri, manifest)
	place = about(uri, where(t, manifest, "spec: web", 7))
	place["newName"] = "other"
	if raw, bad := old.call("textDocument/rename", place); bad == nil || !strings.Contains(bad.Message, "by hand") {
		t.Errorf("%s %v", raw, bad)
	}
}

func TestFormatting(t *testing.T) {
	dir := site(t, nil)
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	text := "schema_version:   2\nname: m\nnodes:\n  - {name: a}\n  - name:    b # 😀\n"
	e.open(uri, text)
	format := func(uri string) (edits []textEdit) {
		e.must("textDocument/formatting", map[string]any{"textDocument": map[string]any{"uri": uri}, "options": map[string]any{"tabSize": 8}}, &edits)
		return edits
	}
	edits := format(uri)
	if got := applied(text, edits); got != "schema_version: 2\nname: m\nnodes:\n  - {name: a}\n  - name: b  # 😀\n" {
		t.Errorf("formatted:\n%s", got)
	}
	if len(edits) != 2 || edits[0].NewText != "" {
		t.Errorf("more is replaced than changes: %v", edits)
	}
	e.change(uri, 2, "schema_version: [")
	if edits := format(uri); len(edits) > 0 {
		t.Errorf("a file with errors is changed: %v", edits)
	}
	// Files of other programs are left alone; a document without a file is not one.
	for _, path := range []string{filepath.Join(dir, ".github/ci.yaml"), "/nowhere/k8s.yaml"} {
		e.open(fileURI(path), text)
		if edits := format(fileURI(path)); len(edits) > 0 {
			t.Errorf("%s: %v", path, edits)
		}
		var list struct{ Items []any }
		if e.must("textDocument/completion", at(fileURI(path), 1, 0), &list); len(list.Items) > 0 {
			t.Errorf("%s is completed: %v", path, list)
		}
	}
	e.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": "untitled:x", "languageId": "hcl", "version": 1, "text": "a=1\n"}})
	if got := applied("a=1\n", format("untitled:x")); got != "a = 1\n" {
		t.Errorf("%q", got)
	}
}

func TestCodeActions(t *testing.T) {
	text := "schema_version: 2\nnodes:\n  - {name: a, preset: vm-smal}\n"
	dir := site(t, map[string]string{"manifests/m.yaml": text})
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, text)
	type action struct {
		Title, Kind string
		IsPreferred bool
		Diagnostics []diagnostic
		Edit        workspaceEdit
	}
	ask := func(r span, only ...string) (list []action) {
		e.must("textDocument/codeAction", map[string]any{
			"textDocument": map[string]any{"uri": uri}, "range": r, "context": map[string]any{"diagnostics": []any{}, "only": only},
		}, &list)
		return list
	}
	p := where(t, text, "vm-smal", 2)
	list := ask(span{p, p}, "quickfix")
	if len(list) != 1 || !list[0].IsPreferred || list[0].Kind != "quickfix" || len(list[0].Diagnostics) != 1 || list[0].Diagnostics[0].Code != "HS0214" {
		t.Fatalf("%+v", list)
	}
	if got := applied(text, list[0].Edit.DocumentChanges[0].Edits); got != strings.Replace(text, "smal", "small", 1) {
		t.Errorf("%s", got)
	}
	if list := ask(span{position{0, 0}, position{0, 1}}, "quickfix"); len(list) > 0 {
		t.Errorf("fixes of another place: %v", list)
	}
	all := ask(span{}, "source")
	if len(all) != 1 || all[0].Kind != "source.fixAll" {
		t.Fatalf("%+v", all)
	}
	if got := applied(text, all[0].Edit.DocumentChanges[0].Edits); got != strings.Replace(text, "smal", "small", 1) {
		t.Errorf("%s", got)
	}
	if list := ask(span{p, p}, "refactor"); len(list) > 0 {
		t.Errorf("%v", list)
	}
}

// Nobody is shown what a file of secrets holds.
func TestSecretsStaySecret(t *testing.T) {
	secrets := "ssh_keys:\n  ann: canary-value\npasswords: {vm_root: canary-value}\nnonsense: canary-value\n"
	dir := site(t, map[string]string{"secrets.yaml": secrets, "manifests/m.yaml": good})
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "secrets.yaml"))
	e.open(uri, secrets)
	p := e.findings(uri, 1)
	if len(p.Diagnostics) == 0 {
		t.Error("no findings of the secrets")
	}
	place := where(t, secrets, "canary", 2)
	for _, method := range []string{"hover", "definition", "completion", "documentSymbol", "documentHighlight", "foldingRange"} {
		raw, _ := e.call("textDocument/"+method, about(uri, place))
		if strings.Contains(string(raw), "canary") {
			t.Errorf("%s: %s", method, raw)
		}
	}
	raw, _ := e.call("workspace/symbol", map[string]any{"query": ""})
	all, _ := json.Marshal(e.unread)
	if shown, _ := json.Marshal(p); strings.Contains(string(raw)+string(all)+string(shown), "canary") {
		t.Errorf("a secret is shown: %s %s", raw, all)
	}
}
