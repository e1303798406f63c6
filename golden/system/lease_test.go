package system

import (
	"bytes"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
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

// leaseLife is longer than any lease lasts without a heartbeat.
const leaseLife = 95 * time.Second

// A process is stopped in the middle, its lease expires, another one takes over,
// and then the first goes on: it writes nothing more, says why, and everything is
// there once. This really takes a minute and a half; apply's own tests stop a
// driver at every write, in no time.
func TestFrozenDriver(t *testing.T) {
	t.Parallel()
	for seed := range seeds(10) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			newKillBench(t).freeze(mathrand.New(mathrand.NewPCG(uint64(seed), 13)))
		})
	}
}

func (b *killBench) freeze(rnd *mathrand.Rand) {
	began := time.Now()
	b.ok("apply", "plan.bin")
	undisturbed := time.Since(began)
	b.reset()
	late, next := b.driver(b.dir, "apply", "plan.bin"), b.driver(b.second(), "apply", "plan.bin")
	late.start(b.t)
	time.Sleep(undisturbed/4 + time.Duration(rnd.Int64N(int64(undisturbed/2))))
	if err := late.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		b.t.Fatal(err)
	}
	time.Sleep(leaseLife)
	next.start(b.t)
	if code := next.wait(); code != 0 {
		b.t.Errorf("the next one ended with %d\n%s", code, next.out.String())
	}
	mark := len(b.log())
	if err := late.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		b.t.Fatal(err)
	}
	code := late.wait()
	for _, e := range b.log()[mark:] {
		// What it does to its own lease binds nobody: the next one's has a higher term.
		own := strings.HasPrefix(e.Path, "/pools/hs-lease-")
		if e.Kind == "request" && e.Write && e.Status == 200 && !own && !strings.Contains(e.Path, "/agent/") {
			b.t.Errorf("the late one still did %s %s", e.Method, e.Path)
		}
	}
	if code != 0 && !strings.Contains(late.out.String(), "another driver took over the lease") {
		b.t.Errorf("the late one ended with %d\n%s", code, late.out.String())
	}
	b.world()
}

func (b *killBench) log() []lab.Entry {
	b.t.Helper()
	entries, err := lab.ReadLog(b.lab.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return entries
}
