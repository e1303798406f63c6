package house

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/homestak/homestak"

// pkg is what `go list -json` says of one package.
type pkg struct {
	ImportPath string
	Dir        string
	Name       string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
}

// local is the import path below the module, "." for the root.
func (p pkg) local() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Name,Standard,GoFiles,Imports,Deps"}, args...)...)
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var pkgs []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// rung is one line of the ladder: packages under From may import, of ours, only
// what matches one of To. A trailing /... matches the package and all below it.
type rung struct {
	from string
	to   []string
}

// The first matching rung decides.
var ladder = []rung{
	{"lang/...", []string{"lang/..."}},
	{"stdlib/...", []string{"lang/unit"}},
	{"compiler/ir", []string{"lang/source", "lang/addr", "lang/unit"}},
	{"compiler/...", []string{"lang/...", "stdlib/...", "compiler/..."}},
	{"plan/program", []string{"lang/diag", "lang/source", "lang/addr", "lang/unit"}},
	{"plan/build", []string{"lang/diag", "lang/source", "lang/addr", "lang/unit", "lang/selector", "compiler/ir", "plan/..."}},
	{"plan/...", []string{"lang/diag", "lang/source", "lang/addr", "lang/unit", "compiler/ir", "plan/..."}},
	{"runtime/...", []string{"lang/diag", "lang/unit", "plan", "plan/program", "runtime/..."}},
	{"apply/...", []string{"plan", "plan/program", "plan/identity", "plan/canon", "plan/capacity", "runtime/...", "lang/diag", "lang/addr", "apply/..."}},
	{"cli/...", []string{"..."}},
	{"golden/...", []string{"..."}},
	{".", []string{"cli"}},
}

func matches(pattern, p string) bool {
	if pattern == "..." {
		return true
	}
	if base, ok := strings.CutSuffix(pattern, "/..."); ok {
		return p == base || strings.HasPrefix(p, base+"/")
	}
	return pattern == p
}

func TestLadder(t *testing.T) {
	for _, p := range list(t, "./...") {
		i := slices.IndexFunc(ladder, func(r rung) bool { return matches(r.from, p.local()) })
		if i < 0 {
			t.Errorf("%s has no place on the ladder", p.local())
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module+"/")
			if ours && !slices.ContainsFunc(ladder[i].to, func(pat string) bool { return matches(pat, to) }) {
				t.Errorf("%s may not import %s (only %s)", p.local(), to, strings.Join(ladder[i].to, ", "))
			}
		}
	}
}

// Libraries that only one adaptor may know.
var owners = map[string][]string{
	"github.com/luthermonson/go-proxmox": {"runtime/..."},
	"golang.org/x/crypto/ssh":            {"runtime/..."},
	"filippo.io/age":                     {"runtime/..."},
	"github.com/hashicorp/hcl/v2":        {"lang/...", "compiler/..."},
	"go.yaml.in/yaml/v4":                 {"lang/...", "runtime/..."},
}

func TestLibraryOwners(t *testing.T) {
	for _, p := range list(t, "./...") {
		for _, imp := range p.Imports {
			for lib, allowed := range owners {
				if imp != lib && !strings.HasPrefix(imp, lib+"/") {
					continue
				}
				if !slices.ContainsFunc(allowed, func(pat string) bool { return matches(pat, p.local()) }) {
					t.Errorf("%s may not import %s", p.local(), imp)
				}
			}
		}
	}
}

// Apply cannot re-read a manifest, directly or not: what was reviewed runs.
func TestApplyCannotReadManifests(t *testing.T) {
	for _, p := range list(t, "./apply/...") {
		for _, dep := range p.Deps {
			to, ours := strings.CutPrefix(dep, module+"/")
			if !ours {
				continue
			}
			for _, banned := range []string{"lang/yaml", "lang/hcl", "lang/syntax", "compiler/..."} {
				if matches(banned, to) {
					t.Errorf("%s reaches %s", p.local(), to)
				}
			}
		}
	}
}

// The applier, the planner and the PVE client know the lab only as a URL.
func TestNobodyKnowsTheLab(t *testing.T) {
	for _, p := range list(t, "./...") {
		l := p.local()
		if matches("runtime/lab/...", l) || matches("cli/...", l) || matches("golden/...", l) || l == "." {
			continue
		}
		for _, dep := range p.Deps {
			if strings.HasPrefix(dep, module+"/runtime/lab") {
				t.Errorf("%s reaches %s", l, strings.TrimPrefix(dep, module+"/"))
			}
		}
	}
}

// Planning is pure: nothing under plan/ may see a clock, a socket, a process,
// a file or randomness.
func TestPlanIsPure(t *testing.T) {
	banned := []string{"net", "net/http", "os", "os/exec", "math/rand", "math/rand/v2", "crypto/rand", "syscall", "io/ioutil", "path/filepath"}
	for _, p := range list(t, "./plan/...") {
		for _, imp := range p.Imports {
			if slices.Contains(banned, imp) {
				t.Errorf("%s imports %s", p.local(), imp)
			}
		}
		for _, f := range p.GoFiles {
			for n, line := range lines(t, path.Join(p.Dir, f)) {
				if strings.Contains(line, "time.Now(") {
					t.Errorf("%s:%d reads the clock", f, n+1)
				}
			}
		}
	}
}

// Every package outside the standard library that the binary links is a
// reviewed line.
func TestLinkedPackages(t *testing.T) {
	var got []string
	for _, p := range list(t, "-deps", ".") {
		if !p.Standard && !strings.HasPrefix(p.ImportPath, module) {
			got = append(got, p.ImportPath)
		}
	}
	slices.Sort(got)
	file := path.Join(root(t), "golden", "deps.txt")
	if os.Getenv("UPDATE_DEPS") != "" {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := lines(t, file)
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("new linked package %s: review it, then UPDATE_DEPS=1 go test ./golden/house", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("golden/deps.txt lists %s, which is no longer linked", w)
		}
	}
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		out = append(out, sc.Text())
	}
	return out
}
