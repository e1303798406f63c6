package lab

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTasks(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	const tasks = "/nodes/pve1/tasks"
	upid := c.ok("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=local:1", "start=1").(string)
	if !regexp.MustCompile(`^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:qmcreate:100:root@pam!homestak:$`).MatchString(upid) {
		t.Error(upid)
	}
	c.wait(upid)
	c.task("POST", "/nodes/pve1/qemu/999/status/start")
	status := c.ok("GET", tasks+"/"+url.PathEscape(upid)+"/status").(map[string]any)
	if status["user"] != "root@pam" || status["tokenid"] != "homestak" || status["type"] != "qmcreate" || status["id"] != "100" || status["exitstatus"] != "OK" {
		t.Error(status)
	}
	// Colons, ! and @ may also come as they are.
	log := c.do("GET", tasks+"/"+upid+"/log")
	var lines []string
	for _, line := range log.Data.([]any) {
		lines = append(lines, line.(map[string]any)["t"].(string))
	}
	want := []string{
		"Formatting '/var/lib/vz/images/100/vm-100-disk-0.raw', fmt=raw size=1073741824 preallocation=off",
		"scsi0: successfully created disk 'local:100/vm-100-disk-0.raw,size=1G'", "Execute autostart", "TASK OK",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") || log.Total != 4 {
		t.Error(log)
	}
	if log := c.do("GET", tasks+"/"+upid+"/log", "start=1", "limit=1"); len(log.Data.([]any)) != 1 || log.Total != 4 {
		t.Error(log)
	}
	list := c.do("GET", tasks)
	newest := list.Data.([]any)[0].(map[string]any)
	if list.Total != 2 || newest["type"] != "qmstart" || !strings.HasPrefix(newest["status"].(string), "Configuration file") || newest["endtime"] == nil {
		t.Error(list)
	}
	for filter, n := range map[string]int{"vmid=100": 1, "errors=1": 1, "typefilter=qmstart": 1, "limit=1": 2, "source=active": 0, "statusfilter=ok": 1} {
		if list := c.do("GET", tasks, filter); list.Total != n {
			t.Errorf("%s: %v", filter, list)
		}
	}
	if all := c.ok("GET", "/cluster/tasks").([]any); len(all) != 2 {
		t.Error(all)
	}
}

// Running tasks are seen as such, wait for each other's locks, and can be
// stopped.
func TestRunningTasks(t *testing.T) {
	clock := newClock()
	c := newClient(t, open(t, Config{Clock: clock, TaskTime: time.Second}))
	c.task("POST", "/nodes/pve1/qemu", "vmid=100")
	release := clock.block()
	upid := c.ok("POST", "/nodes/pve1/qemu/100/status/start").(string)
	status := c.ok("GET", "/nodes/pve1/tasks/"+upid+"/status").(map[string]any)
	if status["status"] != "running" || status["exitstatus"] != nil {
		t.Error(status)
	}
	active := c.ok("GET", "/nodes/pve1/tasks", "source=active").([]any)
	if row := active[0].(map[string]any); row["status"] != "RUNNING" || row["user"] != "root@pam!homestak" || row["saved"] != "0" || row["tokenid"] != nil {
		t.Error(row)
	}
	if s := c.ok("GET", "/nodes/pve1/qemu/100/status/current").(map[string]any); s["status"] != "stopped" {
		t.Error("started before the task's time was over")
	}
	c.ok("DELETE", "/nodes/pve1/tasks/"+upid)
	if exit := c.wait(upid); exit != "interrupted by signal" {
		t.Error(exit)
	}
	release()

	// A create holds its guest: what comes next waits, and nobody sees it half-made.
	release = clock.block()
	create := c.ok("POST", "/nodes/pve1/qemu", "vmid=101", "name=x").(string)
	if conf := c.ok("GET", "/nodes/pve1/qemu/101/config").(map[string]any); conf["lock"] != "create" || conf["name"] != nil {
		t.Error(conf)
	}
	release()
	if exit := c.wait(create); exit != "OK" {
		t.Error(exit)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/101/status/start"); exit != "OK" {
		t.Error(exit)
	}
}

func TestLockTimeout(t *testing.T) {
	l := open(t, Config{})
	c := newClient(t, l)
	c.task("POST", "/nodes/pve1/qemu", "vmid=100")
	unlock, err := l.lockVM(t.Context(), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	const text = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"
	if r := c.do("PUT", "/nodes/pve1/qemu/100/config", "name=x"); r.Status != "500 "+text {
		t.Error(r)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/100/status/start"); exit != text {
		t.Error(exit)
	}
	unlock()
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "name=x")

	// A lock in the configuration refuses at once, or in the task.
	l.Do(t.Context(), "PUT", "/nodes/pve1/qemu/100/config", []KV{{"lock", "backup"}})
	if r := c.do("PUT", "/nodes/pve1/qemu/100/config", "name=y"); r.Status != "500 VM is locked (backup)" {
		t.Error(r)
	}
	for _, path := range []string{"POST /nodes/pve1/qemu/100/status/start", "DELETE /nodes/pve1/qemu/100"} {
		verb, path, _ := strings.Cut(path, " ")
		if exit := c.task(verb, path); exit != "VM is locked (backup)" {
			t.Errorf("%s: %s", path, exit)
		}
	}
	if status, _, reason := l.Do(t.Context(), "PUT", "/nodes/pve1/qemu/100/config", []KV{{"delete", "lock"}, {"skiplock", "1"}}); status != 200 {
		t.Error(reason)
	}
}

// Of many at once exactly one gets a name.
func TestRaces(t *testing.T) {
	c := newClient(t, open(t, Config{}))
	for _, tc := range []struct {
		path, param, refused string
	}{
		{"/pools", "poolid=lease", "500 create pool failed: pool 'lease' already exists"},
		{"/nodes/pve1/qemu", "vmid=140", "500 unable to create VM 140 - VM 140 already exists on node 'pve1'"},
	} {
		var wg sync.WaitGroup
		answers := make([]reply, 20)
		for i := range answers {
			wg.Go(func() { answers[i] = c.do("POST", tc.path, tc.param) })
		}
		wg.Wait()
		won := 0
		for _, r := range answers {
			switch r.Status {
			case "200 OK":
				won++
			case tc.refused:
			default:
				t.Error(r)
			}
		}
		if won != 1 {
			t.Errorf("%s: %d succeeded", tc.path, won)
		}
	}
}

// The log says how much ran at once and what was written.
func TestLog(t *testing.T) {
	clock := newClock()
	l := open(t, Config{Clock: clock, TaskTime: time.Second})
	c := newClient(t, l)
	c.ok("GET", "/version")
	before := clock.Now()
	release := clock.block()
	upids := make([]any, 32)
	for i := range upids {
		upids[i] = c.ok("POST", "/nodes/pve1/qemu", fmt.Sprintf("vmid=%d", 100+i), "cipassword=canary")
	}
	release()
	for _, upid := range upids {
		c.wait(upid)
	}
	entries, err := ReadLog(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if n := MaxConcurrentTasks(entries); n != 32 {
		t.Errorf("%d tasks at once", n)
	}
	if n := len(Writes(entries, before)); n != 32 {
		t.Errorf("%d writes", n)
	}
	first := entries[0]
	if first.Kind != "request" || first.Method != "GET" || first.Path != "/version" || first.Status != 200 || first.User != "root@pam!homestak" || first.Write {
		t.Error(first)
	}
	last := map[string]Entry{}
	for _, e := range entries {
		last[e.Kind] = e
	}
	if e := last["task-end"]; e.Exit != "OK" || e.Running != 0 || e.Type != "qmcreate" {
		t.Error(e)
	}
}
