package build_test

import (
	"slices"
	"strings"
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

// A part that somebody added to a key homestak wrote is changed by hand: the
// marker has nothing to say of what was not there. So is all of a disk that was
// taken out; what is new in the manifest is not.
func TestStatusOfWhatWasAdded(t *testing.T) {
	d := deployment("a disk:data=10 disk:logs=5")
	f := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
	g := &f.Hosts[0].Guests[0]
	slotOf := func(serial string) string {
		i := slices.IndexFunc(g.Config, func(kv plan.KV) bool {
			return strings.HasSuffix(kv.Key, ".serial") && kv.Value == serial
		})
		if i < 0 {
			t.Fatalf("no disk %s in %v", serial, g.Config)
		}
		return strings.TrimSuffix(g.Config[i].Key, ".serial")
	}
	data, logs := slotOf("data"), slotOf("logs")
	g.Config = slices.DeleteFunc(g.Config, func(kv plan.KV) bool { return strings.HasPrefix(kv.Key, logs+".") })
	g.Config = append(g.Config, plan.KV{Key: data + ".ssd", Value: "1"})
	slices.SortFunc(g.Config, func(x, y plan.KV) int { return strings.Compare(x.Key, y.Key) })
	g.Marker.Unchanged = slices.DeleteFunc(g.Marker.Unchanged, func(k string) bool { return strings.HasPrefix(k, logs+".") })
	g.Marker.Unchanged = append(g.Marker.Unchanged, data+".serial")
	g.Marker.Edited = []string{logs + ".serial"}
	d.Nodes[0].Network.VLAN = val(5)
	d.Nodes[0].Extra().Disks[0].Backup = val(false)
	list, bad := build.StatusOf(d, f, options)
	if bad.HasErrors() {
		t.Fatal(bad)
	}
	got := map[string]build.Author{}
	for _, x := range list[0].Drift {
		got[x.Name] = x.By
	}
	if got[data+".ssd"] != build.ByHand || got[logs+".serial"] != build.ByHand || got[logs+".size"] != build.ByHand || got[data+".backup"] != build.ByNobody {
		t.Errorf("%v", got)
	}
	// Without a marker nobody knows who it was.
	g.Marker = nil
	list, _ = build.StatusOf(d, f, options)
	for _, s := range list {
		for _, x := range s.Drift {
			if x.By != build.ByNobody {
				t.Errorf("%+v", x)
			}
		}
	}
}
