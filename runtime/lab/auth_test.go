package lab

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestAuth(t *testing.T) {
	clock := newClock()
	l := open(t, Config{Clock: clock})
	c := newClient(t, l)
	for _, tc := range []struct{ token, status string }{
		{"", "401 No ticket"},
		{"garbled", "401 No ticket"},
		{"root@pam!homestak=00000000-0000-0000-0000-000000000000", "401 Authentication failed!"},
		{"root@pam!other" + l.Token()[strings.IndexByte(l.Token(), '='):], "401 Authentication failed!"},
	} {
		c.token = tc.token
		before := clock.Now()
		r := c.do("GET", "/version")
		if r.Status != tc.status || r.Body != "" {
			t.Errorf("%q: %q %q", tc.token, r.Status, r.Body)
		}
		if d := clock.Now().Sub(before); d < 3*time.Second {
			t.Errorf("%q: answered after %v", tc.token, d)
		}
	}
	c.token = l.Token()
	if r := c.do("GET", "/version"); r.Status != "200 OK" {
		t.Error(r)
	}
}

func TestTokens(t *testing.T) {
	l := open(t, Config{})
	c := newClient(t, l)
	made := c.ok("POST", "/access/users/root@pam/token/full", "privsep=0", "comment=x").(map[string]any)
	if made["full-tokenid"] != "root@pam!full" || made["info"].(map[string]any)["privsep"] != "0" {
		t.Error(made)
	}
	weak := c.ok("POST", "/access/users/root@pam/token/weak").(map[string]any)
	full := newClient(t, l)
	full.token = "root@pam!full=" + made["value"].(string)
	full.ok("POST", "/pools", "poolid=p")

	// A token with separated privileges has none; lists filter, reads refuse.
	full.task("POST", "/nodes/pve1/qemu", "vmid=100")
	w := newClient(t, l)
	w.token = "root@pam!weak=" + weak["value"].(string)
	for _, path := range []string{"/pools", "/storage", "/nodes/pve1/qemu", "/nodes/pve1/storage", "/access/users", "/cluster/tasks"} {
		if list := w.ok("GET", path).([]any); len(list) != 0 {
			t.Errorf("%s: %v", path, list)
		}
	}
	for request, want := range map[string]string{
		"GET /nodes/pve1/qemu/100/config":          "403 Permission check failed (/vms/100, VM.Audit)",
		"GET /nodes/pve1/qemu/999/config":          "403 Permission check failed (/vms/999, VM.Audit)",
		"POST /nodes/pve1/qemu/999/status/start":   "403 Permission check failed (/vms/999, VM.PowerMgmt)",
		"GET /nodes/pve1/storage/local/content":    "403 Permission check failed (/storage/local, Datastore.Audit|Datastore.AllocateSpace)",
		"GET /nodes/pve1/status":                   "403 Permission check failed (/nodes/pve1, Sys.Audit)",
		"POST /access/users/root@pam/token/second": "403 Permission check failed",
	} {
		verb, path, _ := strings.Cut(request, " ")
		if r := w.do(verb, path); r.Status != want {
			t.Errorf("%s: %s", request, r.Status)
		}
	}
	if r := w.do("POST", "/nodes/pve1/qemu", "vmid=400"); r.Status != "403 Permission check failed" {
		t.Error(r)
	}
	if r := w.do("POST", "/pools", "poolid=q"); r.Status != "403 Permission check failed (/pool/q, Pool.Allocate)" {
		t.Error(r)
	}
	// Tokens live on without their secrets being kept.
	dir := l.dir.root
	l.Close()
	data, err := os.ReadFile(dir + "/access.json")
	if err != nil || strings.Contains(string(data), made["value"].(string)) {
		t.Error("a token's secret is on disk", err)
	}
	again := newClient(t, open(t, Config{Dir: dir}))
	if again.token != c.token {
		t.Error("the lab's own token changed")
	}
	again.token = full.token
	again.ok("DELETE", "/access/users/root@pam/token/full")
	if r := again.do("GET", "/version"); r.Status != "401 Authentication failed!" {
		t.Error(r)
	}
	for _, file := range []string{"token", "access.json"} {
		if info, err := os.Stat(dir + "/" + file); err != nil || info.Mode().Perm() != 0o600 {
			t.Error(file, info.Mode(), err)
		}
	}
}

// The derived certificate is a pure function of its names: plans pin it.
func TestDerivedCertificate(t *testing.T) {
	one, err := derivedCertificate("site", "lab")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := derivedCertificate("site", "lab")
	const want = "46:D0:E7:AC:0A:19:6B:CA:47:19:EE:7E:E4:CF:DD:50:DE:AE:58:34:57:4E:4B:14:0C:C5:E2:C5:B1:14:06:DF"
	if fingerprint(one) != fingerprint(two) || fingerprint(one) != want {
		t.Errorf("fingerprint %s, want %s", fingerprint(one), want)
	}
	for _, names := range [][2]string{{"site", "lab2"}, {"site2", "lab"}, {"sitelab", ""}} {
		if other, _ := derivedCertificate(names[0], names[1]); fingerprint(other) == want {
			t.Errorf("%v has the same certificate", names)
		}
	}
}

func TestOwnCertificate(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	first := l.Fingerprint()
	l.Close()
	if again := open(t, Config{Dir: dir}).Fingerprint(); again != first {
		t.Error("the random certificate was not kept")
	}
	if open(t, Config{}).Fingerprint() == first {
		t.Error("two labs have one random certificate")
	}
}
