package shell_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/homestak/homestak/runtime/lab/sim/shell"
	"github.com/homestak/homestak/runtime/system"
)

func newShell(t testing.TB, user string) *shell.Shell {
	t.Helper()
	m, err := system.NewMemory("debian-12")
	if err != nil {
		t.Fatal(err)
	}
	secret := system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}
	if err := m.WriteFile(t.Context(), "/root/secret", []byte("x\n"), secret); err != nil {
		t.Fatal(err)
	}
	u, err := m.LookupUser(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return &shell.Shell{
		Machine: m, User: shell.Identity{Name: user, Home: u.Home, Shell: u.Shell, Groups: []string{user}},
		Exec: func(_ context.Context, p *shell.Process) int {
			fmt.Fprintf(p.Stdout, "run %s %v\n", p.Args[0], p.Args[1:])
			return 0
		},
	}
}

func TestCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var script, out, errs []string
		user, status := "root", 0
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			mark, rest, _ := strings.Cut(line, " ")
			switch mark {
			case "#":
			case "@":
				user = rest
			case "$":
				script = append(script, rest)
			case "!":
				errs = append(errs, rest+"\n")
			case "?":
				fmt.Sscan(rest, &status)
			default:
				out = append(out, line+"\n")
			}
		}
		if script == nil {
			continue
		}
		n++
		var stdout, stderr bytes.Buffer
		code := newShell(t, user).RunText(t.Context(), strings.Join(script, "\n"), strings.NewReader(""), &stdout, &stderr)
		if code != status || stdout.String() != strings.Join(out, "") || stderr.String() != strings.Join(errs, "") {
			t.Errorf("%s\nstatus %d, want %d\nstdout %q\nwant   %q\nstderr %q\nwant   %q", strings.Join(script, "\n"), code, status,
				stdout.String(), strings.Join(out, ""), stderr.String(), strings.Join(errs, ""))
		}
	}
	if n < 60 {
		t.Errorf("only %d cases were found", n)
	}
}

// A command that is cut off does not leave half of a file.
func TestCancelLeavesFileAlone(t *testing.T) {
	s := newShell(t, "root")
	if code := s.RunText(t.Context(), "echo old > /srv/f", strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatal(code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int)
	go func() { done <- s.RunText(ctx, "cat > /srv/f && echo never > /srv/g", r, io.Discard, io.Discard) }()
	if _, err := io.WriteString(w, "half"); err != nil {
		t.Fatal(err)
	}
	cancel()
	w.Close()
	if code := <-done; code != 130 {
		t.Errorf("status %d", code)
	}
	data, _, err := s.Machine.ReadFile(t.Context(), "/srv/f")
	if err != nil || string(data) != "old\n" {
		t.Errorf("file %q, %v", data, err)
	}
}

// A writer whose reader has ended is not stuck.
func TestPipeOfAnEndedReader(t *testing.T) {
	s := newShell(t, "root")
	big := strings.NewReader(strings.Repeat("line\n", 1<<18))
	var out bytes.Buffer
	if code := s.RunText(t.Context(), "cat | true && echo done", big, &out, io.Discard); code != 0 || out.String() != "done\n" {
		t.Errorf("%d %q", code, out.String())
	}
}

func TestTooLong(t *testing.T) {
	if _, err := shell.Parse(strings.Repeat("x", 1<<20+1)); err == nil {
		t.Error("a script of more than 1 MiB")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a && b", "x=1 y='2' z \"$x\" > f 2>&1", "a | b || c; d", "[ a = b ]", "${x}", "echo \\", "!! a", "# c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := shell.Parse(text)
		if (script == nil) == (err == nil) {
			t.Fatalf("%q: script %v, error %v", text, script, err)
		}
	})
}
