package apply_test

import (
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/lab/faults"
)

// The same with a host inside a host: what goes wrong on the way to it goes wrong
// in the middle of connections.
func TestFaultSchedulesOfTiers(t *testing.T) {
	t.Parallel()
	last := 10
	switch {
	case os.Getenv("HOMESTAK_SOAK") != "":
		last = 100
	case slowly:
		last = 2
	}
	for seed := range last {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { playTiers(t, uint64(seed)) })
		})
	}
}

// playTiers makes two tiers and takes them away again.
func playTiers(t *testing.T, seed uint64) {
	w := newBubble(t, map[string]string{"duo": duo}, func(c *lab.Config) {
		c.TaskTime, c.BootTime, c.PollTime = 2*time.Second, 20*time.Second, 10*time.Second
	})
	persist(w, plan.GoalCreate, seed, 1)
	persist(w, plan.GoalDestroy, seed, 0)
}

// persist goes to a goal with faults on the way; so many guests are on the lab
// afterwards.
func persist(w *world, goal plan.Goal, seed uint64, guests int) {
	w.t.Helper()
	p := w.plan("duo", goal)
	count := 1 + int(seed)%7
	if seed%4 == 3 { // a storm
		count = 30
	}
	rules := append(faults.Random(2*seed+1_000_000+uint64(goal), count),
		faults.Rule{Fault: faults.Drop, On: "CONNECT /**", Skip: int(seed) % 5, Times: 1 + int(seed)%3})
	if err := w.lab.SetFaults(faults.Script{Seed: seed, Faults: rules}); err != nil {
		w.t.Fatal(err)
	}
	for try := 1; ; try++ {
		if try == 12 {
			_ = w.lab.SetFaults(faults.Script{})
		}
		if try > 15 {
			w.t.Fatalf("%s: it does not end well when nothing goes wrong any more", goal)
		}
		r := w.run(p, apply.Options{Resume: try > 1})
		if testing.Verbose() {
			w.t.Logf("%s, run %d: %s\n%s", goal, try, r.Outcome, tell(r))
		}
		if r.Outcome.ExitCode() == 0 {
			break
		}
		if len(r.Findings) == 0 {
			w.t.Errorf("%s, run %d: %s for no reason\n%s", goal, try, r.Outcome, tell(r))
		}
		time.Sleep(5 * time.Minute)
	}
	_ = w.lab.SetFaults(faults.Script{})
	if g := w.guests(); len(g) != guests {
		w.t.Errorf("%s: guests %v", goal, g)
	}
	if left := w.seedFiles(); len(left) > 0 {
		w.t.Errorf("%s: seeds are left: %v", goal, left)
	}
	if again := w.plan("duo", goal); len(again.Program.Steps) != 0 {
		w.t.Errorf("%s: the plan afterwards has steps: %v", goal, again.Program.Steps)
	}
}
