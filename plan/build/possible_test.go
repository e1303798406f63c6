package build_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// Nobody tells where a guest is that has no agent and asks a DHCP server: to wait
// for it would be in vain.
func TestNobodyTellsTheAddress(t *testing.T) {
	list := refused(t, deployment("a hw=noagent"), world(), plan.GoalCreate, "HS0645")
	if !strings.Contains(list.Error(), "static address") {
		t.Error(list)
	}
	makePlan(t, deployment("a hw=noagent ip=10.0.0.5/24 gateway=10.0.0.1"), world(), plan.GoalCreate)
	// A guest keeps the address that its first boot gave it.
	refused(t, deployment("a hw=noagent"), made(t, deployment("a")), plan.GoalCreate, "HS0645")
	refused(t, deployment("a hw=noagent ip=10.0.0.5/24 gateway=10.0.0.1"), made(t, deployment("a")), plan.GoalCreate, "HS0645")
	makePlan(t, deployment("a hw=noagent ip=10.0.0.5/24 gateway=10.0.0.1"), made(t, deployment("a ip=10.0.0.5/24 gateway=10.0.0.1")), plan.GoalCreate)
	// Nobody waits for one that goes, and a container's host sees where it is.
	makePlan(t, deployment("a hw=noagent"), made(t, deployment("a")), plan.GoalDestroy)
	makePlan(t, deployment("a ct"), world(), plan.GoalCreate)
}

// What PVE takes from root@pam alone is refused before anything is made.
func TestFeaturesThatAreRootsAlone(t *testing.T) {
	for _, line := range []string{"a ct features=keyctl", "a ct features=nesting,keyctl", "a ct privileged features=nfs", "a ct privileged features=nesting"} {
		list := refused(t, deployment(line), world(), plan.GoalCreate, "HS0646")
		if !strings.Contains(list.Error(), "root@pam") || !strings.Contains(list.Error(), "pct set VMID --features") {
			t.Error(list)
		}
	}
	for _, line := range []string{"a ct", "a ct features=nesting", "a ct privileged", "a ct privileged features=nesting=0"} {
		makePlan(t, deployment(line), world(), plan.GoalCreate)
	}
	refused(t, deployment("a ct features=keyctl"), made(t, deployment("a ct")), plan.GoalCreate, "HS0646")
	refused(t, deployment("a ct privileged features=nesting"), made(t, deployment("a ct privileged")), plan.GoalCreate, "HS0646")
	refused(t, deployment("a ct privileged features=nesting"), made(t, deployment("a ct")), plan.GoalCreate, "HS0646")
	makePlan(t, deployment("a ct features=keyctl"), made(t, deployment("a ct features=nesting")), plan.GoalDestroy)
	// What root set by hand is as the manifest says, or nobody's business.
	f := made(t, deployment("a ct"))
	g := &f.Hosts[0].Guests[0]
	g.Config = append(g.Config, plan.KV{Key: "features.keyctl", Value: "1"})
	slices.SortFunc(g.Config, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
	if canon.Get(g.Config, "features.keyctl") != "1" {
		t.Fatal("not set")
	}
	for _, line := range []string{"a ct", "a ct features=keyctl"} {
		if p := makePlan(t, deployment(line), f, plan.GoalCreate); len(p.Program.Steps) > 0 {
			t.Errorf("%s: %s", line, dump(p))
		}
	}
}
