package lab

import (
	"strings"
	"testing"
)

// Disks between storages, as in PVE's own answers.
func TestMoveDisk(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	const vm = "/nodes/pve1/qemu/100"
	c.fails("POST /nodes/pve1/qemu vmid=100 scsihw=virtio-scsi-single scsi0=local:2,ssd=1 ide2=none,media=cdrom", "OK")
	c.written("local:100/vm-100-disk-0.raw", "kept")
	upid := c.ok("POST", vm+"/move_disk", "disk=scsi0", "storage=data", "delete=1").(string)
	if exit := c.wait(upid); exit != "OK" {
		t.Fatal(exit)
	}
	const log = `copying volume 'local:100/vm-100-disk-0.raw' from current storage 'local' to target storage 'data'
create full clone of drive scsi0 (local:100/vm-100-disk-0.raw)
  Logical volume "vm-100-disk-0" created.
allocated target volume 'data:vm-100-disk-0'
transferred 0.0 B of 2.0 GiB (0.00%)
transferred 2.0 GiB of 2.0 GiB (100.00%)
removing source volume 'local:100/vm-100-disk-0.raw' after successful copy
TASK OK`
	if got := c.taskLines(upid); got != log {
		t.Errorf("log\n%s", got)
	}
	if got := c.config("100")["scsi0"]; got != "data:vm-100-disk-0,size=2G,ssd=1" || c.reads("data:vm-100-disk-0") != "kept" {
		t.Error(got)
	}
	c.fails("POST "+vm+"/status/start", "OK")
	upid = c.ok("POST", vm+"/move_disk", "disk=scsi0", "storage=local", "format=qcow2").(string)
	if exit := c.wait(upid); exit != "OK" || !strings.Contains(c.taskLines(upid), "\nadding source volume 'data:vm-100-disk-0' as 'unused0' to config\n") {
		t.Error(exit, c.taskLines(upid))
	}
	if now := c.config("100"); now["scsi0"] != "local:100/vm-100-disk-0.qcow2,size=2G,ssd=1" || now["unused0"] != "data:vm-100-disk-0" {
		t.Error(now)
	}
	if s := c.ok("GET", vm+"/status/current").(map[string]any); s["status"] != "running" || s["qmpstatus"] != "running" {
		t.Error(s)
	}
	for _, tc := range [][2]string{
		{"disk=scsi0", "500 Provide either a 'storage' to move the disk to a different storage or 'target-vmid' and 'target-disk' to move the disk to another VM"},
		{"disk=scsi0 storage=local", "500 you can't move to the same storage with same format"},
		{"disk=scsi0 storage=data digest=x", "500 checksum mismatch (file change by other user?)"},
		{"disk=scsi9 storage=data", "500 disk 'scsi9' does not exist"},
		{"disk=ide2 storage=data", "500 you can't move a cdrom"},
		{"disk=unused0 storage=local", "500 cannot move disk 'unused0', only configured disks can be moved to another storage"},
		{"disk=scsi0 target-vmid=100", "400 Parameter verification failed."},
		{"disk=scsi0 target-vmid=101 storage=data", "400 Parameter verification failed."},
		{"disk=scsi0 target-vmid=101", "500 Configuration file 'nodes/pve1/qemu-server/101.conf' does not exist"},
	} {
		c.expect("POST "+vm+"/move_disk "+tc[0], tc[1])
	}
	c.fails("POST "+vm+"/move_disk disk=scsi0 storage=nostore", "storage migration failed: storage 'nostore' does not exist")
	c.fails("POST "+vm+"/snapshot snapname=s1", "OK")
	c.expect("POST "+vm+"/move_disk disk=scsi0 storage=data delete=1", "500 you can't move a disk with snapshots and delete the source")
	c.fails("DELETE "+vm+"/snapshot/s1", "OK")

	c.fails("POST /nodes/pve1/qemu vmid=101 scsihw=virtio-scsi-single", "OK")
	c.expect("POST "+vm+"/move_disk disk=scsi0 target-vmid=101", "500 Cannot move disk to another VM while the source VM is running - detach first")
	c.fails("POST "+vm+"/status/stop", "OK")
	c.fails("POST "+vm+"/move_disk disk=scsi0 target-vmid=101 target-disk=scsi3", "OK")
	if now := c.config("100"); now["scsi0"] != nil || c.config("101")["scsi3"] != "local:101/vm-101-disk-0.qcow2,size=2G,ssd=1" {
		t.Error(now, c.config("101"))
	}
	c.fails("POST "+vm+"/move_disk disk=unused0 target-vmid=101", "OK")
	c.expect("POST "+vm+"/move_disk disk=unused0 target-vmid=101", "500 Disk 'unused0' for VM '100' does not exist")
	if got := c.volumes("data") + c.volumes("local"); got != "data:vm-101-disk-0local:101/vm-101-disk-0.qcow2" {
		t.Error(got)
	}
	if got := c.reads("local:101/vm-101-disk-0.qcow2"); got != "kept" {
		t.Errorf("the disk has %q", got)
	}
}

func TestFeatures(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	c.fails("POST /nodes/pve1/qemu vmid=100 scsi0=local:1", "OK")
	c.fails("POST /nodes/pve1/qemu vmid=101 scsi0=local:1,format=qcow2 scsi1=data:1 ide2=none,media=cdrom", "OK")
	c.fails("POST /nodes/pve1/qemu/101/snapshot snapname=s1", "OK")
	for request, want := range map[string]float64{
		"100/feature feature=snapshot": 0, "100/feature feature=copy": 1, "100/feature feature=clone": 0,
		"101/feature feature=snapshot": 1, "101/feature feature=copy snapname=s1": 1, "101/feature feature=clone snapname=s1": 0,
	} {
		f := strings.Fields(request)
		if got := c.ok("GET", "/nodes/pve1/qemu/"+f[0], f[1:]...).(map[string]any); got["hasFeature"] != want || got["nodes"].([]any)[0] != "pve1" {
			t.Error(request, got)
		}
	}
	c.fails("POST /nodes/pve1/qemu/100/template", "OK")
	if got := c.ok("GET", "/nodes/pve1/qemu/100/feature", "feature=clone").(map[string]any); got["hasFeature"] != 1.0 {
		t.Error(got)
	}
	c.expect("GET /nodes/pve1/qemu/101/feature feature=copy snapname=no", "500 snapshot 'no' does not exist")
}

// A guest that stands still, or is on disk, goes on; also when the lab was
// closed meanwhile.
func TestPause(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	c := newClient(t, l)
	const vm = "/nodes/pve1/qemu/100"
	c.fails("POST /nodes/pve1/qemu vmid=100 scsi0=local:1 agent=1 memory=512 hotplug=network,disk net0=virtio,bridge=vmbr0", "OK")
	state := func() string {
		t.Helper()
		s := c.ok("GET", vm+"/status/current").(map[string]any)
		lock, _ := s["lock"].(string)
		return s["status"].(string) + " " + s["qmpstatus"].(string) + lock
	}
	c.expect("POST "+vm+"/status/suspend", "500 VM 100 not running")
	c.expect("POST "+vm+"/status/resume", "500 VM 100 not running")
	c.expect("POST "+vm+"/status/suspend statestorage=local", "400 Parameter verification failed.")
	c.fails("POST "+vm+"/status/start", "OK")
	for range 2 {
		if upid := c.ok("POST", vm+"/status/suspend").(string); c.wait(upid) != "OK" || !strings.Contains(upid, ":qmpause:100:") {
			t.Error(upid)
		}
		if got := state(); got != "running paused" {
			t.Error(got)
		}
	}
	c.expect("POST "+vm+"/agent/ping", "500 QEMU guest agent is not running")
	c.fails("POST "+vm+"/status/shutdown timeout=3", "VM quit/powerdown failed - got timeout")
	c.ok("PUT", vm+"/config", "net1=virtio,bridge=vmbr0")
	l.Close()
	l = open(t, Config{Dir: dir})
	c = newClient(t, l)
	if got := state(); got != "running paused" {
		t.Error(got)
	}
	if upid := c.ok("POST", vm+"/status/resume").(string); c.wait(upid) != "OK" || !strings.Contains(upid, ":qmresume:100:") {
		t.Error(upid)
	}
	c.fails("POST "+vm+"/status/resume", "OK")
	if got := state(); got != "running running" {
		t.Error(got)
	}
	c.fails("POST "+vm+"/status/suspend", "OK")
	c.fails("POST "+vm+"/status/reset", "OK")
	if got := state(); got != "running running" {
		t.Error(got)
	}
	if upid := c.ok("POST", vm+"/status/suspend", "todisk=1", "statestorage=data").(string); c.wait(upid) != "OK" || !strings.Contains(upid, ":qmsuspend:100:") {
		t.Error(upid)
	}
	if got := state(); got != "stopped stoppedsuspended" {
		t.Error(got)
	}
	if now := c.config("100"); !strings.HasPrefix(now["vmstate"].(string), "data:vm-100-state-suspend-2030-01-02") {
		t.Error(now)
	}
	c.expect("PUT "+vm+"/config name=x", "500 VM is locked (suspended)")
	c.fails("POST "+vm+"/status/start", "OK")
	if now := c.config("100"); state() != "running running" || now["vmstate"] != nil || c.volumes("data") != "" {
		t.Error(state(), now, c.volumes("data"))
	}
	c.fails("POST "+vm+"/status/suspend todisk=1", "OK")
	c.fails("DELETE "+vm, "OK")
	if got := c.volumes("local"); got != "" {
		t.Error(got)
	}
}
