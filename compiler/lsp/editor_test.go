package lsp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creachadair/jrpc2/channel"

	"github.com/homestak/homestak/compiler/lsp"
)

// editor is the other end of a server that runs in this process, over pipes.
// Waiting for a message that never comes ends the test.
type editor struct {
	t      *testing.T
	ch     channel.Channel
	raw    io.WriteCloser
	in     chan []byte // what the server sent
	code   chan int    // its exit code
	ids    int
	unread []incoming // received, and not waited for yet
	ctx    context.Context
}

type incoming struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
}

func (m incoming) String() string {
	return fmt.Sprintf("%s %s %s %s %v\n", m.ID, m.Method, m.Params, m.Result, m.Error)
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// everything is what an editor of today can.
const everything = `{"workspace": {"workspaceFolders": true, "didChangeWatchedFiles": {"dynamicRegistration": true},
  "workspaceEdit": {"documentChanges": true, "resourceOperations": ["create", "rename", "delete"]}},
 "textDocument": {"publishDiagnostics": {"relatedInformation": true, "codeDescriptionSupport": true, "tagSupport": {"valueSet": [1, 2]}},
  "documentSymbol": {"hierarchicalDocumentSymbolSupport": true}, "codeAction": {"codeActionLiteralSupport": {}, "isPreferredSupport": true},
  "hover": {"contentFormat": ["markdown"]}}}`

// launch starts a server and says nothing to it.
func launch(t *testing.T, config lsp.Config) *editor {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	serverIn, toServer := io.Pipe()
	fromServer, serverOut := io.Pipe()
	if config.Site == nil {
		config.Site = siteAbove
	}
	e := &editor{t: t, ch: channel.LSP(fromServer, toServer), raw: toServer, in: make(chan []byte, 10_000), code: make(chan int, 1), ctx: ctx}
	go func() {
		e.code <- lsp.Serve(ctx, serverIn, serverOut, config)
		serverOut.Close()
	}()
	go func() {
		defer close(e.in)
		for {
			text, err := e.ch.Recv()
			if err != nil {
				return
			}
			e.in <- bytes.Clone(text)
		}
	}()
	t.Cleanup(func() {
		cancel()
		toServer.Close()
		for range e.in { // let what still comes come
		}
	})
	return e
}

// siteAbove is how the program finds sites, less the details.
func siteAbove(dir string) (string, bool) {
	for {
		for _, name := range []string{"site.yaml", "manifests"} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return dir, true
			}
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return "", false
	}
}

// start launches a server for folders, with an editor that can everything.
func start(t *testing.T, folders ...string) *editor {
	t.Helper()
	e := launch(t, lsp.Config{Library: filepath.Join(t.TempDir(), "library")})
	e.initialize(everything, folders...)
	return e
}

func (e *editor) initialize(can string, folders ...string) json.RawMessage {
	e.t.Helper()
	list := []map[string]string{}
	for _, dir := range folders {
		list = append(list, map[string]string{"uri": fileURI(dir), "name": filepath.Base(dir)})
	}
	result, bad := e.call("initialize", map[string]any{"processId": os.Getpid(), "rootUri": nil, "workspaceFolders": list, "capabilities": json.RawMessage(can)})
	if bad != nil {
		e.t.Fatalf("initialize: %v", bad)
	}
	e.notify("initialized", map[string]any{})
	return result
}

func fileURI(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }

// sendText sends one message as it is.
func (e *editor) sendText(text string) {
	e.t.Helper()
	if err := e.ch.Send([]byte(text)); err != nil {
		e.t.Fatal(err)
	}
}

func (e *editor) sendMessage(m map[string]any) {
	e.t.Helper()
	m["jsonrpc"] = "2.0"
	text, err := json.Marshal(m)
	if err != nil {
		e.t.Fatal(err)
	}
	e.sendText(string(text))
}

func (e *editor) notify(method string, params any) {
	e.t.Helper()
	e.sendMessage(map[string]any{"method": method, "params": params})
}

// ask sends a request and returns its id.
func (e *editor) ask(method string, params any) int {
	e.t.Helper()
	e.ids++
	e.sendMessage(map[string]any{"id": e.ids, "method": method, "params": params})
	return e.ids
}

// answer waits for the answer to a request.
func (e *editor) answer(id int) (json.RawMessage, *rpcError) {
	e.t.Helper()
	m := e.wait(fmt.Sprintf("the answer to %d", id), func(m incoming) bool { return m.Method == "" && string(m.ID) == fmt.Sprint(id) })
	return m.Result, m.Error
}

func (e *editor) call(method string, params any) (json.RawMessage, *rpcError) {
	e.t.Helper()
	return e.answer(e.ask(method, params))
}

// must calls, and stores the result.
func (e *editor) must(method string, params, result any) {
	e.t.Helper()
	raw, bad := e.call(method, params)
	if bad != nil {
		e.t.Fatalf("%s: %v", method, bad)
	}
	if err := json.Unmarshal(raw, result); err != nil {
		e.t.Fatalf("%s: %v in %s", method, err, raw)
	}
}

// wait takes the first message that fits, of those nobody waited for.
func (e *editor) wait(what string, fits func(incoming) bool) incoming {
	e.t.Helper()
	for {
		if i := slices.IndexFunc(e.unread, fits); i >= 0 {
			m := e.unread[i]
			e.unread = slices.Delete(e.unread, i, i+1)
			return m
		}
		select {
		case text, ok := <-e.in:
			if !ok {
				e.t.Fatalf("the server ended before %s", what)
			}
			var m incoming
			if err := json.Unmarshal(text, &m); err != nil {
				e.t.Fatalf("the server sent %q: %v", text, err)
			}
			e.unread = append(e.unread, m)
		case <-e.ctx.Done():
			e.t.Fatalf("no %s within a minute; got %s", what, e.unread)
		}
	}
}

// exit waits for the server's end.
func (e *editor) exit() int {
	e.t.Helper()
	select {
	case code := <-e.code:
		return code
	case <-e.ctx.Done():
		e.t.Fatal("the server did not end")
		return -1
	}
}

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

type span struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

type location struct {
	URI   string `json:"uri"`
	Range span   `json:"range"`
}

type diagnostic struct {
	Range           span   `json:"range"`
	Severity        int    `json:"severity"`
	Code            string `json:"code"`
	CodeDescription struct {
		Href string `json:"href"`
	} `json:"codeDescription"`
	Message string `json:"message"`
	Tags    []int  `json:"tags"`
	Related []struct {
		Location location `json:"location"`
		Message  string   `json:"message"`
	} `json:"relatedInformation"`
}

type published struct {
	URI         string       `json:"uri"`
	Version     *int         `json:"version"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

// codes are a publication's, in its order.
func (p published) codes() string {
	var out []string
	for _, d := range p.Diagnostics {
		out = append(out, d.Code)
	}
	return strings.Join(out, " ")
}

// findings waits for the publication about a version of a document; for a file
// that is not open, with version 0, for the next one.
func (e *editor) findings(uri string, version int) published {
	e.t.Helper()
	return e.published(uri, version, func(published) bool { return true })
}

// become waits for the publication with these codes: others may come before it,
// of what there was for a moment.
func (e *editor) become(uri string, version int, codes string) {
	e.t.Helper()
	e.published(uri, version, func(p published) bool { return p.codes() == codes })
}

func (e *editor) published(uri string, version int, fits func(published) bool) (p published) {
	e.t.Helper()
	e.wait(fmt.Sprintf("findings of %s, version %d", uri, version), func(m incoming) bool {
		if m.Method != "textDocument/publishDiagnostics" {
			return false
		}
		p = published{}
		if err := json.Unmarshal(m.Params, &p); err != nil {
			e.t.Fatal(err)
		}
		return p.URI == uri && (p.Version == nil && version == 0 || p.Version != nil && *p.Version == version) && fits(p)
	})
	return p
}

func (e *editor) open(uri, text string) {
	e.t.Helper()
	e.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "languageId": "yaml", "version": 1, "text": text}})
}

// change makes a document another text.
func (e *editor) change(uri string, version int, text string) {
	e.t.Helper()
	e.notify("textDocument/didChange", map[string]any{
		"textDocument": map[string]any{"uri": uri, "version": version}, "contentChanges": []any{map[string]any{"text": text}},
	})
}

func at(uri string, line, character int) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{line, character}}
}

func doc(uri string) map[string]any {
	return map[string]any{"textDocument": map[string]any{"uri": uri}}
}

// site writes files into a new directory, with a site.yaml unless they have one.
func site(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if _, ok := files["site.yaml"]; !ok {
		write(t, dir, "site.yaml", "site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n")
	}
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
