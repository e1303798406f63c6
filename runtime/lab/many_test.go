//go:build unix

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// processorTime is what the process has used so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A lab of ten thousand guests opens, lists and changes them within bounds that
// grow with the number of guests and no faster.
func TestTenThousandGuests(t *testing.T) {
	if testing.Short() {
		return // it writes some 30,000 files
	}
	const guests = 10_000
	dir := t.TempDir()
	l := open(t, Config{Dir: dir, Clock: wallClock{}})
	for i := range guests {
		vmid := uint(100 + i)
		id := vmidText(vmid)
		// What a create task leaves, without its ceremony.
		v := &vm{VMID: vmid, Node: "pve1", Config: map[string]string{
			"name": "n" + id, "memory": "2048", "cores": "2", "tags": "homestak;n" + id, "scsi0": "data:vm-" + id + "-disk-0,size=8G",
			"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0", "boot": "order=scsi0", "description": "some notes\nof the guest",
			"smbios1": "uuid=" + newUUID(), "vmgenid": newUUID(), "meta": "creation-qemu=10.1.2,ctime=1",
		}}
		if err := l.dir.save(v, "guests", id+".json"); err != nil {
			t.Fatal(err)
		}
		at := l.dir.path("storage", "pve1", "data", "images", id)
		if err := os.MkdirAll(at, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := l.dir.disk.saveJSON(filepath.Join(at, "vm-"+id+"-disk-0.meta"), &volume{
			Name: "vm-" + id + "-disk-0", Content: "images", Format: "raw", Size: 8 << 30, VMID: vmid,
		}); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()

	before, began := heap(), processorTime(t)
	l, err := Open(t.Context(), Config{Dir: dir, Node: "pve1"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	opened := processorTime(t) - began
	memory := heap() - before
	c := newClient(t, l)
	timed := func(what string, most time.Duration, f func()) {
		t.Helper()
		began := processorTime(t)
		f()
		took := processorTime(t) - began
		t.Logf("%s: %v of processor time", what, took)
		if took > most {
			t.Errorf("%s took %v of processor time, the limit is %v", what, took, most)
		}
	}
	t.Logf("open: %v of processor time, %d bytes a guest", opened, memory/guests)
	if opened > 10*time.Second || memory/guests > 16<<10 {
		t.Errorf("%d guests: opened in %v of processor time, %d bytes each", guests, opened, memory/guests)
	}
	timed("/cluster/resources", 4*time.Second, func() {
		if n := len(c.ok("GET", "/cluster/resources", "type=vm").([]any)); n != guests {
			t.Errorf("%d guests", n)
		}
	})
	timed("a hundred configs", time.Second, func() {
		for i := range 100 {
			c.ok("GET", fmt.Sprintf("/nodes/pve1/qemu/%d/config", 100+i*97))
		}
	})
	timed("the next id", time.Second, func() {
		if got := c.ok("GET", "/cluster/nextid"); got != "10100" {
			t.Errorf("next id %v", got)
		}
	})
	timed("a create, a change and a delete", 2*time.Second, func() {
		c.task("POST", "/nodes/pve1/qemu", "vmid=20000", "scsi0=data:1")
		c.ok("PUT", "/nodes/pve1/qemu/20000/config", "name=x")
		c.task("DELETE", "/nodes/pve1/qemu/20000")
	})
	timed("the content of a storage", 4*time.Second, func() {
		if n := len(c.ok("GET", "/nodes/pve1/storage/data/content").([]any)); n != guests {
			t.Errorf("%d volumes", n)
		}
	})
}
