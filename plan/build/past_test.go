package build_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/plan/identity"
)

// findings of a plan with this code, one per line.
func findings(p *plan.Plan, code string) string {
	var out []string
	for _, f := range p.Notes.Findings {
		if f.Code == code {
			out = append(out, f.Addr+": "+f.Message)
		}
	}
	return strings.Join(out, "\n")
}

// What only a new guest would have is told, and is no step; and nobody is told
// anything about a guest that cannot say how it was made.
func TestFixedAtCreation(t *testing.T) {
	was := "a ip=10.0.0.5/24 gateway=10.0.0.1 dns=10.0.0.2,10.0.0.3 domain=home.arpa"
	was += " nic:1=ip=10.1.0.5/24"
	f := made(t, deployment(was))
	same := makePlan(t, deployment(was), f, plan.GoalCreate)
	if got := findings(same, "HS0708"); got != "" || len(same.Program.Steps) > 0 {
		t.Errorf("nothing changed: %s", got)
	}
	for line, want := range map[string][]string{
		strings.Replace(was, "10.0.0.5/24", "10.0.0.6/24", 1): {" ip 10.0.0.5/24, ", " says 10.0.0.6/24"},
		strings.Replace(was, "ip=10.0.0.5/24 ", "", 1):        {" says dhcp"},
		strings.Replace(was, "gateway=10.0.0.1 ", "", 1):      {" gateway 10.0.0.1, ", " says (none)"},
		strings.Replace(was, ",10.0.0.3", "", 1):              {" dns 10.0.0.2,10.0.0.3, ", " says 10.0.0.2;"},
		was + " image=debian-13-pve":                          {" image debian-12, ", " says debian-13-pve"},
		strings.Replace(was, "10.1.0.5", "10.1.0.6", 1):       {" interfaces eth1 10.1.0.5/24, ", " says eth1 10.1.0.6/24"},
		strings.Replace(was, "home.arpa", "example.org", 1):   {" domain home.arpa, ", " says example.org"},
	} {
		p, list := build.Plan(deployment(line), f, plan.GoalCreate, options)
		got := findings(p, "HS0708")
		for _, part := range want {
			if !strings.Contains(got, part) || strings.Count(got, "\n") != 0 {
				t.Errorf("%s:\n%q is not in\n%s", line, part, got)
			}
		}
		if len(list) != 1 || list[0].Help == "" {
			t.Errorf("%s: %v", line, list)
		}
		// The node program knows the domain; all else is nobody's to change.
		if !strings.Contains(line, "example.org") && (len(p.Program.Steps) > 0 || p.Program.Digest() != same.Program.Digest()) {
			t.Errorf("%s: %d steps", line, len(p.Program.Steps))
		}
	}
	f.Hosts[0].Guests[0].Marker.Made = nil
	if got := findings(makePlan(t, deployment("a ip=10.0.0.6/24"), f, plan.GoalCreate), "HS0708"); got != "" {
		t.Error(got)
	}
}

// Drift is what is not as the marker says it was left, and nothing else.
func TestDrift(t *testing.T) {
	for name, c := range map[string]struct {
		line   string
		change func(g *plan.GuestFacts)
		want   string
	}{
		"manifest changed":   {"a cores=4", nil, ""},
		"never applied":      {"a pve image=debian-12", nil, ""},
		"edited":             {"a", func(g *plan.GuestFacts) { set(g, "cores", "8"); g.Marker.Edited = []string{"cores"} }, "m/a: changed since homestak applied it: cores"},
		"edited as declared": {"a cores=8", func(g *plan.GuestFacts) { set(g, "cores", "8"); g.Marker.Edited = []string{"cores"} }, ""},
		"grown twice":        {"a disk=20", func(g *plan.GuestFacts) { g.Marker.Edited = []string{"scsi0.size"} }, ""},
		"uuid":               {"a", func(g *plan.GuestFacts) { set(g, "smbios1.uuid", ""); g.UUID = "" }, "m/a: changed since homestak applied it: smbios1.uuid"},
	} {
		f := made(t, deployment("a"))
		if c.change != nil {
			c.change(&f.Hosts[0].Guests[0])
			f.Sort()
		}
		if got := findings(makePlan(t, deployment(c.line), f, plan.GoalCreate), "HS0704"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A test never destroys what it did not make.
func TestTestOfADeployment(t *testing.T) {
	d := deployment("a", "b", "p pve", "p/c")
	f := made(t, d)
	list := refused(t, d, f, plan.GoalTest, "HS0630")
	if text := list[0].Message + list[0].Label; !strings.Contains(text, "m/a, m/b, m/p, m/p/c") || !strings.Contains(text, " on father") {
		t.Error(text)
	}
	if !build.Refuses(list[0].Code) {
		t.Error("it is the world that forbids it")
	}
	// One guest is enough, and one without a marker cannot say that a test made it.
	makePlan(t, d, tested(f), plan.GoalTest)
	f.Hosts[0].Guests[0].Marker = nil
	refused(t, d, f, plan.GoalTest, "HS0630")
	// What a test left is a deployment once create has wanted it.
	f = simulate(t, &makePlan(t, deployment("a"), world(), plan.GoalTest).Program, world(), stopAt(t))
	if !f.Hosts[0].Guests[0].Marker.Test {
		t.Fatal("a test made it")
	}
	f = simulate(t, &makePlan(t, deployment("a"), f, plan.GoalCreate).Program, f, -1)
	if p := makePlan(t, deployment("a"), f, plan.GoalCreate); len(p.Program.Steps) > 0 {
		t.Error(dump(p))
	}
	refused(t, deployment("a"), f, plan.GoalTest, "HS0630")
}

// tested says of every guest that a test made it.
func tested(f *plan.Facts) *plan.Facts {
	for i := range f.Hosts {
		for j := range f.Hosts[i].Guests {
			if m := f.Hosts[i].Guests[j].Marker; m != nil {
				m.Test = true
			}
		}
	}
	return f
}

// stopAt is where a test of node a is ready and not yet taken away.
func stopAt(t *testing.T) int {
	for i, s := range makePlan(t, deployment("a"), world(), plan.GoalTest).Program.Steps {
		if s.Op == plan.GuestShutdown {
			return i
		}
	}
	t.Fatal("a test destroys nothing")
	return 0
}

// Seeds that a dead run left go, whatever the goal; nobody else's do.
func TestLeftoverSeeds(t *testing.T) {
	d := deployment("a", "b")
	left := "local:import/" + identity.SeedName(identity.UUID(site, "m", "m/a"), "00ff")
	others := "local:import/" + identity.SeedName(identity.UUID(site, "other", "other/a"), "00ff")
	for _, goal := range []plan.Goal{plan.GoalCreate, plan.GoalDestroy, plan.GoalReconcile, plan.GoalTest} {
		for name, f := range map[string]*plan.Facts{"absent": world(), "made": made(t, d)} {
			if goal == plan.GoalTest && name == "made" {
				continue
			}
			without := makePlan(t, d, f, goal)
			f.Hosts[0].Seeds = []string{left, others}
			f.Sort()
			p := makePlan(t, d, f, goal)
			if n := len(p.Program.Steps) - len(without.Program.Steps); n != 1 {
				t.Errorf("%s, %s: %d steps more", goal, name, n)
			}
			s := find(&p.Program, "m/a", func(s plan.Step) bool { return s.Op == plan.SeedRemove && s.Reason == plan.ReasonLeftover })
			if s == nil || s.Text(plan.ArgSeed) != strings.TrimPrefix(left, "local:import/") || s.Text(plan.ArgStorage) != "local" || s.Text(plan.ArgWhat) != plan.WhatUpload {
				t.Errorf("%s, %s: %+v", goal, name, s)
			}
			if findings(p, "HS0709") == "" {
				t.Errorf("%s, %s: it is not told", goal, name)
			}
			after := simulate(t, &p.Program, f, -1)
			if got := after.Hosts[0].Seeds; len(got) != 1 || got[0] != others {
				t.Errorf("%s, %s: left are %v", goal, name, got)
			}
		}
	}
}

// Whoever is told that a parent is off is told how to go on, in full.
func TestStoppedParentSaysHow(t *testing.T) {
	d := deployment("p pve", "p/c")
	f := made(t, d)
	g := &f.Hosts[0].Guests[0]
	g.Power = plan.PowerStopped
	f.Hosts = f.Hosts[:1]
	list := refused(t, d, f, plan.GoalCreate, "HS0613")
	for _, part := range []string{fmt.Sprintf("VM %d on father", g.VMID), fmt.Sprintf("qm start %d", g.VMID), "homestak destroy -M m"} {
		if !strings.Contains(list[0].Help, part) {
			t.Errorf("%q is not in %q", part, list[0].Help)
		}
	}
	makePlan(t, d, f, plan.GoalDestroy)
}
