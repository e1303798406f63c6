package apply_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/runtime/lab/faults"
)

func hostFacts(t *testing.T, f *plan.Facts, name string) *plan.HostFacts {
	t.Helper()
	i := slices.IndexFunc(f.Hosts, func(h plan.HostFacts) bool { return h.Name == name })
	if i < 0 {
		t.Fatalf("no facts of %s", name)
	}
	return &f.Hosts[i]
}

// One list and exactly one read for each candidate; strangers are not read.
func TestObserveReadsEachCandidateOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"flat": flat})
	w.must(w.plan("flat", plan.GoalCreate), apply.Done)
	w.do("POST", "/nodes/lab/qemu", "vmid", "997", "name", "stranger")
	from := len(w.log())
	f := w.observe(w.compile("flat"))
	reads, lists := map[string]int{}, 0
	for _, e := range w.log()[from:] {
		switch {
		case e.Kind != "request":
		case strings.HasSuffix(e.Path, "/pending"):
			reads[e.Path]++
		case strings.HasPrefix(e.Path, "/cluster/resources"):
			lists++
		}
		if e.Write {
			t.Errorf("observing wrote: %s %s", e.Method, e.Path)
		}
	}
	if lists != 1 || len(reads) != 2 {
		t.Errorf("%d lists, reads %v", lists, reads)
	}
	for path, n := range reads {
		if n != 1 {
			t.Errorf("%s was read %d times", path, n)
		}
	}
	h := hostFacts(t, f, "lab")
	if len(h.Guests) != 2 || !slices.Contains(h.Taken, 997) || !strings.HasSuffix(h.Version, "/lab") || h.Node != "lab" {
		t.Errorf("facts: %+v", h)
	}
	for _, g := range h.Guests {
		if g.Marker == nil || !g.Marker.Authentic || g.Marker.Program == "" || g.Power != plan.PowerRunning || len(g.Marker.Unchanged) < 5 {
			t.Errorf("guest: %+v %+v", g, g.Marker)
		}
	}
	if _, err := plan.EncodeFacts(f); err != nil {
		t.Error(err)
	}
}

// A marker counts with the site's key and on its own vmid only.
func TestMarkersAreOpenedWithTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	p := w.plan("one", plan.GoalCreate)
	w.must(p, apply.Done)
	notes := configOf(w, p)["description"]
	w.do("POST", "/nodes/lab/qemu", "vmid", "998", "name", "copy", "tags", "hs-one", "description", notes)
	forged := strings.Replace(notes, "program ", "program 0", 1)
	w.do("POST", "/nodes/lab/qemu", "vmid", "997", "name", "forged", "tags", "hs-one", "description", forged)
	w.do("PUT", guestPath(p)+"/config", "cores", "5")
	h := hostFacts(t, w.observe(w.compile("one")), "lab")
	for _, g := range h.Guests {
		if g.Marker == nil || g.Marker.Authentic != (g.VMID == vmid(p, only)) {
			t.Errorf("guest %d: %+v", g.VMID, g.Marker)
		}
	}
}

// Nested hosts: absent until their node is proven ready, present afterwards,
// unknown when they cannot be asked.
func TestObserveNestedHosts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"tiered": tiered})
	d := w.compile("tiered")
	nested := []string{"tiered/outer", "tiered/outer/inner"}
	for _, name := range nested {
		if h := hostFacts(t, w.observe(d), name); h.Presence != plan.Absent {
			t.Errorf("before: %s is %v", name, h.Presence)
		}
	}
	p := w.plan("tiered", plan.GoalCreate)
	w.must(p, apply.Done)
	f := w.observe(d)
	for i, name := range nested {
		h := hostFacts(t, f, name)
		if h.Presence != plan.Present || h.Node != addr.Address(name).Name() || h.Fingerprint == "" || len(h.Guests) != 2-i {
			t.Errorf("after: %+v", h)
		}
	}
	w.do("POST", fmt.Sprintf("/nodes/lab/qemu/%d/status/stop", vmid(p, "tiered/outer")))
	for _, name := range nested {
		if h := hostFacts(t, w.observe(d), name); h.Presence != plan.Absent {
			t.Errorf("stopped: %s is %v", name, h.Presence)
		}
	}
}

func TestObserveUnreachableHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	h := w.env.Hosts["lab"]
	h.Endpoints = []string{"https://127.0.0.1:1"}
	w.env.Hosts["lab"] = h
	f := hostFacts(t, w.observe(w.compile("one")), "lab")
	if f.Presence != plan.Unknown || !strings.Contains(f.Error, "does not answer") {
		t.Errorf("%+v", f)
	}
	if _, err := apply.Observe(t.Context(), w.env, build.Wanted(w.compile("one"), "elsewhere")); err == nil || !strings.Contains(err.Error(), "HS0651") {
		t.Errorf("a host the site does not have: %v", err)
	}
}

// A host that could not be deleted is still there to be reached: its token goes with
// it and not before.
func TestTokenOutlivesFailedDelete(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	w.must(w.plan("duo", plan.GoalCreate), apply.Done)
	p := w.plan("duo", plan.GoalDestroy)
	tokens := func() int {
		files, _ := filepath.Glob(filepath.Join(w.env.StateDir, "tokens", "*.json"))
		return len(files)
	}
	refuse := faults.Rule{Fault: faults.Answer, On: fmt.Sprintf("DELETE /nodes/lab/qemu/%d", vmid(p, "duo/outer")), Status: 403, Reason: "Permission check failed"}
	if err := w.lab.SetFaults(faults.Script{Faults: []faults.Rule{refuse}}); err != nil {
		t.Fatal(err)
	}
	w.must(p, apply.Partial)
	if n := tokens(); n != 1 {
		t.Errorf("%d tokens after a failed delete", n)
	}
	if err := w.lab.SetFaults(faults.Script{}); err != nil {
		t.Fatal(err)
	}
	w.must(w.plan("duo", plan.GoalDestroy), apply.Done)
	if n := tokens(); n != 0 {
		t.Errorf("%d tokens of nobody", n)
	}
}

// A token that works is kept; one that is refused, or lost, is minted anew.
func TestNestedTokensAreCached(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"duo": duo})
	w.must(w.plan("duo", plan.GoalCreate), apply.Done)
	look := func() string {
		t.Helper()
		if h := hostFacts(t, w.observe(w.compile("duo")), "duo/outer"); h.Presence != plan.Present {
			t.Fatalf("%+v", h)
		}
		files, _ := filepath.Glob(filepath.Join(w.env.StateDir, "tokens", "*.json"))
		if len(files) != 1 {
			t.Fatalf("token files: %v", files)
		}
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := look()
	if again := look(); again != first {
		t.Error("a token that works was minted again")
	}
	files, _ := filepath.Glob(filepath.Join(w.env.StateDir, "tokens", "*.json"))
	refused := regexp.MustCompile(`=[0-9a-f-]{36}`).ReplaceAllString(first, "=00000000-0000-4000-8000-000000000000")
	if err := os.WriteFile(files[0], []byte(refused), 0o600); err != nil || refused == first {
		t.Fatal(err, refused == first)
	}
	if now := look(); now == refused || now == first {
		t.Error("a token that was refused was not replaced")
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	look()
}
