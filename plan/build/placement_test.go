package build_test

import (
	"slices"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// placed lets nodes choose among father, mother and uncle.
func placed(d *ir.Deployment, spread string, pin bool) *ir.Deployment {
	for i := range d.Nodes {
		d.Nodes[i].Guest = &ir.Guest{Placement: ir.Placement{Hosts: val([]string{"father", "mother", "uncle"}), Spread: val(spread), Pin: val(pin)}}
	}
	return d
}

func family(cluster string) *plan.Facts {
	f := world()
	for _, name := range []string{"mother", "uncle"} {
		h := f.Hosts[0]
		h.Name, h.Node = name, name
		f.Hosts = append(f.Hosts, h)
	}
	for i := range f.Hosts {
		f.Hosts[i].Cluster = cluster
	}
	return f
}

func hostsOf(p *plan.Plan) []string {
	var out []string
	for _, c := range p.Program.Changes {
		out = append(out, c.Host)
	}
	return out
}

// A node that may be on several hosts goes to the first, or where the fewest of its
// like are, and stays where it is.
func TestPlacement(t *testing.T) {
	for _, cluster := range []string{"", "home"} {
		d := placed(deployment("a", "b", "c", "d"), "", false)
		if got := hostsOf(makePlan(t, d, family(cluster), plan.GoalCreate)); !slices.Equal(got, []string{"father", "father", "father", "father"}) {
			t.Errorf("the first choice: %v", got)
		}
		d = placed(deployment("a", "b", "c", "d"), "host", false)
		p := makePlan(t, d, family(cluster), plan.GoalCreate)
		if got := hostsOf(p); !slices.Equal(got, []string{"father", "mother", "uncle", "father"}) {
			t.Errorf("spread: %v", got)
		}
		// What is there stays there, and new ones go where the fewest are.
		f := simulate(t, &p.Program, family(cluster), -1)
		if p := makePlan(t, d, f, plan.GoalCreate); len(p.Program.Steps) > 0 {
			t.Errorf("again:\n%s", dump(p))
		}
		d = placed(deployment("b", "c", "d", "e", "f"), "host", false)
		if got := hostsOf(makePlan(t, d, f, plan.GoalCreate)); !slices.Equal(got, []string{"mother", "uncle", "father", "father", "mother"}) {
			t.Errorf("cluster %q, more of them: %v", cluster, got)
		}
		if w := build.Wanted(d, ""); !slices.Equal(w.Hosts, []string{"father", "mother", "uncle"}) || !w.Nodes[0].On("uncle") || w.Nodes[0].On("aunt") {
			t.Errorf("%+v", w)
		}
	}
}

// One that is pinned and was moved to another host of its choice is where it may be.
func TestPlacementPinned(t *testing.T) {
	d := placed(deployment("a"), "", true)
	f := simulate(t, &makePlan(t, d, family("home"), plan.GoalCreate).Program, family("home"), -1)
	f.Hosts[0].Guests[0].Node = "uncle"
	f.Hosts[2].Guests, f.Hosts[0].Guests = f.Hosts[0].Guests, nil
	if p := makePlan(t, d, f, plan.GoalCreate); len(p.Program.Steps) > 0 || p.Program.Changes[0].Host != "uncle" {
		t.Errorf("on another of its hosts:\n%s", dump(p))
	}
	f.Hosts[2].Guests[0].Node = "aunt"
	if p := makePlan(t, d, f, plan.GoalCreate); len(p.Program.Steps) != 1 || p.Program.Steps[0].Op != plan.GuestMove {
		t.Errorf("on none of its hosts:\n%s", dump(p))
	}
}
