package editor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	_ "github.com/homestak/homestak/cli" // what is built below: a result is not kept when it changes
)

// neovim is the editor's program, "" where the test is left out.
func neovim(t *testing.T) string {
	path, err := exec.LookPath("nvim")
	switch {
	case err == nil:
		return path
	case os.Getenv("HOMESTAK_EDITORS") != "":
		t.Fatal("nvim is not installed, and HOMESTAK_EDITORS wants it")
	}
	t.Log("nvim is not installed: left out Neovim with the language server")
	return ""
}

// site is what the editor opens: a manifest with two mistakes and without the
// one form.
var site = map[string]string{
	"site.yaml":      "site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n",
	"specs/web.yaml": "schema_version: 1\nplatform:\n  packages: [nginx]\n",
	"manifests/m.yaml": `schema_version:   2
name: m
nodes:
  - name: a
    spec: web
    preset: vm-smal
  - name: b
    spec: web # 😀
    image: debian-21
`,
}

// What drive.lua did, in the editor's words.
type report struct {
	Steps  []string
	Failed string
	First  []found // diagnostics after opening
	Action string  // title of the code action that was chosen
	Fixed  string  // the line after it
	Hover  bool
	Jumped string // the file that the definition is in
	Exit   int    // exit code of the server
	Words  []string
}

type found struct {
	Line, Column int
	Code         string
	Severity     int
}

// Neovim opens a manifest with mistakes, shows them, applies a fix, completes,
// formats, jumps from a node to its spec and renames that, and nothing is left
// to report.
func TestNeovim(t *testing.T) {
	nvim := neovim(t)
	if nvim == "" {
		return
	}
	dir, work := t.TempDir(), t.TempDir()
	for name, text := range site {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bin, out := filepath.Join(work, "homestak"), filepath.Join(work, "report.json")
	if text, err := exec.Command("go", "build", "-o", bin, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	script, err := filepath.Abs("testdata/drive.lua")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, nvim, "--headless", "--clean", "-n", "-S", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOMESTAK="+bin, "REPORT="+out, "XDG_STATE_HOME="+work, "XDG_CACHE_HOME="+work, "XDG_DATA_HOME="+work)
	var console bytes.Buffer
	cmd.Stdout, cmd.Stderr = &console, &console
	if err := cmd.Run(); err != nil {
		t.Errorf("nvim: %v", err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("%v\n%s", err, &console)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if r.Failed != "" {
		t.Fatalf("after %v: %s\n%s", r.Steps, r.Failed, &console)
	}
	want := report{
		First:  []found{{5, 12, "HS0214", 1}, {8, 11, "HS0213", 1}},
		Action: "write vm-small", Fixed: "    preset: vm-small", Hover: true, Jumped: "specs/web.yaml",
		Words: []string{"debian-12"}, Steps: r.Steps,
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Errorf("want, got:\n%s", d)
	}
	manifest := strings.NewReplacer("version:   2", "version: 2", "vm-smal", "vm-small", "debian-21", "debian-12",
		"spec: web #", "spec: web  #", "spec: web", "spec: site-web").Replace(site["manifests/m.yaml"])
	manifest = strings.ReplaceAll(manifest, "spec: web  #", "spec: site-web  #")
	for name, want := range map[string]string{"manifests/m.yaml": manifest, "specs/site-web.yaml": site["specs/web.yaml"]} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s, want and got (%v):\n%s", name, err, cmp.Diff(want, string(got)))
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "specs/web.yaml")); err == nil {
		t.Error("the spec has its old name too")
	}
}
