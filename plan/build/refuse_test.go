package build_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// made is the world after creating d.
func made(t testing.TB, d *ir.Deployment) *plan.Facts {
	return simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
}

// with is the world with a guest more on the first host.
func with(f *plan.Facts, g plan.GuestFacts) *plan.Facts {
	h := &f.Hosts[0]
	if g.Kind == "" {
		g.Kind = "qemu"
	}
	g.Node, g.Power = "father", "running"
	h.Guests = append(h.Guests, g)
	h.Taken = append(h.Taken, g.VMID)
	f.Sort()
	return f
}

// warned wants exactly these warnings in the notes of the plan and in the list.
func warned(t testing.TB, d *ir.Deployment, f *plan.Facts, goal plan.Goal, want ...diag.Code) *plan.Plan {
	t.Helper()
	p, list := build.Plan(d, f, goal, options)
	var got []diag.Code
	for _, x := range list {
		got = append(got, x.Code)
	}
	slices.Sort(got)
	if p == nil || !slices.Equal(got, want) {
		t.Fatalf("diagnostics %v, want %v:\n%v", got, want, list)
	}
	for _, code := range want {
		if !slices.ContainsFunc(p.Notes.Findings, func(f plan.Finding) bool { return f.Code == string(code) && f.Level == "warning" }) {
			t.Errorf("%s is no finding of the plan", code)
		}
	}
	return p
}

// A guest that is not ours, or only looks like it, is never touched; when the
// plan would need what it holds, there is no plan.
func TestStrangers(t *testing.T) {
	d, declared := deployment("a"), deployment("a vmid=150")
	p := makePlan(t, d, world(), plan.GoalCreate)
	c := p.Program.Changes[0]
	ours := &plan.MarkerFacts{SiteID: site, Manifest: "m", Addr: "m/a", UUID: c.UUID, VMID: c.VMID, Incarnation: 1}

	// On the declared number.
	list := refused(t, declared, with(world(), plan.GuestFacts{VMID: 150, Name: "nas"}), plan.GoalCreate, "HS0617")
	if !strings.Contains(list.Error(), `VM 150 ("nas") on father`) {
		t.Errorf("the stranger is not named: %v", list)
	}
	unread := world()
	unread.Hosts[0].Taken = []uint{150}
	refused(t, declared, unread, plan.GoalCreate, "HS0617")
	// On the number the hash chose: the next one.
	moved := makePlan(t, d, with(world(), plan.GuestFacts{VMID: c.VMID, Name: "nas"}), plan.GoalCreate)
	if got := moved.Program.Changes[0].VMID; got != c.VMID+1 {
		t.Errorf("vmid %d after %d", got, c.VMID)
	}
	// With the name.
	refused(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "a"}), plan.GoalCreate, "HS0619")
	refused(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "a", Kind: "lxc"}), plan.GoalCreate, "HS0619")
	warned(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "a"}), plan.GoalDestroy, "HS0703")
	// With the name, and ours by another manifest.
	sister := &plan.MarkerFacts{SiteID: site, Manifest: "other", Addr: "other/a", UUID: "u", VMID: 150, Authentic: true}
	warned(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "a", Marker: sister}), plan.GoalCreate, "HS0703")
	// With the name, next to the real one.
	warned(t, d, with(made(t, d), plan.GuestFacts{VMID: 150, Name: "a"}), plan.GoalCreate, "HS0703")
	// A clone carries the marker's text; a restored copy the uuid as well.
	clone := plan.GuestFacts{VMID: 150, Name: "Copy-of-VM-a", UUID: "another", Marker: ours}
	refused(t, d, with(made(t, d), clone), plan.GoalCreate, "HS0620")
	refused(t, d, with(world(), clone), plan.GoalCreate, "HS0620")
	restored := plan.GuestFacts{VMID: 150, Name: "b", UUID: strings.ToUpper(c.UUID), Marker: ours}
	refused(t, d, with(world(), restored), plan.GoalCreate, "HS0620")
	refused(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "b", UUID: c.UUID}), plan.GoalCreate, "HS0620")
	// Destroying leaves copies alone, and says so.
	left := warned(t, d, with(made(t, d), restored), plan.GoalDestroy, "HS0703")
	for _, s := range left.Program.Steps {
		if s.Text(plan.ArgVMID) == "150" {
			t.Errorf("a copy is touched by %s", s.Op)
		}
	}
	// A marker of another site, or forged, gives nothing.
	forged := *ours
	forged.VMID = 150
	refused(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "b", Marker: &forged}), plan.GoalCreate, "HS0620")
	foreign := forged
	foreign.SiteID, foreign.Authentic = "99999999-2222-4333-8444-555555555555", true
	makePlan(t, d, with(world(), plan.GuestFacts{VMID: 150, Name: "b", Marker: &foreign}), plan.GoalCreate)
	// Its MAC address.
	mac := world()
	mac.Hosts[0].MACs = []string{p.Program.Steps[1].Text(plan.ArgMAC)}
	refused(t, d, mac, plan.GoalCreate, "HS0625")
	refused(t, deployment("a mac=02:00:00:00:00:01", "b mac=02:00:00:00:00:01"), world(), plan.GoalCreate, "HS0625")
}

func TestSeveralCandidates(t *testing.T) {
	d := deployment("a", "b host=mother")
	f := world()
	mother := f.Hosts[0]
	mother.Name, mother.Node = "mother", "mother"
	f.Hosts = append(f.Hosts, mother)
	f = simulate(t, &makePlan(t, d, f, plan.GoalCreate).Program, f, -1)
	guest := f.Hosts[0].Guests[0]
	guest.Node = "mother"
	f.Hosts[1].Guests = append(f.Hosts[1].Guests, guest)
	f.Sort()
	for _, goal := range []plan.Goal{plan.GoalCreate, plan.GoalDestroy} {
		list := refused(t, d, f, goal, "HS0621")
		if text := list.Error(); !strings.Contains(text, "on father") || !strings.Contains(text, "on mother") {
			t.Errorf("not both are named: %s", text)
		}
	}
	// Only there: its place is named, nothing is made twice.
	f.Hosts[0].Guests, f.Hosts[0].Taken = nil, nil
	refused(t, d, f, plan.GoalCreate, "HS0622")
	// One cluster: an administrator moved it, and that is a fact.
	for i := range f.Hosts {
		f.Hosts[i].Cluster = "home"
	}
	p := makePlan(t, d, f, plan.GoalCreate)
	if c := p.Program.Changes[0]; len(p.Program.Steps) > 0 || c.Host != "mother" {
		t.Errorf("a moved guest:\n%s", dump(p))
	}
	// Both hosts of a cluster report it: it is one guest.
	f.Hosts[0].Guests = slices.Clone(f.Hosts[1].Guests)
	makePlan(t, d, f, plan.GoalCreate)
	// It is on a node that the site does not know: that is a fact, too, and whatever
	// host of the cluster is named passes on what is asked.
	for i := range f.Hosts {
		for j := range f.Hosts[i].Guests {
			f.Hosts[i].Guests[j].Node = "uncle"
		}
	}
	p = makePlan(t, d, f, plan.GoalCreate)
	if len(p.Program.Steps) > 0 || !slices.ContainsFunc(p.Notes.Findings, func(x plan.Finding) bool { return x.Code == "HS0712" }) {
		t.Errorf("a guest that was moved out of sight:\n%s", dump(p))
	}
	// Pinned, it goes back.
	for i := range d.Nodes {
		d.Nodes[i].Guest = &ir.Guest{Placement: ir.Placement{Pin: val(true)}}
	}
	p = makePlan(t, d, f, plan.GoalCreate)
	if c := p.Program.Changes[0]; c.Action != plan.Move || c.Reason != plan.ReasonMoved || p.Program.Steps[0].Op != plan.GuestMove || p.Program.Steps[0].Text(plan.ArgTarget) != "father" {
		t.Errorf("a pinned guest:\n%s", dump(p))
	}
}

func TestMarksThatSuffice(t *testing.T) {
	d := deployment("a vmid=150")
	for name, change := range map[string]func(g *plan.GuestFacts){
		"notes wiped":   func(g *plan.GuestFacts) { g.Marker = nil },
		"notes edited":  func(g *plan.GuestFacts) { g.Marker.Authentic = false },
		"uuid changed":  func(g *plan.GuestFacts) { g.UUID = "11111111-1111-4111-8111-111111111111" },
		"uuid in upper": func(g *plan.GuestFacts) { g.UUID = strings.ToUpper(g.UUID) },
	} {
		f := made(t, d)
		change(&f.Hosts[0].Guests[0])
		p := makePlan(t, d, f, plan.GoalCreate)
		if slices.ContainsFunc(p.Program.Steps, op(plan.GuestCreate)) {
			t.Errorf("%s: the node is made again", name)
		}
		if strings.HasPrefix(name, "notes") != slices.ContainsFunc(p.Program.Steps, proves) {
			t.Errorf("%s: the marker is (not) written again:\n%s", name, dump(p))
		}
	}
	f := made(t, d)
	f.Hosts[0].Guests[0].Marker, f.Hosts[0].Guests[0].UUID = nil, "x"
	refused(t, d, f, plan.GoalCreate, "HS0617", "HS0619") // one mark: a stranger on our number, with our name
}

func TestParents(t *testing.T) {
	d := deployment("p pve", "p/a", "p/b")
	edit := func(change func(f *plan.Facts)) *plan.Facts {
		f := made(t, d)
		change(f)
		f.Sort()
		return f
	}
	nested := func(f *plan.Facts) *plan.HostFacts { return &f.Hosts[1] }
	silent := edit(func(f *plan.Facts) {
		*nested(f) = plan.HostFacts{Name: "m/p", Presence: plan.Unknown, Error: "595 No route to host"}
	})
	list := refused(t, d, silent, plan.GoalCreate, "HS0613")
	if !strings.Contains(list.Error(), "595 No route to host") {
		t.Errorf("the reason is missing: %v", list)
	}
	refused(t, d, silent, plan.GoalReconcile, "HS0613")
	refused(t, d, edit(func(f *plan.Facts) { f.Hosts = f.Hosts[:1] }), plan.GoalCreate, "HS0613")
	stopped := edit(func(f *plan.Facts) { f.Hosts[0].Guests[0].Power = "stopped"; *nested(f) = plan.HostFacts{Name: "m/p"} })
	if list := refused(t, d, stopped, plan.GoalCreate, "HS0613"); !strings.Contains(list.Error(), "stopped") {
		t.Errorf("%v", list)
	}
	wiped := edit(func(f *plan.Facts) { f.Hosts[0].Guests[0].Marker = nil; nested(f).Presence = plan.Unknown })
	refused(t, d, wiped, plan.GoalCreate, "HS0613") // nobody knows whether it was ready
	// Destroying needs no answer: the children go with it.
	p := warned(t, d, silent, plan.GoalDestroy, "HS0705")
	for _, s := range p.Program.Steps {
		if s.Addr != "m/p" {
			t.Errorf("a step on %s, which nobody can see", s.Addr)
		}
	}
	// Never proven ready: there are no children yet.
	fresh := edit(func(f *plan.Facts) { f.Hosts[0].Guests[0].Marker.Program = ""; f.Hosts = f.Hosts[:1] })
	p = makePlan(t, d, fresh, plan.GoalCreate)
	if find(&p.Program, "m/p/a", op(plan.GuestCreate)) == nil || find(&p.Program, "m/p", op(plan.HostEnroll)) == nil {
		t.Errorf("an unfinished parent:\n%s", dump(p))
	}
	// Enrolled halfway: enrolled again, and nothing else done to it.
	half := edit(func(f *plan.Facts) {
		nested(f).Storages[0].Content = []string{"images"}
		nested(f).Guests, nested(f).Taken = nil, nil
	})
	p = makePlan(t, d, half, plan.GoalCreate)
	if find(&p.Program, "m/p", op(plan.HostEnroll)) == nil || find(&p.Program, "m/p", op(plan.TargetPush)) != nil {
		t.Errorf("a parent that was enrolled halfway:\n%s", dump(p))
	}
	// Strangers inside a parent that goes.
	crowded := edit(func(f *plan.Facts) { nested(f).Taken = append(nested(f).Taken, 777) })
	warned(t, d, crowded, plan.GoalDestroy, "HS0705")
}

func TestHosts(t *testing.T) {
	d := deployment("a")
	edit := func(change func(h *plan.HostFacts)) *plan.Facts {
		f := world()
		change(&f.Hosts[0])
		return f
	}
	for name, c := range map[string]struct {
		d    *ir.Deployment
		f    *plan.Facts
		want []diag.Code
	}{
		"unknown host":      {deployment("a host=mother"), world(), []diag.Code{"HS0611"}},
		"silent host":       {d, edit(func(h *plan.HostFacts) { h.Presence, h.Error = plan.Unknown, "401" }), []diag.Code{"HS0612"}},
		"no storage":        {d, edit(func(h *plan.HostFacts) { h.Storages = nil }), []diag.Code{"HS0614", "HS0614"}},
		"no import":         {d, edit(func(h *plan.HostFacts) { h.Storages = h.Storages[1:] }), []diag.Code{"HS0614"}},
		"named storage":     {d, edit(func(h *plan.HostFacts) { h.Default = "local" }), []diag.Code{"HS0614"}},
		"named import":      {d, edit(func(h *plan.HostFacts) { h.Import = "local-lvm" }), []diag.Code{"HS0614"}},
		"bridge":            {deployment("a bridge=vmbr7"), world(), []diag.Code{"HS0615"}},
		"builtin":           {d, edit(func(h *plan.HostFacts) { h.Version = "9.2.11/abcdef" }), []diag.Code{"HS0616"}},
		"unknown image":     {deployment("a image=debian-99"), world(), []diag.Code{"HS0616"}},
		"unknown template":  {deployment("a ct template=none"), world(), []diag.Code{"HS0616"}},
		"no templates":      {deployment("a ct"), edit(func(h *plan.HostFacts) { h.Storages[0].Content = []string{"import", "iso"} }), []diag.Code{"HS0614"}},
		"disk elsewhere":    {deployment("a disk:data=8,storage=nowhere"), world(), []diag.Code{"HS0614"}},
		"same vmid":         {deployment("a vmid=150", "b vmid=150"), world(), []diag.Code{"HS0617"}},
		"circle":            {deployment("a needs=b", "b needs=a", "c"), world(), []diag.Code{"HS0628"}},
		"bad spec":          {deployment("a package=a:b"), world(), []diag.Code{"HS0629"}},
		"protected test":    {deployment("a protect"), world(), nil},
		"builtin in nested": {deployment("p pve", "p/a"), edit(func(h *plan.HostFacts) { h.Version = "9.2.11/abcdef" }), []diag.Code{"HS0616", "HS0616"}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.d, c.f, plan.GoalCreate, c.want...) })
	}
	narrow := deployment("a", "b", "c")
	narrow.VMIDs = ir.VMIDRange{First: 100, Last: 101}
	refused(t, narrow, world(), plan.GoalCreate, "HS0618")
	narrow.VMIDs.Last = 102
	p := makePlan(t, narrow, world(), plan.GoalCreate)
	seen := map[uint]bool{}
	for _, c := range p.Program.Changes {
		seen[c.VMID] = true
	}
	if len(seen) != 3 {
		t.Errorf("two nodes share a vmid:\n%s", dump(p))
	}
	// Two clusters count separately.
	two := deployment("p pve", "p/a")
	two.VMIDs = ir.VMIDRange{First: 100, Last: 100}
	makePlan(t, two, world(), plan.GoalCreate)
	if _, list := build.Plan(d, world(), plan.GoalCreate, build.Options{}); !list.HasErrors() || list[0].Code != "HS0611" {
		t.Errorf("no host at all: %v", list)
	}
}

// A storage that is not there is another mistake than one that takes nothing of
// the kind.
func TestStorageOfThatName(t *testing.T) {
	for _, c := range []struct {
		change func(*plan.HostFacts)
		want   []string
	}{
		{func(h *plan.HostFacts) { h.Default = "nope" }, []string{`host "father" has no storage "nope"`, "it has local, local-lvm", "name one of them"}},
		{func(h *plan.HostFacts) { h.Import = "locale" }, []string{`host "father" has no storage "locale"`, `did you mean "local"?`}},
		{func(h *plan.HostFacts) { h.Storages, h.Default, h.Import = nil, "nope", "nope" }, []string{"no storage of it can be seen", "Datastore.Audit"}},
		{func(h *plan.HostFacts) { h.Default = "local" }, []string{"its content types lack images", "pvesm set local"}},
	} {
		f := world()
		c.change(&f.Hosts[0])
		_, list := build.Plan(deployment("a"), f, plan.GoalCreate, options)
		for _, want := range c.want {
			if !strings.Contains(list.Error(), want) {
				t.Errorf("%v\nlacks %s", list, want)
			}
		}
	}
}

func TestStorageChoice(t *testing.T) {
	f := world()
	f.Hosts[0].Storages = append(f.Hosts[0].Storages, plan.StorageFacts{Name: "tank", Content: []string{"images", "import"}})
	disk := func() string {
		p := makePlan(t, deployment("a"), f, plan.GoalCreate)
		s := find(&p.Program, "m/a", op(plan.GuestCreate))
		return s.Text("scsi0") + " " + s.Text(plan.ArgSeedStorage)
	}
	if got := disk(); got != "local-lvm:0,import-from=local:import/debian-12-0123456789ab.qcow2 local" {
		t.Error(got)
	}
	f.Hosts[0].Default = "tank"
	if got := disk(); got != "tank:0,import-from=tank:import/debian-12-0123456789ab.qcow2 tank" {
		t.Error(got)
	}
	f.Hosts[0].Import = "local"
	if got := disk(); got != "tank:0,import-from=local:import/debian-12-0123456789ab.qcow2 local" {
		t.Error(got)
	}
	// The image is there: nothing is fetched.
	f.Hosts[0].Images = []string{"local:import/debian-12-0123456789ab.qcow2"}
	p := makePlan(t, deployment("a"), f, plan.GoalCreate)
	if slices.ContainsFunc(p.Program.Steps, op(plan.ImageFetch)) {
		t.Error("an image is fetched that is there")
	}
}

func TestExistingGuests(t *testing.T) {
	d := deployment("a vmid=150 disk=10")
	refused(t, deployment("a vmid=151 disk=10"), made(t, d), plan.GoalCreate, "HS0623")
	refused(t, deployment("a vmid=150 disk=5"), made(t, d), plan.GoalCreate, "HS0624")
	// Protection: declared, or only set on the guest.
	protected := made(t, deployment("a protect"))
	refused(t, deployment("a protect"), protected, plan.GoalDestroy, "HS0626")
	refused(t, deployment("a"), protected, plan.GoalDestroy, "HS0626")
	refused(t, deployment(), protected, plan.GoalReconcile, "HS0626")
	refused(t, deployment("a protect"), world(), plan.GoalTest, "HS0626")
	// Removed from the manifest: creating leaves it, and says so.
	p := warned(t, deployment("b"), made(t, deployment("a", "b")), plan.GoalCreate, "HS0706")
	if got := findings(p, "HS0706"); len(p.Program.Steps) > 0 || !strings.Contains(got, "--goal reconcile") {
		t.Errorf("creating removes, or does not say what does: %s\n%s", got, dump(p))
	}
	p = makePlan(t, deployment("b"), made(t, deployment("a", "b")), plan.GoalDestroy)
	if find(&p.Program, "m/a", op(plan.GuestDelete)) == nil || find(&p.Program, "m/b", op(plan.GuestDelete)) == nil {
		t.Errorf("destroying leaves a guest of the manifest:\n%s", dump(p))
	}
	// The last child of a parent that stays.
	p = makePlan(t, deployment("p pve"), made(t, deployment("p pve", "p/a")), plan.GoalReconcile)
	if s := find(&p.Program, "m/p/a", op(plan.GuestDelete)); s == nil || s.Host != "m/p" {
		t.Errorf("a removed child stays:\n%s", dump(p))
	}
	// And one whose parent goes as well: after it.
	p = makePlan(t, deployment("p pve"), made(t, deployment("p pve", "p/a")), plan.GoalDestroy)
	child, parent := find(&p.Program, "m/p/a", op(plan.GuestDelete)), find(&p.Program, "m/p", op(plan.GuestShutdown))
	if child == nil || parent == nil || !slices.Contains(parent.After, child.ID) {
		t.Errorf("a parent goes before its child:\n%s", dump(p))
	}
}
