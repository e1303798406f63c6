package apply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

const fixed = `schema_version: 2
name: one
nodes:
  - {name: only, spec: web, preset: vm-small, network: {ip: %s, dns: [10.86.0.1], domain: %s}}
`

func said(p *plan.Plan, code string) string {
	var out []string
	for _, f := range p.Notes.Findings {
		if f.Code == code {
			out = append(out, f.Message)
		}
	}
	return strings.Join(out, "\n")
}

// What the seed and the image fixed is remembered on the guest, and a manifest
// that says something else later is answered.
func TestFixedAtCreationIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": fmt.Sprintf(fixed, "dhcp", "home.arpa")})
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	if p := w.plan("one", plan.GoalCreate); len(p.Program.Steps) > 0 || said(p, "HS0708") != "" {
		t.Errorf("%d steps, %s", len(p.Program.Steps), said(p, "HS0708"))
	}
	m := hostFacts(t, w.observe(w.compile("one")), "lab").Guests[0].Marker
	if got := fmt.Sprint(m.Made); got != "[{dns 10.86.0.1} {domain home.arpa} {image debian-12} {ip dhcp}]" || m.Test {
		t.Errorf("made: %s, by a test: %v", got, m.Test)
	}
	w.write("manifests/one.yaml", fmt.Sprintf(fixed, "10.86.0.77/24, gateway: 10.86.0.1", "home.arpa"))
	p := w.plan("one", plan.GoalCreate)
	if got := said(p, "HS0708"); !strings.Contains(got, "ip dhcp, the manifest says 10.86.0.77/24") || len(p.Program.Steps) > 0 {
		t.Errorf("%d steps, %s", len(p.Program.Steps), got)
	}
	// Updates keep it.
	w.write("manifests/one.yaml", strings.Replace(fmt.Sprintf(fixed, "10.86.0.77/24", "home.arpa"), "vm-small,", "vm-small, cores: 7,", 1))
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	if p := w.plan("one", plan.GoalCreate); said(p, "HS0708") == "" || len(p.Program.Steps) > 0 {
		t.Errorf("after an update: %d steps, %s", len(p.Program.Steps), said(p, "HS0708"))
	}
}

// Whatever guest.create set is held to it, and what somebody changed is told
// apart from what nobody did.
func TestCreatedAttributesAreHeld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	before := configOf(w, first)
	for _, edit := range []struct{ key, value, attr string }{
		{"boot", "order=net0", "boot.order"},
		{"scsihw", "lsi", "scsihw"},
		{"serial0", "/dev/ttyS0", "serial0"},
		{"agent", "0", "agent.enabled"},
		{"ostype", "l24", "ostype"},
		{"smbios1", "uuid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee,serial=eA==,base64=1", "smbios1.uuid"},
	} {
		for _, running := range []bool{true, false} {
			if !running {
				w.do("POST", guestPath(first)+"/status/stop")
			}
			w.do("PUT", guestPath(first)+"/config", edit.key, edit.value)
			p := w.plan("one", plan.GoalCreate)
			if got := said(p, "HS0704"); got != "changed since homestak applied it: "+edit.attr {
				t.Errorf("%s, running %v: %q", edit.key, running, got)
			}
			w.must(p, apply.Done)
			if p := w.plan("one", plan.GoalCreate); len(p.Program.Steps) > 0 {
				t.Fatalf("%s, running %v: the plan afterwards has steps: %v", edit.key, running, p.Program.Changes)
			}
			if now := configOf(w, first)[edit.key]; now != before[edit.key] && now != "enabled="+before[edit.key] && edit.key != "smbios1" {
				t.Errorf("%s is %q, was %q", edit.key, now, before[edit.key])
			}
		}
	}
	if got := configOf(w, first)["smbios1"]; !strings.Contains(got, first.Program.Changes[0].UUID) || !strings.Contains(got, "serial=eA==") {
		t.Errorf("smbios1 is %q", got)
	}
	// Gone at the next restart is as bad as gone.
	w.do("PUT", guestPath(first)+"/config", "delete", "boot,serial0")
	if p := w.plan("one", plan.GoalCreate); len(p.Program.Changes[0].Attrs) != 2 {
		t.Errorf("%+v", p.Program.Changes[0])
	}
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	if p := w.plan("one", plan.GoalCreate); len(p.Program.Steps) > 0 || configOf(w, first)["boot"] != before["boot"] {
		t.Errorf("%+v, boot is %s", p.Program.Changes[0], configOf(w, first)["boot"])
	}
}

// What a test made is a test's to destroy, until create wants it; what create
// made is not, whenever the test was planned.
func TestTestsSpareDeployments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	early := w.plan("one", plan.GoalTest)
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	if _, bad := build.Plan(w.compile("one"), w.observe(w.compile("one")), plan.GoalTest, build.Options{DefaultHost: "lab"}); len(bad) == 0 || bad[0].Code != "HS0630" {
		t.Errorf("planned: %v", bad)
	}
	if r := w.must(early, apply.Refused); codes(r) != "HS0681" {
		t.Errorf("planned before: %s", tell(r))
	}
	if len(w.guests()) != 1 {
		t.Fatalf("guests: %v", w.guests())
	}
	w.must(w.plan("one", plan.GoalDestroy), apply.Done)
	// An interrupted test is gone on with, by the same plan and by another.
	again := w.plan("one", plan.GoalTest)
	w.killedAfter(again, plan.CheckReady)
	w.must(w.plan("one", plan.GoalTest), apply.Done)
	if len(w.guests()) != 0 {
		t.Fatalf("guests: %v", w.guests())
	}
	w.killedAfter(w.plan("one", plan.GoalTest), plan.GuestConfigure)
	over := w.plan("one", plan.GoalTest)
	p := w.plan("one", plan.GoalCreate)
	if c := p.Program.Changes[0]; c.Reason != plan.ReasonTested {
		t.Errorf("%+v", c)
	}
	w.must(p, apply.Done)
	if p := w.plan("one", plan.GoalCreate); len(p.Program.Steps) > 0 {
		t.Errorf("after it was taken over: %+v", p.Program.Changes)
	}
	w.must(p, apply.AlreadyApplied)
	if r := w.must(over, apply.Refused); codes(r) != "HS0681" || len(w.guests()) != 1 {
		t.Errorf("%s", tell(r))
	}
}

// Killed after it uploaded a seed, with nothing left here that knows: destroy
// finds the seed and the lease, and so does create.
func TestLeftoverSeedsAreFound(t *testing.T) {
	t.Parallel()
	for _, goal := range []plan.Goal{plan.GoalDestroy, plan.GoalCreate} {
		w := newWorld(t, map[string]string{"one": one})
		w.killedAfter(w.plan("one", plan.GoalCreate), plan.SeedUpload)
		w.env.StateDir = t.TempDir()
		if left := w.seedFiles(); len(left) != 1 {
			t.Fatalf("seeds: %v", left)
		}
		p := w.plan("one", goal)
		if said(p, "HS0709") == "" {
			t.Error("nothing is said of it")
		}
		w.must(p, apply.Done)
		if left := w.seedFiles(); len(left) != 0 {
			t.Errorf("%s: seeds: %v", goal, left)
		}
		if pools := fmt.Sprint(w.do("GET", "/pools")); strings.Contains(pools, "hs-lease-") {
			t.Errorf("%s: the lease is left: %s", goal, pools)
		}
		if p := w.plan("one", goal); len(p.Program.Steps) > 0 {
			t.Errorf("%s: the plan afterwards has steps", goal)
		}
		w.must(p, apply.AlreadyApplied)
	}
}

// A plan that names somebody else's file as a seed is no plan.
func TestOnlyOwnSeedsAreRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	w.killedAfter(w.plan("one", plan.GoalCreate), plan.SeedUpload)
	p := w.plan("one", plan.GoalDestroy)
	for i := range p.Program.Steps {
		for j, a := range p.Program.Steps[i].Args {
			if a.Name == plan.ArgSeed {
				p.Program.Steps[i].Args[j].Value.Text = "debian-12-0123456789ab.qcow2"
			}
		}
	}
	if r := w.must(p, apply.Refused); codes(r) != "HS0650" {
		t.Errorf("%s", tell(r))
	}
}
