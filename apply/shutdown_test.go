package apply_test

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab/faults"
)

// The power of a guest is cut when PVE says that the guest did not react, and not
// for whatever else goes wrong with a shutdown.
func TestOnlyWhoDoesNotReactIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"one": one})
	w.must(w.plan("one", plan.GoalCreate), apply.Done)
	fail := func(exit string) {
		t.Helper()
		rule := faults.Rule{Fault: faults.TaskFail, On: "POST /nodes/*/qemu/*/status/shutdown", Exit: exit}
		if err := w.lab.SetFaults(faults.Script{Faults: []faults.Rule{rule}}); err != nil {
			t.Fatal(err)
		}
	}
	p := w.plan("one", plan.GoalDestroy)
	fail("hookscript error for 100 on pre-stop")
	from := len(w.log())
	r := w.run(p, apply.Options{})
	if r.Outcome == apply.Done || !strings.Contains(tell(r), "hookscript error") {
		t.Errorf("outcome %q\n%s", r.Outcome, tell(r))
	}
	for _, e := range w.log()[from:] {
		if strings.HasSuffix(e.Path, "/status/stop") {
			t.Error("the power was cut")
		}
	}
	if len(w.guests()) != 1 {
		t.Fatalf("left: %v", w.guests())
	}
	fail("VM quit/powerdown failed - got timeout")
	w.must(p, apply.Done)
	if len(w.guests()) != 0 {
		t.Errorf("left: %v", w.guests())
	}
}
