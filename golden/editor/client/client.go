package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"sync"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
)

// Position counts lines and UTF-16 units from 0.
type Position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// Range is half open.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Diagnostic is one finding of a server. Code is a number or a text.
type Diagnostic struct {
	Range    Range           `json:"range"`
	Severity int             `json:"severity"`
	Code     json.RawMessage `json:"code"`
	Message  string          `json:"message"`
	Source   string          `json:"source"`
}

// Client is a running server and the connection to it.
type Client struct {
	ctx      context.Context
	cmd      *exec.Cmd
	rpc      *jrpc2.Client
	settings map[string]any
	stderr   bytes.Buffer

	mu        sync.Mutex
	published map[string]chan []Diagnostic // by document; holds at most the latest
}

// Start runs a server that speaks over its standard input and output, and
// introduces itself. It ends with ctx at the latest. Settings are what the
// server gets for the sections it asks for; root is the workspace, a file URI.
func Start(ctx context.Context, root string, settings map[string]any, name string, args ...string) (*Client, error) {
	c := &Client{ctx: ctx, settings: settings, published: map[string]chan []Diagnostic{}}
	c.cmd = exec.CommandContext(ctx, name, args...)
	c.cmd.Stderr = &c.stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.rpc = jrpc2.NewClient(channel.LSP(out, in), &jrpc2.ClientOptions{OnNotify: c.notified, OnCallback: c.asked})
	folder := map[string]any{"uri": root, "name": "site"}
	err = c.Call("initialize", map[string]any{
		"processId": nil, "rootUri": root, "workspaceFolders": []any{folder},
		"capabilities": map[string]any{
			"workspace": map[string]any{"configuration": true, "workspaceFolders": true},
			"textDocument": map[string]any{
				"hover":              map[string]any{"contentFormat": []string{"markdown"}},
				"publishDiagnostics": map[string]any{"relatedInformation": true},
			},
		},
	}, nil)
	if err == nil {
		err = c.Notify("initialized", map[string]any{})
	}
	if err == nil {
		err = c.Notify("workspace/didChangeConfiguration", map[string]any{"settings": settings})
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Call asks and stores the answer in result, which may be nil.
func (c *Client) Call(method string, params, result any) error {
	answer, err := c.rpc.Call(c.ctx, method, params)
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", method, err, &c.stderr)
	}
	if result == nil {
		return nil
	}
	return answer.UnmarshalResult(result)
}

// Notify tells and expects no answer.
func (c *Client) Notify(method string, params any) error { return c.rpc.Notify(c.ctx, method, params) }

// Open shows the server a document.
func (c *Client) Open(uri, language, text string) error {
	return c.Notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": uri, "languageId": language, "version": 1, "text": text,
	}})
}

// Diagnostics waits for the next publication about a document, or takes the
// latest that nobody has taken.
func (c *Client) Diagnostics(uri string) ([]Diagnostic, error) {
	select {
	case list := <-c.box(uri):
		return list, nil
	case <-c.ctx.Done():
		return nil, fmt.Errorf("nothing published about %s: %w", uri, c.ctx.Err())
	}
}

// Close ends the server as the protocol wants it, and waits.
func (c *Client) Close() {
	if c.Call("shutdown", nil, nil) == nil {
		_ = c.Notify("exit", nil)
	} else {
		_ = c.cmd.Process.Kill()
	}
	_ = c.cmd.Wait()
	_ = c.rpc.Close()
}

func (c *Client) box(uri string) chan []Diagnostic {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.published[uri] == nil {
		c.published[uri] = make(chan []Diagnostic, 1)
	}
	return c.published[uri]
}

// notified keeps the latest publication of each document. One at a time runs.
func (c *Client) notified(r *jrpc2.Request) {
	if r.Method() != "textDocument/publishDiagnostics" {
		return
	}
	var p struct {
		URI         string       `json:"uri"`
		Diagnostics []Diagnostic `json:"diagnostics"`
	}
	if r.UnmarshalParams(&p) != nil {
		return
	}
	box := c.box(p.URI)
	select {
	case <-box:
	default:
	}
	box <- p.Diagnostics
}

// asked answers the server: with settings, or that all is well.
func (c *Client) asked(_ context.Context, r *jrpc2.Request) (any, error) {
	if r.Method() != "workspace/configuration" {
		return nil, nil
	}
	var p struct {
		Items []struct {
			Section string `json:"section"`
		} `json:"items"`
	}
	if err := r.UnmarshalParams(&p); err != nil {
		return nil, err
	}
	answer := make([]any, len(p.Items))
	for i, item := range p.Items {
		answer[i] = c.settings[item.Section]
	}
	return answer, nil
}
