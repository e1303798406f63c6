package lab

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/lang/diag"
)

func code(err error) diag.Code {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d.Code
	}
	return ""
}

// Everything is there again when the lab is opened again, and what ran runs.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	c := newClient(t, l)
	c.ok("POST", "/pools", "poolid=prod", "comment=x")
	c.wait(c.uploadFile("local", "import", "a.raw", image()).Data)
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "name=on", "scsi0=local:0,import-from=local:import/a.raw", "pool=prod", "start=1")
	c.task("POST", "/nodes/pve1/qemu", "vmid=101", "name=off", "scsi0=data:1")
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "memory=1024")
	paths := []string{
		"/pools/prod", "/nodes/pve1/qemu/100/config", "/nodes/pve1/qemu/101/config", "/nodes/pve1/qemu/100/pending",
		"/nodes/pve1/storage/data/content", "/cluster/resources?type=vm", "/nodes/pve1/tasks",
	}
	before := make([]string, len(paths))
	for i, p := range paths {
		before[i] = c.do("GET", p).Body
	}
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	for i, p := range paths {
		if after := c.do("GET", p).Body; after != before[i] {
			t.Errorf("%s\nbefore %s\nafter  %s", p, before[i], after)
		}
	}
	if s := c.ok("GET", "/nodes/pve1/qemu/100/status/current").(map[string]any); s["status"] != "running" {
		t.Error("what ran does not run")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Config{Dir: dir})
	if _, err := Open(t.Context(), Config{Dir: dir, Hypervisor: Bare}); code(err) != codeInUse {
		t.Errorf("opened twice: %v", err)
	}
	newClient(t, l).task("POST", "/nodes/pve1/qemu", "vmid=100")
	l.Close()
	for _, tc := range []struct {
		file, content string
		want          diag.Code
	}{
		{"guests/100.json", "{", codeState}, {"lab.json", `{"format":99}`, codeFormat}, {"access.json", "x", codeState},
		{"tasks.jsonl", "x\n", codeState},
	} {
		path := filepath.Join(dir, tc.file)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(path, []byte(tc.content), 0o600)
		if _, err := Open(t.Context(), Config{Dir: dir, Hypervisor: Bare}); code(err) != tc.want {
			t.Errorf("%s: %v", tc.file, err)
		}
		os.WriteFile(path, old, 0o600)
	}
	for _, listen := range []string{"0.0.0.0:0", "192.0.2.1:0", "bad", l.server.ln.Addr().Network() + ":x"} {
		if _, err := Open(t.Context(), Config{Dir: t.TempDir(), Listen: listen, Hypervisor: Bare}); code(err) != codeListen {
			t.Errorf("%s: %v", listen, err)
		}
	}
	file := filepath.Join(dir, "lab.json")
	if _, err := Open(t.Context(), Config{Dir: file, Hypervisor: Bare}); code(err) != codeDir {
		t.Errorf("a file as directory: %v", err)
	}
	open(t, Config{Dir: dir})
}

// A task that was running when the lab closed has ended without a status, and a
// guest that was half-made is gone.
func TestInterrupted(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	l := open(t, Config{Dir: dir, Clock: clock, TaskTime: time.Second})
	c := newClient(t, l)
	clock.block()
	upid := c.ok("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=local:1").(string)
	l.Close()
	c = newClient(t, open(t, Config{Dir: dir}))
	if s := c.ok("GET", "/nodes/pve1/tasks/"+upid+"/status").(map[string]any); s["exitstatus"] != "unexpected status" {
		t.Error(s)
	}
	if list := c.ok("GET", "/nodes/pve1/qemu").([]any); len(list) != 0 {
		t.Error(list)
	}
	// UPIDs are never given twice.
	if again := c.ok("POST", "/nodes/pve1/qemu", "vmid=100").(string); again == upid {
		t.Error("the same UPID again")
	}
}

const childDir = "HOMESTAK_LAB_TEST_DIR"

// The child of TestKill: works on a lab until it is killed, telling what it has
// finished.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return // only TestKill runs it
	}
	c := newClient(t, open(t, Config{Dir: dir, Clock: wallClock{}}))
	c.do("POST", "/pools", "poolid=p")
	c.wait(c.uploadFile("local", "import", "a.raw", image()).Data)
	c.wait(c.uploadFile("local", "vztmpl", "t.tar.zst", image()).Data)
	for i := uint(100); ; i++ {
		id := vmidText(i)
		exit := c.task("POST", "/nodes/pve1/qemu", "vmid="+id, "name=n"+id, "pool=p", "start=1", "scsihw=virtio-scsi-single",
			"scsi0=local:0,import-from=local:import/a.raw,format=qcow2", "scsi1=data:1")
		fmt.Println("created", id, exit)
		c.do("PUT", "/nodes/pve1/qemu/"+id+"/config", "scsi2=data:1", "name=m"+id)
		c.do("PUT", "/nodes/pve1/qemu/"+id+"/unlink", "idlist=scsi1", "force=1")
		fmt.Println("changed", id)
		c.task("POST", "/nodes/pve1/qemu/"+id+"/snapshot", "snapname=s1", "vmstate=1")
		c.task("POST", "/nodes/pve1/qemu/"+id+"/move_disk", "disk=scsi2", "storage=local", "delete=0")
		c.task("POST", "/nodes/pve1/qemu/"+id+"/snapshot/s1/rollback")
		copied := vmidText(i + 1000)
		c.task("POST", "/nodes/pve1/qemu/"+id+"/clone", "newid="+copied, "pool=p")
		c.task("POST", "/nodes/pve1/qemu/"+copied+"/template")
		c.task("POST", "/nodes/pve1/qemu/"+copied+"/clone", "newid="+vmidText(i+2000))
		containerLife(c, i+3000)
		if i%2 == 0 {
			c.task("POST", "/nodes/pve1/qemu/"+id+"/status/stop")
			c.task("DELETE", "/nodes/pve1/qemu/"+id)
			fmt.Println("deleted", id)
		}
	}
}

const heldDir = "HOMESTAK_LAB_TEST_HELD"

// The child of TestTwoProcesses: holds a lab open until its stdin ends.
func TestHoldChild(t *testing.T) {
	dir := os.Getenv(heldDir)
	if dir == "" {
		return // only TestTwoProcesses runs it
	}
	newClient(t, open(t, Config{Dir: dir, Clock: wallClock{}})).do("POST", "/pools", "poolid=held")
	fmt.Println("holding")
	io.Copy(io.Discard, os.Stdin)
}

// A directory that another process has open is refused, and nothing in it is
// touched; when that process dies, it is free.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHoldChild$", "-test.v")
	cmd.Env = append(os.Environ(), heldDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "holding"; {
	}
	for range 3 {
		if l, err := Open(t.Context(), Config{Dir: dir, Hypervisor: Bare}); code(err) != codeInUse {
			if l != nil {
				l.Close()
			}
			t.Errorf("while another process has it: %v", err)
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	if got := newClient(t, open(t, Config{Dir: dir})).ok("GET", "/pools").([]any); len(got) != 1 {
		t.Errorf("after that process died: %v", got)
	}
}

// kill -9 at any instant leaves a lab that opens, knows everything that it had
// answered, and has no half-made guest.
// containerLife is what happens to a container, told line by line.
func containerLife(c *client, vmid uint) {
	at, copied := "/nodes/pve1/lxc/"+vmidText(vmid), vmidText(vmid+1000)
	exit := c.task("POST", "/nodes/pve1/lxc", "vmid="+vmidText(vmid), "ostemplate=local:vztmpl/t.tar.zst", "pool=p", "start=1", "rootfs=data:1", "mp0=local:1,mp=/srv")
	fmt.Println("container", vmid, exit)
	c.do("PUT", at+"/config", "mp1=data:1,mp=/mnt", "hostname=x")
	c.task("POST", at+"/status/stop")
	fmt.Println("container", vmid, "stopped")
	c.task("POST", at+"/move_volume", "volume=mp0", "storage=data", "delete=1")
	c.task("POST", at+"/snapshot", "snapname=s1")
	c.task("POST", at+"/snapshot/s1/rollback", "start=1")
	c.task("POST", at+"/status/stop")
	fmt.Println("container", vmid, "rolled back")
	c.task("POST", at+"/clone", "newid="+copied, "pool=p")
	c.do("POST", "/nodes/pve1/lxc/"+copied+"/template")
	c.task("POST", "/nodes/pve1/lxc/"+copied+"/clone", "newid="+vmidText(vmid+2000))
	if vmid%2 == 0 {
		c.task("DELETE", at, "force=1")
	}
}

func TestKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	random := rand.New(rand.NewSource(1))
	gone := map[string]bool{}
	for round := range rounds {
		os.RemoveAll(dir) // vmids begin anew
		created, changed := map[string]bool{}, map[string]bool{}
		clear(gone)
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.v")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stop := 1 + random.Intn(40) // lines, then a random while
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			if f := strings.Fields(lines.Text()); len(f) >= 2 {
				switch f[0] {
				case "created":
					created[f[1]] = f[2] == "OK"
				case "changed":
					changed[f[1]] = true
				case "deleted":
					gone[f[1]] = true
				}
			}
			if n == stop {
				time.AfterFunc(time.Duration(random.Intn(3000))*time.Microsecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		checkKilled(t, round, dir, created, changed, gone)
	}
}

func checkKilled(t *testing.T, round int, dir string, created, changed, gone map[string]bool) {
	l := open(t, Config{Dir: dir})
	defer l.Close()
	c := newClient(t, l)
	for id, ok := range created {
		r := c.do("GET", "/nodes/pve1/qemu/"+id+"/config")
		switch {
		case gone[id] && r.Status == "200 OK":
			t.Errorf("round %d: %s is back", round, id)
		case gone[id] || r.Status != "200 OK":
			// deleted, or being deleted when the end came
			if !gone[id] && !changed[id] {
				t.Errorf("round %d: %s is lost: %s", round, id, r.Status)
			}
		case !ok:
			t.Errorf("round %d: %s exists though its creation failed", round, id)
		case changed[id] && r.Data.(map[string]any)["name"] != "m"+id:
			t.Errorf("round %d: %s lost its change", round, id)
		}
	}
	if p := l.pools["p"]; p != nil {
		for _, id := range p.VMs {
			if l.vms[id] == nil {
				t.Errorf("round %d: the pool still has %d", round, id)
			}
		}
	}
	for _, s := range l.storages {
		for id := range s.images {
			if l.vms[id] == nil {
				t.Errorf("round %d: %s has volumes of %d, which is not there", round, s.name, id)
			}
		}
	}
	for id := range l.vms {
		v := l.vms[id]
		if v.lock() != "" {
			t.Errorf("round %d: %d is locked (%s)", round, id, v.lock())
		}
		if err := l.checkHardware(v); err != nil {
			t.Errorf("round %d: %d: %v", round, id, err)
		}
	}
}
