package build_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// steps is the plan's steps of one node, in order, as "op" or "op(arg,…)" for
// configuration, with the risk when there is one.
func steps(p *plan.Plan, a string) string {
	var out []string
	for _, s := range p.Program.Steps {
		if string(s.Addr) != a {
			continue
		}
		text := strings.ToLower(s.Op.String())
		if s.Op == plan.GuestConfigure {
			var names []string
			for _, arg := range s.Args {
				if arg.Name != plan.ArgVMID && arg.Name != plan.ArgDescription {
					names = append(names, arg.Name)
				}
			}
			text += "(" + strings.Join(names, ",") + ")"
		}
		if s.Op == plan.GuestReboot {
			text += "(" + strings.Join(s.List(plan.ArgKeys), ",") + ")"
		}
		if s.Risk != plan.Safe {
			text += "!"
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

const converge = " guest.await target.push check.ready"

// What is wrong with a guest, and what the plan does about it.
func TestUpdates(t *testing.T) {
	base := "a cores=2"
	for name, c := range map[string]struct {
		line   string                   // the manifest now
		change func(g *plan.GuestFacts) // the guest now
		reason string
		want   string
	}{
		"nothing":             {base, nil, plan.ReasonPresent, ""},
		"cores":               {"a cores=4", nil, plan.ReasonDiffers, "guest.configure(cores) guest.reboot(cores)!" + converge},
		"onboot":              {base + " onboot", nil, plan.ReasonDiffers, "guest.configure(onboot)"},
		"tags":                {base + " tags=web", nil, plan.ReasonDiffers, "guest.configure(tags)"},
		"vlan":                {base + " vlan=4", nil, plan.ReasonDiffers, "guest.configure(net0)!"},
		"vlan, nothing plugs": {base + " vlan=4", func(g *plan.GuestFacts) { set(g, "hotplug", "none") }, plan.ReasonDiffers, "guest.configure(net0)!"},
		"disk":                {base + " disk=20", nil, plan.ReasonDiffers, "guest.grow"},
		"disk unset":          {base + " disk=0", nil, plan.ReasonPresent, ""},
		"spec":                {base + " package=htop", nil, plan.ReasonSpec, "guest.await target.push check.ready guest.configure(program,program.secrets)"},
		"stopped":             {base, func(g *plan.GuestFacts) { g.Power = "stopped" }, plan.ReasonStopped, "guest.start" + converge},
		"stopped and cores": {"a cores=4", func(g *plan.GuestFacts) { g.Power = "stopped" }, plan.ReasonDiffers,
			"guest.configure(cores) guest.start" + converge},
		"pending, as wanted": {"a cores=4", func(g *plan.GuestFacts) { g.Pending = []plan.KV{{Key: "cores", Value: "4"}} }, plan.ReasonDiffers,
			"guest.reboot(cores)!" + converge},
		"pending, not wanted": {base, func(g *plan.GuestFacts) { g.Pending = []plan.KV{{Key: "cores", Value: "8"}} }, plan.ReasonDiffers,
			"guest.configure(cores) guest.reboot(cores)!" + converge},
		"foreign pending": {base, func(g *plan.GuestFacts) { g.Pending = []plan.KV{{Key: "hotplug", Value: "usb"}} }, plan.ReasonPresent, ""},
		"boot order": {base, func(g *plan.GuestFacts) { set(g, "boot.order", "net0") }, plan.ReasonDiffers,
			"guest.configure(boot) guest.reboot(boot)!" + converge},
		"boot order goes": {base, func(g *plan.GuestFacts) { g.Pending = []plan.KV{{Key: "boot"}} }, plan.ReasonDiffers,
			"guest.configure(boot) guest.reboot(boot)!" + converge},
		"controller": {base, func(g *plan.GuestFacts) { set(g, "scsihw", "lsi") }, plan.ReasonDiffers,
			"guest.configure(scsihw) guest.reboot(scsihw)!" + converge},
		"console, stopped": {base, func(g *plan.GuestFacts) { set(g, "serial0", ""); g.Power = "stopped" }, plan.ReasonDiffers,
			"guest.configure(serial0) guest.start" + converge},
		"uuid": {base, func(g *plan.GuestFacts) { set(g, "smbios1.uuid", "x"); g.UUID = "x" }, plan.ReasonDiffers,
			"guest.configure(smbios1) guest.reboot(smbios1)!" + converge},
		"uuid will go": {base, func(g *plan.GuestFacts) { g.Pending = []plan.KV{{Key: "smbios1.serial", Value: "x"}} }, plan.ReasonDiffers,
			"guest.configure(smbios1) guest.reboot(smbios1)!" + converge},
		"left by a test": {base, func(g *plan.GuestFacts) { g.Marker.Test = true }, plan.ReasonTested,
			"guest.await target.push check.ready guest.configure(program,program.secrets)"},
		"unmanaged": {base, func(g *plan.GuestFacts) { set(g, "net0.firewall", "1"); set(g, "scsi0.cache", "none") }, plan.ReasonPresent, ""},
		"never ready": {base, func(g *plan.GuestFacts) { g.Marker.Program = "" }, plan.ReasonUnfinished,
			"guest.await seed.remove target.push check.ready guest.configure(program,program.secrets)"},
		"never started": {base, func(g *plan.GuestFacts) {
			g.Marker.Program, g.Power = "", "stopped"
			set(g, "scsi0.size", "2147483648")
		}, plan.ReasonUnfinished,
			"guest.grow guest.start guest.await seed.remove target.push check.ready guest.configure(program,program.secrets)"},
		"pull": {base + " pull package=htop", nil, plan.ReasonSpec, "spec.publish guest.await target.await guest.configure(program,program.secrets)"},
	} {
		t.Run(name, func(t *testing.T) {
			f := made(t, deployment(base))
			if c.change != nil {
				c.change(&f.Hosts[0].Guests[0])
				f.Sort()
			}
			p := makePlan(t, deployment(c.line), f, plan.GoalCreate)
			if got := steps(p, "m/a"); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			change := p.Program.Changes[0]
			if change.Reason != c.reason || (change.Action == plan.None) != (c.want == "") {
				t.Errorf("%s because %s", change.Action, change.Reason)
			}
			if (len(change.Attrs) > 0) != (c.want != "") {
				t.Errorf("attributes %v", change.Attrs)
			}
		})
	}
}

// The guards of an update hold before it, and not after anybody's edit.
func TestUpdateGuards(t *testing.T) {
	f := made(t, deployment("a cores=2"))
	p := makePlan(t, deployment("a cores=4"), f, plan.GoalCreate)
	g := &f.Hosts[0].Guests[0]
	wants := canon.Wants(p.Program.Steps, "m/a")
	for name, c := range map[string]struct {
		pending []plan.KV
		changed bool
	}{
		"as it was":         {nil, false},
		"already as wanted": {[]plan.KV{{Key: "cores", Value: "4"}}, false},
		"edited":            {[]plan.KV{{Key: "memory", Value: "1"}}, true},
	} {
		for _, s := range p.Program.Steps {
			for _, guard := range s.Guards {
				if guard.Kind != plan.GuardUnchanged {
					continue
				}
				if got := canon.Changed(guard.Expect, wants, canon.Overlay(g.Config, c.pending)); (len(got) > 0) != c.changed {
					t.Errorf("%s, %s: %v", name, s.Op, got)
				}
			}
		}
	}
}

// A parent's restart takes its children down: they are started and looked at.
func TestRestartedParent(t *testing.T) {
	d := deployment("p pve cores=2", "p/a")
	p := makePlan(t, deployment("p pve cores=4", "p/a"), made(t, d), plan.GoalCreate)
	if got := steps(p, "m/p/a"); got != "guest.start"+converge {
		t.Error(got)
	}
	start, last := find(&p.Program, "m/p/a", op(plan.GuestStart)), find(&p.Program, "m/p", op(plan.CheckReady))
	if !slices.Contains(start.After, last.ID) {
		t.Error("a child is started before its parent is back")
	}
	for _, guard := range start.Guards {
		if guard.Kind == plan.GuardPower {
			t.Error("a power state is expected that nobody can know")
		}
	}
	if !slices.ContainsFunc(p.Notes.Findings, func(f plan.Finding) bool { return f.Code == "HS0705" }) {
		t.Error("the downtime of the child is not told")
	}
}

// A test of what an interrupted test left shows what it will cost.
func TestTestOfExistingGuests(t *testing.T) {
	d := deployment("a")
	f := made(t, d)
	f.Hosts[0].Guests[0].Marker.Test = true
	p := makePlan(t, d, f, plan.GoalTest)
	c := p.Program.Changes[0]
	if c.Action != plan.Delete || len(c.Stake) != 1 {
		t.Errorf("%s with %v at stake", c.Action, c.Stake)
	}
	if got := steps(p, "m/a"); got != "guest.await check.ready guest.shutdown! guest.stop! guest.delete!" {
		t.Error(got)
	}
	d.Settings.CleanupOnFailure = val(true)
	if p := makePlan(t, d, world(), plan.GoalTest); p.Program.OnError != "rollback" {
		t.Errorf("a failed test leaves guests: on_error %s", p.Program.OnError)
	}
	if p := makePlan(t, d, world(), plan.GoalCreate); p.Program.OnError != "stop" {
		t.Errorf("on_error %s", p.Program.OnError)
	}
}

func TestSettings(t *testing.T) {
	d := deployment("a")
	d.Settings.Verify, d.Settings.TimeoutSeconds = val(false), val(77)
	p := makePlan(t, d, world(), plan.GoalCreate)
	if find(&p.Program, "m/a", op(plan.CheckReady)) != nil {
		t.Error("verify: false is checked")
	}
	p = makePlan(t, d, world(), plan.GoalTest)
	for _, s := range p.Program.Steps {
		if s.Deadline != 77 {
			t.Errorf("%s has %d seconds", s.Op, s.Deadline)
		}
		if s.Op == plan.GuestShutdown && s.Text(plan.ArgGrace) != "38" {
			t.Errorf("a guest gets %s of 77 seconds", s.Text(plan.ArgGrace))
		}
	}
}

func TestSecretsAndNotes(t *testing.T) {
	o := options
	o.Secrets = nil
	p, list := build.Plan(deployment("a"), world(), plan.GoalCreate, o)
	if len(list) != 1 || list[0].Code != "HS0702" {
		t.Fatalf("%v", list)
	}
	if s := p.Program.Secrets; len(s) != 2 || s[0] != (plan.SecretRef{Name: "passwords.vm_root"}) || s[1].Name != "ssh_keys.alice" {
		t.Errorf("%v", s)
	}
	with := makePlan(t, deployment("a"), world(), plan.GoalCreate)
	if with.Program.Digest() == p.Program.Digest() {
		t.Error("a secret's digest is not part of the plan")
	}
	if n := with.Notes; n.Facts != world().Digest() || n.IR != deployment("a").Digest() {
		t.Errorf("notes %+v", n)
	}
	if offline, list := build.Plan(deployment("a"), build.EmptyFacts([]string{"father", "father"}), plan.GoalCreate, options); offline == nil || list[0].Code != "HS0701" {
		t.Errorf("the empty world: %v", list)
	}
}

func TestWanted(t *testing.T) {
	d := deployment("p pve", "p/a mac=02:aa:00:00:00:01", "b host=mother vmid=150")
	w := build.Wanted(d, "father")
	if !slices.Equal(w.Hosts, []string{"father", "mother"}) || w.First != 9000 || w.Last != 999_999 || w.SiteID != site || w.Manifest != "m" {
		t.Errorf("%+v", w)
	}
	child := w.Nodes[1]
	uuid := identity.UUID(site, "m", "m/p/a")
	if child.Host != "m/p" || child.Parent != "m/p" || child.Name != "a" || child.UUID != uuid || child.MAC != "02:AA:00:00:00:01" || child.VMID < 9000 {
		t.Errorf("%+v", child)
	}
	if b := w.Nodes[2]; b.Host != "mother" || b.Parent != "" || b.VMID != 150 || b.MAC != identity.MAC(b.UUID, 0) {
		t.Errorf("%+v", b)
	}
	// A plan looks for what its deployment looked for.
	f := world()
	mother := f.Hosts[0]
	mother.Name, mother.Node = "mother", "mother"
	f.Hosts = append(f.Hosts, mother)
	of := build.WantedOf(&makePlan(t, d, f, plan.GoalCreate).Program)
	if !slices.Equal(of.Hosts, w.Hosts) || len(of.Nodes) != 3 {
		t.Errorf("%+v", of)
	}
	for _, n := range of.Nodes {
		i := slices.IndexFunc(w.Nodes, func(x plan.Wanted) bool { return x.Addr == n.Addr })
		if !reflect.DeepEqual(n, w.Nodes[i]) {
			t.Errorf("%+v, from the deployment %+v", n, w.Nodes[i])
		}
	}
}
