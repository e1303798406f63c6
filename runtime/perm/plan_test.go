package perm_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/perm"
)

// A plan needs what its steps on the host need, what undoing them needs if it is
// going to undo them, and nothing for what is on other hosts.
func TestPlan(t *testing.T) {
	on := func(s *plan.Step, host, node string) plan.Step {
		s.Host = host
		s.Addr = "m/" + s.Addr
		if node != "" {
			s.Addr = "m/a"
		}
		return *s
	}
	p := &plan.Program{
		Hosts:   []plan.Host{{Name: "father", Node: "pve1"}, {Name: "m/a", Parent: "m/a", Node: "a"}, {Name: "idle", Node: "pve2"}},
		Changes: []plan.Change{{Addr: "m/a", VMID: 100, Kind: "pve"}},
		OnError: "stop",
		Steps: []plan.Step{
			on(step(plan.GuestStart, "vmid", "100"), "father", "a"),
			on(step(plan.TargetPush, "program", "x"), "father", "a"),
			on(step(plan.GuestCreate, "vmid", "200", "scsi0", "inner:1"), "m/a", ""),
		},
		Undo: []plan.Step{on(step(plan.GuestDelete, "vmid", "100"), "father", "a")},
	}
	text := func(host string) string {
		var out []string
		for _, g := range perm.Least(perm.Plan(p, host, perm.World{})) {
			out = append(out, g.String())
		}
		return strings.Join(out, "; ")
	}
	const always = "Sys.Audit at /; Sys.Audit at /nodes/pve1; Pool.Allocate, Pool.Audit at /pool; VM.Audit at /vms; "
	if got, want := text("father"), always+"VM.Audit, VM.GuestAgent.Audit, VM.PowerMgmt at /vms/100"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	p.OnError = "rollback"
	if got, want := text("father"), always+"VM.Allocate, VM.Audit, VM.GuestAgent.Audit, VM.PowerMgmt at /vms/100"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := text("idle"); got != strings.TrimSuffix(strings.ReplaceAll(always, "pve1", "pve2"), "; ") {
		t.Errorf("a host that only has its lease taken: %s", got)
	}
	if got := text("nobody"); got != "" {
		t.Errorf("a host that is not in the plan: %s", got)
	}
	p.Steps = nil
	if got := text("father"); got != "" {
		t.Errorf("a plan that does nothing: %s", got)
	}
}

// What a disk that grows, or goes, needs of its storage is found wherever the plan
// says where it is: in the step, in the step that makes it, or by who is asked.
func TestPlanFindsStorages(t *testing.T) {
	grow := func(args ...string) []plan.Step {
		return []plan.Step{*step(plan.GuestGrow, append(args, "vmid", "100", "disk", "scsi0", "size", "1")...)}
	}
	for _, tc := range []struct {
		name  string
		steps []plan.Step
		world perm.World
	}{
		{"the step", grow("storage", "x"), perm.World{}},
		{"the step that makes it", append([]plan.Step{*step(plan.GuestCreate, "vmid", "100", "scsi0", "x:0,import-from=x:import/y")}, grow()...), perm.World{}},
		{"the guest", grow(), perm.World{Storage: func(host, vmid, slot string) string {
			return map[string]string{"h 100 scsi0": "x"}[host+" "+vmid+" "+slot]
		}}},
	} {
		p := &plan.Program{Hosts: []plan.Host{{Name: "h", Node: "n"}}, Steps: tc.steps}
		found := false
		for _, n := range perm.Plan(p, "h", tc.world) {
			found = found || n.String() == "Datastore.AllocateSpace at /storage/x" && strings.HasPrefix(n.For, "Guest.Grow")
		}
		if !found {
			t.Errorf("%s: nobody asks for the storage", tc.name)
		}
	}
}
