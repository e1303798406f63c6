package build_test

import (
	"slices"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// What was just applied is ready and has not drifted; what people do to it is told
// from what the manifest does.
func TestStatus(t *testing.T) {
	d := deployment("a", "b", "p pve", "p/c")
	status := func(f *plan.Facts) []build.Status {
		t.Helper()
		list, bad := build.StatusOf(d, f, options)
		if bad.HasErrors() {
			t.Fatal(bad)
		}
		return list
	}
	for _, s := range status(world()) {
		if s.Condition != build.Missing || s.Drifted() {
			t.Errorf("nothing is there: %+v", s)
		}
	}
	f := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
	for _, s := range status(f) {
		if s.Condition != build.Ready || s.Drifted() || len(s.Drift) > 0 || s.Power != plan.PowerRunning || s.Incarnation != 1 {
			t.Errorf("just made: %+v", s)
		}
	}
	// By hand, by the manifest, by both, and by nobody who could be known.
	g := &f.Hosts[0].Guests[slices.IndexFunc(f.Hosts[0].Guests, func(g plan.GuestFacts) bool { return g.Name == "a" })]
	set := func(key, value string) {
		i := slices.IndexFunc(g.Config, func(kv plan.KV) bool { return kv.Key == key })
		g.Config[i].Value = value
	}
	set("cores", "7")
	set("memory", "4096")
	set("onboot", "1")
	g.Marker.Edited = []string{"cores", "onboot"}
	g.Marker.Unchanged = []string{"memory"}
	g.UUID = "11111111-2222-4333-8444-555555555555"
	d.Nodes[0].OnBoot = val(true)
	d.Nodes[0].Network.VLAN = val(5)
	for _, s := range status(f) {
		if s.Addr != "m/a" {
			continue
		}
		got := map[string]build.Author{}
		for _, x := range s.Drift {
			got[x.Name] = x.By
		}
		if got["cores"] != build.ByHand || got["memory"] != build.ByManifest || got["onboot"] != build.ByBoth || got["net0.tag"] != build.ByNobody || len(got) != 4 {
			t.Errorf("%+v", s.Drift)
		}
		if !s.Drifted() || !slices.Equal(s.Marks, []string{"uuid"}) {
			t.Errorf("%+v", s)
		}
	}
	// A host that does not answer hides nothing of the rest.
	f.Hosts[0].Presence, f.Hosts[0].Error = plan.Unknown, "595 No route to host"
	list, bad := build.StatusOf(d, f, options)
	if !bad.HasErrors() || len(list) != 4 || list[0].Condition != build.Unseen {
		t.Errorf("%v: %+v", bad, list)
	}
}
