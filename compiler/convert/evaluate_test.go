package convert_test

import (
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
)

// Evaluated, every file of every golden site of the compiler is data in either
// syntax, and means what it meant.
func TestEvaluatedMeansTheSame(t *testing.T) {
	archives, err := filepath.Glob("../../golden/compiler/testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	manifests := 0
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, which := range []string{"in/", "hcl/"} {
			site := siteOf(t, a, which)
			vars := varsOf(a)
			want := digestsWith(site, vars)
			for _, to := range []convert.Syntax{convert.YAML, convert.HCL} {
				data := evaluated(t, site, vars, to)
				got := digestsWith(data, nil)
				for m, digest := range want {
					if manifests++; got[m] != digest {
						t.Errorf("%s %s: manifest %s in %s differs\n%s", filepath.Base(name), which, m, to, dump(data))
					}
				}
			}
		}
	}
	if manifests < 60 {
		t.Errorf("only %d manifests", manifests)
	}
}

// siteOf is a site of an archive: in/, or with hcl/ what replaces its YAML.
func siteOf(t *testing.T, a *txtar.Archive, which string) fstest.MapFS {
	site := fstest.MapFS{}
	for _, f := range a.Files {
		rest, in := strings.CutPrefix(f.Name, "in/")
		if !in {
			rest, in = strings.CutPrefix(f.Name, "hcl/")
			in = in && which == "hcl/"
		} else if dir := path.Dir(rest); which == "hcl/" && (dir == "manifests" || dir == "specs") {
			continue
		}
		if text := f.Data; in {
			if path.Ext(rest) == ".yaml" || path.Ext(rest) == ".hcl" {
				clean, _, err := langtest.Cut(f.Name, f.Data)
				if err != nil {
					t.Fatal(err)
				}
				text = clean
			}
			site[rest] = &fstest.MapFile{Data: text, Mode: 0o644}
		}
	}
	return site
}

func varsOf(a *txtar.Archive) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(string(a.Comment)) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "var: "); ok {
			key, value, _ := strings.Cut(v, "=")
			vars[key] = value
		}
	}
	return vars
}

// digestsWith are those of the manifests of a site that compile.
func digestsWith(site fstest.MapFS, vars map[string]string) map[string]string {
	s, _ := compiler.Load(site)
	out := map[string]string{}
	for _, name := range s.Manifests() {
		if d, _ := compiler.Compile(s, compiler.Options{Manifest: name, Vars: vars}); d != nil {
			out[name] = d.Digest()
		}
	}
	return out
}

// evaluated is a site with every file of definitions as data. A file that
// cannot be stays: it is one with mistakes.
func evaluated(t *testing.T, site fstest.MapFS, vars map[string]string, to convert.Syntax) fstest.MapFS {
	out := fstest.MapFS{}
	for _, name := range slices.Sorted(maps.Keys(site)) {
		file := site[name]
		if !strings.Contains(name, "/") && path.Ext(name) != ".hcl" || path.Ext(name) != ".hcl" && path.Ext(name) != ".yaml" {
			out[name] = file
			continue
		}
		parts, found := convert.File(source.NewFile(name, file.Data), convert.Options{Evaluate: true, Site: site, Values: compiler.Options{Vars: vars}, To: to})
		if found.HasErrors() {
			for _, d := range found {
				if d.Code == "HS0174" {
					t.Errorf("%s: %v\n%s", name, d, file.Data)
				}
			}
			out[name] = file
		}
		for _, p := range parts {
			out[p.Name] = &fstest.MapFile{Data: p.Text, Mode: 0o644}
		}
	}
	return out
}
