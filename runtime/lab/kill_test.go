package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// doom lets a number of writes through and none after them, as if the process
// had been killed there.
type doom struct {
	mu   sync.Mutex
	left int
	dead bool
}

var errKilled = errors.New("killed")

func (d *doom) before() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == 0 {
		d.dead = true
		return errKilled
	}
	d.left--
	return nil
}

func (d *doom) isDead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dead
}

// step is one request of the story that is cut short at each of its writes.
type step struct {
	touches []uint // guests that it may change
	request []string
}

// story is something of everything that a lab keeps.
func story() []step {
	const q, ct, two = "/nodes/pve1/qemu", "/nodes/pve1/lxc", "/nodes/pve2/qemu"
	on := func(vmid uint, request ...string) step { return step{[]uint{vmid}, request} }
	return []step{
		{nil, []string{"POST", "/pools", "poolid=p"}},
		{nil, []string{"POST", "/pools", "poolid=r"}},
		{nil, []string{"POST", "/storage", "storage=nas", "type=nfs", "server=nas", "export=/srv"}},
		{nil, []string{"POST", "/nodes/pve1/network", "iface=vmbr1", "type=bridge"}},
		{nil, []string{"PUT", "/nodes/pve1/network"}},
		on(100, "POST", q, "vmid=100", "scsi0=local:1,format=qcow2", "scsi1=data:1", "pool=p", "scsihw=virtio-scsi-single"),
		on(100, "PUT", q+"/100/config", "name=a", "scsi2=data:1", "ide2=local:cloudinit", "ciuser=x"),
		on(100, "POST", q+"/100/status/start"),
		on(100, "PUT", q+"/100/config", "memory=1024", "description=x"),
		on(100, "POST", q+"/100/status/stop"),
		on(100, "PUT", q+"/100/resize", "disk=scsi1", "size=+1G"),
		on(100, "POST", q+"/100/snapshot", "snapname=s1"),
		on(100, "PUT", q+"/100/config", "delete=scsi2", "name=b"),
		on(100, "POST", q+"/100/snapshot/s1/rollback"),
		on(100, "DELETE", q+"/100/snapshot/s1"),
		on(100, "POST", q+"/100/move_disk", "disk=scsi1", "storage=nas", "delete=1"),
		{[]uint{100, 101}, []string{"POST", q + "/100/clone", "newid=101", "pool=p"}},
		on(101, "PUT", "/pools/r", "vms=101", "allow-move=1"),
		on(101, "POST", q+"/101/template"),
		{[]uint{101, 102}, []string{"POST", q + "/101/clone", "newid=102"}},
		on(100, "POST", q+"/100/migrate", "target=pve2"),
		on(100, "POST", two+"/100/status/start"),
		on(100, "POST", two+"/100/migrate", "target=pve1", "online=1", "with-local-disks=1"),
		on(100, "POST", q+"/100/status/suspend", "todisk=1"),
		on(100, "POST", q+"/100/status/start"),
		on(100, "POST", q+"/100/status/stop"),
		on(200, "POST", ct, "vmid=200", "ostemplate=local:vztmpl/t.tar.zst", "rootfs=data:1", "mp0=data:1,mp=/srv", "pool=p"),
		on(200, "PUT", ct+"/200/config", "hostname=x", "mp1=data:1,mp=/mnt"),
		on(200, "POST", ct+"/200/snapshot", "snapname=s1"),
		on(200, "DELETE", ct+"/200/snapshot/s1"),
		on(200, "POST", ct+"/200/migrate", "target=pve2"),
		on(200, "DELETE", "/nodes/pve2/lxc/200"),
		on(102, "DELETE", q+"/102"),
		on(100, "DELETE", q+"/100", "purge=1"),
		on(101, "DELETE", q+"/101"),
		{nil, []string{"DELETE", "/pools/r"}},
		{nil, []string{"DELETE", "/storage/nas"}},
	}
}

// facts are what can be seen of a lab: lines by guest, and by "" what is no
// guest's.
func (l *Lab) facts() map[uint]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[uint]string{0: strings.Join(sortedKeys(l.pools), " ")}
	for _, s := range l.storageConfigs() {
		out[0] += fmt.Sprintln(" ", s.name, s.params)
	}
	for _, vmid := range sortedVMIDs(l.vms) {
		v := l.vms[vmid]
		var snaps []string
		for _, name := range sortedKeys(v.Snapshots) {
			snaps = append(snaps, fmt.Sprint(name, v.Snapshots[name].Config))
		}
		var pools []string
		for _, id := range sortedKeys(l.pools) {
			if slices.Contains(l.pools[id].VMs, vmid) {
				pools = append(pools, id)
			}
		}
		out[vmid] = fmt.Sprint(v.Node, v.Kind, v.Config, v.Pending, v.Unset, v.Running, snaps, pools)
	}
	return out
}

// whole fails when something names what is not there, or is half-made.
func (l *Lab) whole(t *testing.T, when string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, vmid := range sortedVMIDs(l.vms) {
		v := l.vms[vmid]
		if v.Making || v.Moving != "" || v.Rolling != "" || v.lock() != "" && v.lock() != "suspended" {
			t.Errorf("%s: %d is half-made: %v", when, vmid, v.Config)
		}
		configs := []map[string]string{v.Config, v.Pending}
		for _, name := range sortedKeys(v.Snapshots) {
			configs = append(configs, v.Snapshots[name].Config)
		}
		for _, config := range configs {
			for k, text := range config {
				id := volumeOf(text)
				if (isDriveSlot(k) || isMount(k)) && strings.Contains(id, ":") && l.findVolume(v.Node, id) == nil {
					t.Errorf("%s: %d has %s on %s, which is not there", when, vmid, k, id)
				}
			}
		}
	}
	for _, s := range l.storages {
		for vmid, list := range s.images {
			v := l.vms[vmid]
			if v == nil || s.node != "" && v.Node != s.node {
				t.Errorf("%s: %s on %s belongs to nobody there", when, list[0].id(), s.node)
			}
		}
	}
	for id, p := range l.pools {
		for _, vmid := range p.VMs {
			if l.vms[vmid] == nil {
				t.Errorf("%s: pool %s has %d, which is not there", when, id, vmid)
			}
		}
	}
}

// The process ends at each write of each step in turn: the lab opens again, has
// all that was done before, and what was under way is done, undone or finished.
func TestKilledAtEachWrite(t *testing.T) {
	every := 4 // of a step's writes; another one for each step
	if os.Getenv("HOMESTAK_SOAK") != "" {
		every = 1
	}
	before := t.TempDir()
	l := open(t, Config{Dir: before, Nodes: []string{"pve2"}})
	c := newClient(t, l)
	c.wait(c.uploadFile("local", "vztmpl", "t.tar.zst", image()).Data)
	l.Close()
	writes := 0
	for i, s := range story() {
		for n := i % every; ; n += every {
			dir := filepath.Join(t.TempDir(), "lab")
			linkTree(t, before, dir)
			done := killedAt(t, s, dir, n)
			if t.Failed() {
				t.Fatalf("step %d, killed at its write %d", i, n)
			}
			if done {
				before = dir
				break
			}
			writes += every
		}
	}
	t.Logf("%d writes", writes)
	if writes < 150 {
		t.Error("the story is shorter than it was")
	}
}

func killedAt(t *testing.T, s step, dir string, n int) (done bool) {
	end := &doom{left: -1}
	l := reopened(t, dir, end.before)
	end.mu.Lock()
	end.left = n
	end.mu.Unlock()
	at, known := strings.Join(s.request, " "), l.facts()
	exit := l.follow(t, s.request)
	done = !end.isDead()
	if done && exit != "OK" {
		t.Fatalf("%s: %s", at, exit)
	}
	l.Close()
	done = !end.isDead()
	when := fmt.Sprintf("killed at write %d of %s", n, at)
	l = reopened(t, dir, nil)
	l.whole(t, when)
	now := l.facts()
	l.Close()
	l = reopened(t, dir, nil) // nothing is left to repair
	if again := l.facts(); !maps.Equal(now, again) {
		t.Errorf("%s: opened twice, it is\n%v, then\n%v", when, now, again)
	}
	l.Close()
	for vmid, text := range known {
		if changes := slices.Contains(s.touches, vmid) || vmid == 0 && len(s.touches) == 0; !changes && now[vmid] != text {
			t.Errorf("%s: %d is\n%s, was\n%s", when, vmid, now[vmid], text)
		}
	}
	for vmid := range now {
		if _, was := known[vmid]; !was && !slices.Contains(s.touches, vmid) {
			t.Errorf("%s: %d is new", when, vmid)
		}
	}
	return done
}

// linkTree copies a lab's directory. Its files are replaced as a whole, so they
// can be shared, but for those that grow.
func linkTree(t *testing.T, src, dst string) {
	t.Helper()
	err := filepath.WalkDir(src, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dst, strings.TrimPrefix(file, src))
		if d.IsDir() {
			return nil // those that are empty are made at open
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(file, ".jsonl"):
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(to, data, 0o600)
		}
		return os.Link(file, to)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func reopened(t *testing.T, dir string, before func() error) *Lab {
	t.Helper()
	l, err := Open(t.Context(), Config{Dir: dir, Node: "pve1", SiteID: "site", Clock: newClock(), Hypervisor: Bare, before: before})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// follow sends a request as root and waits for its task.
func (l *Lab) follow(t *testing.T, request []string) (exit string) {
	t.Helper()
	var kvs []KV
	for _, p := range request[2:] {
		k, v, _ := strings.Cut(p, "=")
		kvs = append(kvs, KV{k, v})
	}
	status, data, reason := l.Do(t.Context(), request[0], request[1], kvs)
	if status != 200 {
		return reason
	}
	upid, isTask := data.(string)
	if !isTask || !strings.HasPrefix(upid, "UPID:") {
		return "OK"
	}
	w := l.tasks.byUPID[upid]
	<-w.ctx.Done()
	l.tasks.mu.Lock()
	defer l.tasks.mu.Unlock()
	return w.Exit
}
