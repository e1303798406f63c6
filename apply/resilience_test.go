package apply_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/lab/faults"
)

// schedules are tried when HOMESTAK_SOAK is set, a tenth of them otherwise;
// HOMESTAK_SCHEDULE names one.
const schedules = 1000

// longestRun is more than any run may take, by the clock of the bubble: twice the
// longest deadline of a step, for those that fail and those that still run then.
const longestRun = 2 * time.Hour

// Whatever goes wrong on the way: creating, changing and removing twelve nodes
// ends well after some runs more, or says in each run what did not work, what
// Proxmox VE said and what to do. There is never a guest too many, a volume or a
// seed that belongs to nobody, an end that does not come, or an error that nobody
// hears of.
func TestFaultSchedules(t *testing.T) {
	t.Parallel()
	first, last := 0, schedules/10
	switch {
	case os.Getenv("HOMESTAK_SOAK") != "":
		last = schedules
	case slowly:
		last = schedules / 100
	}
	if one, err := strconv.Atoi(os.Getenv("HOMESTAK_SCHEDULE")); err == nil {
		first, last = one, one+1
	}
	for seed := first; seed < last; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newSchedule(t, uint64(seed)).play() })
		})
	}
}

// schedule is one world with its faults.
type schedule struct {
	*world
	seed uint64
}

func newSchedule(t *testing.T, seed uint64) *schedule {
	w := newBubble(t, map[string]string{"dozen": dozen(12, 1024)}, func(c *lab.Config) {
		c.TaskTime, c.BootTime, c.PollTime = 2*time.Second, 20*time.Second, 10*time.Second
	})
	return &schedule{world: w, seed: seed}
}

// dozen is a deployment of some nodes; every fourth is configured.
func dozen(nodes, memory int) string {
	var b strings.Builder
	b.WriteString("schema_version: 2\nname: dozen\nnodes:\n")
	for i := range nodes {
		spec := ""
		if i%4 == 0 {
			spec = ", spec: web"
		}
		fmt.Fprintf(&b, "  - {name: n%d, preset: vm-small, image: debian-12, memory: %d%s}\n", i, memory, spec)
	}
	return b.String()
}

func (s *schedule) play() {
	s.phase("create", plan.GoalCreate, 12)
	// Two more, one less, and all of them larger.
	text := strings.Replace(dozen(14, 2048), "  - {name: n3,", "  # {name: n3,", 1)
	s.write("manifests/dozen.yaml", text)
	s.phase("update", plan.GoalReconcile, 13)
	s.phase("destroy", plan.GoalDestroy, 0)
}

// phase goes to a goal with faults on the way.
func (s *schedule) phase(name string, goal plan.Goal, guests int) {
	s.t.Helper()
	n := uint64(len(name))
	count := 1 + int(s.seed+n)%7
	if s.seed%5 == 4 { // a storm
		count = 40
	}
	rules := faults.Random(s.seed*3+n, count)
	if err := s.lab.SetFaults(faults.Script{Seed: s.seed, Faults: rules}); err != nil {
		s.t.Fatal(err)
	}
	failed := s.t.Failed()
	var p *plan.Plan
	const tries = 12
	for try := 1; ; try++ {
		if try == tries {
			_ = s.lab.SetFaults(faults.Script{})
		}
		if try > tries+3 {
			s.t.Fatalf("%s: it does not end well when nothing goes wrong any more", name)
		}
		if p == nil {
			p = s.tryPlan(goal, try >= tries)
		}
		if p != nil {
			if len(p.Program.Steps) == 0 && try > 1 {
				break
			}
			r := s.attempt(name, p, try)
			if r.Outcome.ExitCode() == 0 {
				break
			}
			if stale(r) {
				p = nil // the report says so: plan again
			}
			if try >= tries && held(r) {
				s.breakLease() // so does it here: a clock that ran ahead dated the lease of a dead run
			}
		}
		time.Sleep(5 * time.Minute)
	}
	happened := s.happened()
	_ = s.lab.SetFaults(faults.Script{})
	s.settled(name, goal, guests)
	if s.t.Failed() && !failed {
		s.t.Logf("%s, faults: %s", name, happened)
	}
}

// stale reports whether a report asks for another plan.
func stale(r *apply.Report) bool {
	return slices.ContainsFunc(r.Findings, func(d *diag.Diagnostic) bool { return strings.Contains(d.Help, "plan again") })
}

// held reports whether a report says that a lease is in the way.
func held(r *apply.Report) bool {
	return slices.ContainsFunc(r.Findings, func(d *diag.Diagnostic) bool { return strings.Contains(d.Help, "homestak lock") })
}

// breakLease does what `homestak lock break` does.
func (s *schedule) breakLease() {
	s.t.Helper()
	list, err := apply.Leases(s.t.Context(), s.env, "lab", siteID, []string{"dozen"})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, l := range list {
		if err := apply.BreakLease(s.t.Context(), s.env, siteID, l); err != nil {
			s.t.Fatal(err)
		}
	}
}

// tryPlan plans in the middle of it all: what is observed is right, or observing
// fails with a reason.
func (s *schedule) tryPlan(goal plan.Goal, calm bool) *plan.Plan {
	s.t.Helper()
	d := s.compile("dozen")
	f, err := apply.Observe(s.t.Context(), s.env, build.Wanted(d, "lab"))
	if err != nil {
		if calm {
			s.t.Fatal(err)
		}
		s.told("observing", diagnosticOf(err))
		return nil
	}
	p, bad := build.Plan(d, f, goal, build.Options{DefaultHost: "lab"})
	if bad.HasErrors() {
		if calm {
			s.t.Fatal(bad)
		}
		for _, d := range bad {
			s.told("planning", d)
		}
		return nil
	}
	return p
}

func diagnosticOf(err error) *diag.Diagnostic {
	switch e := err.(type) {
	case *diag.Diagnostic:
		return e
	case diag.List:
		return e[0]
	}
	return &diag.Diagnostic{Message: err.Error()}
}

// told fails unless a finding says what, why and what to do.
func (s *schedule) told(when string, d *diag.Diagnostic) {
	s.t.Helper()
	if d.Code == "" || d.Message == "" || d.Help == "" {
		s.t.Errorf("%s: a finding without a code, a message or a help: %v", when, d)
	}
}

// attempt is one run, and what every run owes.
func (s *schedule) attempt(name string, p *plan.Plan, try int) *apply.Report {
	s.t.Helper()
	began := time.Now()
	r := s.run(p, apply.Options{Resume: try > 1, Next: "homestak apply --resume"})
	if took := time.Since(began); took > longestRun {
		s.t.Errorf("%s, run %d: it took %s", name, try, took)
	}
	failed := 0
	for _, st := range r.Steps {
		if st.State != apply.StateFailed {
			continue
		}
		failed++
		named := slices.ContainsFunc(r.Findings, func(d *diag.Diagnostic) bool {
			return slices.ContainsFunc(d.Notes, func(n diag.Note) bool { return strings.Contains(n.Text, string(st.Step)) })
		})
		if !named {
			s.t.Errorf("%s, run %d: no finding names the failed step %s %s", name, try, st.Op, st.Addr)
		}
	}
	for _, d := range r.Findings {
		s.told(name, d)
	}
	switch ok := r.Outcome.ExitCode() == 0; {
	case ok && (failed > 0 || len(r.Findings) > 0):
		s.t.Errorf("%s, run %d: %s with %d failed steps\n%s", name, try, r.Outcome, failed, tell(r))
	case !ok && len(r.Findings) == 0:
		s.t.Errorf("%s, run %d: %s for no reason\n%s", name, try, r.Outcome, tell(r))
	}
	s.noTwins(name)
	if testing.Verbose() {
		s.t.Logf("%s, run %d: %s\n%s", name, try, r.Outcome, tell(r))
	}
	return r
}

// noTwins: whatever happened, no node has two guests.
func (s *schedule) noTwins(name string) {
	s.t.Helper()
	seen := map[string]uint{}
	for vmid, guest := range s.guests() {
		if other, twice := seen[guest]; twice {
			s.t.Errorf("%s: guest %s is there twice, %d and %d", name, guest, other, vmid)
		}
		seen[guest] = vmid
	}
}

// settled is how the world is when a phase has ended well.
func (s *schedule) settled(name string, goal plan.Goal, guests int) {
	s.t.Helper()
	s.quiet()
	have := s.guests()
	if len(have) != guests {
		s.t.Errorf("%s: %d guests, not %d: %v", name, len(have), guests, have)
	}
	for _, v := range s.orphans(have) {
		s.t.Errorf("%s: volume %s belongs to nobody", name, v)
	}
	if left := s.seedFiles(); len(left) > 0 {
		s.t.Errorf("%s: seeds are left: %v", name, left)
	}
	if s.t.Failed() {
		return
	}
	if p := s.tryPlan(goal, true); len(p.Program.Steps) > 0 {
		s.t.Errorf("%s: the plan afterwards has steps: %v", name, p.Program.Steps)
	}
}

// quiet waits until no task runs any more.
func (s *schedule) quiet() {
	s.t.Helper()
	for len(s.do("GET", "/nodes/lab/tasks", "source", "active").([]any)) > 0 {
		time.Sleep(time.Minute)
	}
}

// orphans are volumes of guests that are not there, or that no drive of their
// guest has.
func (s *schedule) orphans(guests map[uint]string) []string {
	s.t.Helper()
	configs := map[uint]string{}
	for vmid := range guests {
		data, err := json.Marshal(s.do("GET", fmt.Sprintf("/nodes/lab/qemu/%d/config", vmid)))
		if err != nil {
			s.t.Fatal(err)
		}
		configs[vmid] = string(data)
	}
	var out []string
	for _, storage := range []string{"local", "data"} {
		data, err := json.Marshal(s.do("GET", "/nodes/lab/storage/"+storage+"/content", "content", "images"))
		if err != nil {
			s.t.Fatal(err)
		}
		var list []struct {
			Volid string
			VMID  uint
		}
		if err := json.Unmarshal(data, &list); err != nil {
			s.t.Fatal(err)
		}
		for _, v := range list {
			if !strings.Contains(configs[v.VMID], v.Volid) || strings.Contains(configs[v.VMID], `"unused`) {
				out = append(out, v.Volid)
			}
		}
	}
	return out
}

// happened tells the faults of a phase.
func (s *schedule) happened() string {
	var b strings.Builder
	for _, f := range s.lab.Faults() {
		data, _ := json.Marshal(f)
		b.WriteString("\n  " + string(data))
	}
	return b.String()
}
