package lab

import (
	"strings"
	"testing"
)

// asRoot is a request on the node itself, as root@pam without a token.
func (c *client) asRoot(verb, path string, params ...string) (status int, data any, reason string) {
	c.t.Helper()
	var kvs []KV
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		kvs = append(kvs, KV{k, v})
	}
	return c.lab.Do(c.t.Context(), verb, path, kvs)
}

// A node that stands alone makes a cluster, others join it and leave it.
func TestClusterConfig(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	c := newClient(t, l)
	if got := c.ok("GET", "/cluster/config/nodes").([]any); len(got) != 0 {
		t.Errorf("alone: %v", got)
	}
	for path, want := range map[string]string{
		"/cluster/config/join": "500 node is not in a cluster, no join info available!",
	} {
		if r := c.do("GET", path); r.Status != want {
			t.Errorf("%s: %s", path, r.Status)
		}
	}
	if r := c.do("POST", "/cluster/config", "clustername=home"); r.Status != "403 Permission check failed (user != root@pam)" {
		t.Errorf("with a token: %s", r.Status)
	}
	_, upid, _ := c.asRoot("POST", "/cluster/config", "clustername=home")
	if exit := c.wait(upid); exit != "OK" || !strings.Contains(upid.(string), ":clustercreate:home:root@pam:") {
		t.Fatal(upid, exit)
	}
	_, upid, _ = c.asRoot("POST", "/cluster/config", "clustername=other")
	if exit := c.wait(upid); exit != "cluster config '/etc/pve/corosync.conf' already exists" {
		t.Errorf("twice: %s", exit)
	}
	const nodes = "/cluster/config/nodes/"
	if status, _, reason := c.asRoot("POST", nodes+"pve2"); status != 500 || !strings.HasPrefix(reason, "unsupported old API version") {
		t.Error(status, reason)
	}
	status, data, reason := c.asRoot("POST", nodes+"pve2", "apiversion=1", "new_node_ip=10.0.0.2")
	if conf, _ := data.(map[string]any); status != 200 || !strings.Contains(conf["corosync_conf"].(string), "name: pve2") {
		t.Fatal(status, reason, data)
	}
	if status, _, reason := c.asRoot("POST", nodes+"pve2", "apiversion=1"); status != 500 || reason != "can't add existing node 'pve2'" {
		t.Error(status, reason)
	}
	join := c.ok("GET", "/cluster/config/join").(map[string]any)
	list := join["nodelist"].([]any)
	if first := list[0].(map[string]any); len(list) != 2 || first["pve_fp"] != l.Fingerprint() || first["nodeid"] != "1" || join["preferred_node"] != "pve1" {
		t.Errorf("join %v", join)
	}
	if totem := c.ok("GET", "/cluster/config/totem").(map[string]any); totem["cluster_name"] != "home" || totem["config_version"] != "2" {
		t.Errorf("totem %v", totem)
	}
	for node, want := range map[string]string{
		"pve9": "Node/IP: pve9 is not a known host of the cluster.", "pve1": "Cannot delete myself from cluster!",
	} {
		if status, _, reason := c.asRoot("DELETE", nodes+node); status != 500 || reason != want {
			t.Error(status, reason)
		}
	}
	c.waitOn("pve2", c.ok("POST", "/nodes/pve2/qemu", "vmid=300"))
	if status, _, reason := c.asRoot("DELETE", nodes+"pve2"); status != 200 {
		t.Error(status, reason)
	}
	// What it had is still known, and its address: nobody answers there.
	if got := c.ok("GET", "/nodes").([]any); len(got) != 1 {
		t.Errorf("nodes %v", got)
	}
	if node, status := c.placed(300); node != "pve2" || status != "unknown" {
		t.Errorf("its guest is %s on %s", status, node)
	}
	if r := c.do("GET", "/nodes/pve2/qemu"); r.Status != "595 No route to host" {
		t.Error(r.Status)
	}
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	if first := c.ok("GET", "/cluster/status").([]any)[0].(map[string]any); first["name"] != "home" || first["nodes"] != 1.0 {
		t.Error(first)
	}
}
