package lab

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func (c *client) snapshots(vmid string) string {
	c.t.Helper()
	var rows []string
	for _, row := range c.ok("GET", "/nodes/pve1/qemu/"+vmid+"/snapshot").([]any) {
		row := row.(map[string]any)
		rows = append(rows, fmt.Sprintf("%v>%v:%v:%v/%v", row["parent"], row["name"], row["description"], row["vmstate"], row["running"]))
	}
	return strings.Join(rows, " ")
}

// The snapshots of PVE's own answers.
func TestSnapshots(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	c := newClient(t, l)
	const vm, disk = "/nodes/pve1/qemu/100", "local:100/vm-100-disk-0.qcow2"
	c.fails("POST /nodes/pve1/qemu vmid=100 name=a memory=512 scsi0=local:2,format=qcow2 ide2=none,media=cdrom description=async", "OK")
	c.fails("POST /nodes/pve1/qemu vmid=101 scsi0=local:1", "OK")
	c.fails("POST /nodes/pve1/qemu/101/snapshot snapname=s1", "snapshot feature is not available")
	c.written(disk, "one")
	upid := c.ok("POST", vm+"/snapshot", "snapname=s1", "description=first").(string)
	if exit := c.wait(upid); exit != "OK" || c.taskLines(upid) != "snapshotting 'drive-scsi0' ("+disk+")\nTASK OK" {
		t.Error(exit, c.taskLines(upid))
	}
	c.fails("POST "+vm+"/snapshot snapname=s1", "snapshot name 's1' already used")
	c.expect("POST "+vm+"/snapshot snapname=current", "500 unable to use snapshot name 'current' (reserved name)")
	if r := c.do("POST", vm+"/snapshot", "snapname=bad name"); r.Errors["snapname"] != "invalid format - invalid configuration ID 'bad name'\n" {
		t.Error(r)
	}
	if got := c.snapshots("100"); got != "<nil>>s1:first:0/<nil> s1>current:You are here!:<nil>/0" {
		t.Error(got)
	}
	s := c.ok("GET", vm+"/snapshot/s1/config").(map[string]any)
	if s["description"] != "first" || s["digest"] != nil || s["scsi0"] != disk+",size=2G" || s["snaptime"] == nil {
		t.Error(s)
	}
	if s := c.ok("GET", vm+"/config", "snapshot=s1").(map[string]any); s["digest"] != c.config("100")["digest"] || s["description"] != "first" {
		t.Error(s)
	}
	c.expect("GET "+vm+"/config snapshot=nope", "500 snapshot 'nope' does not exist")
	c.expect("GET "+vm+"/snapshot/nope/config", "500 snapshot 'nope' does not exist")
	c.expect("PUT "+vm+"/snapshot/nope/config description=x", "500 snapshot 'nope' does not exist")
	c.expect("GET /nodes/pve1/qemu/999/snapshot", "500 Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist")
	c.expect("POST "+vm+"/template", "500 unable to create template, because VM contains snapshots")
	c.fails("POST "+vm+"/snapshot/nope/rollback", "snapshot 'nope' does not exist")
	c.fails("DELETE "+vm+"/snapshot/nope", "snapshot 'nope' does not exist")

	c.written(disk, "two")
	c.ok("PUT", vm+"/config", "memory=1024", "scsi1=local:1,format=qcow2")
	c.fails("POST "+vm+"/status/start", "OK")
	c.fails("POST "+vm+"/snapshot snapname=s2 vmstate=1", "OK")
	c.fails("PUT "+vm+"/resize disk=scsi0 size=+1G", "OK")
	c.ok("PUT", vm+"/snapshot/s2/config", "description=second")
	if got := c.snapshots("100"); got != "<nil>>s1:first:0/<nil> s1>s2:second:1/<nil> s2>current:You are here!:<nil>/1" {
		t.Error(got)
	}
	if got := c.volumes("local"); !strings.Contains(got, "local:100/vm-100-state-s2.raw") {
		t.Error(got)
	}
	c.fails("POST "+vm+"/snapshot/s1/rollback", "OK")
	now := c.config("100")
	if now["memory"] != "512" || now["parent"] != "s1" || now["scsi1"] != nil || now["description"] != "async" ||
		now["unused0"] != "local:100/vm-100-disk-1.qcow2" || now["scsi0"] != disk+",size=2G" || now["vmgenid"] == s["vmgenid"] {
		t.Error(now)
	}
	if got := c.reads(disk); got != "one" {
		t.Errorf("the disk has %q", got)
	}
	if got := c.ok("GET", vm+"/status/current").(map[string]any)["status"]; got != "stopped" {
		t.Error(got)
	}
	c.expect("PUT "+vm+"/config delete=unused0", "500 unable to delete 'local:100/vm-100-disk-1.qcow2' - volume is still in use (snapshot?)")
	c.fails("POST "+vm+"/snapshot/s2/rollback", "OK")
	if got := c.ok("GET", vm+"/status/current").(map[string]any)["status"]; got != "running" {
		t.Error(got)
	}
	if got := c.reads(disk); got != "two" {
		t.Errorf("the disk has %q", got)
	}
	c.fails("POST "+vm+"/snapshot/s1/rollback start=1", "OK")
	if got := c.ok("GET", vm+"/status/current").(map[string]any)["status"]; got != "running" {
		t.Error(got)
	}
	before := c.snapshots("100")
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	if got := c.snapshots("100"); got != before {
		t.Error(got)
	}
	// A clone of a snapshot has what was on the disk then.
	c.fails("POST "+vm+"/clone newid=102 snapname=s2 full=1", "OK")
	if got := c.reads("local:102/vm-102-disk-0.qcow2"); got != "two" {
		t.Errorf("the clone's disk has %q", got)
	}
	if to := c.config("102"); to["parent"] != nil || to["memory"] != "1024" {
		t.Error(to)
	}
	c.fails("DELETE "+vm+"/snapshot/s1", "OK")
	if got := c.snapshots("100"); got != "<nil>>s2:second:1/<nil> <nil>>current:You are here!:<nil>/1" {
		t.Error(got)
	}
	c.fails("DELETE "+vm+"/snapshot/s2", "OK")
	if got := c.snapshots("100"); got != "<nil>>current:You are here!:<nil>/1" {
		t.Error(got)
	}
	if got := c.volumes("local"); strings.Contains(got, "state") {
		t.Error(got)
	}
	c.lab.mu.Lock()
	v := c.lab.findVolume(c.lab.Node(), disk)
	c.lab.mu.Unlock()
	if _, err := os.Stat(v.snapState("s2")); !os.IsNotExist(err) {
		t.Errorf("the snapshot's content is left: %v", err)
	}
	c.fails("POST /nodes/pve1/qemu/101/template", "OK")
	c.fails("POST /nodes/pve1/qemu/101/snapshot snapname=s1", "you can't take a snapshot if it's a template")
}

// A rollback that the end of the process cuts off is finished at the next open.
func TestRollbackCutOff(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	c := newClient(t, l)
	const disk = "data:vm-100-disk-0"
	c.fails("POST /nodes/pve1/qemu vmid=100 name=then scsi0=data:1", "OK")
	c.written(disk, "then")
	c.fails("POST /nodes/pve1/qemu/100/snapshot snapname=s1", "OK")
	c.written(disk, "now")
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "name=now")
	v, err := l.lookup(100)
	if err != nil {
		t.Fatal(err)
	}
	v.Config["lock"], v.Rolling = "rollback", "s1"
	if err := l.saveConfig(v); err != nil {
		t.Fatal(err)
	}
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	if now := c.config("100"); now["lock"] != nil || now["name"] != "then" || c.reads(disk) != "then" {
		t.Error(now, c.reads(disk))
	}
}
