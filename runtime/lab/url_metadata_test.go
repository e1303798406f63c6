package lab

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What is known of a file before it is fetched.
func TestURLMetadata(t *testing.T) {
	web := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/a.iso":
			w.Header().Set("Content-Type", "application/x-iso9660-image")
			w.Header().Set("Content-Length", "4096")
		case "/named":
			w.Header().Set("Content-Disposition", `attachment; filename="b.qcow2"`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer web.Close()
	c := newClient(t, open(t, Config{}))
	ask := func(path string, params ...string) reply {
		return c.do("GET", "/nodes/pve1/query-url-metadata", append(params, "url="+web.URL+path)...)
	}
	if got, _ := ask("/a.iso", "verify-certificates=0").Data.(map[string]any); got["filename"] != "a.iso" || got["size"] != 4096.0 || got["mimetype"] != "application/x-iso9660-image" {
		t.Errorf("a file: %v", got)
	}
	if got, _ := ask("/named", "verify-certificates=0").Data.(map[string]any); got["filename"] != "b.qcow2" {
		t.Errorf("a name of its own: %v", got)
	}
	if r := ask("/none", "verify-certificates=0"); r.Status != "500 invalid server response: '404 Not Found'" {
		t.Error(r.Status)
	}
	if r := ask("/a.iso"); !strings.HasSuffix(r.Status, "(certificate verify failed)'") {
		t.Error(r.Status)
	}
}
