package apply_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/lab/faults"
)

// Waiting for a guest's agent goes on whatever it says meanwhile, as long as it
// may still come, and ends at once with the run.
func TestAwaitOutlastsWhatTheAgentSays(t *testing.T) {
	t.Parallel()
	const ping = "POST /nodes/*/qemu/*/agent/ping"
	synctest.Test(t, func(t *testing.T) {
		w := newBubble(t, map[string]string{"one": one}, func(c *lab.Config) { c.BootTime = time.Minute })
		p := w.plan("one", plan.GoalCreate)
		err := w.lab.SetFaults(faults.Script{Faults: []faults.Rule{
			{Fault: faults.Answer, On: ping, Times: 2, Status: 596},
			{Fault: faults.Answer, On: ping, Times: 1, Status: 500, Reason: "Agent error: Unable to open /dev/virtio-ports"},
			{Fault: faults.Answer, On: ping, Times: 1, Status: 500, Reason: "VM 1 qmp command 'guest-ping' failed - got timeout"},
			{Fault: faults.Drop, On: ping, Times: 2},
		}})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		r := w.must(p, apply.Done)
		if took := time.Since(began); took < time.Minute || took > 3*time.Minute {
			t.Errorf("it took %s\n%s", took, tell(r))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newBubble(t, map[string]string{"one": one}, func(c *lab.Config) { c.BootTime = time.Hour })
		p := w.plan("one", plan.GoalCreate)
		ctx, cancel := context.WithCancel(t.Context())
		var cut time.Time
		w.react = func(e apply.Event) {
			if e.Kind == apply.StepProgress && strings.Contains(e.Text, "agent") && cut.IsZero() {
				cut = time.Now()
				cancel()
			}
		}
		r := w.runCtx(ctx, p, apply.Options{})
		if r.Outcome != apply.Interrupted || cut.IsZero() || time.Since(cut) > 5*time.Second {
			t.Errorf("%s, %s after the cancel\n%s", r.Outcome, time.Since(cut), tell(r))
		}
	})
}

// Making a machine is the calls that are in the plan: nobody tags it, changes its
// boot order, picks another storage or asks for a vmid behind its back.
func TestCreateWritesNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBubble(t, map[string]string{"one": one})
		p := w.plan("one", plan.GoalCreate)
		w.must(p, apply.Done)
		id := fmt.Sprintf("/nodes/lab/qemu/%d", vmid(p, only))
		allowed := map[string]int{
			"POST /nodes/lab/storage/local/upload": 2, // image and seed
			"POST /nodes/lab/qemu":                 1,
			"PUT " + id + "/resize":                1,
			"POST " + id + "/status/start":         1,
			"PUT " + id + "/unlink":                1, // the seed
			"POST " + id + "/config":               1, // that it is ready
		}
		for _, e := range w.log() {
			if e.Kind != "request" {
				continue
			}
			if strings.Contains(e.Path, "nextid") {
				t.Errorf("%s %s", e.Method, e.Path)
			}
			what := e.Method + " " + e.Path
			if !e.Write || strings.HasPrefix(e.Path, "/pools") || strings.Contains(e.Path, "/agent/") || strings.HasPrefix(what, "DELETE /nodes/lab/storage/local/content/local:import/hs-seed-") {
				continue
			}
			if allowed[what]--; allowed[what] < 0 {
				t.Errorf("one time too often: %s", what)
			}
		}
	})
}
