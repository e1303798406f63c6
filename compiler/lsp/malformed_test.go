package lsp_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/lsp"
)

func frame(body string) string { return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body) }

// malformed are bytes that no editor should send, and the code of the error that
// answers each; 0 for those that are not to be answered.
var malformed = []struct {
	bytes string
	code  int
}{
	{frame("{"), -32700},
	{frame("\xff\xfe"), -32700},
	{frame(""), -32700},
	{frame("[]"), -32600},
	{frame(`[{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}]`), -32600},
	{frame("17"), -32600},
	{frame("null"), -32600},
	{frame(`{"jsonrpc": "2.0"}`), -32600},
	{frame(`{"jsonrpc": "1.0", "id": 900, "method": "textDocument/hover"}`), -32600},
	{frame(`{"id": 901, "method": "textDocument/hover"}`), -32600},
	{frame(`{"jsonrpc": "2.0", "id": {}, "method": "textDocument/hover"}`), -32600},
	{frame(`{"jsonrpc": "2.0", "id": true, "method": "textDocument/hover"}`), -32600},
	{frame(`{"jsonrpc": "2.0", "id": 902, "method": 7}`), -32600},
	{frame(`{"jsonrpc": "2.0", "id": 903, "method": ""}`), -32600},
	{frame(`{"jsonrpc": "2.0", "id": 904, "method": "textDocument/hover", "params": 7}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 905, "method": "textDocument/hover", "params": []}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 906, "method": "textDocument/hover", "params": {"textDocument": 7}}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 907, "method": "textDocument/hover", "params": {"position": {"line": -1}}}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 908, "method": "textDocument/hover", "params": {"position": {"line": 1.5}}}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 909, "method": "textDocument/rename", "params": {"newName": 3}}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 910, "method": "textDocument/rename", "params": {}}`), -32602},
	{frame(`{"jsonrpc": "2.0", "id": 911, "method": "textDocument/rewrite"}`), -32601},
	{frame(`{"jsonrpc": "2.0", "id": 912, "method": "$/unheardOf"}`), -32601},
	{frame(`{"jsonrpc": "2.0", "id": "nine", "method": "initialize", "params": {"capabilities": {}}}`), -32600},
	{frame(`{"jsonrpc": "2.0", "id": 913, "method": "textDocument/formatting", "params": {"textDocument": {"uri": "file:///nothing.yaml"}}}`), -32803},
	{frame(strings.Repeat("[", 100_000)), -32700},
	{frame(strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)), -32700},
	{"Content-Length: -3\r\n\r\n{}", -32700},
	{"Content-Length: many\r\n\r\n{}", -32700},
	{"Content-Length: 99999999999999999999\r\n\r\n{}", -32700},
	{"Content-Length: 5000000000\r\n\r\n{}", -32700},
	{"Content-Type: application/vscode-jsonrpc\r\n\r\n{}", -32700},
	{"nonsense\r\n\r\n", -32700},
	{"\r\n\r\n", -32700},
	{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", -32700},
	{strings.Repeat("x", 100_000), -32700},
	{strings.Repeat("X-Header: yes\r\n", 10_000), -32700},
	// Notifications are not answered, whatever they say.
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///not-open.yaml", "version": 1}, "contentChanges": [{"text": "x"}]}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": 7}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": 7}`), -32602},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "untitled:one", "text": "a: 1"}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "%zz", "text": "a: 1"}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///a%00b/m.yaml", "text": "a: 1"}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "textDocument/didClose", "params": {"textDocument": {"uri": "file:///not-open.yaml"}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "$/unheardOf", "params": [1]}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": {}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "initialized"}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "workspace/didChangeWorkspaceFolders", "params": {"event": {"added": [{"uri": "http://elsewhere/"}], "removed": [{}]}}}`), 0},
	{frame(`{"jsonrpc": "2.0", "method": "unheard/of"}`), 0},
	{frame(`{"jsonrpc": "2.0", "id": "stray", "result": 1}`), 0},
	{frame(`{"jsonrpc": "2.0", "id": 55, "error": {"code": "x"}}`), 0},
}

// Whatever was sent, the next request is answered, and the document is what it
// was.
func TestMalformedMessages(t *testing.T) {
	for _, m := range malformed {
		dir := site(t, nil)
		e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
		e.open(uri, good)
		if _, err := e.raw.Write([]byte(m.bytes)); err != nil {
			t.Fatal(err)
		}
		if m.code != 0 {
			answer := e.wait("an error", func(m incoming) bool { return m.Error != nil })
			if answer.Error.Code != m.code || answer.Error.Message == "" {
				t.Errorf("%.200q: %+v, want %d", m.bytes, answer.Error, m.code)
			}
			if m.code == -32700 && string(answer.ID) != "null" {
				t.Errorf("%.200q: answered to %s", m.bytes, answer.ID)
			}
		}
		if raw, bad := e.call("textDocument/formatting", doc(uri)); bad != nil || string(raw) != "[]" {
			t.Errorf("after %.200q: %s %v", m.bytes, raw, bad)
		}
	}
}

// Places and versions that cannot be are taken for the nearest that can.
func TestPlacesOutsideTheText(t *testing.T) {
	dir := site(t, nil)
	e, uri := start(t, dir), fileURI(filepath.Join(dir, "manifests/m.yaml"))
	e.open(uri, good)
	for _, method := range []string{"hover", "definition", "completion", "documentHighlight", "prepareRename"} {
		for _, p := range []position{{0, 1 << 30}, {1 << 30, 0}, {4, 4}, {2, 1<<31 - 1}} {
			if _, bad := e.call("textDocument/"+method, at(uri, p.Line, p.Character)); bad != nil && bad.Code != -32803 {
				t.Errorf("%s at %v: %v", method, p, bad)
			}
		}
	}
	e.notify("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": uri, "version": -7},
		"contentChanges": []any{
			map[string]any{"range": span{position{900, 900}, position{0, 900}}, "text": ""}, // the wrong way round
			map[string]any{"range": span{position{900, 0}, position{901, 0}}, "text": "\nnodes: [{name: b, preset: vm-smal}]\n"},
			map[string]any{"range": span{}, "text": nil},
		},
	})
	if p := e.findings(uri, -7); p.codes() != "HS0214" {
		t.Errorf("%+v", p)
	}
}

func TestBeforeInitialize(t *testing.T) {
	e := launch(t, lsp.Config{})
	e.open("file:///m.yaml", good) // dropped
	for _, method := range []string{"textDocument/hover", "shutdown", "unheard/of"} {
		if _, bad := e.call(method, map[string]any{}); bad == nil || bad.Code != -32002 {
			t.Errorf("%s: %v", method, bad)
		}
	}
	e.initialize("{}")
	if _, bad := e.call("textDocument/formatting", doc("file:///m.yaml")); bad == nil || bad.Code != -32803 {
		t.Errorf("a document of before: %v", bad)
	}
}

// A message larger than any file of a site is refused without being kept.
func TestHugeMessage(t *testing.T) {
	e := start(t, site(t, nil))
	size := 50 << 20
	go func() {
		fmt.Fprintf(e.raw, "Content-Length: %d\r\n\r\n", size)
		chunk := []byte(strings.Repeat("x", 1<<20))
		for range size >> 20 {
			if _, err := e.raw.Write(chunk); err != nil {
				return
			}
		}
		e.ask("workspace/symbol", map[string]any{"query": ""})
	}()
	e.wait("a refusal", func(m incoming) bool { return m.Error != nil && m.Error.Code == -32700 })
	e.wait("the next answer", func(m incoming) bool { return m.Result != nil && m.Method == "" })
}

var longBody = regexp.MustCompile(`(?i)content-length\s*:\s*\+?\d{4}`)

// FuzzMessages sends bytes, and then a request that has to be answered.
func FuzzMessages(f *testing.F) {
	for _, m := range malformed {
		f.Add([]byte(m.bytes))
	}
	open := `{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///S/manifests/m.yaml", "text": "nodes: [{name: a}]"}}}`
	f.Add([]byte(frame(open) + frame(`{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///S/manifests/m.yaml"}, "contentChanges": [{"range": {"start": {"line": 0, "character": 3}, "end": {"line": 9, "character": 0}}, "text": "😀\r"}]}}`)))
	for _, method := range []string{"completion", "hover", "definition", "references", "rename", "prepareRename", "documentSymbol", "foldingRange", "formatting", "codeAction", "documentHighlight"} {
		f.Add([]byte(frame(open) + frame(`{"jsonrpc": "2.0", "id": 1, "method": "textDocument/`+method+`", "params": {"textDocument": {"uri": "file:///S/manifests/m.yaml"}, "newName": "b", "position": {"line": 0, "character": 15}}}`)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "exit") || strings.Contains(string(data), "shutdown") || strings.Contains(string(data), `\u`) {
			return // which end it
		}
		dir := site(t, nil)
		e := start(t, dir)
		text := strings.ReplaceAll(string(data), "file:///S/", fileURI(dir)+"/")
		go func() {
			if _, err := e.raw.Write([]byte(text)); err != nil {
				return
			}
			// What came before may take the beginning of this for its end, and 40
			// MiB of it at most.
			for range 20 {
				last, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": "the last", "method": "workspace/symbol", "params": map[string]any{"query": "x"}})
				if _, err := e.raw.Write([]byte(frame(string(last)))); err != nil {
					return
				}
			}
			if longBody.MatchString(text) {
				_, _ = e.raw.Write([]byte(strings.Repeat(" ", 41<<20)))
				last := `{"jsonrpc": "2.0", "id": "the last", "method": "workspace/symbol", "params": {"query": "x"}}`
				_, _ = e.raw.Write([]byte(frame(last)))
			}
		}()
		e.wait("an answer", func(m incoming) bool { return string(m.ID) == `"the last"` })
	})
}
