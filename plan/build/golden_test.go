package build_test

import (
	"testing"

	"github.com/sebdah/goldie/v2"

	"github.com/homestak/homestak/plan"
)

// Whole plans as text, one file a story.
func TestGoldenPlans(t *testing.T) {
	tiered := deployment("edge pve onboot", "edge/leaf ip=10.0.9.20/24 vlan=7 tags=web pool=prod needs=dns", "dns vmid=9100", "dns2 needs=dns:created peers=dns")
	ready := simulate(t, &makePlan(t, tiered, world(), plan.GoalCreate).Program, world(), -1)
	golden := func(name string, p *plan.Plan) {
		t.Helper()
		goldie.New(t, goldie.WithFixtureDir("testdata/plans")).Assert(t, name, []byte(dump(p)))
	}
	golden("create", makePlan(t, tiered, world(), plan.GoalCreate))
	changed := deployment("edge pve cores=4", "edge/leaf ip=10.0.9.20/24 vlan=8 tags=web pool=prod package=htop needs=dns disk=20", "dns2 needs=dns:created peers=dns", "dns vmid=9100")
	golden("update", makePlan(t, changed, ready, plan.GoalCreate))
	golden("pull", makePlan(t, deployment("a pull"), world(), plan.GoalCreate))
	golden("reconcile", makePlan(t, deployment("edge pve onboot", "dns vmid=9100"), ready, plan.GoalReconcile))
	golden("nothing", makePlan(t, tiered, ready, plan.GoalCreate))
	golden("destroy", makePlan(t, tiered, ready, plan.GoalDestroy))
	golden("test", makePlan(t, deployment("a", "b needs=a"), world(), plan.GoalTest))
}
