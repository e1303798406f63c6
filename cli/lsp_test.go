package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// The verb speaks on its streams, and its exit code is the protocol's.
func TestLanguageServer(t *testing.T) {
	frames := func(bodies ...string) string {
		out := ""
		for _, b := range bodies {
			out += fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(b), b)
		}
		return out
	}
	start := `{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": null, "rootUri": null, "capabilities": {}}}`
	for name, c := range map[string]struct {
		args []string
		in   string
		code int
		out  string
	}{
		"as it should be":  {[]string{"lsp"}, frames(start, `{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}`, `{"jsonrpc": "2.0", "method": "exit"}`), exitOK, `{"jsonrpc":"2.0","id":2,"result":null}`},
		"with --stdio":     {[]string{"lsp", "--stdio"}, frames(start, `{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}`), exitOK, `"positionEncoding":"utf-16"`},
		"cut off":          {[]string{"lsp"}, frames(start), exitError, `"serverInfo":{"name":"homestak"`},
		"with an argument": {[]string{"lsp", "here"}, "", exitUsage, ""},
	} {
		var out, errs bytes.Buffer
		if code := Main(c.args, strings.NewReader(c.in), &out, &errs); code != c.code || !strings.Contains(out.String(), c.out) {
			t.Errorf("%s: exit %d\n%s\n%s", name, code, out.String(), errs.String())
		}
	}
}

// siteAbove finds the nearest site, and of one with a v2/ directory its root.
func TestSiteAbove(t *testing.T) {
	dir := t.TempDir()
	if root, ok := siteAbove(dir); ok {
		t.Errorf("%s is said to be in site %s", dir, root)
	}
}
