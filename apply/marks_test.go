package apply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// planOf plans for a deployment as it is, with options.
func (w *world) planOf(d *ir.Deployment, goal plan.Goal, o build.Options) (*plan.Plan, diag.List) {
	w.t.Helper()
	o.DefaultHost = "lab"
	f, err := apply.Observe(w.t.Context(), w.env, build.Adopting(build.Wanted(d, "lab"), o.Adopt))
	if err != nil {
		w.t.Fatal(err)
	}
	p, bad := build.Plan(d, f, goal, o)
	if bad.HasErrors() {
		return nil, bad
	}
	data, err := plan.Encode(p)
	if err != nil {
		w.t.Fatal(err)
	}
	if p, err = plan.Decode(data); err != nil {
		w.t.Fatal(err)
	}
	return p, bad
}

func (w *world) mustPlan(d *ir.Deployment, goal plan.Goal, o build.Options) *plan.Plan {
	w.t.Helper()
	p, bad := w.planOf(d, goal, o)
	if p == nil {
		w.t.Fatal(bad)
	}
	return p
}

// ops of a plan, in order.
func ops(p *plan.Plan) string {
	var out []string
	for _, s := range p.Program.Steps {
		out = append(out, s.Op.String()+" "+s.Addr.Name())
	}
	return strings.Join(out, ", ")
}

func (w *world) config(vmid uint) map[string]any {
	w.t.Helper()
	return w.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/config", vmid)).(map[string]any)
}

const loved = `schema_version: 2
name: old
nodes:
  - {name: web, cores: 4, memory: 4G, disk: 8G%s}
`

// A guest that was there before is adopted: its marks are written and nothing
// else, and what its owner made of it is not homestak's to change.
func TestAdopt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"old": fmt.Sprintf(loved, "")})
	w.do("POST", "/nodes/lab/qemu", "vmid", "150", "name", "web", "cores", "4", "memory", "4096", "scsi0", "local:8", "scsihw", "virtio-scsi-single",
		"net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0", "smbios1", "uuid=0a0a0a0a-0000-4000-8000-000000000001", "tags", "prod", "description", "My first server.",
		"agent", "1", "boot", "order=scsi0", "onboot", "1", "ostype", "l26", "serial0", "socket")
	w.do("POST", "/nodes/lab/qemu/150/status/start")
	before := w.config(150)
	d := w.compile("old")
	if _, bad := w.planOf(d, plan.GoalCreate, build.Options{}); !strings.Contains(bad.Error(), "has the name of node") {
		t.Errorf("without being asked: %v", bad)
	}
	adopt := build.Options{Adopt: []build.Adoption{{Addr: "old/web", VMID: 150}}}
	p := w.mustPlan(d, plan.GoalCreate, adopt)
	if got := ops(p); got != "Guest.Adopt web" {
		t.Errorf("steps: %s", got)
	}
	if c := p.Program.Changes[0]; c.Action != plan.Adopt || c.VMID != 150 || c.UUID != "0a0a0a0a-0000-4000-8000-000000000001" || p.Program.Partial != "old/web" {
		t.Errorf("%+v, partial %q", c, p.Program.Partial)
	}
	w.must(p, apply.Done)
	after := w.config(150)
	if notes := after["description"].(string); !strings.HasPrefix(notes, "My first server.\n\n```homestak\n") || after["tags"] != "homestak;hs-old;prod" {
		t.Errorf("notes %q, tags %v", after["description"], after["tags"])
	}
	for key, v := range before {
		if key != "description" && key != "tags" && key != "digest" && fmt.Sprint(after[key]) != fmt.Sprint(v) {
			t.Errorf("%s was %v, is %v", key, v, after[key])
		}
	}
	w.must(p, apply.AlreadyApplied)
	// What the manifest says is held to, and not what it says nothing of.
	w.write("manifests/old.yaml", fmt.Sprintf(loved, ", tags: [prod], hardware: {agent: false}"))
	next := w.mustPlan(w.compile("old"), plan.GoalCreate, build.Options{})
	if got := ops(next); !strings.HasPrefix(got, "Guest.Configure web") || attrs(next) != "agent.enabled" {
		t.Errorf("the next plan: %s (%s)", got, attrs(next))
	}
	w.write("manifests/old.yaml", fmt.Sprintf(loved, ", tags: [prod]"))
	if p := w.mustPlan(w.compile("old"), plan.GoalCreate, build.Options{}); len(p.Program.Steps) > 0 {
		t.Errorf("as declared: %s", ops(p))
	}
	// Edits of the manifest reach it; a spec makes it homestak's inside, too.
	w.write("manifests/old.yaml", fmt.Sprintf(loved, ", tags: [prod, blue]"))
	w.must(w.mustPlan(w.compile("old"), plan.GoalCreate, build.Options{}), apply.Done)
	if now := w.config(150); now["tags"] != "blue;homestak;hs-old;prod" || now["net0"] != before["net0"] {
		t.Errorf("%v %v", now["tags"], now["net0"])
	}
	if p := w.mustPlan(w.compile("old"), plan.GoalDestroy, build.Options{}); !strings.HasSuffix(ops(p), "Guest.Delete web") {
		t.Errorf("destroy: %s", ops(p))
	}
}

// The second disk of an adopted guest is in the seed's place and its owner's, also
// when a spec makes what is inside homestak's.
func TestAdoptedKeepsSecondDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"old": fmt.Sprintf(loved, "")})
	w.do("POST", "/nodes/lab/qemu", "vmid", "150", "name", "web", "cores", "4", "memory", "4096", "scsi0", "local:8", "scsi1", "local:1",
		"net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0", "smbios1", "uuid=0a0a0a0a-0000-4000-8000-000000000001")
	w.do("POST", "/nodes/lab/qemu/150/status/start")
	w.must(w.mustPlan(w.compile("old"), plan.GoalCreate, build.Options{Adopt: []build.Adoption{{Addr: "old/web", VMID: 150}}}), apply.Done)
	w.write("manifests/old.yaml", fmt.Sprintf(loved, ", spec: web"))
	if got := ops(w.mustPlan(w.compile("old"), plan.GoalCreate, build.Options{})); !strings.Contains(got, "Target.Push web") || strings.Contains(got, "Seed.Remove") {
		t.Errorf("steps: %s", got)
	}
}

// attrs of a plan's first change.
func attrs(p *plan.Plan) string {
	var out []string
	for _, a := range p.Program.Changes[0].Attrs {
		out = append(out, a.Name)
	}
	return strings.Join(out, " ")
}

// Who cannot be adopted, and that a guest which changed after the review is not.
func TestAdoptRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"old": fmt.Sprintf(loved, ""), "one": one})
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	other := vmid(first, "one/only")
	w.do("POST", "/nodes/lab/qemu", "vmid", "150", "name", "loved", "tags", "hs-old")
	w.do("POST", "/nodes/lab/qemu", "vmid", "151", "name", "tpl", "scsi0", "local:1")
	w.do("POST", "/nodes/lab/qemu/151/template")
	d := w.compile("old")
	for _, c := range []struct {
		vmid uint
		want string
	}{{999, "there is no guest 999"}, {151, "cannot be node"}, {other, "is node \"one/only\" already"}} {
		_, bad := w.planOf(d, plan.GoalCreate, build.Options{Adopt: []build.Adoption{{Addr: "old/web", VMID: c.vmid}}})
		if !strings.Contains(bad.Error(), c.want) || !strings.Contains(bad.Error(), "HS0631") {
			t.Errorf("%d: %v", c.vmid, bad)
		}
	}
	p := w.mustPlan(d, plan.GoalCreate, build.Options{Adopt: []build.Adoption{{Addr: "old/web", VMID: 150}}})
	w.do("DELETE", "/nodes/lab/qemu/150")
	w.do("POST", "/nodes/lab/qemu", "vmid", "150", "name", "another")
	if r := w.must(p, apply.Refused); codes(r) != "HS0664" {
		t.Error(tell(r))
	}
}

// A guest that is given up is left as it is, and stays nobody's: neither its
// number nor its uuid makes it ours again.
func TestForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	id := vmid(first, "one/only")
	w.do("PUT", guestPath(first)+"/config", "tags", "prod;homestak;hs-one")
	before := w.config(id)
	d := w.compile("one")
	forget := build.Options{Forget: []addr.Address{"one/only"}}
	p := w.mustPlan(d, plan.GoalCreate, forget)
	if got := ops(p); got != "Guest.Forget only" || p.Program.Changes[0].Action != plan.Forget {
		t.Errorf("steps: %s", got)
	}
	w.must(p, apply.Done)
	after := w.config(id)
	if after["tags"] != "prod" || !strings.Contains(fmt.Sprint(after["description"]), "forgotten true") || after["smbios1"] != before["smbios1"] {
		t.Errorf("%v", after)
	}
	w.must(p, apply.AlreadyApplied)
	_, bad := w.planOf(d, plan.GoalCreate, build.Options{})
	if !strings.Contains(bad.Error(), "was given up") || !strings.Contains(bad.Error(), "--adopt one/only=") {
		t.Errorf("it is made again: %v", bad)
	}
	if p := w.mustPlan(d, plan.GoalDestroy, build.Options{}); len(p.Program.Steps) > 0 {
		t.Errorf("destroy: %s", ops(p))
	}
	if _, bad := w.planOf(d, plan.GoalCreate, forget); !strings.Contains(bad.Error(), "HS0633") {
		t.Errorf("again: %v", bad)
	}
	// Taken back, it is what it was.
	w.must(w.mustPlan(d, plan.GoalCreate, build.Options{Adopt: []build.Adoption{{Addr: "one/only", VMID: id}}}), apply.Done)
	if p := w.mustPlan(d, plan.GoalDestroy, build.Options{}); !strings.HasSuffix(ops(p), "Guest.Delete only") {
		t.Errorf("destroy after it was taken back: %s", ops(p))
	}
}

// A guest that the manifest no longer names can be given up as well.
func TestForgetRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"flat": flat})
	first := w.plan("flat", plan.GoalCreate)
	w.must(first, apply.Done)
	w.write("manifests/flat.yaml", strings.Replace(flat, "  - {name: two, spec: web, preset: vm-small}\n", "", 1))
	d := w.compile("flat")
	p := w.mustPlan(d, plan.GoalCreate, build.Options{Forget: []addr.Address{"flat/two"}})
	if got := ops(p); got != "Guest.Forget two" {
		t.Errorf("steps: %s", got)
	}
	w.must(p, apply.Done)
	if p := w.mustPlan(d, plan.GoalReconcile, build.Options{}); len(p.Program.Steps) > 0 {
		t.Errorf("reconcile: %s", ops(p))
	}
	if _, bad := w.planOf(d, plan.GoalCreate, build.Options{Forget: []addr.Address{"flat/three"}}); !strings.Contains(bad.Error(), "HS0633") {
		t.Errorf("nobody: %v", bad)
	}
}

// A node that is renamed keeps its guest, and so do the nodes in it.
func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	first := w.plan("duo", plan.GoalCreate)
	w.must(first, apply.Done)
	w.write("manifests/duo.yaml", strings.ReplaceAll(strings.ReplaceAll(duo, "name: outer", "name: around"), "parent: outer", "parent: around"))
	d := w.compile("duo")
	if p, bad := w.planOf(d, plan.GoalCreate, build.Options{}); p != nil && !strings.Contains(ops(p), "Guest.Create around") {
		t.Errorf("a new name alone: %s %v", ops(p), bad)
	}
	for i := range d.Nodes {
		if d.Nodes[i].Name == "around" {
			d.Nodes[i].Guest = &ir.Guest{}
			d.Nodes[i].Guest.RenamedFrom.V = "outer"
		}
	}
	p := w.mustPlan(d, plan.GoalCreate, build.Options{})
	for _, c := range p.Program.Changes {
		was := addr.Address(strings.Replace(string(c.Addr), "around", "outer", 1))
		if c.Action != plan.Rename || c.Was != was || c.VMID != vmid(first, was) {
			t.Errorf("%+v", c)
		}
	}
	w.must(p, apply.Done)
	if names := fmt.Sprint(w.guests()); !strings.Contains(names, "around") || strings.Contains(names, "outer") {
		t.Errorf("guests: %s", names)
	}
	if p := w.mustPlan(d, plan.GoalCreate, build.Options{}); len(p.Program.Steps) > 0 {
		t.Errorf("after it: %s", ops(p))
	}
	w.must(p, apply.AlreadyApplied)
	// Without renamed_from the same: the marker has the new name.
	if p := w.plan("duo", plan.GoalCreate); len(p.Program.Steps) > 0 {
		t.Errorf("later: %s", ops(p))
	}
	w.must(w.mustPlan(d, plan.GoalDestroy, build.Options{}), apply.Done)
	if len(w.guests()) > 0 {
		t.Errorf("left: %v", w.guests())
	}
}

// A container is adopted like a VM; its third mark is the address of its interface.
func TestAdoptContainer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"one": "schema_version: 2\nname: one\nnodes:\n  - {name: only, spec: web, type: ct}\n",
	})
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	template := fmt.Sprint(w.do("GET", "/nodes/lab/storage/local/content", "content", "vztmpl").([]any)[0].(map[string]any)["volid"])
	w.do("POST", "/nodes/lab/lxc", "vmid", "160", "hostname", "dns", "ostemplate", template, "rootfs", "local:2", "memory", "256", "cores", "1",
		"net0", "name=eth0,bridge=vmbr0,ip=dhcp", "unprivileged", "0", "tags", "prod", "description", "names")
	config := func() map[string]any { return w.do("GET", "/nodes/lab/lxc/160/config").(map[string]any) }
	before := config()
	declare := func(more string) *ir.Deployment {
		w.write("manifests/old.yaml", fmt.Sprintf("schema_version: 2\nname: old\nnodes:\n  - {name: web, type: ct%s}\n", more))
		return w.compile("old")
	}
	p := w.mustPlan(declare(""), plan.GoalCreate, build.Options{Adopt: []build.Adoption{{Addr: "old/web", VMID: 160}}})
	w.must(p, apply.Done)
	for key, v := range config() {
		if key != "description" && key != "tags" && key != "digest" && fmt.Sprint(before[key]) != fmt.Sprint(v) {
			t.Errorf("%s was %v, is %v", key, before[key], v)
		}
	}
	w.must(p, apply.AlreadyApplied)
	if p := w.mustPlan(declare(""), plan.GoalCreate, build.Options{}); len(p.Program.Steps) > 0 {
		t.Errorf("after it: %s", ops(p))
	}
	p = w.mustPlan(declare(", memory: 512"), plan.GoalCreate, build.Options{})
	if ops(p) != "Guest.Configure web" || attrs(p) != "memory" {
		t.Errorf("more memory: %s (%s)", ops(p), attrs(p))
	}
	w.must(p, apply.Done)
	w.must(w.mustPlan(declare(", memory: 512"), plan.GoalCreate, build.Options{Forget: []addr.Address{"old/web"}}), apply.Done)
	if now := config(); now["tags"] != "prod" || !strings.HasPrefix(fmt.Sprint(now["description"]), "names\n") || fmt.Sprint(now["memory"]) != "512" {
		t.Errorf("given up: %v", now)
	}
}
