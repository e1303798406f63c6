package apply_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

const one = `schema_version: 2
name: one
nodes:
  - {name: only, spec: web, preset: vm-small}
`

const only = addr.Address("one/only")

// changed is the same node with one core more.
const changed = `schema_version: 2
name: one
nodes:
  - {name: only, spec: web, preset: vm-small, cores: 7}
`

// What happens between plan and apply makes apply refuse: it names the object
// and the reason, exits 4, and has written nothing.
func TestStalePlansAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		existing bool // the guest exists when the plan is made
		goal     plan.Goal
		behind   func(w *world, p *plan.Plan)
		code     string
		says     []string
	}{
		{"vmid taken", false, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("POST", "/nodes/lab/qemu", "vmid", fmt.Sprint(vmid(p, only)), "name", "stranger")
		}, "HS0662", []string{"VM ", "stranger", "one/only"}},
		{"name taken", false, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("POST", "/nodes/lab/qemu", "vmid", "999", "name", "only")
		}, "HS0662", []string{"VM 999", `"only"`}},
		{"guest edited", true, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("PUT", guestPath(p)+"/config", "cores", "5")
		}, "HS0664", []string{"one/only", "cores", `"5"`}},
		{"guest stopped", true, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("POST", guestPath(p)+"/status/stop")
		}, "HS0665", []string{"one/only", "stopped"}},
		{"guest removed", true, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("POST", guestPath(p)+"/status/stop")
			w.do("DELETE", guestPath(p))
		}, "HS0667", []string{"one/only", "does not exist"}},
		{"guest edited before it is destroyed", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			w.do("PUT", guestPath(p)+"/config", "memory", "4321")
		}, "HS0664", []string{"one/only", "memory"}},
		{"marks removed before it is destroyed", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			w.do("POST", guestPath(p)+"/status/stop")
			w.do("PUT", guestPath(p)+"/config", "description", "mine now", "smbios1", "uuid=aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
		}, "HS0663", []string{"VM ", "one/only"}},
		{"volume added before it is destroyed", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			w.do("PUT", guestPath(p)+"/config", "scsi3", "local:1")
		}, "HS0664", []string{"one/only", "volume local:"}},
		{"uuid will be lost at the next restart", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			w.do("PUT", guestPath(p)+"/config", "delete", "smbios1,description")
		}, "HS0663", []string{"VM ", "one/only", "pending"}},
		{"uuid will be lost at the restart of an update", true, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("PUT", guestPath(p)+"/config", "delete", "smbios1,description")
		}, "HS0663", []string{"VM ", "one/only", "pending"}},
		{"notes removed before an update", true, plan.GoalCreate, func(w *world, p *plan.Plan) {
			w.do("PUT", guestPath(p)+"/config", "delete", "description")
		}, "HS0664", []string{"one/only", "marker", "none"}},
		{"notes forged before an update", true, plan.GoalCreate, func(w *world, p *plan.Plan) {
			notes := strings.Replace(configOf(w, p)["description"], "incarnation 1", "incarnation 2", 1)
			w.do("PUT", guestPath(p)+"/config", "description", notes)
		}, "HS0664", []string{"one/only", "marker", "unsigned"}},
		{"copied before an update", true, plan.GoalCreate, copied, "HS0666", []string{"VM 998", "one/only"}},
		{"copied before it is destroyed", true, plan.GoalDestroy, copied, "HS0666", []string{"VM 998", "one/only"}},
		{"host gone", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			h := w.env.Hosts["lab"]
			h.Endpoints = []string{"https://127.0.0.1:1"}
			w.env.Hosts["lab"] = h
		}, "HS0801", []string{"host lab"}},
		{"host certificate swapped", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			for i := range p.Program.Hosts {
				sum := sha256.Sum256([]byte("another certificate"))
				pairs := strings.ToUpper(hex.EncodeToString(sum[:]))
				p.Program.Hosts[i].Fingerprint = strings.TrimRight(colons(pairs), ":")
			}
		}, "HS0802", []string{"host lab", "pinned"}},
		{"host not in the site", true, plan.GoalDestroy, func(w *world, p *plan.Plan) {
			delete(w.env.Hosts, "lab")
		}, "HS0651", []string{`"lab"`}},
		{"no keys", true, plan.GoalDestroy, func(w *world, p *plan.Plan) { w.env.Keys = nil }, "HS0652", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"one": one})
			if c.existing {
				w.must(w.plan("one", plan.GoalCreate), apply.Done)
				w.write("manifests/one.yaml", changed)
			}
			p := w.plan("one", c.goal)
			c.behind(w, p)
			names, before := w.guests(), w.writes()
			r := w.must(p, apply.Refused)
			if !strings.Contains(codes(r), c.code) {
				t.Errorf("codes %s, want %s\n%s", codes(r), c.code, tell(r))
			}
			for _, part := range c.says {
				if !strings.Contains(tell(r), part) {
					t.Errorf("%q is not said in:\n%s", part, tell(r))
				}
			}
			if r.Outcome.ExitCode() != 4 {
				t.Errorf("exit code %d", r.Outcome.ExitCode())
			}
			if n := w.writes() - before; n != 0 {
				t.Errorf("%d writes were made", n)
			}
			if now := w.guests(); fmt.Sprint(now) != fmt.Sprint(names) {
				t.Errorf("guests were %v, are %v", names, now)
			}
		})
	}
}

// copied makes a guest that says it is the node, with everything but its number.
func copied(w *world, p *plan.Plan) {
	c := configOf(w, p)
	w.do("POST", "/nodes/lab/qemu", "vmid", "998", "name", "only", "tags", c["tags"], "description", c["description"], "smbios1", c["smbios1"])
}

// A copy the plan saw is left alone, and is in nobody's way.
func TestKnownCopyIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	copied(w, first)
	w.must(w.plan("one", plan.GoalDestroy), apply.Done)
	if now := w.guests(); len(now) != 1 || now[998] != "only" {
		t.Errorf("guests %v", now)
	}
}

// Keys that a restart would take away are set again, by one plan, and homestak
// does not take what still is for what will be.
func TestPendingDeletionIsUndone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	w.do("PUT", guestPath(first)+"/config", "delete", "agent,cores")
	p := w.plan("one", plan.GoalCreate)
	if len(p.Program.Steps) == 0 {
		t.Fatal("nothing is planned for a guest that will lose its agent")
	}
	w.must(p, apply.Done)
	if p := w.plan("one", plan.GoalCreate); len(p.Program.Steps) != 0 {
		t.Errorf("the plan after apply has steps: %v, %v", p.Program.Steps, p.Program.Changes)
	}
}

// Lost notes are written again by the next plan, and by that one only.
func TestLostNotesAreWrittenAgain(t *testing.T) {
	t.Parallel()
	for name, notes := range map[string]func(string) string{
		"removed": func(string) string { return " " },
		"forged":  func(s string) string { return strings.Replace(s, "incarnation 1", "incarnation 2", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"one": one})
			first := w.plan("one", plan.GoalCreate)
			w.must(first, apply.Done)
			w.do("PUT", guestPath(first)+"/config", "description", notes(configOf(w, first)["description"]))
			w.must(w.plan("one", plan.GoalCreate), apply.Done)
			if p := w.plan("one", plan.GoalCreate); len(p.Program.Steps) != 0 {
				t.Errorf("the plan after apply has steps: %v", p.Program.Steps)
			}
			w.must(w.plan("one", plan.GoalDestroy), apply.Done)
		})
	}
}

func guestPath(p *plan.Plan) string { return fmt.Sprintf("/nodes/lab/qemu/%d", vmid(p, only)) }

func colons(hexText string) string {
	var b strings.Builder
	for i := 0; i < len(hexText); i += 2 {
		b.WriteString(hexText[i:i+2] + ":")
	}
	return b.String()
}

// A copy of one of ours, marker and all, is not ours: while the real one is
// gone, the plan that would make it again is refused.
func TestCopyOfOurGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	first := w.plan("one", plan.GoalCreate)
	w.must(first, apply.Done)
	notes := configOf(w, first)["description"]
	if !strings.Contains(notes, "one/only") {
		t.Fatalf("no marker in the notes: %q", notes)
	}
	w.must(w.plan("one", plan.GoalDestroy), apply.Done)
	p := w.plan("one", plan.GoalCreate)
	w.do("POST", "/nodes/lab/qemu", "vmid", "998", "name", "copy", "tags", "homestak;hs-one", "description", notes)
	r := w.must(p, apply.Refused)
	if codes(r) != "HS0666" || !strings.Contains(tell(r), "VM 998") {
		t.Errorf("%s", tell(r))
	}
	if w.guests()[998] != "copy" {
		t.Error("the copy was touched")
	}
}

func configOf(w *world, p *plan.Plan) map[string]string {
	out := map[string]string{}
	for k, v := range w.do("GET", guestPath(p)+"/config").(map[string]any) {
		out[k] = fmt.Sprint(v)
	}
	return out
}

// A plan that was done, on a world that moved afterwards, would undo what
// somebody did: refused.
func TestDriftAfterAFinishedPlan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, code, says string
		behind           func(w *world, p *plan.Plan)
	}{
		{"stopped", "HS0668", "stopped", func(w *world, p *plan.Plan) { w.do("POST", guestPath(p)+"/status/stop") }},
		{"edited", "HS0668", "cores", func(w *world, p *plan.Plan) { w.do("PUT", guestPath(p)+"/config", "cores", "5") }},
		{"package removed", "HS0668", "package curl", func(w *world, p *plan.Plan) { w.shell(p, only, "sudo -n apt-get remove curl") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, map[string]string{"one": one})
			p := w.plan("one", plan.GoalCreate)
			w.must(p, apply.Done)
			c.behind(w, p)
			r := w.must(p, apply.Refused)
			if !strings.Contains(codes(r), c.code) || !strings.Contains(tell(r), c.says) {
				t.Errorf("want %s and %q:\n%s", c.code, c.says, tell(r))
			}
		})
	}
}

// Modes this version cannot run are refused before anybody is asked anything.
func TestUnsupportedIsRefusedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"pull": `schema_version: 2
name: pull
execution: {default_mode: pull}
nodes:
  - {name: only, spec: web, preset: vm-small}
`})
	p := w.plan("pull", plan.GoalCreate)
	before := len(w.log())
	r := w.must(p, apply.Refused)
	if codes(r) != "HS0931" || !strings.Contains(tell(r), "pull/only") {
		t.Errorf("%s", tell(r))
	}
	if n := len(w.log()) - before; n != 0 {
		t.Errorf("the host was asked %d times", n)
	}
}
