package build_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
)

// A host that the manifest no longer names, or names as a machine, is shown as the
// host it is. What is inside goes with it: by name when it could be asked, and told
// as unseen when it could not.
func TestHostsNoLongerDeclared(t *testing.T) {
	f := made(t, deployment("p pve", "p/c", "z"))
	silent := clone(t, f)
	silent.Hosts = slices.DeleteFunc(silent.Hosts, func(h plan.HostFacts) bool { return h.Name == "m/p" })
	nested := &f.Hosts[slices.IndexFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name == "m/p" })]
	id := nested.Guests[0].VMID
	nested.Residents = []plan.Resident{{VMID: id, Kind: "qemu", Name: "c"}, {VMID: id + 1, Kind: "qemu", Name: "precious"}}
	nested.Taken = []uint{id, id + 1}
	for name, c := range map[string]struct {
		lines []string
		goal  plan.Goal
		own   bool // the child goes by steps of its own
	}{
		"removed, reconcile":  {[]string{"z"}, plan.GoalReconcile, false},
		"removed, destroy":    {[]string{"z"}, plan.GoalDestroy, false},
		"redeclared, destroy": {[]string{"p", "z"}, plan.GoalDestroy, true},
	} {
		t.Run(name, func(t *testing.T) {
			change := func(p *plan.Plan, a string) *plan.Change {
				i := slices.IndexFunc(p.Program.Changes, func(c plan.Change) bool { return string(c.Addr) == a })
				if i < 0 {
					return nil
				}
				return &p.Program.Changes[i]
			}
			p := makePlan(t, deployment(c.lines...), f, c.goal)
			host := change(p, "m/p")
			if host == nil || host.Kind != "pve" || host.Action != plan.Delete {
				t.Fatalf("%+v", host)
			}
			stake, told := strings.Join(host.Stake, "; "), findings(p, "HS0705")
			if !strings.Contains(stake, `("precious")`) || !strings.Contains(told, `("precious")`) ||
				strings.Contains(stake, `("c")`) == c.own || (change(p, "m/p/c") != nil) != c.own {
				t.Errorf("at stake: %s\n%s", stake, told)
			}
			if g := guardsOf(find(&p.Program, "m/p", op(plan.GuestShutdown)), plan.GuardGuests); len(g) != 1 || len(g[0].Expect) != 2 {
				t.Errorf("guards %v", g)
			}
			if !c.own {
				onlyHost(t, p)
			}

			p = makePlan(t, deployment(c.lines...), silent, c.goal)
			host = change(p, "m/p")
			if host.Kind != "pve" || !slices.Contains(host.Stake, plan.StakeUnseen) || !strings.Contains(findings(p, "HS0705"), "put it back into the manifest") {
				t.Errorf("%+v\n%s", host, findings(p, "HS0705"))
			}
		})
	}
	// A machine is no host, and a host that is declared as one needs no such advice.
	p := makePlan(t, deployment("z"), made(t, deployment("a", "z")), plan.GoalReconcile)
	if c := p.Program.Changes[1]; c.Kind != "vm" || slices.Contains(c.Stake, plan.StakeUnseen) || findings(p, "HS0705") != "" {
		t.Errorf("%+v %s", c, findings(p, "HS0705"))
	}
	p = makePlan(t, deployment("p pve", "p/c", "z"), silent, plan.GoalDestroy)
	if c := p.Program.Changes[0]; !slices.Contains(c.Stake, plan.StakeUnseen) || strings.Contains(findings(p, "HS0705"), "put it back") {
		t.Errorf("%+v %s", c, findings(p, "HS0705"))
	}
}

// onlyHost: the steps are the host's, what is inside has none.
func onlyHost(t *testing.T, p *plan.Plan) {
	t.Helper()
	if got := steps(p, "m/p"); got != "guest.shutdown! guest.stop! guest.delete!" {
		t.Error(got)
	}
	if got := steps(p, "m/p/c"); got != "" {
		t.Error(got)
	}
}
