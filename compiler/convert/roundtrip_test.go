package convert_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/stdlib"
)

// other is a site with every YAML file of definitions in the other syntax.
func other(t interface{ Fatalf(string, ...any) }, site fstest.MapFS, ext string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, f := range site {
		if path.Ext(name) != ext || !strings.Contains(name, "/") {
			out[name] = f
			continue
		}
		parts, found := convert.File(source.NewFile(name, f.Data), convert.Options{})
		if len(found) > 0 || len(parts) != 1 {
			t.Fatalf("%s: %d parts, %v\n%s", name, len(parts), found, f.Data)
		}
		out[path.Dir(name)+"/"+path.Base(parts[0].Name)] = &fstest.MapFile{Data: parts[0].Text, Mode: 0o644}
	}
	return out
}

// digests are those of all manifests of a site that compile.
func digests(site fstest.MapFS, withCodes bool) string {
	s, _ := compiler.Load(site)
	var b strings.Builder
	for _, name := range s.Manifests() {
		d, list := compiler.Compile(s, compiler.Options{Manifest: name})
		if d != nil {
			fmt.Fprintln(&b, name, d.Digest())
			continue
		}
		var codes []string // their order is that of the nodes
		for _, f := range list {
			if withCodes {
				codes = append(codes, string(f.Code))
			}
		}
		slices.Sort(codes)
		fmt.Fprintln(&b, name, slices.Compact(codes)) // which of two is the second one depends on their order
	}
	return b.String()
}

// remarks are the comments of a site's definitions, sorted. No scalar of the
// tests has a # in it.
func remarks(site fstest.MapFS) string {
	var all []string
	for name, f := range site {
		if !strings.Contains(name, "/") {
			continue
		}
		for line := range strings.Lines(string(f.Data)) {
			if _, c, ok := strings.Cut(line, "#"); ok {
				all = append(all, strings.TrimSpace(c))
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func roundTrip(t interface{ Fatalf(string, ...any) }, site fstest.MapFS) {
	hcl, again := thereAndBack(t, site, true)
	if a, b := dump(hcl), dump(again); a != b {
		t.Fatalf("HCL converted and back is different:\n%s\n%s", a, b)
	}
}

// thereAndBack compares digests and comments, and for what does not compile
// maybe the codes: which there are depends on the order of nodes, as soon as
// something is too much.
func thereAndBack(t interface{ Fatalf(string, ...any) }, site fstest.MapFS, codes bool) (hcl, again fstest.MapFS) {
	hcl = other(t, site, ".yaml")
	back := other(t, hcl, ".hcl")
	again = other(t, back, ".yaml")
	for _, s := range []fstest.MapFS{hcl, back, again} {
		if a, b := digests(site, codes), digests(s, codes); a != b {
			t.Fatalf("digests differ:\n%s\n%s\n%s", a, b, dump(s))
		}
		if a, b := remarks(site), remarks(s); a != b {
			t.Fatalf("comments differ:\n%s\n%s\n%s", cmp.Diff(a, b), dump(site), dump(s))
		}
	}
	return hcl, again
}

func dump(site fstest.MapFS) string {
	var names []string
	for name := range site {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "-- %s --\n%s", name, site[name].Data)
	}
	return b.String()
}

func read(t *testing.T, fsys fs.FS) fstest.MapFS {
	site := fstest.MapFS{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		site[name] = &fstest.MapFile{Data: data, Mode: 0o644}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func TestExamplesThereAndBack(t *testing.T) {
	roundTrip(t, read(t, os.DirFS("../../examples/homelab")))
}

func TestLibraryThereAndBack(t *testing.T) {
	site := read(t, stdlib.Files())
	for name := range site {
		if strings.HasPrefix(name, "modules/") { // which are more than data
			delete(site, name)
		}
	}
	roundTrip(t, site)
}

// Whatever nodes, parents, comments and layout: there and back is the same.
func TestManifestsThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		site := fstest.MapFS{"manifests/m.yaml": {Data: []byte(manifest(t)), Mode: 0o644}}
		roundTrip(t, site)
	})
}

// manifest draws a manifest, right or wrong, with comments everywhere.
func manifest(t *rapid.T) string {
	var b strings.Builder
	n := 0
	line := func(indent int, s string) {
		for rapid.IntRange(0, 4).Draw(t, "above") == 0 {
			if rapid.Bool().Draw(t, "blank") {
				b.WriteString("\n")
			}
			n++
			fmt.Fprintf(&b, "%s# c%d\n", strings.Repeat(" ", rapid.IntRange(0, indent+2).Draw(t, "column")), n)
		}
		b.WriteString(strings.Repeat(" ", indent) + s)
		if rapid.IntRange(0, 3).Draw(t, "beside") == 0 {
			n++
			fmt.Fprintf(&b, "  # c%d", n)
		}
		b.WriteString("\n")
	}
	line(0, "schema_version: 2")
	line(0, "name: m")
	if rapid.Bool().Draw(t, "execution") {
		line(0, "execution:")
		line(2, "default_mode: push")
	}
	line(0, "nodes:")
	count := rapid.IntRange(1, 6).Draw(t, "nodes")
	names := []string{"a", "b", "c", "d", "e", "f", "missing"}
	for i := range count {
		line(2, "- name: "+names[i])
		if rapid.Bool().Draw(t, "pve") {
			line(4, "type: pve")
		}
		switch rapid.IntRange(0, 3).Draw(t, "parent") {
		case 0:
			line(4, "parent: "+rapid.SampledFrom(names).Draw(t, "name"))
		case 1:
			line(4, "parent: null")
		}
		switch rapid.IntRange(0, 5).Draw(t, "more") {
		case 0:
			line(4, "count: 2")
		case 1:
			line(4, "network:")
			line(6, "bridge: vmbr1")
			line(6, "dns: [10.0.0.1, 10.0.0.2]")
		case 2:
			line(4, "tags:")
			line(6, "- one")
			line(6, "- two")
		case 3:
			line(4, "peers: ["+names[0]+"]")
		case 4:
			line(4, "image: "+rapid.SampledFrom([]string{"debian-12", "debian-12.5", "yes", "'22:30'"}).Draw(t, "image"))
		}
	}
	if rapid.Bool().Draw(t, "settings") {
		line(0, "settings: {on_error: stop}")
		line(0, "description: |")
		b.WriteString("  two\n  lines\nexpressions: false\n")
	}
	line(0, "pattern: null")
	return b.String()
}

func FuzzFile(f *testing.F) {
	for _, s := range []string{"schema_version: 2\nnodes:\n  - name: a # b\n", "levels:\n  - name: a\n    vm_preset: small\n", "a: |\n  x\n# y\n", "- a\n"} {
		f.Add("manifests/m.yaml", s)
		f.Add("envs/m.yaml", s)
	}
	for _, s := range []string{"manifest \"m\" {\n  node \"a\" {} # c\n}\n", "spec \"s\" {\n config { a = <<EOT\nx\nEOT\n }\n}\n"} {
		f.Add("m.hcl", s)
	}
	for _, text := range langtest.Corpus(f, "../..", ".yaml") {
		f.Add("manifests/m.yaml", string(text))
		f.Add("specs/m.yaml", string(text))
	}
	for _, text := range langtest.Corpus(f, "../..", ".hcl") {
		f.Add("m.hcl", string(text))
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		site := fstest.MapFS{}
		if fs.ValidPath(name) {
			site[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
		for _, o := range []convert.Options{{}, {Expressions: true}, {Evaluate: true, Site: site}} {
			parts, found := convert.File(source.NewFile(name, []byte(text)), o)
			if (len(parts) == 0) != found.HasErrors() {
				t.Fatalf("%d parts, %v", len(parts), found)
			}
			for _, d := range found {
				if d.Code == "HS0174" {
					t.Fatalf("%q: %v", text, d)
				}
			}
		}
	})
}
