package build_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
)

func guardsOf(s *plan.Step, kind plan.GuardKind) []plan.Guard {
	return slices.DeleteFunc(slices.Clone(s.Guards), func(g plan.Guard) bool { return g.Kind != kind })
}

// Everybody on a node that goes down is expected there by name: its own nodes and
// strangers, who are also told and, when they are lost, at stake.
func TestGuestsInside(t *testing.T) {
	d := deployment("p pve cores=2", "p/a", "q pve")
	f := made(t, d)
	nested := &f.Hosts[slices.IndexFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name == "m/p" })]
	nested.Taken = append(nested.Taken, 776, 777)
	nested.Residents = []plan.Resident{{VMID: 776, Kind: "lxc"}, {VMID: 777, Kind: "qemu", Name: "precious"}}
	f.Sort()

	destroy := makePlan(t, d, f, plan.GoalDestroy)
	restart := makePlan(t, deployment("p pve cores=4", "p/a", "q pve"), f, plan.GoalCreate)
	for p, op1 := range map[*plan.Plan]plan.Op{destroy: plan.GuestShutdown, restart: plan.GuestReboot} {
		guards := guardsOf(find(&p.Program, "m/p", op(op1)), plan.GuardGuests)
		if len(guards) != 1 {
			t.Fatalf("%s: %v", op1, guards)
		}
		var seen []string
		for _, kv := range guards[0].Expect {
			seen = append(seen, kv.Value)
		}
		if slices.Sort(seen); strings.Join(seen, " ") != " a precious" {
			t.Errorf("%s expects %v", op1, guards[0].Expect)
		}
		if got := findings(p, "HS0705"); !strings.Contains(got, `CT 776, VM 777 ("precious")`) {
			t.Errorf("%s: %s", op1, got)
		}
	}
	for _, c := range destroy.Program.Changes {
		want := map[string]string{"m/p": `CT 776 VM 777 ("precious")`}[string(c.Addr)]
		guests := slices.DeleteFunc(slices.Clone(c.Stake), func(s string) bool { return !plan.IsGuest(s) })
		if got := strings.Join(guests, " "); got != want {
			t.Errorf("at stake with %s: %q, want %q", c.Addr, got, want)
		}
	}
	// A host without nodes of its own is held to the same.
	if g := guardsOf(find(&destroy.Program, "m/q", op(plan.GuestShutdown)), plan.GuardGuests); len(g) != 1 || len(g[0].Expect) != 0 {
		t.Errorf("guards %v", g)
	}
	// Who is not a host has nobody inside, and who cannot be asked is told of.
	if g := guardsOf(find(&destroy.Program, "m/p/a", op(plan.GuestShutdown)), plan.GuardGuests); len(g) != 0 {
		t.Errorf("guards %v", g)
	}
	at := slices.IndexFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name == "m/q" })
	f.Hosts[at] = plan.HostFacts{Name: "m/q", Presence: plan.Unknown, Error: "no route"}
	p := makePlan(t, d, f, plan.GoalDestroy)
	if g := guardsOf(find(&p.Program, "m/q", op(plan.GuestShutdown)), plan.GuardGuests); len(g) != 0 {
		t.Errorf("guards %v", g)
	}
	if got := findings(p, "HS0705"); !strings.Contains(got, `"m/q" cannot be asked about its guests`) {
		t.Error(got)
	}
}

// Everybody below goes down with a host, down to the last tier, and is named.
func TestFateOfTiers(t *testing.T) {
	lines := []string{"p pve cores=2", "p/leaf pve", "p/leaf/edge", "p/b"}
	f := made(t, deployment(lines...))
	lines[0] = "p pve cores=4"
	got := findings(makePlan(t, deployment(lines...), f, plan.GoalCreate), "HS0705")
	if want := `restarting node "m/p" takes the guests inside down with it: m/p/b, m/p/leaf, m/p/leaf/edge`; !strings.Contains(got, want) {
		t.Errorf("%s\nlacks %s", got, want)
	}
	for name, c := range map[string]struct {
		d    *ir.Deployment
		want string
	}{
		"with nodes":    {deployment(lines...), "cannot be asked about its guests; these go with it: m/p/b, m/p/leaf, m/p/leaf/edge"},
		"without nodes": {deployment("p pve"), "cannot be asked about its guests; whatever is on it goes with it"},
	} {
		f := made(t, c.d)
		for i := range f.Hosts {
			if name := f.Hosts[i].Name; strings.HasPrefix(name, "m/p") {
				f.Hosts[i] = plan.HostFacts{Name: name, Presence: plan.Unknown, Error: "no route"}
			}
		}
		if got := findings(makePlan(t, c.d, f, plan.GoalDestroy), "HS0705"); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\nlacks %s", name, got, c.want)
		}
	}
}

// A new stranger on a node that nothing happens to is no change of the plan.
func TestGuestsInsideAnUntouchedParent(t *testing.T) {
	d := deployment("p pve", "p/a", "b")
	f := made(t, d)
	before := makePlan(t, deployment("p pve", "p/a", "b cores=4"), f, plan.GoalCreate).Program.Digest()
	nested := &f.Hosts[slices.IndexFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name == "m/p" })]
	nested.Taken = append(nested.Taken, 777)
	nested.Residents = []plan.Resident{{VMID: 777, Kind: "qemu", Name: "precious"}}
	f.Sort()
	if after := makePlan(t, deployment("p pve", "p/a", "b cores=4"), f, plan.GoalCreate).Program.Digest(); after != before {
		t.Error("the digest changed")
	}
}

// What may be deleted, and what the notes said, is in the guards of a removal; an
// update takes the notes as they were as well.
func TestGuardsNameVolumesAndMarker(t *testing.T) {
	d := deployment("a cores=2")
	f := made(t, d)
	for _, c := range []struct {
		p       *plan.Plan
		op      plan.Op
		volumes string
		marker  string
	}{
		{makePlan(t, d, f, plan.GoalDestroy), plan.GuestShutdown, strings.Join(f.Hosts[0].Guests[0].Volumes, ","), "signed-1"},
		{makePlan(t, d, f, plan.GoalDestroy), plan.GuestDelete, strings.Join(f.Hosts[0].Guests[0].Volumes, ","), "signed-1"},
		{makePlan(t, d, world(), plan.GoalTest), plan.GuestDelete, "scsi0,scsi1", ""},
		{makePlan(t, deployment("a cores=4"), f, plan.GoalCreate), plan.GuestConfigure, "", "signed-1"},
	} {
		s := find(&c.p.Program, "m/a", func(s plan.Step) bool { return s.Op == c.op && s.Text(plan.ArgProgram) == "" })
		got := map[string]string{}
		for _, g := range guardsOf(s, plan.GuardUnchanged) {
			for _, kv := range g.Expect {
				got[kv.Key] = kv.Value
			}
		}
		if got[plan.VolumesKey] != c.volumes || got[plan.MarkerKey] != c.marker {
			t.Errorf("%s %s: %v", c.p.Program.Goal, c.op, got)
		}
	}
}

// A guest that will not be the node any more once it restarts is not planned for.
func TestPendingLossOfIdentity(t *testing.T) {
	d := deployment("a")
	f := made(t, d)
	g := &f.Hosts[0].Guests[0]
	g.Pending = []plan.KV{{Key: "smbios1"}}
	f.Sort()
	makePlan(t, d, f, plan.GoalDestroy) // its marker is left
	g.Marker = nil
	for _, goal := range []plan.Goal{plan.GoalCreate, plan.GoalDestroy} {
		list := refused(t, d, f, goal, "HS0620")
		if !strings.Contains(list.Error(), "restart") {
			t.Error(list)
		}
	}
}

// A copy that is left alone is known to the plan that leaves it.
func TestKnownCopies(t *testing.T) {
	d := deployment("a")
	f := made(t, d)
	g := f.Hosts[0].Guests[0]
	p := makePlan(t, d, with(f, plan.GuestFacts{VMID: 150, Name: "copy", UUID: g.UUID}), plan.GoalDestroy)
	for _, s := range p.Program.Steps {
		if g := guardsOf(&s, plan.GuardOurs); len(g) != 1 || len(g[0].Expect) != 1 || g[0].Expect[0] != (plan.KV{Key: "150", Value: "copy"}) {
			t.Errorf("%s: %v", s.Op, g)
		}
	}
}
