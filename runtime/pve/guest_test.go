package pve

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/plan"
)

func kv(pairs ...string) (list []plan.KV) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, plan.KV{Key: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func TestGuestConfig(t *testing.T) {
	f := newFake(t)
	f.data("GET /nodes/pve1/qemu/100/pending", `[
		{"key":"scsihw","value":"virtio-scsi-single"},{"key":"description","value":"hello\nworld"},
		{"key":"onboot","value":1},{"key":"digest","value":"2c9b61"},{"value":1,"key":"cores","pending":2},
		{"key":"memory","pending":"768","value":"512"},{"key":"net1","value":"virtio=BC:24:11:00:00:01","delete":1},
		{"key":"tags","pending":"a;b"},{"key":"kvm","value":true},{"key":"nothing","value":null},{"key":"cpulimit","value":1.5}]`)
	g, err := f.client(t).Guest(kindVM, "pve1", 100).Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := &GuestConfig{
		Current: kv("cores", "1", "cpulimit", "1.5", "description", "hello\nworld", "kvm", "1", "memory", "512",
			"net1", "virtio=BC:24:11:00:00:01", "onboot", "1", "scsihw", "virtio-scsi-single"),
		Pending: kv("cores", "2", "memory", "768", "tags", "a;b"),
		Deleted: []string{"net1"},
		Digest:  "2c9b61",
	}
	if d := cmp.Diff(want, g); d != "" {
		t.Error(d)
	}
	if v, ok := g.Get("memory"); v != "512" || !ok {
		t.Errorf("%q %v", v, ok)
	}
	if _, ok := g.Get("tags"); ok {
		t.Error("a pending value is not current")
	}
	if _, ok := (&GuestConfig{}).Get("x"); ok {
		t.Error("found in nothing")
	}
}

func TestGuestStatus(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	for answer, want := range map[string]GuestStatus{
		`{"status":"running","qmpstatus":"running","name":"web1","vmid":100}`: {Power: "running", Name: "web1"},
		`{"status":"running","qmpstatus":"paused"}`:                           {Power: "paused"},
		`{"status":"stopped","lock":"backup","name":null}`:                    {Power: "stopped", Lock: "backup"},
	} {
		f.data("GET /nodes/pve1/qemu/100/status/current", answer)
		if got, err := c.Guest(kindVM, "pve1", 100).Status(t.Context()); err != nil || *got != want {
			t.Errorf("%s: %+v, %v", answer, got, err)
		}
	}
}

func TestAgent(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	f.data("GET /nodes/pve1/qemu/120/agent/network-get-interfaces", `{"result":[
		{"name":"lo","hardware-address":"00:00:00:00:00:00","ip-addresses":[{"prefix":8,"ip-address":"127.0.0.1","ip-address-type":"ipv4"}]},
		{"name":"eth0","hardware-address":"BC:24:11:4B:7F:19","statistics":{"tx-bytes":9431},"ip-addresses":[
			{"ip-address-type":"ipv4","ip-address":"10.99.0.50","prefix":24},{"ip-address":"fe80::1","prefix":"64"},{"ip-address":"fe80::1%eth0","prefix":64},{}]},
		{"name":"tun0"}]}`)
	got, err := c.AgentInterfaces(t.Context(), "pve1", 120)
	if err != nil {
		t.Fatal(err)
	}
	want := []Interface{
		{"lo", "00:00:00:00:00:00", []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}},
		{"eth0", "bc:24:11:4b:7f:19", []netip.Prefix{netip.MustParsePrefix("10.99.0.50/24"), netip.MustParsePrefix("fe80::1/64")}},
		{"tun0", "", nil},
	}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); d != "" {
		t.Error(d)
	}
	f.data("POST /nodes/pve1/qemu/120/agent/ping", "null")
	if err := c.PingAgent(t.Context(), "pve1", 120); err != nil {
		t.Error(err)
	}
	f.on("POST /nodes/pve1/qemu/120/agent/ping", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 500, "QEMU guest agent is not running", "")
	})
	if err := c.PingAgent(t.Context(), "pve1", 120); ClassOf(err) != NoAgent {
		t.Errorf("got %v", err)
	}
	if c.Writes() != 0 {
		t.Error("a ping counts as a write")
	}
}

// Every write, as PVE must receive it.
func TestWrites(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	ctx := t.Context()
	const q = "/nodes/pve1/qemu/100"
	for _, w := range []struct {
		name, want string // METHOD path?query
		body       map[string]string
		answer     string
		do         func() (UPID, error)
	}{
		{"create", "POST /nodes/pve1/qemu", map[string]string{"vmid": "100", "scsi0": "local:0,import-from=local:import/x.qcow2"}, "upid",
			func() (UPID, error) {
				return c.Guest(kindVM, "pve1", 0).Create(ctx, kv("vmid", "100", "scsi0", "local:0,import-from=local:import/x.qcow2"))
			}},
		{"configure", "POST " + q + "/config", map[string]string{"cores": "2", "delete": "tags,ciuser", "digest": "abc"}, "upid",
			func() (UPID, error) {
				return c.Guest(kindVM, "pve1", 100).Configure(ctx, kv("cores", "2"), []string{"tags", "ciuser"}, "abc")
			}},
		{"resize", "PUT " + q + "/resize", map[string]string{"disk": "scsi0", "size": "34359738368", "digest": "abc"}, "upid",
			func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Resize(ctx, "scsi0", 32<<30, "abc") }},
		{"resize on an old release", "PUT " + q + "/resize", map[string]string{"disk": "scsi0", "size": "1024"}, "null",
			func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Resize(ctx, "scsi0", 1024, "") }},
		{"start", "POST " + q + "/status/start", map[string]string{}, "upid", func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Start(ctx) }},
		{"stop", "POST " + q + "/status/stop", map[string]string{}, "upid", func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Stop(ctx) }},
		{"shutdown", "POST " + q + "/status/shutdown", map[string]string{"timeout": "30"}, "upid",
			func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Shutdown(ctx, 30) }},
		{"reboot", "POST " + q + "/status/reboot", map[string]string{"timeout": "60"}, "upid",
			func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Reboot(ctx, 60) }},
		{"delete", "DELETE " + q + "?destroy-unreferenced-disks=0&purge=1", nil, "upid",
			func() (UPID, error) { return c.Guest(kindVM, "pve1", 100).Delete(ctx, true) }},
		{"unlink", "PUT " + q + "/unlink", map[string]string{"idlist": "scsi1,scsi2", "force": "1"}, "null",
			func() (UPID, error) { return "", c.UnlinkDisks(ctx, "pve1", 100, "scsi1", "scsi2") }},
		{"download", "POST /nodes/pve1/storage/local/download-url",
			map[string]string{"content": "import", "filename": "d.qcow2", "url": "https://x/y", "checksum": "ab12", "checksum-algorithm": "sha512"}, "upid",
			func() (UPID, error) {
				return c.DownloadURL(ctx, "pve1", "local", "import", "d.qcow2", "https://x/y", "sha512:ab12")
			}},
		{"delete volume", "DELETE /nodes/pve1/storage/local/content/local:import%2Fx.raw", nil, "upid",
			func() (UPID, error) { return c.DeleteVolume(ctx, "pve1", "local:import/x.raw") }},
		{"storage", "PUT /storage/local", map[string]string{"content": "import,images"}, "null",
			func() (UPID, error) { return "", c.SetStorageContent(ctx, "local", []string{"import", "images"}) }},
		{"pool", "POST /pools", map[string]string{"poolid": "hs-1", "comment": "c"}, "null",
			func() (UPID, error) { return "", c.CreatePool(ctx, "hs-1", "c") }},
		{"pool comment", "PUT /pools/hs-1", map[string]string{"comment": "d"}, "null",
			func() (UPID, error) { return "", c.SetPoolComment(ctx, "hs-1", "d") }},
		{"pool delete", "DELETE /pools/hs-1", nil, "null", func() (UPID, error) { return "", c.DeletePool(ctx, "hs-1") }},
		{"token delete", "DELETE /access/users/root@pam/token/hs", nil, "null",
			func() (UPID, error) { return "", c.DeleteToken(ctx, "root@pam", "hs") }},
	} {
		what, _, _ := strings.Cut(w.want, "?")
		answer, upid := "null", UPID("")
		if w.answer == "upid" {
			answer, upid = `"`+string(upid1)+`"`, upid1
		}
		f.data(what, answer)
		before := c.Writes()
		got, err := w.do()
		if err != nil || got != upid {
			t.Errorf("%s: %q, %v", w.name, got, err)
			continue
		}
		r := f.seen()[len(f.seen())-1]
		asked := r.Method + " " + r.Path
		if r.Query != "" {
			asked += "?" + r.Query
		}
		if asked != w.want {
			t.Errorf("%s: asked for %s", w.name, asked)
		}
		var body map[string]string
		if r.Body != "" {
			if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
				t.Errorf("%s: body %s: %v", w.name, r.Body, err)
			}
		}
		if d := cmp.Diff(w.body, body); d != "" {
			t.Errorf("%s: %s", w.name, d)
		}
		if c.Writes() != before+1 {
			t.Errorf("%s: counted %d writes", w.name, c.Writes()-before)
		}
	}
	if _, err := c.DownloadURL(ctx, "pve1", "local", "import", "x", "https://x", "abc"); err == nil {
		t.Error("downloads without a checksum")
	}
	if _, err := c.DeleteVolume(ctx, "pve1", "novolume"); err == nil {
		t.Error("deletes what is no volume")
	}
}

func TestCreateToken(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	f.data("POST /access/users/root@pam/token/hs", `{"full-tokenid":"root@pam!hs","value":"`+canary+`","info":{"privsep":"0"}}`)
	v, err := c.CreateToken(t.Context(), "root@pam", "hs", "homestak", false)
	if err != nil || string(v.Reveal()) != "root@pam!hs="+canary {
		t.Errorf("%v, %v", v, err)
	}
	// A body that cannot be decoded must not be quoted: it holds the value.
	f.data("POST /access/users/root@pam/token/hs", `{"full-tokenid":["`+canary+`"],"value":{"x":"`+canary+`"}}`)
	_, err = c.CreateToken(t.Context(), "root@pam", "hs", "homestak", false)
	var bad *FormatError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v", err)
	}
	if text := shown(t, err); strings.Contains(text, canary[:8]) {
		t.Errorf("part of the token shows: %s", text)
	}
}

func TestWaitOverTheWire(t *testing.T) {
	f := newFake(t)
	c := f.client(t)
	path := "/nodes/pve1/tasks/" + url.PathEscape(string(upid1))
	f.data("GET "+path+"/status", `{"status":"stopped","exitstatus":"VM 141 - volume 'local:iso/none.iso' does not exist","pid":2936}`)
	f.data("GET "+path+"/log", `[{"n":1,"t":"starting"},{"n":2,"t":"TASK ERROR: no"}]`)
	err := c.Wait(t.Context(), upid1, nil)
	var failed *TaskError
	if !errors.As(err, &failed) || len(failed.LogTail) != 2 || failed.LogTail[1] != "TASK ERROR: no" || ClassOf(err) != NotExist {
		t.Errorf("got %#v", err)
	}
	if err := c.Wait(t.Context(), "", nil); err != nil {
		t.Errorf("nothing to wait for: %v", err)
	}
	f.data("GET /nodes/pve1/tasks", `[{"upid":"`+string(upid2)+`","status":"RUNNING","saved":"0"},{"upid":"`+string(upid1)+`","endtime":5},{"upid":"x"}]`)
	if got, err := c.RunningTasks(t.Context(), "pve1"); err != nil || len(got) != 1 || got[0] != upid2 {
		t.Errorf("%v, %v", got, err)
	}
}
