package build_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// partOf plans and fails the test on any error.
func partOf(t *testing.T, d *ir.Deployment, f *plan.Facts, goal plan.Goal, only, skip string) *plan.Plan {
	t.Helper()
	p, list := part(t, d, f, goal, strings.Fields(only), strings.Fields(skip))
	if list.HasErrors() {
		t.Fatalf("no plan:\n%v", list)
	}
	return p
}

func names(p *plan.Plan) string {
	var out []string
	for _, a := range about(&p.Program).sorted() {
		out = append(out, strings.TrimPrefix(string(a), "m/"))
	}
	return strings.Join(out, " ")
}

// What a plan is about, and how it says why.
func TestPartIncludes(t *testing.T) {
	lines := []string{"dns", "p pve", "p/q pve", "p/q/leaf", "p/web needs=dns", "lb needs=p/web:created", "other"}
	d := deployment(lines...)
	all := made(t, d)
	half := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), 4) // dns has a guest, never started
	for _, c := range []struct {
		name       string
		f          *plan.Facts
		goal       plan.Goal
		only, skip string
		want       string
		finding    string
	}{
		{"what does not exist is made", world(), plan.GoalCreate, "leaf", "", "p p/q p/q/leaf", "m/p/q: included because m/p/q/leaf is in it"},
		{"dependencies of dependencies", world(), plan.GoalCreate, "lb", "", "dns lb p p/web", "m/p/web: included because m/lb depends on it"},
		{"what exists is left alone", all, plan.GoalCreate, "leaf lb", "", "lb p/q/leaf", ""},
		{"what was made is made ready", half, plan.GoalCreate, "lb", "", "dns lb p p/web", "m/dns: included because m/p/web depends on it"},
		{"all but", all, plan.GoalCreate, "", "m/p/** lb", "dns other p", ""},
		{"what is inside goes with it", all, plan.GoalDestroy, "p", "", "p p/q p/q/leaf p/web", "m/p/q/leaf: included because it is in m/p/q, which is destroyed"},
		{"dependents stay and it is said", all, plan.GoalDestroy, "dns", "", "dns", "m/p/web: node \"m/p/web\" depends on \"m/dns\", which is destroyed, and stays as it is"},
		{"nothing is inside what is not there", world(), plan.GoalDestroy, "p", "", "p", ""},
		{"a test tests what it needs", world(), plan.GoalTest, "web", "", "dns p p/web", "m/dns: included because m/p/web depends on it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := partOf(t, d, c.f, c.goal, c.only, c.skip)
			if got := names(p); got != c.want {
				t.Errorf("about %s, want %s", got, c.want)
			}
			if got := findings(p, "HS0643") + "\n" + findings(p, "HS0644"); !strings.Contains(got, c.finding) || c.finding == "" && len(got) > 1 {
				t.Errorf("findings:\n%s\nwant %s", got, c.finding)
			}
		})
	}
}

// A node that can be made only with one that is skipped is refused, and the caret
// is in the --skip.
func TestPartRefusesSkips(t *testing.T) {
	d := deployment("dns", "p pve cores=2", "p/web needs=dns", "other")
	all := made(t, d)
	bigger := deployment("dns", "p pve cores=4", "p/web needs=dns", "other")
	for _, c := range []struct {
		name       string
		d          *ir.Deployment
		f          *plan.Facts
		goal       plan.Goal
		only, skip string
		code       diag.Code
		says       string
	}{
		{"its host", d, world(), plan.GoalCreate, "web", "p", "HS0641", `"m/p" cannot be skipped: m/p/web is in it`},
		{"a dependency", d, world(), plan.GoalCreate, "", "dns", "HS0641", `"m/dns" cannot be skipped: m/p/web depends on it`},
		{"what is inside", d, all, plan.GoalDestroy, "", "web", "HS0641", `"m/p/web" cannot be skipped: it is in m/p, which is destroyed`},
		{"what goes down", bigger, all, plan.GoalCreate, "", "web", "HS0641", `"m/p/web" cannot be skipped: m/p restarts and takes it down`},
		{"everything", d, all, plan.GoalCreate, "dns", "d*", "HS0642", "no node is left"},
		{"all", d, all, plan.GoalCreate, "", "**", "HS0642", "no node is left"},
		{"a slip", d, all, plan.GoalDestroy, "", "dnss", "HS0565", "no node \"dnss\""},
		{"nothing", d, all, plan.GoalDestroy, "x-*", "", "HS0566", "no node is selected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, list := part(t, c.d, c.f, c.goal, strings.Fields(c.only), strings.Fields(c.skip))
			if len(list) != 1 || list[0].Code != c.code || !strings.Contains(list[0].Message, c.says) || list[0].Help == "" {
				t.Fatalf("%v", list)
			}
			if at := list[0].Range; at.File == nil || !strings.HasPrefix(at.File.Name, "--") {
				t.Errorf("at %v", at)
			}
		})
	}
	for _, c := range []struct{ only, skip, want string }{
		{"web", "dns", "p/web"}, // it is there and was ready
		{"", "other", "dns p p/web"},
		{"", "p m/p/**", "dns other"},
	} {
		if got := names(partOf(t, d, all, plan.GoalCreate, c.only, c.skip)); got != c.want {
			t.Errorf("--only %q --skip %q is about %s, want %s", c.only, c.skip, got, c.want)
		}
	}
}

// A host that restarts takes its nodes down, so they are in the plan, which starts
// them again.
func TestPartTakesDown(t *testing.T) {
	f := made(t, deployment("p pve cores=2", "p/q pve", "p/q/leaf", "z"))
	p := partOf(t, deployment("p pve cores=4", "p/q pve", "p/q/leaf", "z"), f, plan.GoalCreate, "p", "")
	if got := names(p); got != "p p/q p/q/leaf" {
		t.Error(got)
	}
	for _, a := range []string{"m/p/q", "m/p/q/leaf"} {
		if got := steps(p, a); !strings.HasPrefix(got, "guest.start") {
			t.Errorf("%s: %s", a, got)
		}
	}
	if got := findings(p, "HS0643"); !strings.Contains(got, "m/p/q/leaf: included because m/p restarts and takes it down") {
		t.Error(got)
	}
}

// Guests whose node the manifest no longer has are nobody's selection. They go
// only with the host that they are in.
func TestPartLeavesOrphans(t *testing.T) {
	f := made(t, deployment("p pve", "p/old", "old", "z"))
	d := deployment("p pve", "z")
	for goal, want := range map[plan.Goal]string{plan.GoalCreate: "z", plan.GoalReconcile: "z", plan.GoalDestroy: "z"} {
		p := partOf(t, d, f, goal, "z", "")
		if got := names(p); got != want {
			t.Errorf("%s is about %s", goal, got)
		}
		if told := findings(p, "HS0706"); (told != "") != (goal == plan.GoalReconcile) || strings.Contains(told, "--goal") {
			t.Errorf("%s: %q", goal, told)
		}
	}
	if got := names(partOf(t, d, f, plan.GoalDestroy, "p", "")); got != "p p/old" {
		t.Error(got)
	}
}

// What is wrong with nodes that the plan is not about does not stop it.
func TestPartMindsItsOwn(t *testing.T) {
	d := deployment("a", "b host=mother", "c vmid=100", "e ct template=none", "p pve", "p/q", "x mac=BC:24:11:00:00:09", "y mac=BC:24:11:00:00:09")
	f := with(world(), plan.GuestFacts{VMID: 100, Name: "c"})
	f.Hosts = append(f.Hosts, plan.HostFacts{Name: "mother", Presence: plan.Unknown, Error: "no route to host"})
	f.Sort()
	if got := names(partOf(t, d, f, plan.GoalCreate, "a", "")); got != "a" {
		t.Error(got)
	}
	for only, code := range map[string]diag.Code{"b": "HS0612", "c": "HS0617", "e": "HS0616", "y": "HS0625"} {
		_, list := part(t, d, f, plan.GoalCreate, []string{only}, nil)
		if !list.HasErrors() || !slices.ContainsFunc(list, func(x *diag.Diagnostic) bool { return x.Code == code }) {
			t.Errorf("%s: %v, want %s", only, list, code)
		}
	}

	// A host that is a node and cannot be asked is in the way of what is in it only.
	d = deployment("a", "p pve", "p/q", "z")
	f = made(t, d)
	f.Hosts = slices.DeleteFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name == "m/p" })
	if got := names(partOf(t, d, f, plan.GoalCreate, "z", "")); got != "z" {
		t.Error(got)
	}
	if _, list := part(t, d, f, plan.GoalCreate, []string{"q"}, nil); len(list) != 1 || list[0].Code != "HS0613" {
		t.Error(list)
	}
	if got := names(partOf(t, d, f, plan.GoalDestroy, "p", "")); got != "p p/q" {
		t.Error(got)
	}
	if _, list := part(t, d, f, plan.GoalDestroy, []string{"q"}, nil); len(list) != 1 || list[0].Code != "HS0613" {
		t.Error(list)
	}
	d = deployment("p pve", "p/q pve", "p/q/r", "p/q/s")
	f = made(t, d)
	f.Hosts = slices.DeleteFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name != "father" })
	if _, list := part(t, d, f, plan.GoalDestroy, []string{"r", "s"}, nil); len(list) != 1 || list[0].Code != "HS0613" {
		t.Error(list)
	}
}

// Only the hosts that the plan can come to need are asked.
func TestPartNarrows(t *testing.T) {
	d := deployment("a", "b host=mother needs=a", "c host=aunt", "p host=uncle pve", "p/q")
	for only, want := range map[string]string{"a": "father", "b": "father mother", "c": "aunt", "q": "uncle", "**": "aunt father mother uncle"} {
		s, list := build.Select(d, "father", selectors(t, "--only", []string{only}), nil)
		if list.HasErrors() {
			t.Fatal(list)
		}
		w := s.Narrow(build.Wanted(d, "father"))
		if got := strings.Join(w.Hosts, " "); got != want {
			t.Errorf("%s asks %s, want %s", only, got, want)
		}
	}
	var whole *build.Selection
	if w := whole.Narrow(build.Wanted(d, "father")); len(w.Hosts) != 4 || whole.String() != "" {
		t.Errorf("%+v", w)
	}
}

// A plan says what it is about, and that is part of what is approved.
func TestPartIsInTheDigest(t *testing.T) {
	d := deployment("a", "b")
	whole := makePlan(t, d, world(), plan.GoalCreate)
	every := partOf(t, d, world(), plan.GoalCreate, "**", "")
	p := partOf(t, d, world(), plan.GoalCreate, "a", "")
	if whole.Program.Partial != "" || every.Program.Partial != "**" || p.Program.Partial != "a" {
		t.Error(whole.Program.Partial, every.Program.Partial, p.Program.Partial)
	}
	if whole.Program.Digest() == every.Program.Digest() {
		t.Error("the digest does not cover the selector")
	}
	if got := partOf(t, d, world(), plan.GoalCreate, "a b", "name=b*").Program.Partial; got != "(a or b) and name!=b*" {
		t.Error(got)
	}
	again := partOf(t, d, world(), plan.GoalCreate, "a", "")
	x, errX := plan.Encode(p)
	y, errY := plan.Encode(again)
	if errX != nil || errY != nil || !bytes.Equal(x, y) {
		t.Error("two files from one input")
	}
}

// Every attribute of a node can be selected by.
func TestAttributesOfNodes(t *testing.T) {
	d := deployment("a vmid=500 cores=3 disk=20 vlan=7 pool=prod tags=blue,web", "p pve protect bridge=vmbr1", "p/q hybrid")
	d.Nodes[0].Preset, d.Nodes[0].Posture = val("vm-small"), val("dev")
	d.Nodes[2].Memory = val(4 * unit.GiB)
	for text, want := range map[string]string{
		"vmid=500": "a", "vmid=0": "p p/q", "cores>2": "a", "disk=20": "a", "vlan!=0": "a", "pool=prod": "a", "tag=web": "a", "tag=b*": "a", `tag=""`: "p p/q",
		"type=pve": "p", "protect=true": "p", "bridge=vmbr1": "p", "spec=pve": "p", "image=debian-13-*": "p", "mode=hybrid": "p/q", "run=push": "a p p/q",
		"host=father": "a p p/q", "preset=vm-small": "a", "posture=dev": "a", "memory>=4GiB": "p/q", "manifest=m": "a p p/q", "parent=p": "p/q", "depth=2": "p/q",
	} {
		s, list := build.Select(d, "father", selectors(t, "--only", []string{text}), nil)
		if list.HasErrors() {
			t.Fatal(list)
		}
		var got []string
		for i := range d.Nodes {
			if s.Selects(i) {
				got = append(got, strings.TrimPrefix(string(d.Nodes[i].Address), "m/"))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s selects %v, want %s", text, got, want)
		}
	}
}
