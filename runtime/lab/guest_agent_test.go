package lab_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/lab"
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

// The guest agent runs programs as root; how they end is told once.
func TestAgentExec(t *testing.T) {
	dir, s := t.TempDir(), newSite(t)
	l := openLab(t, dir)
	defer l.Close()
	h := newHost(t, l.URL(), "pve1", l.Token(), nil)
	h.guest(s, 100, "web", "debian-12")
	const agent = "/nodes/NODE/qemu/100/agent/"
	exec := func(input string, argv ...string) map[string]any {
		t.Helper()
		form := url.Values{"command": argv}
		if input != "" {
			form.Set("input-data", input)
		}
		made, _ := h.send("POST", agent+"exec", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())).(map[string]any)
		pid := strconv.Itoa(int(made["pid"].(float64)))
		for t.Context().Err() == nil {
			if got := h.get(agent + "exec-status?pid=" + pid).(map[string]any); got["exited"] == 1.0 {
				if status, reason := h.refusal(agent + "exec-status?pid=" + pid); status != 500 || !strings.Contains(reason, "PID ld does not exist") {
					t.Errorf("asked again: %d %s", status, reason)
				}
				return got
			}
		}
		return nil
	}
	if got := exec("", "/bin/sh", "-c", "whoami; hostname; echo no >&2; exit 3"); got["out-data"] != "root\nweb\n" ||
		got["err-data"] != "no\n" || got["exitcode"] != 3.0 || got["out-truncated"] != 0.0 {
		t.Error(got)
	}
	if got := exec("a b", "tee", "/srv/with blank"); got["out-data"] != "a b" || got["exitcode"] != 0.0 {
		t.Error(got)
	}
	if got := h.get(agent + "file-read?file=/srv/with%20blank").(map[string]any); got["content"] != "a b" {
		t.Error(got)
	}
	for _, path := range []string{"get-time", "get-timezone", "get-users", "get-vcpus", "info"} {
		if got := h.get(agent + path).(map[string]any); got["result"] == nil {
			t.Errorf("%s: %v", path, got)
		}
	}
	post := func(path string, form url.Values) any {
		t.Helper()
		got, _ := h.send("POST", agent+path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode())).(map[string]any)
		return got["result"]
	}
	if post("fsfreeze-freeze", nil) != 1.0 || post("fsfreeze-status", nil) != "frozen" || post("fsfreeze-thaw", nil) != 1.0 || post("fsfreeze-status", nil) != "thawed" {
		t.Error("a file system does not freeze and thaw")
	}
	form := url.Values{"command": {"get-host-name"}}
	old, _ := h.send("POST", strings.TrimSuffix(agent, "/"), "application/x-www-form-urlencoded", strings.NewReader(form.Encode())).(map[string]any)
	if name, _ := old["result"].(map[string]any); name["host-name"] != "web" {
		t.Error(old)
	}
	fs := h.get(agent + "get-fsinfo").(map[string]any)["result"].([]any)
	if root := fs[0].(map[string]any); root["mountpoint"] != "/" || root["name"] != "sda1" {
		t.Error(fs)
	}
	post("shutdown", nil)
	for t.Context().Err() == nil {
		if got := h.get("/nodes/NODE/qemu/100/status/current").(map[string]any); got["status"] == "stopped" {
			break
		}
	}
}

// A guest goes on where it was, on another node.
func TestMigrateRunning(t *testing.T) {
	s := newSite(t)
	l, err := lab.Open(t.Context(), lab.Config{Dir: t.TempDir(), Node: "pve1", Nodes: []string{"pve2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := newHost(t, l.URL(), "pve1", l.Token(), nil)
	ip := h.guest(s, 100, "web", "debian-12")
	output(t, s.login(via(l), "web", ip), "echo kept | sudo -n tee /srv/x")
	form := url.Values{"target": {"pve2"}, "online": {"1"}, "with-local-disks": {"1"}}
	h.wait(h.send("POST", "/nodes/NODE/qemu/100/migrate", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())))
	if got := output(t, s.login(via(l), "web", ip), "cat /srv/x"); got != "kept" {
		t.Errorf("%q", got)
	}
	h.node = "pve2"
	if got := h.get("/nodes/NODE/qemu/100/status/current").(map[string]any); got["status"] != "running" {
		t.Error(got)
	}
	if got := h.get("/nodes/NODE/qemu/100/agent/file-read?file=/srv/x").(map[string]any); got["content"] != "kept\n" {
		t.Error(got)
	}
}

// A guest without an operating system lets go of no network card: the change
// stays pending, and the next one is not held up by it.
func TestUnplugBusy(t *testing.T) {
	l := openLab(t, t.TempDir())
	defer l.Close()
	do := func(verb, path string, params ...string) (int, any, string) {
		t.Helper()
		var kvs []lab.KV
		for _, p := range params {
			k, v, _ := strings.Cut(p, "=")
			kvs = append(kvs, lab.KV{Key: k, Value: v})
		}
		status, data, reason := l.Do(t.Context(), verb, "/nodes/pve1"+path, kvs)
		if upid, ok := data.(string); ok {
			for t.Context().Err() == nil {
				_, row, _ := l.Do(t.Context(), "GET", "/nodes/pve1/tasks/"+upid+"/status", nil)
				if row := row.(map[string]any); row["status"] == "stopped" {
					return status, row["exitstatus"], reason
				}
			}
		}
		return status, data, reason
	}
	do("POST", "/qemu", "vmid=100", "net0=virtio,bridge=vmbr0", "net1=virtio,bridge=vmbr0", "start=1")
	config := "/qemu/100/config"
	for params, slot := range map[string]string{"delete=net1": "net1", "net0=virtio,bridge=vmbr0": "net0"} {
		want := "Parameter verification failed.\n" + slot + ": hotplug problem - error on hot-unplugging device '" + slot + "' - still busy in guest?"
		if status, _, reason := do("PUT", config, params); status != 400 || reason != want {
			t.Errorf("%s: %d %s", params, status, reason)
		}
	}
	if status, _, reason := do("PUT", config, "memory=1024"); status != 200 {
		t.Error(reason)
	}
	do("POST", "/qemu/100/status/stop")
	if _, data, _ := do("GET", config); data.(map[string]any)["net1"] != nil {
		t.Error("what was pending is not effective after the stop")
	}
	// QEMU has no cpu=host without KVM.
	do("PUT", config, "cpu=host,flags=+aes", "kvm=0")
	if _, exit, _ := do("POST", "/qemu/100/status/start"); exit != "start failed: QEMU exited with code 1" {
		t.Error(exit)
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
