package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// placed is where the cluster says a guest is.
func (c *client) placed(vmid float64) (node, status string) {
	c.t.Helper()
	for _, row := range c.ok("GET", "/cluster/resources", "type=vm").([]any) {
		if m := row.(map[string]any); m["vmid"] == vmid {
			return m["node"].(string), m["status"].(string)
		}
	}
	return "", ""
}

func (c *client) volumesOn(node, storage string) string {
	c.t.Helper()
	var ids []string
	for _, row := range c.ok("GET", "/nodes/"+node+"/storage/"+storage+"/content").([]any) {
		ids = append(ids, row.(map[string]any)["volid"].(string))
	}
	return strings.Join(ids, " ")
}

func TestMigrate(t *testing.T) {
	l := open(t, Config{Nodes: []string{"pve2"}})
	c := newClient(t, l)
	c.ok("POST", "/storage", "storage=nas", "type=dir", "path=/mnt/nas", "shared=1")
	c.ok("POST", "/storage", "storage=one", "type=dir", "path=/one", "nodes=pve1")
	const path = "/nodes/pve1/qemu/100"
	for _, create := range [][]string{
		{"vmid=100", "scsi0=data:1", "scsi1=nas:1", "ide2=local:cloudinit", "unused0=data:1"}, {"vmid=101", "scsi0=one:1"}, {"vmid=102", "scsi0=local:1"},
	} {
		if exit := c.task("POST", "/nodes/pve1/qemu", create...); exit != "OK" {
			t.Fatal(exit)
		}
	}
	for _, tc := range []struct {
		vmid, want string
		params     []string
	}{
		{"100", "no such cluster node 'nope'", []string{"target=nope"}},
		{"100", "Parameter verification failed.", []string{"target=pve1"}},
		{"100", "Parameter verification failed.", []string{"target=pve2", "force=1"}},
		{"101", "storage 'one' is not available on node 'pve2'", []string{"target=pve2"}},
		{"999", "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", []string{"target=pve2"}},
	} {
		r := c.do("POST", "/nodes/pve1/qemu/"+tc.vmid+"/migrate", tc.params...)
		if _, reason, _ := strings.Cut(r.Status, " "); reason != tc.want {
			t.Errorf("%s %v: %s, want %s", tc.vmid, tc.params, reason, tc.want)
		}
	}
	info := c.ok("GET", "/nodes/pve1/qemu/101/migrate").(map[string]any)
	if not := info["not_allowed_nodes"].(map[string]any); not["pve2"] == nil || info["running"] != 0.0 || len(info["local_disks"].([]any)) != 1 {
		t.Errorf("what stands in the way: %v", info)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/101/migrate", "target=pve2", "targetstorage=data"); exit != "OK" {
		t.Errorf("to another storage: %s", exit)
	}
	if got := c.ok("GET", "/nodes/pve2/qemu/101/config").(map[string]any)["scsi0"]; got != "data:vm-101-disk-0,size=1G" {
		t.Errorf("the disk is %v", got)
	}

	upid := c.ok("POST", path+"/migrate", "target=pve2")
	if exit := c.wait(upid); exit != "OK" || !strings.Contains(upid.(string), ":qmigrate:100:") {
		t.Fatal(upid, exit)
	}
	if node, _ := c.placed(100); node != "pve2" {
		t.Errorf("it is on %s", node)
	}
	if r := c.do("GET", path+"/config"); r.Status != "500 Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist" {
		t.Errorf("on the old node: %s", r.Status)
	}
	config := c.ok("GET", "/nodes/pve2/qemu/100/config").(map[string]any)
	if config["lock"] != nil || config["scsi0"] != "data:vm-100-disk-0,size=1G" {
		t.Errorf("config %v", config)
	}
	if got := c.volumesOn("pve1", "data") + "|" + c.volumesOn("pve2", "data"); strings.Contains(strings.Split(got, "|")[0], "100") || !strings.Contains(got, "vm-100-disk-0") {
		t.Errorf("volumes %s", got)
	}

	// A running one: local disks only when asked to.
	c.task("POST", "/nodes/pve1/qemu/102/status/start")
	if r := c.do("POST", "/nodes/pve1/qemu/102/migrate", "target=pve2"); r.Status != "500 can't migrate running VM without --online" {
		t.Errorf("running: %s", r.Status)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/102/migrate", "target=pve2", "online=1"); exit != "migration aborted" {
		t.Errorf("running with local disks: %s", exit)
	}
	if config := c.ok("GET", "/nodes/pve1/qemu/102/config").(map[string]any); config["lock"] != nil {
		t.Errorf("after it was aborted: %v", config)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/102/migrate", "target=pve2", "online=1", "with-local-disks=1"); exit != "OK" {
		t.Errorf("running with local disks: %s", exit)
	}
	if node, status := c.placed(102); node != "pve2" || status != "running" {
		t.Errorf("after it moved it is %s on %s", status, node)
	}
	// Nothing goes to a node that is down.
	if err := l.SetNode(t.Context(), "pve2", NodeOff); err != nil {
		t.Fatal(err)
	}
	c.task("POST", "/nodes/pve1/qemu", "vmid=103")
	if exit := c.task("POST", "/nodes/pve1/qemu/103/migrate", "target=pve2"); exit != "migration aborted" {
		t.Errorf("to a node that is down: %s", exit)
	}
}

// A clone can be made on another node when both see its disks.
func TestCloneElsewhere(t *testing.T) {
	c := newClient(t, open(t, Config{Nodes: []string{"pve2"}}))
	c.ok("POST", "/storage", "storage=nas", "type=dir", "path=/mnt/nas", "shared=1")
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=data:1")
	for want, params := range map[string][]string{
		"500 no such cluster node 'pve9'":                           {"newid=101", "target=pve9"},
		"500 can't clone VM to node 'pve2' (VM uses local storage)": {"newid=101", "target=pve2"},
		"500 can't clone to non-shared storage 'local'":             {"newid=101", "target=pve2", "storage=local"},
	} {
		if r := c.do("POST", "/nodes/pve1/qemu/100/clone", params...); r.Status != want {
			t.Errorf("%v: %s, want %s", params, r.Status, want)
		}
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/100/clone", "newid=101", "target=pve2", "storage=nas"); exit != "OK" {
		t.Fatal(exit)
	}
	if exit := c.waitOn("pve2", c.ok("POST", "/nodes/pve2/qemu/101/status/start")); exit != "OK" {
		t.Fatal(exit)
	}
}

// Killed while a guest migrates, the lab has it on one node, with its disk, and
// nothing of it elsewhere.
func TestMigrateKilled(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	l := open(t, Config{Dir: dir, Clock: clock, Nodes: []string{"pve2"}})
	c := newClient(t, l)
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=data:1")
	v, err := l.lookup(100)
	if err != nil {
		t.Fatal(err)
	}
	var log []string
	say := func(format string, _ ...any) { log = append(log, format) }
	m := migration{vmid: 100, target: "pve2"}
	local, err := l.localVolumes(v, m, say)
	if err != nil {
		t.Fatal(err)
	}
	v.Moving, v.Config["lock"] = "pve2", "migrate"
	if err := l.saveConfig(v); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.copyVolumes(v, m, local, say); err != nil {
		t.Fatal(err)
	}
	check := func(node, other string) {
		t.Helper()
		l.Close()
		l = open(t, Config{Dir: dir, Clock: clock})
		c = newClient(t, l)
		if got, _ := c.placed(100); got != node {
			t.Errorf("it is on %s, not on %s", got, node)
		}
		if here, there := c.volumesOn(node, "data"), c.volumesOn(other, "data"); here != "data:vm-100-disk-0" || there != "" {
			t.Errorf("volumes: %q on %s, %q on %s", here, node, there, other)
		}
		if c.ok("GET", "/nodes/"+node+"/qemu/100/config").(map[string]any)["lock"] != nil {
			t.Error("it is locked")
		}
	}
	check("pve1", "pve2") // before the record was written
	if v, err = l.lookup(100); err != nil {
		t.Fatal(err)
	}
	ids, _, err := l.copyVolumes(v, m, local, say)
	if err != nil {
		t.Fatal(err)
	}
	v.Moving, v.Config["lock"], v.Node = "pve2", "migrate", "pve2"
	v.rename(ids)
	if err := l.saveConfig(v); err != nil {
		t.Fatal(err)
	}
	check("pve2", "pve1")
}

// What a guest keeps on its disks, now and at its snapshots, goes along.
func TestMigrateSnapshots(t *testing.T) {
	l := open(t, Config{Nodes: []string{"pve2"}})
	c := newClient(t, l)
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=local:1,format=qcow2", "scsi1=data:1")
	const volid = "local:100/vm-100-disk-0.qcow2"
	keep := func(node, text string) {
		t.Helper()
		dir := l.findVolume(node, volid).state()
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "x"), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	kept := func(node string) string {
		data, _ := os.ReadFile(filepath.Join(l.findVolume(node, volid).state(), "x"))
		return string(data)
	}
	keep("pve1", "old")
	c.task("POST", "/nodes/pve1/qemu/100/status/start")
	if exit := c.task("POST", "/nodes/pve1/qemu/100/snapshot", "snapname=s1", "vmstate=1"); exit != "OK" {
		t.Fatal(exit)
	}
	c.task("POST", "/nodes/pve1/qemu/100/status/stop")
	keep("pve1", "new")
	if exit := c.task("POST", "/nodes/pve1/qemu/100/migrate", "target=pve2"); exit != "OK" {
		t.Fatal(exit)
	}
	if kept("pve2") != "new" || l.findVolume("pve1", volid) != nil {
		t.Errorf("it has %q on pve2, and %v on pve1", kept("pve2"), l.findVolume("pve1", volid))
	}
	if exit := c.waitOn("pve2", c.ok("POST", "/nodes/pve2/qemu/100/snapshot/s1/rollback")); exit != "OK" || kept("pve2") != "old" {
		t.Errorf("rolled back: %s, %q", exit, kept("pve2"))
	}
	if got := c.volumesOn("pve1", "local") + c.volumesOn("pve1", "data"); got != "" {
		t.Errorf("left on pve1: %s", got)
	}
	if exit := c.waitOn("pve2", c.ok("DELETE", "/nodes/pve2/qemu/100/snapshot/s1")); exit != "OK" {
		t.Error(exit)
	}
}
