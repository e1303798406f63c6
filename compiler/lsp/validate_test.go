package lsp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/cli"
)

// A finding shows in the editor if and only if validate shows it: for every site
// of the compiler's golden cases, in each syntax, and all examples; with the
// files on disk, and with their texts open over other files.
func TestEditorShowsWhatValidateShows(t *testing.T) {
	sites := map[string]map[string]string{}
	archives, err := filepath.Glob("../../golden/compiler/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range []string{"in/", "hcl/"} {
			if files := part(a, prefix); len(files) > 0 {
				sites[filepath.Base(name)+"/"+prefix] = files
			}
		}
	}
	examples, err := filepath.Glob("../../examples/*/site.yaml")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range examples {
		sites[name] = tree(t, filepath.Dir(name))
	}
	for name, files := range sites {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := validated(t, written(t, files))
			if got := shown(t, written(t, files), nil); !slices.Equal(got, want) {
				t.Errorf("on disk, editor against validate:\n%s", cmp.Diff(want, got))
			}
			if got := shown(t, written(t, nil), files); !slices.Equal(got, want) {
				t.Errorf("open, editor against validate:\n%s", cmp.Diff(want, got))
			}
		})
	}
}

// part is the site in an archive: what hcl/ has takes the place of manifests and
// specs.
func part(a *txtar.Archive, prefix string) map[string]string {
	files := map[string]string{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, prefix); ok {
			files[name] = string(f.Data)
		}
	}
	for _, f := range a.Files {
		name, ok := strings.CutPrefix(f.Name, "in/")
		if ok && prefix == "hcl/" && len(files) > 0 && !strings.HasPrefix(name, "manifests/") && !strings.HasPrefix(name, "specs/") {
			files[name] = string(f.Data)
		}
	}
	return files
}

func tree(t *testing.T, dir string) map[string]string {
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// written is a new site with these files, and at least a directory of manifests.
func written(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "manifests"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

// validated is what the verb prints about a site, one line a finding. What has
// no place in a file of the site is at the beginning of site.yaml here as in the
// editor.
func validated(t *testing.T, dir string) []string {
	var out, errs bytes.Buffer
	cli.Main([]string{"validate", "--site", dir, "--format", "json"}, strings.NewReader(""), &out, &errs)
	if errs.Len() > 0 {
		t.Fatal(errs.String())
	}
	lines := []string{}
	for text := range strings.Lines(out.String()) {
		var d struct {
			Code, Severity, Message string
			Range                   struct {
				File  string
				Start struct{ Line, Column int }
			}
		}
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		r := d.Range
		if r.File == "" || strings.HasPrefix(r.File, "stdlib:") {
			r.File, r.Start.Line, r.Start.Column = "site.yaml", 1, 1
		}
		lines = append(lines, fmt.Sprintf("%s:%d:%d %s %s %s", r.File, r.Start.Line, r.Start.Column, d.Severity, d.Code, d.Message))
	}
	slices.Sort(lines)
	return lines
}

// shown is what an editor shows of a site that it has opened these files of, in
// the same form.
func shown(t *testing.T, dir string, open map[string]string) []string {
	e := start(t, dir)
	for name, text := range open {
		e.open(fileURI(filepath.Join(dir, name)), text)
	}
	// What is published about the second change of a document comes after
	// everything about the first.
	other := fileURI(filepath.Join(dir, "manifests/not.a.manifest"))
	e.open(other, "")
	e.findings(other, 1)
	e.change(other, 2, "x")
	e.findings(other, 2)
	e.change(other, 3, "")
	e.findings(other, 3)
	byURI := map[string]published{}
	for _, m := range e.unread {
		if m.Method == "textDocument/publishDiagnostics" {
			var p published
			if err := json.Unmarshal(m.Params, &p); err != nil {
				t.Fatal(err)
			}
			byURI[p.URI] = p
		}
	}
	lines := []string{}
	for uri, p := range byURI {
		name, ok := strings.CutPrefix(uri, fileURI(dir)+"/")
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		if !ok {
			t.Errorf("findings of %s", uri)
		}
		for _, d := range p.Diagnostics {
			severity := map[int]string{1: "error", 2: "warning"}[d.Severity]
			message, _, _ := strings.Cut(d.Message, "\n")
			lines = append(lines, fmt.Sprintf("%s:%d:%d %s %s %s", name, d.Range.Start.Line+1, d.Range.Start.Character+1, severity, d.Code, message))
		}
	}
	slices.Sort(lines)
	return lines
}
