package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/apply/converge"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/ssh"
	"github.com/homestak/homestak/stdlib"
)

const (
	siteID    = "11111111-2222-4333-8444-555555555555"
	canaryKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBcanaryCanaryCanaryCanaryCanaryCanaryCan1 canary@key"
	canaryPW  = "$6$canarysalt$CanaryHashCanaryHashCanaryHashCanaryHashCanaryHashCanaryHashCanaryHashCanaryHashCan"
)

// world is one lab with a site that uses it.
type world struct {
	t     *testing.T
	lab   *lab.Lab
	env   *apply.Env
	files fstest.MapFS
	site  string // directory with the secrets file
	keys  string // directory with the keys

	mu     sync.Mutex
	events []apply.Event
	react  func(apply.Event) // called for each event, outside the lock
}

func newWorld(t *testing.T, manifests map[string]string, options ...func(*lab.Config)) *world {
	t.Helper()
	self := filepath.Join(t.TempDir(), "homestak")
	if err := os.WriteFile(self, []byte("#!homestak of the test\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := lab.Config{
		Dir: t.TempDir(), SiteID: siteID, Name: "lab", Self: self,
		Programs: map[string]lab.Program{"homestak": converge.Serve},
		// As on PVE: the cluster learns of a guest's name and power that much later.
		PollTime: 10 * time.Second,
	}
	for _, set := range options {
		set(&cfg)
	}
	l, err := lab.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	w := &world{t: t, lab: l, files: fstest.MapFS{}}
	w.write("site.yaml", "site_id: "+siteID+"\n")
	w.write("secrets.yaml", "ssh_keys:\n  alice: "+canaryKey+"\npasswords:\n  vm_root: "+canaryPW+"\n")
	w.write("specs/web.yaml", "schema_version: 1\naccess:\n  users:\n    - name: alice\n      sudo: true\n      ssh_keys: [ssh_keys.alice]\nplatform:\n  packages: [curl]\n")
	for name, text := range manifests {
		w.write("manifests/"+name+".yaml", text)
	}
	w.site, w.keys = t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(w.site, "secrets.yaml"), w.files["secrets.yaml"].Data, 0o600); err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Load(w.site)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ca.Throwaway(w.keys)
	if err != nil {
		t.Fatal(err)
	}
	w.env = &apply.Env{
		StateDir: t.TempDir(), Keys: keys, Secrets: secrets, Builtin: stdlib.Builtin, Self: self, Holder: "test@here",
		Events: w.event,
		Hosts: map[string]apply.HostEnv{"lab": {
			Node: "lab", Endpoints: []string{l.URL()}, Fingerprint: l.Fingerprint(), Token: secret.New([]byte(l.Token())),
			IOWidth: 64, Via: l.URL(),
		}},
	}
	return w
}

func (w *world) event(e apply.Event) {
	w.mu.Lock()
	w.events = append(w.events, e)
	react := w.react
	w.mu.Unlock()
	if react != nil {
		react(e)
	}
}

func (w *world) write(name, text string) {
	w.files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
}

func (w *world) compile(manifest string) *ir.Deployment {
	w.t.Helper()
	site, bad := compiler.Load(w.files)
	if bad.HasErrors() {
		w.t.Fatal(bad)
	}
	d, bad := compiler.Compile(site, compiler.Options{Manifest: manifest})
	if bad.HasErrors() {
		w.t.Fatal(bad)
	}
	return d
}

func (w *world) observe(d *ir.Deployment) *plan.Facts {
	w.t.Helper()
	f, err := apply.Observe(w.t.Context(), w.env, build.Wanted(d, "lab"))
	if err != nil {
		w.t.Fatal(err)
	}
	return f
}

func (w *world) plan(manifest string, goal plan.Goal) *plan.Plan {
	w.t.Helper()
	d := w.compile(manifest)
	p, bad := build.Plan(d, w.observe(d), goal, build.Options{DefaultHost: "lab"})
	if bad.HasErrors() {
		w.t.Fatal(bad)
	}
	// What runs is what a file would hold.
	data, err := plan.Encode(p)
	if err != nil {
		w.t.Fatal(err)
	}
	if p, err = plan.Decode(data); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) run(p *plan.Plan, o apply.Options) *apply.Report {
	w.t.Helper()
	return w.runCtx(w.t.Context(), p, o)
}

func (w *world) runCtx(ctx context.Context, p *plan.Plan, o apply.Options) *apply.Report {
	w.t.Helper()
	if o.Jobs == 0 {
		o.Jobs = 16
	}
	return apply.Run(ctx, p, w.env, o)
}

// must runs a plan and expects an outcome.
func (w *world) must(p *plan.Plan, want apply.Outcome) *apply.Report {
	w.t.Helper()
	r := w.run(p, apply.Options{})
	if r.Outcome != want {
		w.t.Fatalf("outcome %q, want %q\n%s", r.Outcome, want, tell(r))
	}
	return r
}

func tell(r *apply.Report) string {
	var b strings.Builder
	for _, d := range r.Findings {
		fmt.Fprintf(&b, "%v\n", d)
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "  note: %s\n", n.Text)
		}
	}
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%-8s %s %-16s %-24s %s\n", s.State, s.Step, s.Op, s.Addr, s.Error)
	}
	return b.String()
}

// do asks the lab as root, behind homestak's back.
func (w *world) do(method, path string, params ...string) any {
	w.t.Helper()
	var kvs []lab.KV
	for i := 0; i < len(params); i += 2 {
		kvs = append(kvs, lab.KV{Key: params[i], Value: params[i+1]})
	}
	status, data, reason := w.lab.Do(w.t.Context(), method, path, kvs)
	if status != 200 {
		w.t.Fatalf("%s %s: %d %s", method, path, status, reason)
	}
	if upid, ok := data.(string); ok && strings.HasPrefix(upid, "UPID:") {
		w.taskEnd(upid)
	}
	return data
}

// taskEnd waits, by asking, until a task of the lab has ended.
func (w *world) taskEnd(upid string) {
	w.t.Helper()
	w.taskEndOn("lab", upid)
}

func (w *world) taskEndOn(node, upid string) {
	w.t.Helper()
	for ; ; runtime.Gosched() {
		_, data, _ := w.lab.Do(w.t.Context(), "GET", "/nodes/"+node+"/tasks/"+upid+"/status", nil)
		if st, _ := json.Marshal(data); strings.Contains(string(st), `"stopped"`) {
			if !strings.Contains(string(st), `"OK"`) {
				w.t.Fatalf("task %s: %s", upid, st)
			}
			return
		}
	}
}

// guests of the lab: vmid → name.
func (w *world) guests() map[uint]string {
	w.t.Helper()
	data, err := json.Marshal(w.do("GET", "/nodes/lab/qemu"))
	if err != nil {
		w.t.Fatal(err)
	}
	var list []struct {
		VMID uint
		Name string
	}
	if err := json.Unmarshal(data, &list); err != nil {
		w.t.Fatal(err)
	}
	out := map[uint]string{}
	for _, g := range list {
		out[g.VMID] = g.Name
	}
	return out
}

// seedFiles lists the uploaded seeds.
func (w *world) seedFiles() []string {
	w.t.Helper()
	data, _ := json.Marshal(w.do("GET", "/nodes/lab/storage/local/content"))
	var list []struct{ Volid string }
	if err := json.Unmarshal(data, &list); err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, v := range list {
		if strings.Contains(v.Volid, "hs-seed-") {
			out = append(out, v.Volid)
		}
	}
	return out
}

// log is what the lab recorded.
func (w *world) log() []lab.Entry {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.lab.Dir(), lab.LogFile))
	if err != nil {
		w.t.Fatal(err)
	}
	var out []lab.Entry
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var e lab.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			w.t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// writes counts the requests that can change something; the test's own do not
// travel as requests.
func (w *world) writes() int {
	n := 0
	for _, e := range w.log() {
		if e.Kind == "request" && e.Write {
			n++
		}
	}
	return n
}

func vmid(p *plan.Plan, a addr.Address) uint {
	for _, c := range p.Program.Changes {
		if c.Addr == a {
			return c.VMID
		}
	}
	return 0
}

// codes of a report's findings.
func codes(r *apply.Report) string {
	var out []string
	for _, d := range r.Findings {
		out = append(out, string(d.Code))
	}
	return strings.Join(out, " ")
}

// shell logs in to a guest of the lab as the driver does.
func (w *world) shell(p *plan.Plan, a addr.Address, command string) {
	w.t.Helper()
	id := vmid(p, a)
	data, _ := json.Marshal(w.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/agent/network-get-interfaces", id)))
	at := regexp.MustCompile(`"ip-address":"(10\.[0-9.]+)"`).FindSubmatch(data)
	if at == nil {
		w.t.Fatalf("no address of %s in %s", a, data)
	}
	auth, err := w.env.Keys.UserSigner(seed.DriverUser, time.Minute)
	if err != nil {
		w.t.Fatal(err)
	}
	h := w.env.Hosts["lab"]
	via, err := pve.ViaDialer(h.Via, h.Fingerprint, h.Token)
	if err != nil {
		w.t.Fatal(err)
	}
	uuid := ""
	for _, c := range p.Program.Changes {
		if c.Addr == a {
			uuid = c.UUID
		}
	}
	c, err := ssh.Dial(w.t.Context(), ssh.Config{Dialer: ssh.Dialer(via), Hops: []ssh.Hop{{
		Addr: string(at[1]) + ":22", User: seed.DriverUser, UUID: uuid, HostCA: w.env.Keys.HostCA(), Auth: auth,
	}}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	if err := c.Run(w.t.Context(), command, nil, nil, nil); err != nil {
		w.t.Fatal(err)
	}
}
