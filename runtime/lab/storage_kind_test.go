package lab

import (
	"strings"
	"testing"
)

// Kinds of storage differ in the names of their volumes and in what they can do.
func TestStorageKinds(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir, Nodes: []string{"pve2"}})
	c := newClient(t, l)
	for _, params := range [][]string{
		{"storage=tank", "type=zfspool", "pool=rpool/data"},
		{"storage=thick", "type=lvm", "vgname=vg0"},
		{"storage=nas", "type=nfs", "server=nas", "export=/srv"},
	} {
		c.ok("POST", "/storage", params...)
	}
	if r := c.do("POST", "/storage", "storage=nas2", "type=nfs", "server=nas"); r.Errors["export"] != textMissing {
		t.Errorf("nfs without an export: %s %v", r.Status, r.Errors)
	}
	if r := c.do("POST", "/storage", "storage=tank2", "type=zfspool", "pool=x", "content=iso"); r.Status == "200 OK" {
		t.Error("a zpool holds ISOs")
	}
	if row := c.ok("GET", "/nodes/pve2/storage/nas/status").(map[string]any); row["shared"] != 1.0 {
		t.Errorf("nfs: %v", row)
	}
	task := func(want, method, path string, params ...string) {
		t.Helper()
		if exit := c.task(method, path, params...); exit != want {
			t.Errorf("%s %s %v: %s, want %s", method, path, params, exit, want)
		}
	}
	disk := func(vmid string) string {
		t.Helper()
		text, _ := c.ok("GET", "/nodes/pve1/qemu/"+vmid+"/config").(map[string]any)["scsi0"].(string)
		return text
	}
	const qemu = "/nodes/pve1/qemu"
	task("unable to create VM 100 - unsupported format 'qcow2'", "POST", qemu, "vmid=100", "scsi0=tank:1,format=qcow2")
	for vmid, storage := range map[string]string{"100": "tank", "110": "thick", "120": "nas"} {
		task("OK", "POST", qemu, "vmid="+vmid, "scsi0="+storage+":1")
	}
	for vmid, want := range map[string]string{
		"100": "tank:vm-100-disk-0,size=1G", "110": "thick:vm-110-disk-0,size=1G", "120": "nas:120/vm-120-disk-0.raw,size=1G",
	} {
		if got := disk(vmid); got != want {
			t.Errorf("%s: %s", vmid, got)
		}
	}
	// ZFS goes back to its newest snapshot only.
	for _, name := range []string{"one", "two"} {
		task("OK", "POST", qemu+"/100/snapshot", "snapname="+name)
	}
	task("can't rollback, 'one' is not most recent snapshot on 'tank:vm-100-disk-0'", "POST", qemu+"/100/snapshot/one/rollback")
	task("OK", "POST", qemu+"/100/snapshot/two/rollback")
	for _, name := range []string{"two", "one"} {
		task("OK", "DELETE", qemu+"/100/snapshot/"+name)
	}
	task("snapshot feature is not available", "POST", qemu+"/110/snapshot", "snapname=one")
	// A linked clone names what it stands on.
	task("OK", "POST", qemu+"/100/template")
	task("OK", "POST", qemu+"/100/clone", "newid=101")
	if got := disk("101"); got != "tank:base-100-disk-0/vm-101-disk-0,size=1G" {
		t.Errorf("linked clone: %s", got)
	}
	for _, row := range c.ok("GET", "/nodes/pve1/storage/tank/content").([]any) {
		if m := row.(map[string]any); m["vmid"] == 101.0 && m["parent"] != "base-100-disk-0@__base__" {
			t.Errorf("linked clone: %v", m)
		}
	}
	task("base volume 'tank:base-100-disk-0' is still in use by linked cloned", "DELETE", qemu+"/100")
	if r := c.do("POST", qemu+"/110/clone", "newid=111", "full=0"); r.Status != "500 Linked clone feature is not supported for 'thick:vm-110-disk-0' (scsi0)" {
		t.Error(r.Status)
	}

	// Storages that are not everywhere, and those that are switched off.
	c.ok("POST", "/storage", "storage=one", "type=dir", "path=/one", "nodes=pve2")
	if r := c.do("POST", qemu, "vmid=130", "scsi0=one:1"); r.Status != "500 storage 'one' is not available on node 'pve1'" {
		t.Error(r.Status)
	}
	c.ok("PUT", "/storage/thick", "disable=1")
	if r := c.do("POST", qemu, "vmid=130", "scsi0=thick:1"); r.Status != "500 storage 'thick' is disabled" {
		t.Error(r.Status)
	}
	listed := func(params ...string) (names string) {
		for _, row := range c.ok("GET", "/nodes/pve1/storage", params...).([]any) {
			names += row.(map[string]any)["storage"].(string) + " "
		}
		return names
	}
	if got := listed("enabled=1"); strings.Contains(got, "thick") || !strings.Contains(got, "tank") {
		t.Errorf("enabled: %s", got)
	}
	if got := listed("target=pve2"); got != "nas " {
		t.Errorf("on both nodes: %s", got)
	}

	// Volumes are made on their own, too.
	alloc := func(storage string, params ...string) reply {
		return c.do("POST", "/nodes/pve1/storage/"+storage+"/content", append(params, "vmid=300")...)
	}
	if r := alloc("tank", "filename=vm-300-disk-5", "size=2G"); r.Data != "tank:vm-300-disk-5" {
		t.Error(r.Status, r.Data)
	}
	if r := alloc("nas", "filename=vm-300-disk-0.qcow2", "size=1024"); r.Data != "nas:300/vm-300-disk-0.qcow2" {
		t.Error(r.Status, r.Data)
	}
	for want, params := range map[string][]string{
		"disk image 'vm-300-disk-5' already exists":       {"tank", "filename=vm-300-disk-5", "size=2G"},
		"illegal name 'vm-301-x' - should be 'vm-300-*'":  {"tank", "filename=vm-301-x", "size=2G"},
		"unable to parse volume filename 'vm-300-disk-0'": {"nas", "filename=vm-300-disk-0", "size=2G"},
		"unsupported format 'qcow2'":                      {"tank", "filename=vm-300-disk-6", "size=2G", "format=qcow2"},
	} {
		if r := alloc(params[0], params[1:]...); !strings.HasSuffix(r.Status, want) {
			t.Errorf("%v: %s, want %s", params, r.Status, want)
		}
	}
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	if got := c.volumesOn("pve1", "tank"); got != "tank:base-100-disk-0 tank:base-100-disk-0/vm-101-disk-0 tank:vm-300-disk-5" {
		t.Errorf("after the lab was opened again: %s", got)
	}
}
