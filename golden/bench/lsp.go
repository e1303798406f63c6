package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"
)

// keystrokes is how many are measured in each document.
const keystrokes = 400

// lsp: a real server over its standard streams, and an editor that types. Each
// keystroke is followed at once by a request for completions, as editors do; its
// time is from there to the findings about the text with it.
func (b *bench) lsp() error {
	const nodes = 1_000
	site, err := b.site("lsp", nodes, true)
	if err != nil {
		return err
	}
	hcl := filepath.Join(site, "manifests", "other.hcl")
	if err := os.WriteFile(hcl, []byte(hclOf("other", nodes)), 0o644); err != nil {
		return err
	}
	for _, name := range []string{filepath.Join(site, "manifests", "big.yaml"), hcl} {
		if err := b.typing(site, name, nodes); err != nil {
			return err
		}
	}
	return nil
}

// hclOf is what site writes, in HCL and flat.
func hclOf(name string, n int) string {
	var m strings.Builder
	fmt.Fprintf(&m, "manifest %q {\n", name)
	for i := range n {
		fmt.Fprintf(&m, "  node \"other-%06d\" {\n    type   = \"vm\"\n    spec   = spec.base\n    preset = preset.vm-small\n    image  = \"debian-12\"\n  }\n", i)
	}
	return m.String() + "}\n"
}

func (b *bench) typing(site, name string, nodes int) error {
	e, err := b.editor(site)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return errors.Join(err, e.end())
	}
	found, completed, err := e.typeInto(name, string(text))
	if err = errors.Join(err, e.end()); err != nil {
		return err
	}
	what := strings.ToUpper(strings.TrimPrefix(filepath.Ext(name), "."))
	peak := e.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	for _, row := range []struct {
		what, limit string
		times       []time.Duration
	}{{"lsp, keystroke to diagnostics", "50 ms p99", found}, {"lsp, completion", "20 ms p99", completed}} {
		slices.Sort(row.times)
		p := func(q int) string {
			return fmt.Sprintf("%.1f ms", row.times[(len(row.times)-1)*q/100].Seconds()*1000)
		}
		fmt.Fprintf(b.table, "%s, %s\t%d\tp50 %s\tp99 %s\t%d MiB\t%s\n", row.what, what, nodes, p(50), p(99), peak, row.limit)
	}
	return b.table.Flush()
}

// editor is a client of one server process.
type editor struct {
	cmd    *exec.Cmd
	rpc    *jrpc2.Client
	told   chan int // versions of the document whose findings came
	cancel context.CancelFunc
	ctx    context.Context
}

func (b *bench) editor(site string) (*editor, error) {
	e := &editor{cmd: exec.Command(b.bin, "lsp"), told: make(chan int, 10*keystrokes)}
	e.ctx, e.cancel = context.WithTimeout(context.Background(), 5*time.Minute)
	e.cmd.Stderr = os.Stderr
	in, err := e.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	e.rpc = jrpc2.NewClient(channel.LSP(out, in), &jrpc2.ClientOptions{OnNotify: e.notified})
	_, err = e.rpc.Call(e.ctx, "initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": fileURI(site), "capabilities": map[string]any{},
	})
	return e, err
}

func (e *editor) notified(r *jrpc2.Request) {
	var p struct{ Version *int }
	if r.Method() == "textDocument/publishDiagnostics" && r.UnmarshalParams(&p) == nil && p.Version != nil {
		e.told <- *p.Version
	}
}

// end shuts the server down, and waits for it.
func (e *editor) end() error {
	defer e.cancel()
	_, err := e.rpc.Call(e.ctx, "shutdown", nil)
	return errors.Join(err, e.rpc.Notify(e.ctx, "exit", nil), e.cmd.Wait())
}

// typeInto types a comment, a name, a value and a mistake into the middle of a
// document, again and again, a character at a time.
func (e *editor) typeInto(name, text string) (found, completed []time.Duration, err error) {
	uri := fileURI(name)
	err = e.rpc.Notify(e.ctx, "textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": uri, "languageId": strings.TrimPrefix(filepath.Ext(name), "."), "version": 1, "text": text,
	}})
	if err == nil {
		err = e.wait(1)
	}
	lines := strings.Split(text, "\n")
	line := len(lines) / 2
	for !strings.Contains(lines[line], "preset") {
		line++
	}
	at := strings.Index(lines[line], "vm-small") + len("vm-small")
	if i := strings.Index(lines[line], "vm-large"); i >= 0 {
		at = i + len("vm-large")
	}
	// Each character is typed, and what was typed is deleted again.
	version, typed := 1, 0
	for _, c := range strings.Repeat("-x {# ok\x08\x08\x08\x08\x08\x08\x08\x08", keystrokes/16) {
		if err != nil {
			return nil, nil, err
		}
		version++
		edit := map[string]any{"range": span(line, at+typed, at+typed), "text": string(c)}
		if c == '\x08' {
			edit = map[string]any{"range": span(line, at+typed-1, at+typed), "text": ""}
			typed -= 2
		}
		typed++
		start := time.Now()
		err = e.rpc.Notify(e.ctx, "textDocument/didChange", map[string]any{
			"textDocument": map[string]any{"uri": uri, "version": version}, "contentChanges": []any{edit},
		})
		asked := time.Now()
		done := make(chan error, 1)
		go func() {
			answer, err := e.rpc.Call(e.ctx, "textDocument/completion", map[string]any{
				"textDocument": map[string]any{"uri": uri}, "position": map[string]any{"line": line, "character": at + typed},
			})
			var list struct{ Items []json.RawMessage }
			if err == nil {
				err = answer.UnmarshalResult(&list)
			}
			completed = append(completed, time.Since(asked))
			done <- err
		}()
		err = errors.Join(err, e.wait(version))
		found = append(found, time.Since(start))
		err = errors.Join(err, <-done)
	}
	return found, completed, err
}

// wait waits for the findings about a version.
func (e *editor) wait(version int) error {
	for {
		select {
		case v := <-e.told:
			if v == version {
				return nil
			}
		case <-e.ctx.Done():
			return fmt.Errorf("no findings about version %d: %w", version, e.ctx.Err())
		}
	}
}

func span(line, from, to int) map[string]any {
	return map[string]any{
		"start": map[string]any{"line": line, "character": from},
		"end":   map[string]any{"line": line, "character": to},
	}
}

func fileURI(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }
