package system

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/homestak/homestak/runtime/lab"
)

func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("EXAMPLES", examples)
			env.Setenv("NO_COLOR", "1")
			env.Values[labsKey{}] = map[string]*labProcess{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     cmdExits,
			"labserve":  cmdServe,
			"labstop":   cmdStop,
			"labapi":    cmdAPI,
			"labmark":   cmdMark,
			"labwrites": cmdWrites,
			"labtasks":  cmdTasks,
			"labpveum":  cmdPveum,
			"labguests": cmdGuests,
			"copysite":  cmdCopySite,
			"digest":    cmdDigest,
		},
	})
}

type labsKey struct{}

func labs(ts *testscript.TestScript) map[string]*labProcess {
	return ts.Value(labsKey{}).(map[string]*labProcess)
}

func labNamed(ts *testscript.TestScript, name string) *labProcess {
	l := labs(ts)[name]
	if l == nil {
		ts.Fatalf("no lab %q: start it with labserve", name)
	}
	return l
}

// exits CODE homestak ARGS… runs the program and demands its exit code.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		m := regexp.MustCompile(`exit status (\d+)`).FindStringSubmatch(err.Error())
		if m == nil {
			ts.Fatalf("%v", err)
		}
		got, _ = strconv.Atoi(m[1])
	}
	if got != want {
		ts.Fatalf("exit %d, want %d", got, want)
	}
}

// labserve SITE NAME [FLAGS…] starts a lab process and makes it a host of the
// site.
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: labserve SITE NAME [FLAGS…]")
	}
	l, err := startLab(ts.MkAbs(args[1]+".lab"), args[2:]...)
	ts.Check(err)
	ts.Defer(l.stop)
	labs(ts)[args[1]] = l
	ts.Check(l.addTo(ts.MkAbs(args[0]), args[1]))
}

// labstop NAME ends a lab process. With a second word, swap, it comes back at
// once, at the same address, with another certificate.
func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) == 2 && args[1] != "swap" {
		ts.Fatalf("usage: labstop NAME [swap]")
	}
	l := labNamed(ts, args[0])
	l.stop()
	if len(args) == 1 {
		return
	}
	ts.Check(os.Remove(filepath.Join(l.dir, "tls.pem")))
	again, err := startLab(l.dir, "--listen", strings.TrimPrefix(l.url, "https://"))
	ts.Check(err)
	ts.Defer(again.stop)
	labs(ts)[args[0]] = again
}

// labapi NAME METHOD PATH [key=value…] calls the API behind homestak's
// back, and waits for the task it may have started.
func cmdAPI(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: labapi NAME METHOD PATH [key=value…]")
	}
	l := labNamed(ts, args[0])
	body, err := l.call(args[1], args[2], args[3:]...)
	if err == nil {
		ts.Check(l.settle())
	}
	if neg != (err != nil) {
		ts.Fatalf("%s %s: %v", args[1], args[2], err)
	}
	_, err = ts.Stdout().Write([]byte(body))
	ts.Check(err)
}

// labmark NAME remembers how much the lab's log holds.
func cmdMark(ts *testscript.TestScript, _ bool, args []string) {
	l := labNamed(ts, args[0])
	entries, err := lab.ReadLog(l.dir)
	ts.Check(err)
	l.mark = len(entries)
}

// labwrites NAME N demands N write requests since the mark.
func cmdWrites(ts *testscript.TestScript, _ bool, args []string) {
	l := labNamed(ts, args[0])
	entries, err := lab.ReadLog(l.dir)
	ts.Check(err)
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := lab.Writes(entries[l.mark:], time.Time{}); len(got) != want {
		ts.Fatalf("%d write requests, want %d: %v", len(got), want, got)
	}
}

// labtasks NAME N demands that at least N tasks ran together.
func cmdTasks(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := lab.ReadLog(labNamed(ts, args[0]).dir)
	ts.Check(err)
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := lab.MaxConcurrentTasks(entries); got < want {
		ts.Fatalf("at most %d tasks ran together, want %d", got, want)
	}
}

// labguests NAME [VMID…] demands exactly these guests.
func cmdGuests(ts *testscript.TestScript, _ bool, args []string) {
	got, err := labNamed(ts, args[0]).guests()
	ts.Check(err)
	if want := strings.Join(args[1:], " "); strings.Join(got, " ") != want {
		ts.Fatalf("guests %v, want [%s]", got, want)
	}
}

// copysite FROM TO copies a site without its state.
func cmdCopySite(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(copySite(ts.MkAbs(args[0]), ts.MkAbs(args[1])))
}

var digestLine = regexp.MustCompile(`digest sha256:([0-9a-f]{64})`)

// digest VAR keeps the digest that the last command printed.
func cmdDigest(ts *testscript.TestScript, _ bool, args []string) {
	m := digestLine.FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("the last command printed no digest")
	}
	ts.Setenv(args[0], m[1])
}
