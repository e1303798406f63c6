package apply_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab/faults"
)

// What is wrong with a host is said once, however many steps meet with it.
func TestOneFindingForOneCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newBubble(t, map[string]string{"dozen": dozen(12, 1024)})
		p := w.plan("dozen", plan.GoalCreate)
		if err := w.lab.SetFaults(faults.Script{Faults: []faults.Rule{{Fault: faults.Certificate, On: "GET /cluster/resources", Times: 1}}}); err != nil {
			t.Fatal(err)
		}
		r := w.must(p, apply.Refused)
		if codes(r) != "HS0802" {
			t.Errorf("%s", tell(r))
		}
		if n := strings.Count(tell(r), "note: in step"); n < 2 {
			t.Errorf("%d steps are named\n%s", n, tell(r))
		}
	})
}
