package perm_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/perm"
)

// ops are all of plan's.
func ops() []plan.Op {
	var out []plan.Op
	for op := plan.Op(1); op.String() != plan.Op(0).String(); op++ {
		out = append(out, op)
	}
	return out
}

// An op that plan gains needs a row here before anything else: otherwise its
// privileges would be asked for by nobody.
func TestEveryOpHasARow(t *testing.T) {
	if len(ops()) < 26 {
		t.Fatalf("%d ops: the list is not the whole set", len(ops()))
	}
	for _, op := range ops() {
		if _, ok := perm.Step(&plan.Step{Op: op}, perm.Place{Node: "n"}); !ok {
			t.Errorf("%s has no row in the table of privileges", op)
		}
	}
	if _, ok := perm.Step(&plan.Step{Op: plan.Op(200)}, perm.Place{}); ok {
		t.Error("an op that does not exist has a row")
	}
}

func step(op plan.Op, args ...string) *plan.Step {
	s := &plan.Step{Op: op, Host: "h"}
	for i := 0; i < len(args); i += 2 {
		v := plan.Value{Text: args[i+1]}
		if strings.HasPrefix(args[i+1], "[") {
			v = plan.Value{List: strings.Split(strings.Trim(args[i+1], "[]"), ",")}
		}
		s.Args = append(s.Args, plan.Arg{Name: args[i], Value: v})
	}
	slices.SortFunc(s.Args, func(a, b plan.Arg) int { return strings.Compare(a.Name, b.Name) })
	return s
}

// What older releases call otherwise, or do not have.
func TestReleases(t *testing.T) {
	release := func(major, minor uint) perm.Release { return perm.Release{Major: major, Minor: minor} }
	for _, tc := range []struct {
		release perm.Release
		step    *plan.Step
		want    string
	}{
		{release(7, 4), step(plan.GuestAwait, "vmid", "100", "for", "[agent]"), "VM.Audit, VM.Monitor at /vms/100"},
		{release(8, 4), step(plan.GuestAwait, "vmid", "100", "for", "[agent]"), "VM.Audit, VM.Monitor at /vms/100"},
		{release(9, 0), step(plan.GuestAwait, "vmid", "100", "for", "[agent]"), "VM.Audit, VM.GuestAgent.Audit at /vms/100"},
		{perm.Release{}, step(plan.GuestAwait, "vmid", "100", "for", "[agent]"), "VM.Audit, VM.GuestAgent.Audit at /vms/100"},
		{release(9, 0), step(plan.GuestAwait, "vmid", "100", "for", "[agent]", "kind", "lxc"), "VM.Audit at /vms/100"},
		{release(7, 4), step(plan.GuestConfigure, "vmid", "100", "net0", "virtio,bridge=vmbr0"), "VM.Audit, VM.Config.Network at /vms/100"},
		{release(8, 0), step(plan.GuestConfigure, "vmid", "100", "net0", "virtio,bridge=vmbr0,tag=7"),
			"SDN.Use at /sdn/zones/localnetwork/vmbr0/7; VM.Audit, VM.Config.Network at /vms/100"},
		{release(8, 1), step(plan.ImageFetch, "storage", "local", "source", "https://x/y"),
			"Sys.Audit, Sys.Modify at /; Datastore.AllocateTemplate, Datastore.Audit at /storage/local"},
		{release(8, 2), step(plan.ImageFetch, "storage", "local", "source", "https://x/y"),
			"Sys.AccessNetwork at /nodes/n; Datastore.AllocateTemplate, Datastore.Audit at /storage/local"},
		{release(9, 2), step(plan.ImageFetch, "storage", "local", "source", "builtin:x"), "Datastore.AllocateTemplate, Datastore.Audit at /storage/local"},
	} {
		needs, _ := perm.Step(tc.step, perm.Place{Node: "n", Release: tc.release})
		var got []string
		for _, g := range perm.Least(needs) {
			got = append(got, g.String())
		}
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s on %s: %s\nwant %s", tc.step.Op, tc.release, strings.Join(got, "; "), tc.want)
		}
	}
	for text, want := range map[string]string{"9.2.11/lab": "9.2", "7.4-3": "7.4", "8.0~beta": "8.0", "": "unknown", "x.y": "unknown", "9": "unknown"} {
		if got := perm.ParseRelease(text).String(); got != want {
			t.Errorf("%q is release %s, want %s", text, got, want)
		}
	}
}

// needsGen draws needs over few paths and privileges, so that they meet.
func needsGen() *rapid.Generator[[]perm.Need] {
	grant := rapid.Custom(func(t *rapid.T) perm.Grant {
		return perm.Grant{
			Path:  rapid.SampledFrom([]string{"/", "/vms", "/vms/100", "/storage/a"}).Draw(t, "path"),
			Privs: rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"A", "B", "C", "D"}), 1, 2, rapid.ID[string]).Draw(t, "privs"),
		}
	})
	need := rapid.Custom(func(t *rapid.T) perm.Need {
		return perm.Need{Any: rapid.SliceOfN(grant, 1, 3).Draw(t, "any")}
	})
	return rapid.SliceOfN(need, 0, 8)
}

// held is a token that has grants as ACL entries of their own.
func held(grants []perm.Grant) perm.Held {
	h := perm.Held{}
	for _, g := range grants {
		privs := map[string]bool{}
		for _, p := range g.Privs {
			privs[p] = g.Below
		}
		h[g.Path] = privs
	}
	return h
}

// The least satisfies every need, and without any one of its privileges it does
// not; that much is what makes a removed privilege visible.
func TestLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		needs := needsGen().Draw(t, "needs")
		grants := perm.Least(needs)
		if missing := held(grants).Missing(needs); len(missing) > 0 {
			t.Fatalf("%v lacks %v", grants, missing)
		}
		for i, g := range grants {
			for j := range g.Privs {
				less := slices.Clone(grants)
				less[i].Privs = slices.Delete(slices.Clone(g.Privs), j, j+1)
				if len(held(less).Missing(needs)) == 0 {
					t.Fatalf("%s at %s is for nothing in %v", g.Privs[j], g.Path, grants)
				}
			}
		}
	})
}

// Widened, the same roles do for the needs as they are; and what a plan for all
// guests needs is more than what it needs for its own.
func TestWiden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		needs := needsGen().Draw(t, "needs")
		if missing := held(perm.Least(perm.Widen(needs))).Missing(perm.Widen(needs)); len(missing) > 0 {
			t.Fatalf("lacks %v", missing)
		}
		for _, g := range perm.Least(perm.Widen(needs)) {
			if strings.HasPrefix(g.Path, "/vms/") {
				t.Fatalf("%v is about one guest", g)
			}
		}
	})
}

// Permissions are inherited as PVE does it.
func TestHeld(t *testing.T) {
	h := perm.Held{
		"/":           {"Sys.Audit": false},
		"/vms":        {"VM.Audit": true, "VM.Allocate": false},
		"/vms/100":    {"VM.PowerMgmt": true},
		"/storage":    {"Datastore.Audit": true},
		"/sdn/zones":  {"SDN.Use": false},
		"/pool/mixed": {"Pool.Audit": false},
	}
	for _, tc := range []struct {
		path, priv string
		want       bool
	}{
		{"/", "Sys.Audit", true},
		{"/nodes/n", "Sys.Audit", false}, // it does not go on
		{"/vms", "VM.Allocate", true},
		{"/vms/101", "VM.Allocate", false},
		{"/vms/101", "VM.Audit", true},
		{"/vms/100", "VM.PowerMgmt", true},
		{"/vms/100", "VM.Audit", false}, // the nearer role replaces
		{"/storage/local", "Datastore.Audit", true},
		{"/sdn/zones/localnetwork/vmbr0", "SDN.Use", false},
		{"/pool/mixed", "Pool.Audit", true},
		{"/mapping/pci/x", "Mapping.Use", false},
	} {
		if got := h.Has(tc.path, tc.priv); got != tc.want {
			t.Errorf("%s at %s: %v", tc.priv, tc.path, got)
		}
	}
	all := []perm.Need{{For: "x", Any: []perm.Grant{{Path: "/vms", Privs: []string{"VM.Allocate", "VM.Audit"}, Below: true}}}}
	missing := h.Missing(all)
	if len(missing) != 1 || fmt.Sprint(missing[0]) != "VM.Allocate at /vms" {
		t.Errorf("missing %v: only what does not go on below should be", missing)
	}
}

// The role for any plan does for every op and every option that a plan has.
func TestEverything(t *testing.T) {
	for _, release := range []perm.Release{{Major: 7, Minor: 4}, {Major: 8, Minor: 1}, {Major: 8, Minor: 4}, {Major: 9, Minor: 2}} {
		h := held(perm.Least(perm.Everything(release)))
		for _, kind := range []string{"qemu", "lxc"} {
			for _, s := range samples(kind) {
				needs, _ := perm.Step(s, perm.Place{Node: "lab", Release: release, Kind: kind})
				needs = append(needs, perm.Host(perm.Place{Node: "lab", Release: release})...)
				for _, n := range h.Missing(needs) {
					t.Errorf("%s (%s) on %s: %s", s.Op, kind, release, n)
				}
			}
		}
	}
}
