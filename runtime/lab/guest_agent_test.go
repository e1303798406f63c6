package lab_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The guest agent reads and writes files as root.
func TestAgentFiles(t *testing.T) {
	s := newSite(t)
	l := openLab(t, t.TempDir())
	defer l.Close()
	h := newHost(t, l.URL(), "pve1", l.Token(), nil)
	ip := h.guest(s, 100, "web", "debian-12")
	const agent = "/nodes/NODE/qemu/100/agent/"
	form := url.Values{"file": {"/srv/x"}, "content": {"hello"}}
	h.send("POST", agent+"file-write", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if got := output(t, s.login(via(l), "web", ip), "cat /srv/x"); got != "hello" {
		t.Error(got)
	}
	read := func(query string) map[string]any {
		t.Helper()
		return h.get(agent + "file-read?" + query).(map[string]any)
	}
	if got := read("file=/srv/x"); got["content"] != "hello" || got["bytes-read"] != 5.0 {
		t.Error(got)
	}
	if got := read("file=/srv/x&offset=1&count=2&decode=0"); got["content"] != "ZWw=" || got["truncated"] != 1.0 {
		t.Error(got)
	}
	if status, reason := h.refusal(agent + "file-read?file=/nonexist"); status != 500 ||
		!strings.Contains(reason, "Agent error: failed to open file '/nonexist' (mode: 'r'): No such file or directory") {
		t.Error(status, reason)
	}
}

// refusal is the status of a GET and its body.
func (h *host) refusal(path string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), "GET", h.url+"/api2/json"+strings.ReplaceAll(path, "NODE", h.node), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+h.token)
	resp, err := h.http.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
