package system

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/source"
)

// Every page of docs/guide is one session in an empty directory, from top to
// bottom: blocks of YAML and HCL that begin with a comment "# PATH" are files,
// blocks of console are commands and what they print. In what is shown, … stands
// for any text, and alone on a line for any lines. UPDATE_GUIDE=1 writes what
// commands print now over what is shown and differs.
func TestGuide(t *testing.T) {
	pages, err := filepath.Glob("../../docs/guide/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			out := fenced.ReplaceAllFunc(text, func(block []byte) []byte {
				m := fenced.FindSubmatch(block)
				return []byte("```" + string(m[1]) + "\n" + s.block(string(m[1]), string(m[2])) + "```")
			})
			if os.Getenv("UPDATE_GUIDE") != "" && !bytes.Equal(out, text) {
				if err := os.WriteFile(page, out, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// session is a reader who does what a page says.
type session struct {
	t   *testing.T
	dir string
	env []string
}

func newSession(t *testing.T) *session {
	t.Helper()
	home := t.TempDir()
	bin, dir := filepath.Join(home, "bin"), filepath.Join(home, "work")
	self, err := os.Executable()
	for _, d := range []string{bin, dir} {
		if err == nil {
			err = os.Mkdir(d, 0o755)
		}
	}
	if err == nil {
		err = os.Symlink(self, filepath.Join(bin, "homestak"))
	}
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), asHomestak+"=1", "HOMESTAK_SITE=", "NO_COLOR=1", "HOME="+home,
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	s := &session{t, dir, env}
	t.Cleanup(func() { s.stop(home) })
	return s
}

// stop ends what a page started in the background and, having failed, did not
// stop itself: a file called *.pid has its number.
func (s *session) stop(home string) {
	files, _ := filepath.Glob(filepath.Join(home, "work", "*.pid"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		pid := strings.TrimSpace(string(text))
		if cwd, err := os.Readlink(filepath.Join("/proc", pid, "cwd")); err != nil || pid == "" || !strings.HasPrefix(cwd, home) {
			continue // it has ended, and the number is perhaps somebody else's
		}
		if n, err := strconv.Atoi(pid); err == nil {
			if p, err := os.FindProcess(n); err == nil {
				_ = p.Kill()
			}
		}
	}
}

var fileName = regexp.MustCompile(`^# (\S+\.(?:yaml|hcl))\n`)

// block does what a fenced block says, and returns it as it should be.
func (s *session) block(kind, text string) string {
	switch kind {
	case "yaml", "hcl":
		s.file(kind, text)
	case "console":
		return s.console(text)
	case "sh", "bash":
		s.t.Errorf("commands are shown in blocks of console, where they are run:\n%s", text)
	}
	return text
}

// file writes a file that the page shows, and parses what is only a part of one.
func (s *session) file(kind, text string) {
	m := fileName.FindStringSubmatch(text)
	if m == nil {
		if _, list := lang.Parse(source.NewFile("part."+kind, []byte(text))); list.HasErrors() {
			s.t.Errorf("%v:\n%s", list, text)
		}
		return
	}
	name := filepath.Join(s.dir, filepath.FromSlash(m[1]))
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// console runs the commands of a block, one after the other.
func (s *session) console(text string) string {
	var out strings.Builder
	for _, part := range strings.SplitAfter("\n"+text, "\n$ ")[1:] {
		part = strings.TrimSuffix(part, "\n$ ")
		command, shown, _ := strings.Cut(part, "\n")
		shown = strings.TrimSuffix(shown, "\n")
		got, code := s.run(command)
		want := 0
		if _, promise, ok := strings.Cut(command, "# exit "); ok {
			if _, err := fmt.Sscan(promise, &want); err != nil {
				s.t.Fatalf("%s: %v", command, err)
			}
		}
		if code != want {
			s.t.Errorf("$ %s: exit %d\n%s", command, code, got)
		}
		if shown != "" && !alike(shown, got) {
			if os.Getenv("UPDATE_GUIDE") == "" {
				s.t.Errorf("$ %s prints\n%s\nand not\n%s", command, got, shown)
			}
			shown = forAll(strings.TrimRight(got, "\n"))
		}
		fmt.Fprintf(&out, "$ %s\n", command)
		if shown != "" {
			fmt.Fprintf(&out, "%s\n", shown)
		}
	}
	return out.String()
}

// varying is what differs from run to run, and from site to site.
var varying = regexp.MustCompile(`(sha256:|run |vm +|pve +)(?:[0-9a-f]{8,}|\d{5,6})|(  |after |\()\d+\.\d\ds`)

// forAll leaves out of a text what varies.
func forAll(text string) string {
	return varying.ReplaceAllStringFunc(text, func(m string) string {
		if strings.HasSuffix(m, "s") && !strings.HasPrefix(m, "sha") {
			return strings.TrimRight(m, "0123456789.s") + "…s"
		}
		kind, _, _ := strings.Cut(m, " ")
		switch kind { // ids are right-aligned, and not all of one width
		case "vm":
			return "vm  …"
		case "pve":
			return "pve …"
		}
		return strings.TrimRight(m, "0123456789abcdef") + "…"
	})
}

// run is the shell's part: cd is remembered, everything else is a process.
func (s *session) run(command string) (output string, code int) {
	if dir, ok := strings.CutPrefix(command, "cd "); ok {
		s.dir = filepath.Join(s.dir, dir)
		return "", 0
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if !utf8.Valid(out) {
		s.t.Errorf("$ %s prints what is no text", command)
	}
	if cmd.ProcessState == nil {
		s.t.Fatalf("$ %s: %v", command, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// alike compares what a page shows with what a command printed.
func alike(shown, got string) bool {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for _, line := range strings.Split(shown, "\n") {
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(?:[^\n]*\n)*?`)
			continue
		}
		parts := strings.Split(strings.TrimRight(line, " "), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		b.WriteString(strings.Join(parts, `[^\n]*`) + ` *\n`)
	}
	b.WriteString(`\n*\z`)
	return regexp.MustCompile(b.String()).MatchString(strings.TrimRight(got, "\n") + "\n")
}
