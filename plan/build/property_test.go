package build_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// drawDeployment makes a forest in which what a node hangs below or waits for
// comes earlier in the list, which is not the order of addresses.
func drawDeployment(rt *rapid.T, most int) *ir.Deployment {
	var lines, hosts, paths []string
	names := rapid.Permutation(strings.Fields("ab a-b b bb c ca c-a d e0 e1 zz yy")).Draw(rt, "names")
	n := rapid.IntRange(1, most).Draw(rt, "nodes")
	for i := range n {
		path := names[i]
		if len(hosts) > 0 && rapid.Bool().Draw(rt, "child") {
			path = rapid.SampledFrom(hosts).Draw(rt, "parent") + "/" + names[i]
		}
		line := path
		if rapid.IntRange(0, 2).Draw(rt, "pve") == 0 {
			line += " pve"
			hosts = append(hosts, path)
		}
		for _, j := range rapid.SliceOfNDistinct(rapid.IntRange(0, max(i-1, 0)), 0, min(i, 2), rapid.ID[int]).Draw(rt, "needs") {
			line += " needs=" + paths[j] + rapid.SampledFrom([]string{"", ":created"}).Draw(rt, "until")
		}
		if i > 0 && rapid.IntRange(0, 3).Draw(rt, "peer") == 0 {
			line += " peers=" + paths[rapid.IntRange(0, i-1).Draw(rt, "with")]
		}
		line += rapid.SampledFrom([]string{"", " onboot", " vlan=4", " disk=0", " vmid=" + strconv.Itoa(500+i), " pull"}).Draw(rt, "word")
		lines, paths = append(lines, line), append(paths, path)
	}
	return deployment(lines...)
}

// ancestors says for each step which steps it waits for, all the way.
func ancestors(p *plan.Program) map[plan.StepID]map[plan.StepID]bool {
	all := map[plan.StepID]map[plan.StepID]bool{}
	for _, s := range p.Steps {
		mine := map[plan.StepID]bool{}
		for _, a := range s.After {
			mine[a] = true
			for b := range all[a] {
				mine[b] = true
			}
		}
		all[s.ID] = mine
	}
	return all
}

func find(p *plan.Program, a addr.Address, match func(plan.Step) bool) *plan.Step {
	for i := range p.Steps {
		if p.Steps[i].Addr == a && match(p.Steps[i]) {
			return &p.Steps[i]
		}
	}
	return nil
}

func op(o plan.Op) func(plan.Step) bool { return func(s plan.Step) bool { return s.Op == o } }

func proves(s plan.Step) bool { return s.Op == plan.GuestConfigure && s.Text(plan.ArgProgram) != "" }

// checkOrder holds a plan to its order: parents and dependencies first, deletion
// the other way round, and no two steps on one guest that may run at once.
func checkOrder(rt *rapid.T, d *ir.Deployment, p *plan.Program) {
	before := ancestors(p)
	waits := func(later, earlier *plan.Step, what string) {
		if later != nil && earlier != nil && !before[later.ID][earlier.ID] {
			rt.Fatalf("%s: %s %s does not wait for %s %s", what, later.Addr, later.Op, earlier.Addr, earlier.Op)
		}
	}
	destroys := func(s plan.Step) bool { return s.Phase == plan.PhaseDestroy }
	for _, e := range d.Edges {
		from, to := d.Nodes[e.From].Address, d.Nodes[e.To].Address
		switch e.Kind {
		case ir.ParentOf:
			waits(find(p, to, op(plan.SeedUpload)), find(p, from, op(plan.HostEnroll)), "parents first")
			waits(find(p, from, destroys), find(p, to, op(plan.GuestDelete)), "children are deleted first")
		case ir.DependsOn:
			earlier := find(p, to, proves)
			if e.Until == "created" {
				earlier = find(p, to, op(plan.GuestCreate))
			}
			waits(find(p, from, op(plan.SeedUpload)), earlier, "depends_on")
			waits(find(p, to, destroys), find(p, from, op(plan.GuestDelete)), "dependents are deleted first")
		}
	}
	for _, n := range d.Nodes {
		waits(find(p, n.Address, destroys), find(p, n.Address, proves), "ready before it is deleted")
	}
	holders := map[plan.Lock][]*plan.Step{}
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, l := range s.Locks {
			if l.Kind == plan.LockHostIO {
				continue
			}
			for _, h := range holders[l] {
				waits(s, h, "one guest, one writer")
			}
			holders[l] = append(holders[l], s)
		}
	}
}

func TestOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 8)
		goal := rapid.SampledFrom([]plan.Goal{plan.GoalCreate, plan.GoalTest, plan.GoalReconcile}).Draw(rt, "goal")
		p := makePlan(t, d, world(), goal)
		checkOrder(rt, d, &p.Program)
		made := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
		checkOrder(rt, d, &makePlan(t, d, made, plan.GoalDestroy).Program)
		checkOrder(rt, d, &makePlan(t, d, tested(made), plan.GoalTest).Program)
	})
}

// After an apply the plan is empty; after a destroy, so is the host; a test
// leaves the world as it was.
func TestPlanAfterApplyIsEmpty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 7)
		start := world()
		made := simulate(t, &makePlan(t, d, start, plan.GoalCreate).Program, start, -1)
		guests := 0
		for _, h := range made.Hosts {
			guests += len(h.Guests)
		}
		if guests != len(d.Nodes) {
			rt.Fatalf("%d guests for %d nodes", guests, len(d.Nodes))
		}
		for _, goal := range []plan.Goal{plan.GoalCreate, plan.GoalReconcile} {
			again := makePlan(t, d, made, goal)
			if len(again.Program.Steps) > 0 || len(again.Program.Programs) > 0 {
				rt.Fatalf("%s again does something:\n%s", goal, dump(again))
			}
		}
		gone := simulate(t, &makePlan(t, d, made, plan.GoalDestroy).Program, made, -1)
		if len(gone.Hosts) != 1 || len(gone.Hosts[0].Guests) > 0 || len(gone.Hosts[0].Taken) > 0 {
			rt.Fatalf("something is left: %+v", gone)
		}
		if p := makePlan(t, d, gone, plan.GoalDestroy); len(p.Program.Steps) > 0 {
			rt.Fatalf("destroying nothing does something:\n%s", dump(p))
		}
		tested := simulate(t, &makePlan(t, d, start, plan.GoalTest).Program, start, -1)
		if len(tested.Hosts) != 1 || len(tested.Hosts[0].Guests) > 0 {
			rt.Fatalf("a test leaves guests: %+v", tested)
		}
	})
}

// However far a run came, a new plan brings the world to the same end.
func TestPlanAfterInterruption(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 6)
		f := world()
		for range rapid.IntRange(1, 3).Draw(rt, "runs") {
			p := makePlan(t, d, f, plan.GoalCreate)
			checkOrder(rt, d, &p.Program)
			f = simulate(t, &p.Program, f, rapid.IntRange(0, len(p.Program.Steps)).Draw(rt, "stop"))
		}
		f = simulate(t, &makePlan(t, d, f, plan.GoalCreate).Program, f, -1)
		if p := makePlan(t, d, f, plan.GoalCreate); len(p.Program.Steps) > 0 {
			rt.Fatalf("not done:\n%s", dump(p))
		}
		whole := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
		if f.Digest() != whole.Digest() {
			rt.Fatal("an interrupted run ends somewhere else")
		}
	})
}

// drift changes guests behind homestak's back.
func drift(rt *rapid.T, f *plan.Facts) {
	for i := range f.Hosts {
		for j := range f.Hosts[i].Guests {
			g := &f.Hosts[i].Guests[j]
			key := rapid.SampledFrom([]string{"", "cores", "memory", "onboot", "tags", "net0.bridge", "net0.firewall", "power", "marker", "uuid"}).Draw(rt, "drift")
			switch key {
			case "":
			case "power":
				if len(f.Hosts) == 1 { // else it may be a host, and then nobody can plan
					g.Power = plan.PowerStopped
				}
			case "marker":
				g.Marker = nil
			case "uuid":
				if g.Marker != nil {
					g.UUID = ""
				}
			case "net0.bridge":
				set(g, key, "vmbr1")
			case "tags":
				set(g, key, "mine")
			default:
				set(g, key, "7")
			}
			slices.SortFunc(g.Config, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
		}
	}
}

// What others change is set right, what homestak does not manage stays.
func TestPlanAfterDrift(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 6)
		f := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
		drift(rt, f)
		f = clone(t, f)
		p := makePlan(t, d, f, plan.GoalCreate)
		checkOrder(rt, d, &p.Program)
		after := simulate(t, &p.Program, f, -1)
		if again := makePlan(t, d, after, plan.GoalCreate); len(again.Program.Steps) > 0 {
			rt.Fatalf("still something to do:\n%s\nafter\n%s", dump(again), dump(p))
		}
		gone := simulate(t, &makePlan(t, d, after, plan.GoalDestroy).Program, after, -1)
		if len(gone.Hosts) != 1 || len(gone.Hosts[0].Guests) > 0 {
			rt.Fatalf("something is left: %+v", gone)
		}
	})
}

// permute renumbers the nodes of a deployment, parents still before children.
func permute(rt *rapid.T, d *ir.Deployment) *ir.Deployment {
	order := make([]int, len(d.Nodes))
	for i := range order {
		order[i] = i
	}
	order = rapid.Permutation(order).Draw(rt, "order")
	slices.SortStableFunc(order, func(i, j int) int { return d.Nodes[i].Address.Depth() - d.Nodes[j].Address.Depth() })
	at := make([]int, len(order))
	for to, from := range order {
		at[from] = to
	}
	q := *d
	q.Nodes, q.Edges = nil, slices.Clone(d.Edges)
	for _, from := range order {
		n := d.Nodes[from]
		if n.Parent >= 0 {
			n.Parent = at[n.Parent]
		}
		q.Nodes = append(q.Nodes, n)
	}
	for i := range q.Edges {
		q.Edges[i].From, q.Edges[i].To = at[q.Edges[i].From], at[q.Edges[i].To]
	}
	q.Edges = rapid.Permutation(q.Edges).Draw(rt, "edges")
	q.Images = rapid.Permutation(d.Images).Draw(rt, "images")
	return &q
}

// Neither the order of nodes nor what strangers do changes a byte of the program.
func TestDigestIsAboutTheDeployment(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDeployment(rt, 8)
		goal := rapid.SampledFrom([]plan.Goal{plan.GoalCreate, plan.GoalDestroy, plan.GoalReconcile, plan.GoalTest}).Draw(rt, "goal")
		f := world()
		if rapid.Bool().Draw(rt, "exists") {
			f = simulate(t, &makePlan(t, d, f, plan.GoalCreate).Program, f, -1)
			if goal == plan.GoalTest {
				f = tested(f)
			}
		}
		want := makePlan(t, d, f, goal)
		crowded := clone(t, f)
		strangers(rt, crowded, &want.Program)
		got := makePlan(t, permute(rt, d), crowded, goal)
		if want.Program.Digest() != got.Program.Digest() {
			rt.Fatalf("another digest:\n%s\n%s", dump(want), dump(got))
		}
	})
}

// strangers adds guests that hold nothing the plan uses.
func strangers(rt *rapid.T, f *plan.Facts, p *plan.Program) {
	h := &f.Hosts[0]
	for i := range rapid.IntRange(0, 4).Draw(rt, "strangers") {
		vmid := rapid.UintRange(100, 2_000_000).Draw(rt, "vmid")
		used := slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.VMID == vmid }) || slices.Contains(h.Taken, vmid)
		if used {
			continue
		}
		h.Taken = append(h.Taken, vmid)
		g := plan.GuestFacts{VMID: vmid, Node: "father", Kind: "qemu", Name: fmt.Sprintf("stranger-%d", i), Power: "running", Volumes: []string{"x:y"}}
		switch rapid.IntRange(0, 3).Draw(rt, "kind") {
		case 0:
			continue // not read at all
		case 1:
			g.Kind = "lxc"
		case 2:
			g.Tags = []string{"homestak", "hs-other"}
			g.Marker = &plan.MarkerFacts{SiteID: site, Manifest: "other", Addr: "other/a", VMID: vmid, Authentic: true}
		}
		g.MACs = []string{fmt.Sprintf("BC:24:11:00:00:%02X", i)}
		h.MACs = append(h.MACs, g.MACs...)
		h.Guests = append(h.Guests, g)
	}
	h.Storages[0].Available = rapid.Uint64().Draw(rt, "available")
	f.Sort()
}

// The same inputs give the same file, notes included.
func TestPlanIsDeterministic(t *testing.T) {
	d := deployment("edge pve", "edge/a", "edge/b needs=edge/a", "c peers=edge/a", "d pve", "d/e", "d/f", "g", "h")
	var first []byte
	for range 20 {
		p, _ := build.Plan(d, world(), plan.GoalTest, options)
		data, err := plan.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		}
		if !slices.Equal(first, data) {
			t.Fatal("two files from one input")
		}
	}
}
