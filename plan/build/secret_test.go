package build_test

import (
	"slices"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// lockedPlan plans with a lock that gives names these digests; nil is a site
// without one.
func lockedPlan(t *testing.T, lines []string, f *plan.Facts, locks []plan.SecretRef) *plan.Plan {
	t.Helper()
	p, list := build.Plan(deployment(lines...), f, plan.GoalCreate, build.Options{DefaultHost: "father", Secrets: locks})
	if list.HasErrors() {
		t.Fatalf("no plan:\n%v", list)
	}
	if _, err := plan.Encode(p); err != nil {
		t.Fatal(err)
	}
	return p
}

// A guest was proven ready with the secrets it was given. When one of those its
// program names is another now, the program is brought there again; whatever else
// happens to the lock is none of its business.
func TestRotatedSecret(t *testing.T) {
	lock := func(kv ...string) []plan.SecretRef {
		out := []plan.SecretRef{}
		for i := 0; i < len(kv); i += 2 {
			out = append(out, plan.SecretRef{Name: kv[i], Digest: kv[i+1]})
		}
		return out
	}
	const again = "guest.await target.push check.ready guest.configure(program,program.secrets)"
	a := []string{"a"}
	before := lock("passwords.vm_root", "0a", "ssh_keys.alice", "0b", "unused", "0c")
	for name, c := range map[string]struct {
		was, is []plan.SecretRef
		want    string
	}{
		"the same":                  {before, before, ""},
		"another one's":             {before, lock("passwords.vm_root", "0a", "ssh_keys.alice", "0b", "unused", "0d"), ""},
		"rotated":                   {before, lock("passwords.vm_root", "0a", "ssh_keys.alice", "0e"), again},
		"one is no longer locked":   {before, lock("ssh_keys.alice", "0b"), again},
		"no lock at all":            {nil, nil, ""},
		"a lock without its names":  {nil, lock("unused", "0c"), ""},
		"locked for the first time": {nil, before, again},
		"the lock is gone":          {before, nil, "guest.await target.push check.ready guest.configure(program)"},
	} {
		t.Run(name, func(t *testing.T) {
			made := simulate(t, &lockedPlan(t, a, world(), c.was).Program, world(), -1)
			p := lockedPlan(t, a, made, c.is)
			if got := steps(p, "m/a"); got != c.want {
				t.Fatalf("%s\nwant %s", got, c.want)
			}
			change := p.Program.Changes[0]
			if c.want == "" {
				if change.Action != plan.None || len(change.Attrs) > 0 {
					t.Errorf("%+v", change)
				}
				return
			}
			if change.Action != plan.Update || change.Reason != plan.ReasonSpec || len(change.Attrs) != 1 || change.Attrs[0].Name != "secrets" ||
				change.Attrs[0].From == change.Attrs[0].To {
				t.Errorf("%+v", change)
			}
			// The plan is resumed wherever it was interrupted, and done with when it is done.
			for stop := range p.Program.Steps {
				part := simulate(t, &p.Program, made, stop)
				rest := lockedPlan(t, a, part, c.is)
				if got := steps(rest, "m/a"); got != c.want {
					t.Errorf("interrupted before step %d: %s", stop, got)
				}
			}
			after := simulate(t, &p.Program, made, -1)
			if left := lockedPlan(t, a, after, c.is); len(left.Program.Steps) > 0 {
				t.Errorf("the plan after apply has steps: %s", steps(left, "m/a"))
			}
		})
	}
}

// What is rotated says itself in the change, next to what else is new.
func TestRotatedSecretAndSpec(t *testing.T) {
	made := simulate(t, &lockedPlan(t, []string{"a"}, world(), options.Secrets).Program, world(), -1)
	rotated := slices.Clone(options.Secrets)
	rotated[1].Digest = "0e"
	p := lockedPlan(t, []string{"a package=htop"}, made, rotated)
	var names []string
	for _, a := range p.Program.Changes[0].Attrs {
		names = append(names, a.Name)
	}
	if !slices.Equal(names, []string{"program", "secrets"}) {
		t.Errorf("attributes %v", names)
	}
}
