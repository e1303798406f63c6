package lab

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// taskLines are the lines of a task's log.
func (c *client) taskLines(upid string) string {
	c.t.Helper()
	var lines []string
	for _, row := range c.ok("GET", "/nodes/pve1/tasks/"+url.PathEscape(upid)+"/log").([]any) {
		lines = append(lines, row.(map[string]any)["t"].(string))
	}
	return strings.Join(lines, "\n")
}

// config is a guest's configuration.
func (c *client) config(vmid string) map[string]any {
	c.t.Helper()
	return c.ok("GET", "/nodes/pve1/qemu/"+vmid+"/config").(map[string]any)
}

// expect sends "VERB PATH key=value …" and compares the status line.
func (c *client) expect(request, status string) {
	c.t.Helper()
	f := strings.Fields(request)
	if r := c.do(f[0], f[1], f[2:]...); r.Status != status {
		c.t.Errorf("%s\n got %q\nwant %q", request, r.Status, status)
	}
}

// fails runs a task and compares how it ends.
func (c *client) fails(request, exit string) {
	c.t.Helper()
	f := strings.Fields(request)
	if got := c.task(f[0], f[1], f[2:]...); got != exit {
		c.t.Errorf("%s\n got %q\nwant %q", request, got, exit)
	}
}

// written puts a file on a volume as its guest would.
func (c *client) written(volid, text string) {
	c.t.Helper()
	c.lab.mu.Lock()
	v := c.lab.findVolume(c.lab.Node(), volid)
	c.lab.mu.Unlock()
	if err := os.MkdirAll(v.state(), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(v.state(), "os"), []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// reads is what a guest finds on a volume.
func (c *client) reads(volid string) string {
	c.t.Helper()
	c.lab.mu.Lock()
	v := c.lab.findVolume(c.lab.Node(), volid)
	c.lab.mu.Unlock()
	if v == nil {
		c.t.Fatalf("no volume %s", volid)
	}
	data, err := os.ReadFile(filepath.Join(v.state(), "os"))
	if err != nil && !os.IsNotExist(err) {
		c.t.Fatal(err)
	}
	return string(data)
}

func (c *client) volumes(storage string) string {
	c.t.Helper()
	var ids []string
	for _, row := range c.ok("GET", "/nodes/pve1/storage/"+storage+"/content", "content=images").([]any) {
		ids = append(ids, row.(map[string]any)["volid"].(string))
	}
	return strings.Join(ids, " ")
}

// The clones and templates of PVE's own answers.
func TestClone(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	c.ok("POST", "/pools", "poolid=prod")
	c.fails("POST /nodes/pve1/qemu vmid=100 name=zzz2 memory=512 scsihw=virtio-scsi-single scsi0=local:2 scsi1=local:1,ssd=1,format=qcow2 "+
		"net0=virtio=BC:24:11:C7:3C:9E,bridge=vmbr0 ide2=none,media=cdrom tags=web description=async protection=0", "OK")
	c.written("local:100/vm-100-disk-0.raw", "hello")
	upid := c.ok("POST", "/nodes/pve1/qemu/100/clone", "newid=110", "name=cl", "full=1", "target=pve1").(string)
	if exit := c.wait(upid); exit != "OK" || !strings.Contains(upid, ":qmclone:100:") {
		t.Fatal(upid, exit)
	}
	const log = `creating a clone of VM 100 with ID 110
create full clone of drive scsi0 (local:100/vm-100-disk-0.raw)
Formatting '/var/lib/vz/images/110/vm-110-disk-0.raw', fmt=raw size=2147483648 preallocation=off
allocated target volume 'local:110/vm-110-disk-0.raw'
transferred 0.0 B of 2.0 GiB (0.00%)
transferred 2.0 GiB of 2.0 GiB (100.00%)
create full clone of drive scsi1 (local:100/vm-100-disk-1.qcow2)
Formatting '/var/lib/vz/images/110/vm-110-disk-1.qcow2', fmt=qcow2 cluster_size=65536 extended_l2=off preallocation=metadata compression_type=zlib size=1073741824 lazy_refcounts=off refcount_bits=16
allocated target volume 'local:110/vm-110-disk-1.qcow2'
transferred 0.0 B of 1.0 GiB (0.00%)
transferred 1.0 GiB of 1.0 GiB (100.00%)
TASK OK`
	if got := c.taskLines(upid); got != log {
		t.Errorf("log\n%s", got)
	}
	from, to := c.config("100"), c.config("110")
	for k, v := range from {
		switch k {
		case "net0", "smbios1", "vmgenid", "digest", "name", "scsi0", "scsi1":
			if to[k] == v || to[k] == nil {
				t.Errorf("%s: %v", k, to[k])
			}
		default:
			if to[k] != v {
				t.Errorf("%s: %v, was %v", k, to[k], v)
			}
		}
	}
	if len(to) != len(from) || to["scsi1"] != "local:110/vm-110-disk-1.qcow2,size=1G,ssd=1" || to["name"] != "cl" {
		t.Error(to)
	}
	if got := c.reads("local:110/vm-110-disk-0.raw"); got != "hello" {
		t.Errorf("the clone's disk has %q", got)
	}
	c.expect("POST /nodes/pve1/qemu/100/clone newid=110", "500 unable to create VM 110: config file already exists")
	c.expect("POST /nodes/pve1/qemu/100/clone newid=111 full=0", "500 Linked clone feature is not supported for 'local:100/vm-100-disk-0.raw' (scsi0)")
	c.expect("POST /nodes/pve1/qemu/999/clone newid=111", "500 unable to find configuration file for VM 999 on node 'pve1'")
	c.expect("POST /nodes/pve1/qemu/100/clone newid=111 snapname=s1", "500 snapshot 's1' does not exist")
	c.expect("POST /nodes/pve1/qemu/100/clone newid=111 pool=nopool", "403 Permission check failed (pool 'nopool' does not exist)")
	c.fails("POST /nodes/pve1/qemu/100/clone newid=115", "OK")
	if name := c.config("115")["name"]; name != "Copy-of-VM-zzz2" {
		t.Error(name)
	}

	c.fails("POST /nodes/pve1/qemu/110/template", "OK")
	c.expect("POST /nodes/pve1/qemu/110/template", "500 you can't convert a template to a template")
	if to := c.config("110"); to["scsi0"] != "local:110/base-110-disk-0.raw,size=2G" || to["template"] != 1.0 ||
		to["scsi1"] != "local:110/base-110-disk-1.qcow2,size=1G,ssd=1" {
		t.Error(to)
	}
	if got := c.reads("local:110/base-110-disk-0.raw"); got != "hello" {
		t.Errorf("the template's disk has %q", got)
	}
	c.fails("POST /nodes/pve1/qemu/110/status/start", "you can't start a vm if it's a template")
	upid = c.ok("POST", "/nodes/pve1/qemu/110/clone", "newid=112", "name=linked", "pool=prod").(string)
	if exit := c.wait(upid); exit != "OK" {
		t.Fatal(exit)
	}
	if got := c.taskLines(upid); !strings.Contains(got, `
create linked clone of drive scsi0 (local:110/base-110-disk-0.raw)
clone 110/base-110-disk-0.raw: images, vm-112-disk-0.qcow2, 112 to vm-112-disk-0.qcow2 (base=../110/base-110-disk-0.raw)
Formatting '/var/lib/vz/images/112/vm-112-disk-0.qcow2', fmt=qcow2 cluster_size=131072 extended_l2=on preallocation=off compression_type=zlib size=2147483648 backing_file=../110/base-110-disk-0.raw backing_fmt=raw lazy_refcounts=off refcount_bits=16
create linked clone`) {
		t.Errorf("log\n%s", got)
	}
	const linked = "local:110/base-110-disk-0.raw/112/vm-112-disk-0.qcow2"
	if to := c.config("112"); to["scsi0"] != linked+",size=2G" || to["template"] != nil {
		t.Error(to)
	}
	if got := c.reads(linked); got != "hello" {
		t.Errorf("the linked disk has %q", got)
	}
	c.expect("POST /nodes/pve1/qemu/110/clone newid=114 storage=data", "500 parameter 'storage' not allowed for linked clones")
	c.expect("POST /nodes/pve1/qemu/110/clone newid=114 format=raw", "500 parameter 'format' not allowed for linked clones")
	c.expect("POST /nodes/pve1/qemu/110/clone newid=114 full=1 storage=nostor", "500 storage 'nostor' does not exist")
	c.expect("POST /nodes/pve1/qemu/110/clone newid=114 full=1 target=nosuchnode", "500 no such cluster node 'nosuchnode'")
	c.fails("POST /nodes/pve1/qemu/110/clone newid=113 full=1 storage=data", "OK")
	if to := c.config("113"); to["scsi0"] != "data:vm-113-disk-0,size=2G" || to["scsi1"] != "data:vm-113-disk-1,size=1G,ssd=1" {
		t.Error(to)
	}
	c.fails("DELETE /nodes/pve1/qemu/110", "base volume 'local:110/base-110-disk-0.raw' is still in use by linked cloned")
	for _, row := range c.ok("GET", "/nodes/pve1/storage/local/content", "vmid=112").([]any) {
		if row := row.(map[string]any); row["volid"] == linked && row["parent"] != "../110/base-110-disk-0.raw" {
			t.Error(row)
		}
	}
	for _, id := range []string{"112", "113", "110", "115"} {
		c.fails("DELETE /nodes/pve1/qemu/"+id, "OK")
	}
	if got := c.volumes("local") + c.volumes("data"); got != "local:100/vm-100-disk-0.raw local:100/vm-100-disk-1.qcow2" {
		t.Error(got)
	}
}

// A clone that is under way is there, locked. When the lab closes before its
// end, nothing of it stays.
func TestCloneUnderWay(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	l := open(t, Config{Dir: dir, Clock: clock, TaskTime: time.Second})
	c := newClient(t, l)
	c.fails("POST /nodes/pve1/qemu vmid=100 scsi0=local:1", "OK")
	release := clock.block()
	clone := c.ok("POST", "/nodes/pve1/qemu/100/clone", "newid=101")
	if to := c.config("101"); to["lock"] != "clone" || to["name"] != "Copy-of-VM-100" || to["scsi0"] != nil {
		t.Error(to)
	}
	c.expect("POST /nodes/pve1/qemu/101/clone newid=102", "500 VM is locked (clone)")
	release()
	if exit := c.wait(clone); exit != "OK" {
		t.Error(exit)
	}
	if to := c.config("101"); to["lock"] != nil || to["scsi0"] != "local:101/vm-101-disk-0.raw,size=1G" {
		t.Error(to)
	}
	clock.block()
	c.ok("POST", "/nodes/pve1/qemu/100/clone", "newid=102")
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	c.expect("GET /nodes/pve1/qemu/102/config", "500 Configuration file 'nodes/pve1/qemu-server/102.conf' does not exist")
	if got := c.volumes("local"); got != "local:100/vm-100-disk-0.raw local:101/vm-101-disk-0.raw" {
		t.Error(got)
	}
}

// Clones of one template run at once, and of one id only one is made.
func TestClonesAtOnce(t *testing.T) {
	c := newClient(t, open(t, Config{TaskTime: 20 * time.Second}))
	c.fails("POST /nodes/pve1/qemu vmid=100 scsi0=data:1", "OK")
	c.fails("POST /nodes/pve1/qemu/100/template", "OK")
	var wg sync.WaitGroup
	exits := make([]string, 12)
	for i := range exits {
		wg.Go(func() {
			r := c.do("POST", "/nodes/pve1/qemu/100/clone", "newid="+vmidText(uint(200+i/2)))
			if r.Status != "200 OK" {
				exits[i] = r.Status
				return
			}
			exits[i] = c.wait(r.Data)
		})
	}
	wg.Wait()
	for i := 0; i < len(exits); i += 2 {
		refused := "500 unable to create VM " + vmidText(uint(200+i/2)) + ": config file already exists"
		if got := exits[i] + exits[i+1]; got != "OK"+refused && got != refused+"OK" {
			t.Error(got)
		}
	}
	// LVM-thin knows no base: its clones do not keep a template.
	c.fails("DELETE /nodes/pve1/qemu/100", "OK")
}
