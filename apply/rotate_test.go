package apply_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/runtime/secret"
)

// rotate writes another key for alice; locked is what the lock says of the
// secrets then.
func (w *world) rotate(from, to string) (locked []plan.SecretRef) {
	w.t.Helper()
	text := strings.Replace(string(w.files["secrets.yaml"].Data), from, to, 1)
	w.write("secrets.yaml", text)
	if err := os.WriteFile(filepath.Join(w.site, "secrets.yaml"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	var err error
	if w.env.Secrets, err = secret.Load(w.site); err != nil {
		w.t.Fatal(err)
	}
	for _, name := range w.env.Secrets.Names() {
		digest, _ := w.env.Secrets.Digest(name, w.env.Keys.LockDigest)
		locked = append(locked, plan.SecretRef{Name: name, Digest: digest})
	}
	return locked
}

func (w *world) lockedPlan(manifest string, locked []plan.SecretRef) *plan.Plan {
	w.t.Helper()
	d := w.compile(manifest)
	p, bad := build.Plan(d, w.observe(d), plan.GoalCreate, build.Options{DefaultHost: "lab", Secrets: locked})
	if bad.HasErrors() {
		w.t.Fatal(bad)
	}
	return p
}

// A key that is rotated reaches the guest that has the old one, once, however
// often the run is interrupted.
func TestRotatedSecretReachesTheGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	old := w.rotate("", "")
	first := w.lockedPlan("one", old)
	w.must(first, apply.Done)
	if p := w.lockedPlan("one", old); len(p.Program.Steps) != 0 {
		t.Fatalf("the plan after apply has steps: %+v", p.Program.Changes)
	}

	locked := w.rotate("canaryCanary", "rotateRotate")
	p := w.lockedPlan("one", locked)
	c := p.Program.Changes[0]
	if c.Action != plan.Update || c.Reason != plan.ReasonSpec || len(c.Attrs) != 1 || c.Attrs[0].Name != "secrets" || p.Program.Digest() == first.Program.Digest() {
		t.Fatalf("%+v", c)
	}
	w.killedAfter(p, plan.TargetPush)
	if again := w.lockedPlan("one", locked); len(again.Program.Steps) != len(p.Program.Steps) {
		t.Errorf("after a kill before the mark: %+v", again.Program.Changes)
	}
	w.must(p, apply.Done)
	w.shell(first, only, `sudo -n cat /home/alice/.ssh/authorized_keys | grep -q rotateRotate`)
	if p := w.lockedPlan("one", locked); len(p.Program.Steps) != 0 {
		t.Errorf("the plan after apply has steps: %+v", p.Program.Changes)
	}
	w.must(p, apply.AlreadyApplied)

	// Without the run that was killed, and told by the report.
	p = w.lockedPlan("one", w.rotate("rotateRotate", "anotherAgain"))
	changed := false
	for _, s := range w.must(p, apply.Done).Steps {
		for _, c := range s.Checks {
			changed = changed || s.Op == plan.TargetPush.String() && c.State == "changed" && strings.Contains(c.Resource, "alice")
		}
	}
	if !changed {
		t.Error("nothing was changed on the guest")
	}
	// A plan that was made with the old key is not gone back to.
	if r := w.run(first, apply.Options{}); r.Outcome != apply.Refused || codes(r) != "HS0670" {
		t.Errorf("%s\n%s", r.Outcome, tell(r))
	}
}
