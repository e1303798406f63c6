package lab

import (
	"strings"
	"testing"
)

// A cluster of three nodes: every guest is on one of them, and is there for no
// other.
func TestNodes(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	l := open(t, Config{Dir: dir, Clock: clock, Nodes: []string{"pve2", "pve3"}})
	c := newClient(t, l)
	if got := strings.Join(l.Nodes(), " "); got != "pve1 pve2 pve3" {
		t.Fatalf("nodes %s", got)
	}
	var names []string
	for _, row := range c.ok("GET", "/nodes").([]any) {
		names = append(names, row.(map[string]any)["node"].(string))
	}
	if strings.Join(names, " ") != "pve1 pve2 pve3" {
		t.Fatalf("GET /nodes has %v", names)
	}
	status := c.ok("GET", "/cluster/status").([]any)
	first := status[0].(map[string]any)
	if len(status) != 4 || first["type"] != "cluster" || first["name"] != "lab" || first["nodes"] != 3.0 || first["quorate"] != 1.0 {
		t.Fatalf("GET /cluster/status: %v", status)
	}

	upid := c.ok("POST", "/nodes/pve2/qemu", "vmid=200", "scsi0=data:1", "name=two", "onboot=1").(string)
	if !strings.HasPrefix(upid, "UPID:pve2:") {
		t.Fatalf("task %s is not of pve2", upid)
	}
	if exit := c.waitOn("pve2", upid); exit != "OK" {
		t.Fatal(exit)
	}
	for path, want := range map[string]string{
		"/nodes/pve2/qemu/200/config":         "200 OK",
		"/nodes/pve1/qemu/200/config":         "500 Configuration file 'nodes/pve1/qemu-server/200.conf' does not exist",
		"/nodes/pve3/qemu/200/status/current": "500 Configuration file 'nodes/pve3/qemu-server/200.conf' does not exist",
		"/nodes/nope/qemu/200/config":         "500 hostname lookup 'nope' failed - failed to get address info for: nope: Name or service not known",
		"/nodes/pve1/tasks/" + upid + "/log":  "400 Parameter verification failed.",
		"/cluster/nextid?vmid=200":            "400 Parameter verification failed.",
	} {
		if got := c.do("GET", path).Status; got != want {
			t.Errorf("GET %s: %s, want %s", path, got, want)
		}
	}
	if r := c.do("POST", "/nodes/pve1/qemu", "vmid=200"); r.Status != "500 unable to create VM 200 - VM 200 already exists on node 'pve2'" {
		t.Errorf("a taken id: %s", r.Status)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/200/status/start"); exit != "Configuration file 'nodes/pve1/qemu-server/200.conf' does not exist" {
		t.Errorf("start on the wrong node: %s", exit)
	}
	// Every node has storages of its own.
	count := func(node string) int { return len(c.ok("GET", "/nodes/"+node+"/storage/data/content").([]any)) }
	if count("pve1") != 0 || count("pve2") != 1 {
		t.Errorf("volumes: %d on pve1, %d on pve2", count("pve1"), count("pve2"))
	}
	if n := len(c.ok("GET", "/cluster/resources", "type=storage").([]any)); n != 6 {
		t.Errorf("%d storages in the cluster", n)
	}

	// Each node answers for all.
	two := *c
	two.base = l.NodeURL("pve2")
	if row := two.ok("GET", "/nodes/localhost/qemu").([]any); len(row) != 1 {
		t.Errorf("localhost of pve2 has %v", row)
	}
	c.ok("POST", "/storage", "storage=nas", "type=dir", "path=/mnt/nas", "shared=1")
	c.ok("POST", "/storage", "storage=one", "type=dir", "path=/one", "nodes=pve3")
	if r := c.do("GET", "/nodes/pve1/storage/one/status"); r.Status == "200 OK" {
		t.Error("pve1 has a storage of pve3")
	}
	if exit := c.waitOn("pve2", c.ok("POST", "/nodes/pve2/qemu", "vmid=201", "scsi0=nas:1")); exit != "OK" {
		t.Fatal(exit)
	}
	if n := len(c.ok("GET", "/nodes/pve3/storage/nas/content").([]any)); n != 1 {
		t.Errorf("%d volumes on the shared storage", n)
	}

	// All of it is there again.
	l.Close()
	l = open(t, Config{Dir: dir, Clock: clock})
	c = newClient(t, l)
	c.ok("GET", "/nodes/pve2/qemu/200/config")
	if n := len(c.ok("GET", "/nodes/pve1/storage/nas/content").([]any)); n != 1 {
		t.Errorf("%d volumes on the shared storage after the lab was opened again", n)
	}
}

// A node that is down: nothing reaches it, the others go on.
func TestNodeDown(t *testing.T) {
	clock := newClock()
	l := open(t, Config{Clock: clock, Nodes: []string{"pve2", "pve3"}})
	c := newClient(t, l)
	for _, vmid := range []string{"200", "201"} {
		c.waitOn("pve2", c.ok("POST", "/nodes/pve2/qemu", "vmid="+vmid, "name=vm"+vmid, "start=1", "onboot="+vmid[2:]))
	}
	resource := func(id string) map[string]any {
		t.Helper()
		for _, row := range c.ok("GET", "/cluster/resources").([]any) {
			if m := row.(map[string]any); m["id"] == id {
				return m
			}
		}
		t.Fatalf("no %s", id)
		return nil
	}
	set := func(state NodeState) {
		t.Helper()
		if err := l.SetNode(t.Context(), "pve2", state); err != nil {
			t.Fatal(err)
		}
	}
	set(NodeCut)
	before := clock.Now()
	r := c.do("GET", "/nodes/pve2/qemu/200/config")
	if r.Status != "595 No route to host" || r.Body != "" || clock.Now().Sub(before) != hostWait {
		t.Errorf("a node that is down: %s %q after %s", r.Status, r.Body, clock.Now().Sub(before))
	}
	two := *c
	two.base = l.NodeURL("pve2")
	if _, err := two.http.Get(two.base); err == nil {
		t.Error("a node that is down answers")
	}
	if row := resource("qemu/200"); row["status"] != "unknown" || row["name"] != nil {
		t.Errorf("a guest on it: %v", row)
	}
	if row := resource("node/pve2"); row["status"] != "offline" {
		t.Errorf("the node: %v", row)
	}
	set(NodeUp)
	if row := resource("qemu/200"); row["status"] != "running" || row["name"] != "vm200" {
		t.Errorf("a guest after it was cut off: %v", row)
	}

	set(NodeOff)
	set(NodeUp)
	if row := resource("qemu/200"); row["status"] != "stopped" {
		t.Errorf("a guest after its node was off: %v", row)
	}
	if row := resource("qemu/201"); row["status"] != "running" {
		t.Errorf("a guest with onboot after its node was off: %v", row)
	}
	if err := l.SetNode(t.Context(), "nope", NodeOff); err == nil {
		t.Error("a node that is not there can be switched off")
	}
}
