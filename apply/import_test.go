package apply_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// Whatever guests are there: imported, printed, read again and adopted, they are as
// they were but for their marks, and their plan is empty.
func TestImportedIsAdoptedAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	rnd := rand.New(rand.NewPCG(7, 7))
	one := func(in ...string) string { return in[rnd.IntN(len(in))] }
	const many = 40
	for i := range many {
		id := fmt.Sprint(200 + i)
		params := []string{"vmid", id}
		may := func(key string, values ...string) {
			if rnd.IntN(2) == 0 {
				params = append(params, key, one(values...))
			}
		}
		may("name", "web", "Web-"+id, "db.example.org", "7up", "x--y", "yes")
		may("cores", "1", "3", "64")
		may("sockets", "1", "2")
		may("memory", "64", "512", "1000", "8192")
		may("balloon", "0", "256")
		may("cpu", "host", "x86-64-v2-AES,flags=+aes", "kvm64")
		may("scsi0", "local:1", "local:8,ssd=1,discard=on", "local:8,serial=data")
		may("virtio0", "local:4", "local:2,backup=0")
		may("sata1", "local:2")
		may("ide2", "none,media=cdrom")
		may("net0", "virtio,bridge=vmbr0", "e1000,bridge=vmbr0,tag=30,firewall=1", "virtio=BC:24:11:00:00:"+fmt.Sprintf("%02X", i)+",bridge=vmbr0,rate=10,mtu=1400")
		may("net1", "vmxnet3,bridge=vmbr0", "virtio,bridge=vmbr0,link_down=1")
		may("tags", "prod", "prod;blue", "hs-other")
		may("onboot", "0", "1")
		may("protection", "0", "1")
		may("bios", "ovmf", "seabios")
		may("machine", "q35", "pc")
		may("ostype", "win11", "l26", "other")
		may("scsihw", "lsi", "virtio-scsi-pci")
		may("agent", "0", "1", "enabled=1,fstrim_cloned_disks=1")
		may("description", "By hand.", "line\n\nline", "```homestak\nnot a marker\n```")
		may("hotplug", "0", "disk,network")
		may("startup", "order=3,up=10")
		w.do("POST", "/nodes/lab/qemu", params...)
		if rnd.IntN(3) == 0 {
			w.do("POST", "/nodes/lab/qemu/"+id+"/status/start")
		}
	}
	facts, err := apply.Survey(t.Context(), w.env, "lab")
	if err != nil {
		t.Fatal(err)
	}
	d, adopt, left := build.Import(facts, siteID, "old", func(*plan.GuestFacts) bool { return true })
	if len(d.Nodes) != many || len(left) > 0 {
		t.Fatalf("%d nodes, left out: %v", len(d.Nodes), left)
	}
	w.write("manifests/old.yaml", string(compiler.Print(d)))
	declared := w.compile("old")
	before := map[uint]map[string]any{}
	for _, a := range adopt {
		before[a.VMID] = w.config(a.VMID)
	}
	w.must(w.mustPlan(declared, plan.GoalCreate, build.Options{Adopt: adopt}), apply.Done)
	for _, a := range adopt {
		now := w.config(a.VMID)
		for key, v := range before[a.VMID] {
			if key != "digest" && key != "description" && key != "tags" && fmt.Sprint(now[key]) != fmt.Sprint(v) {
				t.Errorf("%d: %s was %v, is %v", a.VMID, key, v, now[key])
			}
		}
		if notes := fmt.Sprint(before[a.VMID]["description"]); before[a.VMID]["description"] != nil &&
			!strings.HasPrefix(fmt.Sprint(now["description"]), notes) {
			t.Errorf("%d: the notes were %q, are %q", a.VMID, notes, now["description"])
		}
	}
	if p := w.mustPlan(declared, plan.GoalCreate, build.Options{}); len(p.Program.Steps) > 0 {
		for _, c := range p.Program.Changes {
			if c.Action != plan.None {
				t.Errorf("%d: %s (%s) %v", c.VMID, c.Action, c.Reason, c.Attrs)
			}
		}
	}
	list, bad := build.StatusOf(declared, w.observe(declared), build.Options{DefaultHost: "lab"})
	if bad.HasErrors() {
		t.Error(bad)
	}
	for _, s := range list {
		if s.Condition != build.Adopted || s.Drifted() || len(s.Drift) > 0 {
			t.Errorf("%s is %s: %+v, lacks %v", s.Addr, s.Condition, s.Drift, s.Marks)
		}
	}
}
