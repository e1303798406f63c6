package hostile

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/cli"
)

// asHomestak makes the test binary behave as the program, and names the file it
// leaves its peak memory in. What the system tells the parent of a process is
// no use: that starts with the parent's own peak.
const asHomestak = "HOMESTAK_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if peak := os.Getenv(asHomestak); peak != "" {
		exit := cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		status, _ := os.ReadFile("/proc/self/status")
		_ = os.WriteFile(peak, status, 0o600)
		os.Exit(exit)
	}
	os.Exit(measure(m))
}

// program is what is measured: this binary or, when that has the race detector
// in it, which costs ten times the time and memory, the same without.
var program string

func measure(m *testing.M) int {
	var err error
	if program, err = os.Executable(); err != nil {
		panic(err)
	}
	if raced {
		dir, err := os.MkdirTemp("", "homestak-hostile-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "program")
		build := exec.Command("go", "test", "-c", "-o", program, ".")
		build.Env = append(os.Environ(), "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			panic(string(out))
		}
	}
	return m.Run()
}

// What a run may cost. A machine that is busy makes processor time longer, and
// not ten times longer, as what these bounds are there to find would. Measured
// on a busy machine, the worst case takes 1.1 s and 472 MiB.
const (
	maxCPU    = 2 * time.Second
	maxMemory = 512 << 20
	deadline  = 2 * time.Minute // of the wall, for a run that does not end
	slack     = 4               // of the time, for the machine
)

// outcome is what a run said and cost.
type outcome struct {
	exit   int
	output string
	cpu    time.Duration
	peak   int64
}

// run is one process of the program.
func run(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	peak := filepath.Join(t.TempDir(), "peak")
	cmd.Env = append(os.Environ(), asHomestak+"="+peak, "HOMESTAK_SITE=", "NO_COLOR=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s does not end", strings.Join(args, " "))
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	status, _ := os.ReadFile(peak)
	kib := 0
	if m := highWater.FindSubmatch(status); m != nil {
		kib, _ = strconv.Atoi(string(m[1]))
	}
	return outcome{
		exit: cmd.ProcessState.ExitCode(), output: out.String(),
		cpu:  cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(),
		peak: int64(kib) << 10,
	}
}

// check holds a run to the bounds, and to saying something useful: no panic,
// exit 0 or 1, and on 1 a finding.
func (o outcome) check(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: exit %d, %.2f s, %d MiB, %d bytes said", what, o.exit, o.cpu.Seconds(), o.peak>>20, len(o.output))
	if o.cpu > slack*maxCPU {
		t.Errorf("%s takes %s", what, o.cpu)
	}
	if o.peak > maxMemory {
		t.Errorf("%s takes %d MiB", what, o.peak>>20)
	}
	switch {
	case o.peak == 0:
		t.Errorf("%s: nobody knows what it took", what)
	case o.exit != 0 && o.exit != 1, strings.Contains(o.output, "goroutine "):
		t.Errorf("%s: exit %d\n%.2000s", what, o.exit, o.output)
	case o.exit == 1 && len(codes(o.output)) == 0:
		t.Errorf("%s says nothing:\n%.2000s", what, o.output)
	case o.exit == 1 && len(o.output) > 1<<20:
		t.Errorf("%s says %d bytes", what, len(o.output))
	}
	if slices.Contains(codes(o.output), "HS0174") || slices.Contains(codes(o.output), "HS0090") {
		t.Errorf("%s: homestak calls it its own mistake\n%.2000s", what, o.output)
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

var code = regexp.MustCompile(`HS\d{4}`)

// codes are those of the findings.
func codes(output string) []string {
	all := code.FindAllString(output, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

// site makes a site with one manifest.
func site(t *testing.T, name string, text []byte) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "manifests", name)
	for name, text := range map[string][]byte{
		filepath.Join(dir, "site.yaml"): []byte("site_id: 6f1c0f9e-8f0a-4a57-9d0c-2f6b7b1f4c11\n"), file: text,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, file
}
