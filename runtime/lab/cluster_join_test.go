package lab

import (
	"strings"
	"testing"
)

// A lab joins another's cluster, and is one of its nodes from then on.
func TestClusterJoin(t *testing.T) {
	a := open(t, Config{Node: "pve1", Name: "home"})
	dir := t.TempDir()
	b := open(t, Config{Node: "pve2", Dir: dir})
	first, second := newClient(t, a), newClient(t, b)
	_, upid, _ := first.asRoot("POST", "/cluster/config", "clustername=home")
	if exit := first.wait(upid); exit != "OK" {
		t.Fatal(exit)
	}
	first.asRoot("PUT", "/access/password", "userid=root@pam", "password=secret123")
	info := first.ok("GET", "/cluster/config/join").(map[string]any)
	fp := info["nodelist"].([]any)[0].(map[string]any)["pve_fp"].(string)
	at := strings.TrimPrefix(a.URL(), "https://")
	last := ""
	join := func(params ...string) string {
		t.Helper()
		_, upid, reason := second.asRoot("POST", "/cluster/config/join", append([]string{"hostname=" + at}, params...)...)
		if upid == nil {
			return reason
		}
		last = upid.(string)
		w, err := b.tasks.find("pve2", last)
		if err != nil {
			t.Fatal(err)
		}
		<-w.ctx.Done()
		b.tasks.mu.Lock()
		defer b.tasks.mu.Unlock()
		return w.Exit
	}
	if exit := join("fingerprint="+fp, "password=wrong"); exit != "401 authentication failure" {
		t.Errorf("a wrong password: %s", exit)
	}
	if exit := join("fingerprint="+b.Fingerprint(), "password=secret123"); !strings.Contains(exit, "not verified, abort!") {
		t.Errorf("a wrong fingerprint: %s", exit)
	}
	second.task("POST", "/nodes/pve2/qemu", "vmid=100")
	if exit := join("fingerprint="+fp, "password=secret123"); exit != "Check if node may join a cluster failed!" {
		t.Errorf("with guests: %s", exit)
	}
	second.task("DELETE", "/nodes/pve2/qemu/100")
	if exit := join("fingerprint="+fp, "password=secret123"); exit != "OK" {
		t.Fatal(exit)
	}
	if got := strings.Join(a.Nodes(), " "); got != "pve1 pve2" {
		t.Errorf("nodes: %s", got)
	}
	// What it had before is nothing any more; the cluster's token opens it.
	if r := second.do("GET", "/version"); r.Status != "401 Authentication failed!" {
		t.Errorf("its own token: %s", r.Status)
	}
	second.token = first.token
	if got := second.ok("GET", "/nodes/pve2/tasks/"+last+"/status").(map[string]any); got["exitstatus"] != "OK" {
		t.Errorf("the task that joined: %v", got)
	}
	if exit := first.waitOn("pve2", second.ok("POST", "/nodes/pve2/qemu", "vmid=200", "name=two", "scsi0=data:1")); exit != "OK" {
		t.Fatal(exit)
	}
	if got := second.ok("GET", "/nodes/localhost/qemu").([]any); len(got) != 1 {
		t.Errorf("localhost has %v", got)
	}
	if node, _ := first.placed(200); node != "pve2" {
		t.Errorf("the guest is on %s", node)
	}
	for _, row := range second.ok("GET", "/cluster/status").([]any) {
		if m := row.(map[string]any); m["type"] == "node" && (m["local"] == 1.0) != (m["name"] == "pve2") {
			t.Errorf("as pve2 sees it: %v", m)
		}
	}
	if r := second.do("GET", "/nodes/pve2/qemu/201/config"); r.Status != "500 Configuration file 'nodes/pve2/qemu-server/201.conf' does not exist" {
		t.Errorf("an error: %s", r.Status)
	}
	if status, data, reason := second.asRoot("GET", "/nodes/pve2/qemu/200/config"); status != 200 || data.(map[string]any)["name"] != "two" {
		t.Error(status, data, reason)
	}
	if status, _, reason := second.asRoot("PUT", "/nodes/pve2/qemu/200/config", "cores=x"); status != 400 || !strings.HasSuffix(reason, "\ncores: type check ('integer') failed - got 'x'") {
		t.Error(status, reason)
	}
	if r := second.uploadFile("local", "import", "a.raw", image()); r.Status != "200 OK" {
		t.Errorf("an upload through it: %s %s", r.Status, r.Body)
	}
	// A header alone makes nobody root.
	b.mu.Lock()
	b.cluster.Joined.Key = "guessed"
	b.mu.Unlock()
	if status, _, _ := second.asRoot("GET", "/nodes/pve2/qemu/200/config"); status != 401 {
		t.Errorf("with a wrong key: %d", status)
	}
	b.Close()
	b = open(t, Config{Node: "pve2", Dir: dir})
	second = newClient(t, b)
	second.token = first.token
	second.ok("GET", "/nodes/pve2/qemu/200/config")
	a.Close()
	if r := second.do("GET", "/version"); r.Status != "500 cluster not ready - no quorum?" {
		t.Errorf("without the cluster: %s", r.Status)
	}
}
