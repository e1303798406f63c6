package build_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
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
