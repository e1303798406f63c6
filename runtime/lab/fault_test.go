package lab

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/lab/faults"
)

// troubled is a lab with faults.
func troubled(t *testing.T, rules ...faults.Rule) *client {
	t.Helper()
	return newClient(t, open(t, Config{Faults: faults.Script{Faults: rules}}))
}

// try sends a request whose answer may not come.
func (c *client) try(method, path string) (string, error) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.lab.URL()+"/api2/json"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return resp.Status, err
}

func (c *client) pools() int {
	c.t.Helper()
	return len(c.ok("GET", "/pools").([]any))
}

func TestFaultDelay(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.Delay, On: "GET /version", Delay: faults.Duration(time.Minute), Times: 1})
	before := c.lab.cfg.Clock.Now()
	c.ok("GET", "/version")
	if took := c.lab.cfg.Clock.Now().Sub(before); took != time.Minute {
		t.Errorf("it took %s", took)
	}
	c.ok("GET", "/version")
	if took := c.lab.cfg.Clock.Now().Sub(before); took != time.Minute {
		t.Errorf("the second took another %s", took)
	}
	entries, err := ReadLog(c.lab.Dir())
	if err != nil || entries[0].Fault != "delay" || entries[1].Fault != "" {
		t.Errorf("%v %+v", err, entries)
	}
}

func TestFaultAnswer(t *testing.T) {
	c := troubled(t,
		faults.Rule{Fault: faults.Answer, On: "POST /pools", Times: 1, Status: 596},
		faults.Rule{Fault: faults.Answer, On: "POST /pools", Times: 1, Status: 500, Reason: "cluster not ready - no quorum?", Effect: true},
	)
	if r := c.do("POST", "/pools", "poolid=a"); r.Status != "596 Broken pipe" || r.Body != "" {
		t.Errorf("%+v", r)
	}
	if n := c.pools(); n != 0 {
		t.Errorf("%d pools", n)
	}
	if r := c.do("POST", "/pools", "poolid=b"); r.Status != "500 cluster not ready - no quorum?" || r.Message != "cluster not ready - no quorum?\n" {
		t.Errorf("%+v", r)
	}
	if n := c.pools(); n != 1 {
		t.Errorf("%d pools: it should have happened all the same", n)
	}
}

func TestFaultDropAndCut(t *testing.T) {
	c := troubled(t,
		faults.Rule{Fault: faults.Drop, On: "POST /pools", Times: 1},
		faults.Rule{Fault: faults.Drop, On: "POST /pools", Skip: 1, Times: 1, Effect: true},
		faults.Rule{Fault: faults.Cut, On: "GET /version", Percent: 90, Times: 1},
		faults.Rule{Fault: faults.Cut, On: "GET /nodes", Percent: 2, Times: 1},
	)
	for i, want := range []int{0, 1} {
		if status, err := c.try("POST", "/pools?poolid=a"); err == nil {
			t.Errorf("%d: %s", i, status)
		}
		if n := c.pools(); n != want {
			t.Errorf("%d: %d pools", i, n)
		}
	}
	if status, err := c.try("GET", "/version"); status != "200 OK" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%s, %v", status, err)
	}
	if status, err := c.try("GET", "/nodes"); err == nil {
		t.Errorf("%s, %v", status, err)
	}
	c.ok("GET", "/version")
}

func TestFaultsOfTasks(t *testing.T) {
	const create = "POST /nodes/*/qemu"
	for name, tc := range map[string]struct {
		rule faults.Rule
		exit string
		left bool // the guest is there afterwards
	}{
		"fails before":      {faults.Rule{Fault: faults.TaskFail, Exit: "got timeout"}, "unable to create VM 100 - got timeout", false},
		"fails in between":  {faults.Rule{Fault: faults.TaskFail, Percent: 30, Exit: "got timeout"}, "unable to create VM 100 - got timeout", false},
		"fails when done":   {faults.Rule{Fault: faults.TaskFail, Effect: true, Exit: "got timeout"}, "got timeout", true},
		"stuck for a while": {faults.Rule{Fault: faults.TaskStuck, Percent: 50, For: faults.Duration(time.Hour)}, "OK", true},
	} {
		t.Run(name, func(t *testing.T) {
			tc.rule.On, tc.rule.Times = create, 1
			c := troubled(t, tc.rule)
			before := c.lab.cfg.Clock.Now()
			if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=local:1"); exit != tc.exit {
				t.Errorf("exit %q", exit)
			}
			if took := c.lab.cfg.Clock.Now().Sub(before); took < time.Duration(tc.rule.For) {
				t.Errorf("it was over after %s", took)
			}
			there := c.do("GET", "/nodes/pve1/qemu/100/config").Status == "200 OK"
			volumes := len(c.ok("GET", "/nodes/pve1/storage/local/content", "content=images").([]any))
			if there != tc.left || (volumes == 1) != tc.left {
				t.Errorf("guest %v, %d volumes", there, volumes)
			}
		})
	}
}

// A stuck task holds its lock until somebody stops it.
func TestStuckTaskIsStopped(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.TaskStuck, On: "POST /nodes/*/qemu/*/status/start", Percent: 50})
	c.task("POST", "/nodes/pve1/qemu", "vmid=100")
	upid := c.ok("POST", "/nodes/pve1/qemu/100/status/start")
	list := func() []any { return c.ok("GET", "/nodes/pve1/tasks", "source=active").([]any) }
	if n := len(list()); n != 1 {
		t.Fatalf("%d tasks run", n)
	}
	c.ok("DELETE", "/nodes/pve1/tasks/"+upid.(string))
	if exit := c.wait(upid); exit != "interrupted by signal" {
		t.Error(exit)
	}
}

func TestFaultLockTimeout(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.LockTimeout, On: "* /nodes/*/qemu/100/**", Times: 2})
	c.task("POST", "/nodes/pve1/qemu", "vmid=100")
	const text = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"
	if r := c.do("PUT", "/nodes/pve1/qemu/100/config", "name=x"); r.Status != "500 "+text {
		t.Error(r)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu/100/status/start"); exit != text {
		t.Error(exit)
	}
	c.ok("PUT", "/nodes/pve1/qemu/100/config", "name=x")
}

func TestFaultStorageFull(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.StorageFull, On: "GET /version", Times: 1, Storage: "local", For: faults.Duration(time.Hour)})
	c.task("POST", "/nodes/pve1/qemu", "vmid=100", "scsi0=local:1")
	c.ok("GET", "/version")
	if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=101", "scsi0=local:1"); !strings.Contains(exit, "No space left on device") {
		t.Error(exit)
	}
	if exit := c.wait(c.uploadFile("local", "import", "x.raw", image()).Data); !strings.Contains(exit, "No space left on device") {
		t.Error(exit)
	}
	if row := c.ok("GET", "/nodes/pve1/storage/local/status").(map[string]any); row["avail"] != 0.0 {
		t.Errorf("avail %v", row["avail"])
	}
	if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=101", "scsi0=data:1"); exit != "OK" {
		t.Errorf("the other storage: %s", exit)
	}
	_ = c.lab.cfg.Clock.Sleep(t.Context(), time.Hour)
	if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=102", "scsi0=local:1"); exit != "OK" {
		t.Error(exit)
	}
}

func TestFaultNodeDown(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.NodeDown, On: "GET /version", Times: 1, For: faults.Duration(time.Minute)})
	if _, err := c.try("GET", "/version"); err == nil {
		t.Error("it answered")
	}
	if _, err := c.try("GET", "/nodes"); err == nil {
		t.Error("it answered")
	}
	_ = c.lab.cfg.Clock.Sleep(t.Context(), time.Minute)
	c.ok("GET", "/version")
}

func TestFaultTokenRevoked(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.TokenRevoked, On: "GET /nodes", Times: 1, For: faults.Duration(time.Minute)})
	c.ok("GET", "/version")
	if r := c.do("GET", "/nodes"); r.Status != "401 Authentication failed!" || r.Body != "" {
		t.Errorf("%+v", r)
	}
	if r := c.do("GET", "/version"); r.Status != "401 Authentication failed!" {
		t.Errorf("%+v", r)
	}
	_ = c.lab.cfg.Clock.Sleep(t.Context(), time.Minute)
	c.ok("GET", "/version")
}

func TestFaultCertificate(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.Certificate, On: "GET /nodes", Times: 1, For: faults.Duration(time.Minute)})
	pinned := c.lab.Fingerprint()
	c.ok("GET", "/version")
	c.ok("GET", "/nodes") // the connection it came on
	other := c.lab.Fingerprint()
	if other == pinned {
		t.Fatal("it is the same")
	}
	c.ok("GET", "/version") // the client of this test trusts whatever the lab says is its own
	_ = c.lab.cfg.Clock.Sleep(t.Context(), time.Minute)
	if c.lab.Fingerprint() != pinned {
		t.Error("it did not come back")
	}
}

func TestFaultClock(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.Clock, On: "GET /version", Times: 1, By: faults.Duration(-3 * time.Hour)})
	began := c.lab.now()
	c.ok("GET", "/version")
	if got := c.lab.now().Sub(began); got != -3*time.Hour {
		t.Errorf("it jumped by %s", got)
	}
	// A task's time is not the host's.
	c.lab.cfg.TaskTime = time.Minute
	before := c.lab.cfg.Clock.Now()
	c.task("POST", "/nodes/pve1/qemu", "vmid=100")
	if took := c.lab.cfg.Clock.Now().Sub(before); took != time.Minute {
		t.Errorf("a task took %s", took)
	}
}

func TestFaultsAdmin(t *testing.T) {
	c := troubled(t)
	send := func(method, token, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, c.lab.URL()+FaultsPath, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "PVEAPIToken="+token)
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(data)
	}
	if status, _ := send("GET", c.token+"x", ""); status != 401 {
		t.Errorf("with a wrong token: %d", status)
	}
	if status, text := send("PUT", c.token, `{"faults":[{"fault":"drop","on":"GET /version"}]}`); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	if status, text := send("POST", c.token, `{"faults":[{"fault":"token-revoked","on":"GET /nodes"}]}`); status != 200 {
		t.Errorf("%d %s", status, text)
	}
	if _, err := c.try("GET", "/version"); err == nil {
		t.Error("it answered")
	}
	if r := c.do("GET", "/nodes"); r.Status != "401 Authentication failed!" {
		t.Errorf("%+v", r)
	}
	_, text := send("GET", c.token, "")
	var said struct{ Data []faults.State }
	if err := json.Unmarshal([]byte(text), &said); err != nil || len(said.Data) != 2 || said.Data[0].Fired == 0 || said.Data[1].Fired != 1 {
		t.Errorf("%s %v", text, err)
	}
	for _, bad := range []string{`{`, `{"faults":[{"fault":"drop","wann":1}]}`, `{"faults":[{"fault":"explode"}]}`} {
		if status, text := send("PUT", c.token, bad); status != 400 || !strings.Contains(text, "message") {
			t.Errorf("%s: %d %s", bad, status, text)
		}
	}
	if status, _ := send("DELETE", c.token, ""); status != 200 {
		t.Errorf("%d", status)
	}
	c.ok("GET", "/version")
	c.ok("GET", "/nodes")
}

func TestFaultsAreChecked(t *testing.T) {
	_, err := Open(t.Context(), Config{Dir: t.TempDir(), Faults: faults.Script{Faults: []faults.Rule{{Fault: "explode"}}}})
	if err == nil || !strings.Contains(err.Error(), string(codeFaults)) || !strings.Contains(err.Error(), "fault 1, fault") {
		t.Errorf("%v", err)
	}
	if !bytes.Contains([]byte(faults.Manual()), []byte("| `node-down` |")) {
		t.Error("the manual has no table of kinds")
	}
}

// A create that gets no lock file leaves nothing.
func TestFaultLockTimeoutOfACreate(t *testing.T) {
	c := troubled(t, faults.Rule{Fault: faults.LockTimeout, On: "POST /nodes/*/qemu", Times: 1})
	if r := c.do("POST", "/nodes/pve1/qemu", "vmid=100"); r.Status != "500 can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout" {
		t.Error(r)
	}
	if exit := c.task("POST", "/nodes/pve1/qemu", "vmid=100"); exit != "OK" {
		t.Error(exit)
	}
}
