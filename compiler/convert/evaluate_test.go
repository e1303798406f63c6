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
// syntax, and means what it meant; and so it does in the other syntax with its
// expressions kept, and back.
func TestConvertedMeansTheSame(t *testing.T) {
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
			forms := map[string]fstest.MapFS{
				"data in YAML": evaluated(t, site, convert.Options{Evaluate: true, Values: compiler.Options{Vars: vars}, To: convert.YAML}),
				"data in HCL":  evaluated(t, site, convert.Options{Evaluate: true, Values: compiler.Options{Vars: vars}, To: convert.HCL}),
				"other syntax": evaluated(t, site, convert.Options{Expressions: true}),
			}
			forms["there and back"] = evaluated(t, forms["other syntax"], convert.Options{Expressions: true})
			for to, form := range forms {
				given := vars
				if strings.HasPrefix(to, "data") {
					given = nil
				}
				got := digestsWith(form, given)
				for m, digest := range want {
					if manifests++; got[m] != digest {
						t.Errorf("%s %s: manifest %s in %s differs\n%s", filepath.Base(name), which, m, to, dump(form))
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

// evaluated is a site with every file of definitions converted. A file that
// cannot be stays: it is one with mistakes.
func evaluated(t *testing.T, site fstest.MapFS, o convert.Options) fstest.MapFS {
	out := fstest.MapFS{}
	o.Site = site
	for _, name := range slices.Sorted(maps.Keys(site)) {
		file := site[name]
		// Modules are found by the names of their files.
		if strings.HasPrefix(name, "manifests/modules/") || strings.HasPrefix(name, "modules/") || !strings.Contains(name, "/") && path.Ext(name) != ".hcl" || path.Ext(name) != ".hcl" && path.Ext(name) != ".yaml" {
			out[name] = file
			continue
		}
		parts, found := convert.File(source.NewFile(name, file.Data), o)
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
