package apply_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/stdlib"
)

// driverEnv names the file that makes this test binary a driver: it applies one
// plan and exits as homestak would.
const driverEnv = "HOMESTAK_TEST_DRIVER"

// driver is what the process that will be killed is told.
type driver struct {
	URL, Fingerprint, Token string
	Site, Keys, State, Self string
	Plan                    string
	Hang                    string // the op whose first end it never gets over, "" = none
}

func TestMain(m *testing.M) {
	if file := os.Getenv(driverEnv); file != "" {
		os.Exit(drive(file))
	}
	// These tests wait for tasks far more than they compute.
	flag.Parse()
	if err := flag.Set("test.parallel", "12"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func drive(file string) int {
	var d driver
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &d)
	}
	var p *plan.Plan
	var keys *ca.Keys
	var secrets *secret.Store
	for _, step := range []func() error{
		func() (err error) { data, err = os.ReadFile(d.Plan); return },
		func() (err error) { p, err = plan.Decode(data); return },
		func() (err error) { keys, err = ca.Throwaway(d.Keys); return },
		func() (err error) { secrets, err = secret.Load(d.Site); return },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	out := json.NewEncoder(os.Stdout)
	r := apply.Run(context.Background(), p, &apply.Env{
		StateDir: d.State, Keys: keys, Secrets: secrets, Builtin: stdlib.Builtin, Self: d.Self, Holder: "driver",
		Events: func(e apply.Event) {
			_ = out.Encode(e)
			if e.Kind == apply.StepDone && e.Op == d.Hang {
				select {}
			}
		},
		Hosts: map[string]apply.HostEnv{"lab": {
			Node: "lab", Endpoints: []string{d.URL}, Fingerprint: d.Fingerprint, Token: secret.New([]byte(d.Token)), IOWidth: 64, Via: d.URL,
		}},
	}, apply.Options{Jobs: 8})
	if r.Outcome.ExitCode() != 0 {
		fmt.Fprintln(os.Stderr, tell(r))
	}
	return r.Outcome.ExitCode()
}

// Killed again and again, a plan is finished by whoever runs it next, from the
// same home or an empty one: one guest per node, nothing left over, and nothing
// of anybody else's was touched.
func TestKilledDrivers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t, map[string]string{"duo": duo})
			w.do("POST", "/nodes/lab/qemu", "vmid", "998", "name", "stranger", "cores", "3")
			p := w.plan("duo", plan.GoalCreate)
			kills := 0
			for range 6 {
				if rnd.IntN(2) == 0 {
					w.env.StateDir = t.TempDir()
				}
				if w.killed(p, 1+rnd.IntN(60)) {
					kills++
				}
			}
			if kills == 0 {
				t.Error("nobody was killed")
			}
			r := w.run(p, apply.Options{Resume: true})
			if r.Outcome != apply.Done && r.Outcome != apply.AlreadyApplied {
				t.Fatalf("%s\n%s", r.Outcome, tell(r))
			}
			if g := w.guests(); len(g) != 2 || g[998] != "stranger" {
				t.Errorf("guests: %v", g)
			}
			if left := w.seedFiles(); len(left) > 0 {
				t.Errorf("seeds are left: %v", left)
			}
			if again := w.plan("duo", plan.GoalCreate); len(again.Program.Steps) != 0 {
				t.Errorf("the plan afterwards has steps: %v", again.Program.Steps)
			}
			w.must(w.plan("duo", plan.GoalDestroy), apply.Done)
		})
	}
}

// killed runs the plan in a process of its own and kills that after so many
// events; false when it was faster.
func (w *world) killed(p *plan.Plan, events int) bool {
	w.t.Helper()
	seen := 0
	return w.killedWhen(p, "", func(apply.Event) bool { seen++; return seen == events })
}

// killedAfter kills the process right after the first step of an op.
func (w *world) killedAfter(p *plan.Plan, op plan.Op) {
	w.t.Helper()
	if !w.killedWhen(p, op.String(), func(e apply.Event) bool { return e.Kind == apply.StepDone && e.Op == op.String() }) {
		w.t.Fatalf("no %s was done", op)
	}
}

// killedWhen kills the process at the first event that counts.
func (w *world) killedWhen(p *plan.Plan, hang string, counts func(apply.Event) bool) bool {
	w.t.Helper()
	dir := w.t.TempDir()
	data, err := plan.Encode(p)
	if err != nil {
		w.t.Fatal(err)
	}
	d := driver{
		URL: w.lab.URL(), Fingerprint: w.lab.Fingerprint(), Token: w.lab.Token(), Site: w.site, Keys: w.keys,
		State: w.env.StateDir, Self: w.env.Self, Plan: filepath.Join(dir, "plan.bin"), Hang: hang,
	}
	told, err := json.Marshal(d)
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(dir, "driver.json")
	for name, data := range map[string][]byte{d.Plan: data, file: told} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), driverEnv+"="+file)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	lines, seen := bufio.NewScanner(out), false
	for !seen && lines.Scan() {
		var e apply.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			w.t.Fatal(err)
		}
		seen = counts(e)
	}
	err = cmd.Process.Kill()
	if state := cmd.Wait(); seen {
		return true
	} else if state != nil && err != nil {
		w.t.Fatalf("the driver failed by itself: %v", state)
	}
	return false
}
