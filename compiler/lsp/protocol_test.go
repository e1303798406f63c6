package lsp_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/homestak/homestak/compiler/lsp"
)

const good = "schema_version: 2\nnodes:\n  - name: a\n    preset: vm-small\n"

func TestFindingsAsYouType(t *testing.T) {
	dir := site(t, map[string]string{"manifests/m.yaml": good})
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, good)
	if p := e.findings(uri, 1); len(p.Diagnostics) > 0 {
		t.Fatalf("a good file: %v", p.Diagnostics)
	}
	// vm-small becomes vm-smal, then a renamed node twice.
	e.notify("textDocument/didChange", map[string]any{
		"textDocument":   map[string]any{"uri": uri, "version": 2},
		"contentChanges": []any{map[string]any{"range": span{position{3, 19}, position{3, 20}}, "text": ""}},
	})
	p := e.findings(uri, 2)
	if p.codes() != "HS0214" {
		t.Fatalf("findings %s", p.codes())
	}
	d := p.Diagnostics[0]
	if d.Range != (span{position{3, 12}, position{3, 19}}) || d.Severity != 1 || !strings.HasSuffix(d.CodeDescription.Href, "/diagnostics.md#hs0214-unknown-preset") {
		t.Errorf("finding %+v", d)
	}
	for _, part := range []string{`unknown preset "vm-smal"`, "\nno preset of this name", "\nnote: presets are sizes", "\nhelp: did you mean \"vm-small\"?"} {
		if !strings.Contains(d.Message, part) {
			t.Errorf("%q is not in %q", part, d.Message)
		}
	}
	e.change(uri, 3, good+"  - {name: b, vmid: 199}\n  - {name: c, vmid: 199}\n")
	p = e.findings(uri, 3)
	if p.codes() != "HS0430" && p.codes() != "HS0430 HS0430" || len(p.Diagnostics[0].Related) == 0 {
		t.Errorf("a clash has no other place: %+v", p)
	}
	e.change(uri, 4, good)
	if p := e.findings(uri, 4); len(p.Diagnostics) > 0 {
		t.Errorf("findings of what was cured stay: %v", p.Diagnostics)
	}
}

// What has no effect, and what has another name today, looks like it.
func TestTags(t *testing.T) {
	dir := site(t, nil)
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, "schema_version: 2\nsettings: {verify_ssh: true}\nnodes:\n  - name: a # homestak:allow HS0205 reason=\"old\"\n")
	tags := map[string]string{}
	for _, d := range e.findings(uri, 1).Diagnostics {
		tags[d.Code] = fmt.Sprint(d.Severity, d.Tags)
	}
	if want := map[string]string{"HS0203": "2 [2]", "HS0248": "2 [1]"}; !maps.Equal(tags, want) {
		t.Errorf("%v, want %v", tags, want)
	}
}

// A column counts UTF-16 units, or bytes where the editor offers that.
func TestColumns(t *testing.T) {
	text := "schema_version: 2\nnodes:\n  - {name: a, description: \"😀é\", preset: vm-smal}\n"
	line := strings.Split(text, "\n")[2]
	at := strings.Index(line, "vm-smal")
	for offers, want := range map[string]int{`[]`: at - 3, `["utf-32", "utf-8", "utf-16"]`: at, `["utf-16"]`: at - 3} {
		dir := site(t, nil)
		uri := fileURI(filepath.Join(dir, "manifests/m.yaml"))
		e := launch(t, lsp.Config{})
		var result struct {
			Capabilities struct {
				PositionEncoding string `json:"positionEncoding"`
			} `json:"capabilities"`
		}
		if err := json.Unmarshal(e.initialize(`{"general": {"positionEncodings": `+offers+`}}`, dir), &result); err != nil {
			t.Fatal(err)
		}
		if utf8 := strings.Contains(offers, "utf-8"); utf8 != (result.Capabilities.PositionEncoding == "utf-8") {
			t.Errorf("%s: %s", offers, result.Capabilities.PositionEncoding)
		}
		e.open(uri, text)
		p := e.findings(uri, 1)
		i := 0
		for i < len(p.Diagnostics) && p.Diagnostics[i].Code != "HS0214" {
			i++
		}
		if i == len(p.Diagnostics) || p.Diagnostics[i].Range.Start != (position{2, want}) || p.Diagnostics[i].Range.End != (position{2, want + 7}) {
			t.Errorf("%s: %+v, want column %d", offers, p.Diagnostics, want)
		}
		// The same place in the other direction: a change before it.
		e.notify("textDocument/didChange", map[string]any{
			"textDocument":   map[string]any{"uri": uri, "version": 2},
			"contentChanges": []any{map[string]any{"range": span{position{2, want}, position{2, want + 7}}, "text": "vm-small"}},
		})
		for _, d := range e.findings(uri, 2).Diagnostics {
			if d.Code == "HS0214" {
				t.Errorf("%s: the change was made elsewhere: %+v", offers, d)
			}
		}
	}
}

// Each file belongs to the site above it; folders come and go.
func TestTwoFolders(t *testing.T) {
	one := site(t, map[string]string{"manifests/m.yaml": good, "presets/own.yaml": "cores: 2\nmemory: 2048\ndisk: 9\n"})
	two := site(t, map[string]string{"manifests/m.yaml": strings.Replace(good, "vm-small", "own", 1)})
	e := start(t, one, two)
	inTwo := fileURI(filepath.Join(two, "manifests/m.yaml"))
	if p := e.findings(inTwo, 0); p.codes() != "HS0214" {
		t.Errorf("a name of one site means something in another: %v", p)
	}
	// Open documents of both, with the text that is wrong in one of them only.
	text := strings.Replace(good, "vm-small", "own", 1)
	for _, c := range []struct{ dir, want string }{{one, ""}, {two, "HS0214"}} {
		uri := fileURI(filepath.Join(c.dir, "manifests/m.yaml"))
		e.open(uri, text)
		if p := e.findings(uri, 1); p.codes() != c.want {
			t.Errorf("%s: %v, want %s", c.dir, p, c.want)
		}
	}
	e.notify("textDocument/didClose", doc(inTwo))
	e.notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{
		"removed": []any{map[string]string{"uri": fileURI(two), "name": "two"}}, "added": []any{},
	}})
	e.become(inTwo, 0, "")
	e.notify("workspace/didChangeWorkspaceFolders", map[string]any{"event": map[string]any{
		"added": []any{map[string]string{"uri": fileURI(two), "name": "two"}},
	}})
	e.become(inTwo, 0, "HS0214")
}

// What others do to files counts once the editor says so, and at any change of
// ours.
func TestFilesChangeOnDisk(t *testing.T) {
	text := "schema_version: 2\nnodes:\n  - {name: a, preset: own}\n"
	dir := site(t, map[string]string{"manifests/m.yaml": text, "presets/own.yaml": "cores: 2\nmemory: 2048\ndisk: 9\n"})
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	watch := e.wait("the wish to watch files", func(m incoming) bool { return m.Method == "client/registerCapability" })
	if !strings.Contains(string(watch.Params), "workspace/didChangeWatchedFiles") || !strings.Contains(string(watch.Params), "**/*.{yaml,yml,hcl}") {
		t.Errorf("watches %s", watch.Params)
	}
	e.sendMessage(map[string]any{"id": watch.ID, "result": nil})
	e.open(uri, text)
	if p := e.findings(uri, 1); p.codes() != "" {
		t.Fatalf("%v", p)
	}
	preset := filepath.Join(dir, "presets/own.yaml")
	event := func(kind int) {
		e.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": fileURI(preset), "type": kind}}})
	}
	if err := os.Remove(preset); err != nil {
		t.Fatal(err)
	}
	event(3)
	if p := e.findings(uri, 1); p.codes() != "HS0214" {
		t.Errorf("a file was removed: %v", p)
	}
	write(t, dir, "presets/own.yaml", "cores: 0\nmemory: 2048\ndisk: 9\n")
	event(1)
	if p := e.findings(fileURI(preset), 0); p.codes() != "HS0304" {
		t.Errorf("a file was created: %v", p)
	}
	write(t, dir, "presets/own.yaml", "cores: 1\nmemory: 2048\ndisk: 9\n") // of the same size, in the same moment
	event(2)
	if p := e.findings(fileURI(preset), 0); p.codes() != "" {
		t.Errorf("a file was changed: %v", p)
	}
	// An editor that watches nothing: whatever it asks shows what changed.
	write(t, dir, "presets/own.yaml", "cores: many\n")
	if _, bad := e.call("textDocument/hover", at(uri, 1, 1)); bad != nil {
		t.Error(bad)
	}
	e.become(fileURI(preset), 0, "HS0202 HS0301")
	write(t, dir, "presets/own.yaml", "cores: 1\nmemory: 2048\ndisk: 9\n")
	e.notify("textDocument/didSave", doc(uri))
	e.become(fileURI(preset), 0, "")
	// The manifest itself goes, while it is open: the open text counts.
	if err := os.Remove(filepath.Join(dir, "manifests/m.yaml")); err != nil {
		t.Fatal(err)
	}
	e.change(uri, 2, strings.Replace(text, "own", "owm", 1))
	if p := e.findings(uri, 2); p.codes() != "HS0214" {
		t.Errorf("an open document whose file is gone: %v", p)
	}
	e.notify("textDocument/didClose", doc(uri))
	e.become(uri, 0, "")
}

// A site may begin to exist while its files are open.
func TestSiteAppears(t *testing.T) {
	dir := t.TempDir()
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, strings.Replace(good, "vm-small", "vm-smal", 1))
	if raw, bad := e.call("textDocument/hover", at(uri, 1, 1)); bad != nil || string(raw) != "null" {
		t.Errorf("without a site: %s %v", raw, bad)
	}
	write(t, dir, "site.yaml", "site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n")
	e.notify("textDocument/didSave", doc(uri))
	if p := e.findings(uri, 1); p.codes() != "HS0214" {
		t.Errorf("%v", p)
	}
}

// A cancelled request is answered at once, and once.
func TestCancel(t *testing.T) {
	var b strings.Builder
	b.WriteString("schema_version: 2\nnodes:\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "  - {name: n-%d, preset: vm-small}\n", i)
	}
	dir := site(t, nil)
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, b.String())
	id := e.ask("textDocument/codeAction", map[string]any{
		"textDocument": map[string]any{"uri": uri}, "range": span{}, "context": map[string]any{"diagnostics": []any{}},
	})
	e.notify("$/cancelRequest", map[string]any{"id": id})
	if _, bad := e.answer(id); bad == nil || bad.Code != -32800 {
		t.Errorf("cancelled: %v", bad)
	}
	e.notify("$/cancelRequest", map[string]any{"id": id})
	e.notify("$/cancelRequest", map[string]any{"id": "never asked"})
	// A keystroke gives up what is being checked: only the last is told.
	for version := 2; version < 6; version++ {
		e.change(uri, version, good)
	}
	if p := e.findings(uri, 5); p.codes() != "" {
		t.Errorf("%v", p)
	}
	for _, m := range e.unread {
		if string(m.ID) == fmt.Sprint(id) {
			t.Errorf("answered twice: %v", m)
		}
	}
}

func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*editor)
		code int
	}{
		"shutdown and exit": {func(e *editor) {
			if raw, bad := e.call("shutdown", nil); bad != nil || string(raw) != "null" {
				e.t.Errorf("shutdown: %s %v", raw, bad)
			}
			if _, bad := e.call("textDocument/hover", at("file:///x.yaml", 0, 0)); bad == nil || bad.Code != -32600 {
				e.t.Errorf("after shutdown: %v", bad)
			}
			e.notify("exit", nil)
		}, 0},
		"exit alone":             {func(e *editor) { e.notify("exit", nil) }, 1},
		"the stream ends":        {func(e *editor) { e.raw.Close() }, 1},
		"the stream ends within": {func(e *editor) { fmt.Fprint(e.raw, "Content-Length: 30\r\n\r\n{"); e.raw.Close() }, 1},
		"shutdown, stream ends":  {func(e *editor) { e.call("shutdown", nil); e.raw.Close() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, site(t, nil))
			c.end(e)
			if code := e.exit(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
		})
	}
}

// An editor whose process is gone cannot say so.
func TestEndsWithTheEditor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		serverIn, toServer := io.Pipe()
		fromServer, serverOut := io.Pipe()
		asked := 0
		code := make(chan int, 1)
		go func() {
			code <- lsp.Serve(t.Context(), serverIn, serverOut, lsp.Config{Site: siteAbove, Alive: func(pid int) bool {
				asked++
				return pid == 4711 && asked < 3
			}})
			serverOut.Close()
		}()
		go func() { _, _ = io.Copy(io.Discard, fromServer) }()
		fmt.Fprint(toServer, frame(`{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": 4711, "capabilities": {}}}`))
		if got := <-code; got != 1 || asked != 3 {
			t.Errorf("exit code %d, asked %d times", got, asked)
		}
		toServer.Close()
	})
}
