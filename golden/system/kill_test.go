package system

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/plan"
)

// seeds is how many seeds a fault test runs: a tenth, or all with
// HOMESTAK_SOAK.
func seeds(all int) int {
	if os.Getenv("HOMESTAK_SOAK") != "" {
		return all
	}
	return all / 10
}

// The driver is killed at a random moment of a tiered apply, and then the run
// is resumed, or the same file is applied with nothing remembered. Either way
// the world ends as if nobody had disturbed it.
func TestKilledDriver(t *testing.T) {
	const all = 50
	b := newKillBench(t)
	start := time.Now()
	b.ok("apply", "plan.bin")
	undisturbed := time.Since(start)
	want := b.world()
	b.reset()

	for seed := range seeds(all) {
		rnd := rand.New(rand.NewPCG(uint64(seed), 2024))
		after := time.Duration(rnd.Int64N(int64(undisturbed)))
		forget := rnd.IntN(2) == 1
		name := fmt.Sprintf("seed %d, killed after %v, forget %v", seed, after, forget)

		b.killed(after)
		if forget {
			b.forget()
			b.ok("apply", "plan.bin")
		} else {
			b.ok("apply", "plan.bin", "--resume")
		}
		if d := cmp.Diff(want, b.world()); d != "" {
			t.Fatalf("%s: the world is not as after an undisturbed run:\n%s", name, d)
		}
		b.reset()
		if left := b.leftovers(); left != "" {
			t.Fatalf("%s: left on the storage: %s", name, left)
		}
	}
}

// The same for destroy: however often it is killed, in the end everything of
// ours is gone, and nothing else.
func TestKilledDestroy(t *testing.T) {
	b := newKillBench(t)
	for seed := range seeds(20) {
		rnd := rand.New(rand.NewPCG(uint64(seed), 7))
		b.ok("apply", "plan.bin")
		b.ok("plan", "-M", "n2-push", "-H", "box", "--goal", "destroy", "-o", "destroy.bin")
		cmd := b.command("apply", "destroy.bin")
		b.kill(cmd, time.Duration(rnd.Int64N(int64(2*time.Second))))
		if seed%2 == 1 {
			b.forget()
		}
		b.ok("apply", "destroy.bin", "--resume")
		b.onlyStranger()
		b.forget()
	}
}

// killBench is a site with a plan, and a lab process with a stranger's guest.
type killBench struct {
	t    *testing.T
	dir  string // of the site
	lab  *labProcess
	them string // the stranger's configuration
}

const strangerID = "4242"

func newKillBench(t *testing.T) *killBench {
	b := &killBench{t: t, dir: filepath.Join(t.TempDir(), "site")}
	if err := copySite("../../examples/homelab", b.dir); err != nil {
		t.Fatal(err)
	}
	b.ok("init", "--keys")
	l, err := startLab(filepath.Join(t.TempDir(), "lab"), "--task-time", "30ms")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.stop)
	b.lab = l
	if err := l.addTo(b.dir, "box"); err != nil {
		t.Fatal(err)
	}
	b.api("POST", "/nodes/lab/qemu", "vmid="+strangerID, "name=stranger", "description=not yours", "memory=512")
	b.them = b.api("GET", "/nodes/lab/qemu/"+strangerID+"/config")
	b.ok("plan", "-M", "n2-push", "-H", "box", "-o", "plan.bin")
	return b
}

// api calls the lab behind homestak's back, and waits for the task it started.
func (b *killBench) api(method, path string, params ...string) string {
	b.t.Helper()
	out, err := b.lab.call(method, path, params...)
	if err == nil && method != "GET" {
		err = b.lab.settle()
	}
	if err != nil {
		b.t.Fatalf("%s %s: %v %s", method, path, err, out)
	}
	return out
}

func (b *killBench) command(args ...string) *exec.Cmd { return homestak(b.dir, args...) }

func (b *killBench) ok(args ...string) string {
	b.t.Helper()
	out, err := b.command(args...).CombinedOutput()
	if err != nil {
		b.t.Fatalf("homestak %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (b *killBench) killed(after time.Duration) { b.kill(b.command("apply", "plan.bin"), after) }

// kill starts cmd and sends SIGKILL after a while, unless it ended before.
func (b *killBench) kill(cmd *exec.Cmd, after time.Duration) {
	b.t.Helper()
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
	_ = cmd.Wait()
	timer.Stop()
}

// forget loses everything that may be lost.
func (b *killBench) forget() {
	if err := os.RemoveAll(filepath.Join(b.dir, ".homestak")); err != nil {
		b.t.Fatal(err)
	}
}

// guest is what must be equal after any run.
type guest struct {
	Host, Name, UUID, Power, Program string
	VMID                             uint
	Config                           []plan.KV
}

// world is every guest that is ours, on every tier, and the certainty that the
// stranger's was not touched and that there is nothing else.
func (b *killBench) world() []guest {
	b.t.Helper()
	b.untouched()
	b.ok("facts", "-M", "n2-push", "-H", "box", "-o", "facts.cbor")
	data, err := os.ReadFile(filepath.Join(b.dir, "facts.cbor"))
	if err != nil {
		b.t.Fatal(err)
	}
	facts, err := plan.DecodeFacts(data)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []guest
	for _, h := range facts.Hosts {
		for _, g := range h.Guests {
			if g.Marker == nil || !g.Marker.Authentic {
				b.t.Fatalf("guest %d on %s has no authentic marker", g.VMID, h.Name)
			}
			out = append(out, guest{h.Name, g.Name, g.UUID, g.Power, g.Marker.Program, g.VMID, g.Config})
		}
		ids := map[uint]bool{}
		for _, id := range h.Taken {
			ids[id] = true
		}
		for _, g := range h.Guests {
			delete(ids, g.VMID)
		}
		delete(ids, 4242)
		if len(ids) > 0 {
			b.t.Fatalf("guests nobody knows on %s: %v", h.Name, ids)
		}
	}
	if got := b.ok("plan", "-M", "n2-push", "-H", "box"); !strings.Contains(got, "no changes") {
		b.t.Fatalf("there are changes left:\n%s", got)
	}
	return out
}

func (b *killBench) untouched() {
	b.t.Helper()
	if now := b.api("GET", "/nodes/lab/qemu/"+strangerID+"/config"); now != b.them {
		b.t.Fatalf("the stranger's guest was changed:\n%s\n%s", b.them, now)
	}
}

func (b *killBench) onlyStranger() {
	b.t.Helper()
	b.untouched()
	ids, err := b.lab.guests()
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.Join(ids, " ") != strangerID {
		b.t.Fatalf("guests %v are left", ids)
	}
}

// reset destroys what the plan made, and forgets.
func (b *killBench) reset() {
	b.t.Helper()
	b.ok("destroy", "-M", "n2-push", "-H", "box", "--yes")
	b.onlyStranger()
	b.forget()
}

// leftovers are volumes on the lab that nobody owns: seeds that were uploaded
// and never removed.
func (b *killBench) leftovers() string {
	b.t.Helper()
	content := b.api("GET", "/nodes/lab/storage/local/content")
	if strings.Contains(content, "hs-seed") {
		return content
	}
	return ""
}
