package build_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

func selectors(t testing.TB, flag string, texts []string) []*selector.Selector {
	t.Helper()
	var out []*selector.Selector
	for _, text := range texts {
		s, list := selector.Parse(source.NewFile(flag, []byte(text)))
		if len(list) > 0 {
			t.Fatalf("%s %s: %v", flag, text, list)
		}
		out = append(out, s)
	}
	return out
}

// part plans for what selectors say; the list is of the first stage with errors.
func part(t testing.TB, d *ir.Deployment, f *plan.Facts, goal plan.Goal, only, skip []string) (*plan.Plan, diag.List) {
	t.Helper()
	s, list := build.Select(d, "father", selectors(t, "--only", only), selectors(t, "--skip", skip))
	if list.HasErrors() {
		return nil, list
	}
	o := options
	o.Selection = s
	p, list := build.Plan(d, f, goal, o)
	if (p == nil) != list.HasErrors() {
		t.Fatalf("plan %v, errors %v", p != nil, list)
	}
	if p != nil {
		data, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := plan.Decode(data); err != nil || q.Program.Digest() != p.Program.Digest() {
			t.Fatalf("the plan changes in a file: %v", err)
		}
	}
	return p, list
}

type addresses map[addr.Address]bool

func (a addresses) sorted() []addr.Address {
	var out []addr.Address
	for k, in := range a {
		if in {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// closure is what a plan about these nodes is about, worked out from what the
// documentation says: nodes until nothing is missing.
func closure(d *ir.Deployment, f *plan.Facts, goal plan.Goal, chosen addresses) addresses {
	guests := map[addr.Address]*plan.GuestFacts{}
	hosts := addresses{}
	for i := range f.Hosts {
		h := &f.Hosts[i]
		hosts[addr.Address(h.Name)] = slices.ContainsFunc(h.Storages, func(s plan.StorageFacts) bool { return slices.Contains(s.Content, "images") })
		for j := range h.Guests {
			if m := h.Guests[j].Marker; m != nil {
				guests[m.Addr] = &h.Guests[j]
			}
		}
	}
	all := addresses{}
	for a := range chosen {
		all[a] = true
	}
	for size := -1; size != len(all); {
		size = len(all)
		for _, e := range d.Edges {
			from, to := d.Nodes[e.From].Address, d.Nodes[e.To].Address
			switch {
			case e.Kind == ir.ParentOf && goal != plan.GoalDestroy && all[to] && !hosts[from],
				e.Kind == ir.ParentOf && goal != plan.GoalCreate && goal != plan.GoalReconcile && all[from] && guests[to] != nil && !all[to]:
				all[from], all[to] = true, true
			case e.Kind == ir.DependsOn && goal != plan.GoalDestroy && all[from]:
				if g := guests[to]; g == nil || e.Until != "created" && g.Marker.Program == "" {
					all[to] = true
				}
			}
		}
	}
	return all
}

// drawSome draws selectors and what they select, evaluated apart from the plan.
func drawSome(rt *rapid.T, d *ir.Deployment, flag string, least, most int) ([]string, addresses) {
	texts := make([]string, rapid.IntRange(least, most).Draw(rt, flag))
	set := addresses{}
	for i := range texts {
		n := &d.Nodes[rapid.IntRange(0, len(d.Nodes)-1).Draw(rt, "node")]
		inside := func(x addr.Address) bool { return strings.HasPrefix(string(x), string(n.Address)+"/") }
		kinds := map[string]func(x *ir.Node) bool{
			string(n.Address):                           func(x *ir.Node) bool { return x == n },
			"name=" + n.Name:                            func(x *ir.Node) bool { return x.Name == n.Name },
			"type=pve or " + n.Name:                     func(x *ir.Node) bool { return x.Type.V == ir.PVE || x.Name == n.Name },
			"addr=" + string(n.Address) + " or depth=2": func(x *ir.Node) bool { return x == n || x.Address.Depth() == 2 },
			"name!=" + n.Name:                           func(x *ir.Node) bool { return x.Name != n.Name },
			"not (" + n.Name + " or depth>1)":           func(x *ir.Node) bool { return x.Name != n.Name && x.Address.Depth() == 1 },
			string(n.Address) + " or above(" + n.Name + ")": func(x *ir.Node) bool {
				return x == n || strings.HasPrefix(string(n.Address), string(x.Address)+"/")
			},
			n.Name + " or under(" + n.Name + ")": func(x *ir.Node) bool { return x.Name == n.Name || inside(x.Address) },
		}
		texts[i] = rapid.SampledFrom(slices.Sorted(func(yield func(string) bool) {
			for k := range kinds {
				if !yield(k) {
					return
				}
			}
		})).Draw(rt, "selector")
		some := false
		for k := range d.Nodes {
			some = some || kinds[texts[i]](&d.Nodes[k])
		}
		if !some {
			texts[i] = "name=" + n.Name // a selector of nothing is an error
		}
		for k := range d.Nodes {
			if kinds[texts[i]](&d.Nodes[k]) {
				set[d.Nodes[k].Address] = true
			}
		}
	}
	return texts, set
}

func about(p *plan.Program) addresses {
	out := addresses{}
	for _, c := range p.Changes {
		if c.Reason != plan.ReasonContext {
			out[c.Addr] = true
		}
	}
	return out
}

// subsequence reports whether every step of part is one of whole, in its order.
// Whoever needs an image first fetches it, so those have a place of their own.
func subsequence(part, whole []plan.Step) bool {
	i := 0
	for _, s := range part {
		if s.Op == plan.ImageFetch {
			if !slices.ContainsFunc(whole, func(w plan.Step) bool { return w.ID == s.ID }) {
				return false
			}
			continue
		}
		for i < len(whole) && whole[i].ID != s.ID {
			i++
		}
		if i == len(whole) {
			return false
		}
	}
	return true
}

// guestsOf are the facts of guests by node.
func guestsOf(f *plan.Facts) map[addr.Address]plan.GuestFacts {
	out := map[addr.Address]plan.GuestFacts{}
	for _, h := range f.Hosts {
		for _, g := range h.Guests {
			if g.Marker != nil {
				out[g.Marker.Addr] = g
			}
		}
	}
	return out
}

// drawWorld is a world in which some of the deployment exists.
func drawWorld(t *testing.T, rt *rapid.T, d *ir.Deployment, goal plan.Goal) *plan.Facts {
	f := world()
	as := plan.GoalCreate
	if goal == plan.GoalTest {
		as = plan.GoalTest
	}
	p := makePlan(t, d, f, as)
	stop := rapid.IntRange(-1, len(p.Program.Steps)).Draw(rt, "stop")
	for i := range p.Program.Steps {
		if as == plan.GoalTest && p.Program.Steps[i].Phase == plan.PhaseDestroy && (stop < 0 || stop > i) {
			stop = i // an interrupted test
		}
	}
	return simulate(t, &p.Program, f, stop)
}

// A partial plan is about its closure, exactly; what it does is what the whole
// plan would do to these nodes, in the same order; the others are as before. Once
// it is done there is nothing left to do for it, and the whole plan does the rest.
func TestPartialPlan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 8)
		goal := rapid.SampledFrom([]plan.Goal{plan.GoalCreate, plan.GoalReconcile, plan.GoalTest, plan.GoalDestroy}).Draw(rt, "goal")
		f := drawWorld(t, rt, d, goal)
		only, chosen := drawSome(rt, d, "only", 0, 2)
		skip, skipped := drawSome(rt, d, "skip", min(1, 1-min(1, len(only))), 1)
		for i := range d.Nodes {
			a := d.Nodes[i].Address
			chosen[a] = (chosen[a] || len(only) == 0) && !skipped[a]
		}
		for a, in := range chosen {
			if !in {
				delete(chosen, a)
			}
		}
		p, list := part(t, d, f, goal, only, skip)
		want := closure(d, f, goal, chosen)
		refused := len(chosen) == 0 || slices.ContainsFunc(want.sorted(), func(a addr.Address) bool { return skipped[a] })
		if refused != list.HasErrors() {
			rt.Fatalf("--only %q --skip %q, closure %v: refused %v, want %v:\n%v", only, skip, want.sorted(), list.HasErrors(), refused, list)
		}
		if refused {
			return
		}
		g := &p.Program
		if got := about(g); !slices.Equal(got.sorted(), want.sorted()) {
			rt.Fatalf("--only %q --skip %q is about %v, want %v\n%s", only, skip, got.sorted(), want.sorted(), dump(p))
		}
		for _, s := range g.Steps {
			if !want[s.Addr] && s.Op != plan.ImageFetch {
				rt.Fatalf("step %s %s is about a node that was not selected", s.Addr, s.Op)
			}
		}
		for _, h := range g.Hosts {
			if h.Parent != "" && !slices.ContainsFunc(g.Changes, func(c plan.Change) bool { return c.Addr == h.Parent }) {
				rt.Fatalf("nobody says where host %s is", h.Name)
			}
		}
		if whole := makePlan(t, d, f, goal); !subsequence(g.Steps, whole.Program.Steps) {
			rt.Fatalf("steps are not those of the whole plan:\n%s\n%s", dump(p), dump(whole))
		}
		after := simulate(t, g, f, -1)
		was, is := guestsOf(f), guestsOf(after)
		for i := range d.Nodes {
			a := d.Nodes[i].Address
			x, before := was[a]
			y, now := is[a]
			if !want[a] && (before != now || x.Power != y.Power || !slices.Equal(x.Config, y.Config)) {
				rt.Fatalf("%s was not selected and is not as before", a)
			}
		}
		if goal == plan.GoalTest {
			return
		}
		if again, list := part(t, d, after, goal, only, skip); list.HasErrors() || len(again.Program.Steps) > 0 {
			rt.Fatalf("again: %v", list)
		}
		rest := simulate(t, &makePlan(t, d, after, goal).Program, after, -1)
		end := simulate(t, &makePlan(t, d, f, goal).Program, f, -1)
		if rest.Digest() != end.Digest() {
			rt.Fatal("part and rest are not the whole")
		}
	})
}

// Whatever was changed behind homestak's back, a partial plan sets right what it
// is about, with what restarts, and nothing else.
func TestPartialPlanAfterDrift(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 7)
		f := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
		drift(rt, f)
		f = clone(t, f)
		only, _ := drawSome(rt, d, "only", 1, 2)
		p, list := part(t, d, f, plan.GoalCreate, only, nil)
		if list.HasErrors() {
			rt.Fatal(list)
		}
		whole := makePlan(t, d, f, plan.GoalCreate)
		if !subsequence(p.Program.Steps, whole.Program.Steps) {
			rt.Fatalf("steps are not those of the whole plan:\n%s\n%s", dump(p), dump(whole))
		}
		after := simulate(t, &p.Program, f, -1)
		if again, list := part(t, d, after, plan.GoalCreate, only, nil); list.HasErrors() || len(again.Program.Steps) > 0 {
			rt.Fatalf("again: %v\n%s", list, dump(again))
		}
		in := about(&p.Program)
		was, is := guestsOf(f), guestsOf(after)
		for a, x := range was {
			if y := is[a]; !in[a] && (x.Power != y.Power || !slices.Equal(x.Config, y.Config)) {
				rt.Fatalf("%s was not selected and is not as before", a)
			}
		}
	})
}
