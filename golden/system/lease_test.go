package system

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/lab"
)

// driver is one process that applies a plan, with a home of its own.
type driver struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

func (b *killBench) driver(dir string, args ...string) *driver {
	d := &driver{cmd: homestak(dir, args...)}
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	return d
}

func (d *driver) start(t *testing.T) {
	t.Helper()
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit code.
func (d *driver) wait() int {
	_ = d.cmd.Wait()
	return d.cmd.ProcessState.ExitCode()
}

// second is a copy of the site: another person's checkout, with nothing
// remembered.
func (b *killBench) second() string {
	b.t.Helper()
	dir := filepath.Join(b.t.TempDir(), rand.Text())
	if err := copySite(b.dir, dir); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// changes are what some run did to the lab, and when its lease began and ended.
type changes struct {
	run         string
	taken, left int // lines of the log; -1 = never
	writes      []int
}

// byRun reads the lab's log from its mark on.
func (b *killBench) byRun() map[string]*changes {
	b.t.Helper()
	entries, err := lab.ReadLog(b.lab.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]*changes{}
	for i, e := range entries {
		if i < b.lab.mark || e.Kind != "request" || e.Run == "" || !e.Write || e.Status != 200 || strings.Contains(e.Path, "/agent/") {
			continue
		}
		c := out[e.Run]
		if c == nil {
			c = &changes{run: e.Run, taken: -1, left: -1}
			out[e.Run] = c
		}
		switch {
		case e.Path == "/pools" && e.Method == "POST":
			c.taken = i
		case strings.HasPrefix(e.Path, "/pools/") && e.Method == "DELETE":
			c.left = i
		case !strings.HasPrefix(e.Path, "/pools"):
			c.writes = append(c.writes, i)
		}
	}
	b.lab.mark = len(entries)
	return out
}

// alone fails when somebody writes while another run has the lease.
func (b *killBench) alone(name string, runs map[string]*changes) {
	b.t.Helper()
	for _, holder := range runs {
		for _, other := range runs {
			for _, w := range other.writes {
				if other != holder && holder.taken >= 0 && w > holder.taken && (w < holder.left || holder.left < 0) {
					b.t.Errorf("%s: run %s wrote (line %d) while %s had the lease (lines %d to %d)", name, other.run, w, holder.run, holder.taken, holder.left)
				}
			}
		}
		if len(holder.writes) > 0 && holder.taken < 0 {
			b.t.Errorf("%s: run %s wrote without a lease", name, holder.run)
		}
	}
}

// Two processes with one plan at the same moment: one works, and the other says
// who does, or finds it done.
func TestTwoDriversRace(t *testing.T) {
	b := newKillBench(t)
	for seed := range seeds(20) {
		name := fmt.Sprintf("seed %d", seed)
		rnd := mathrand.New(mathrand.NewPCG(uint64(seed), 11))
		b.byRun()
		one, two := b.driver(b.dir, "apply", "plan.bin"), b.driver(b.second(), "apply", "plan.bin")
		one.start(t)
		time.Sleep(time.Duration(rnd.Int64N(int64(30 * time.Millisecond))))
		two.start(t)
		codes := []int{one.wait(), two.wait()}
		done := 0
		for i, d := range []*driver{one, two} {
			switch {
			case codes[i] == 0:
				done++
			case codes[i] == 4 && strings.Contains(d.out.String(), "somebody else is working on this manifest"):
			default:
				t.Errorf("%s: exit %d\n%s", name, codes[i], d.out.String())
			}
		}
		if done == 0 {
			t.Errorf("%s: nobody did it\n%s\n%s", name, one.out.String(), two.out.String())
		}
		b.alone(name, b.byRun())
		b.world()
		b.reset()
	}
}

// A process is stopped in the middle, its lease expires, another one takes over,
// and then the first goes on: it writes nothing more, says why, and everything is
// there once.
func TestFrozenDriver(t *testing.T) {
	b := newKillBench(t)
	began := time.Now()
	b.ok("apply", "plan.bin")
	undisturbed := time.Since(began)
	b.reset()
	for seed := range seeds(20) {
		after := undisturbed/4 + time.Duration(mathrand.New(mathrand.NewPCG(uint64(seed), 13)).Int64N(int64(undisturbed/2)))
		name := fmt.Sprintf("seed %d, frozen after %v", seed, after)
		b.byRun()
		late, next := b.driver(b.dir, "apply", "plan.bin"), b.driver(b.second(), "apply", "plan.bin")
		late.start(t)
		time.Sleep(after)
		if err := late.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		// The host's clock goes on by more than any lease lasts.
		b.faults(`{"faults": [{"fault": "clock", "by": "3h", "times": 1}]}`)
		next.start(t)
		if code := next.wait(); code != 0 {
			t.Errorf("%s: the next one ended with %d\n%s", name, code, next.out.String())
		}
		mark := len(b.log())
		if err := late.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		code := late.wait()
		runs := map[string]bool{}
		for _, e := range b.log()[mark:] {
			if e.Kind == "request" && e.Write && e.Status == 200 && !strings.Contains(e.Path, "/agent/") {
				runs[e.Method+" "+e.Path] = true
			}
		}
		if len(runs) > 0 {
			t.Errorf("%s: the late one still did %v", name, runs)
		}
		if code != 0 && !strings.Contains(late.out.String(), "another driver took over the lease") {
			t.Errorf("%s: the late one ended with %d\n%s", name, code, late.out.String())
		}
		b.world()
		b.reset()
	}
}

func (b *killBench) log() []lab.Entry {
	b.t.Helper()
	entries, err := lab.ReadLog(b.lab.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return entries
}

// faults makes something more go wrong with the lab.
func (b *killBench) faults(script string) {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.lab.url+lab.FaultsPath, strings.NewReader(script))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Authorization", "PVEAPIToken="+b.lab.token)
	resp, err := b.lab.client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", resp.Status, text)
	}
}
