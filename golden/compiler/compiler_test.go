package compiler_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

var update = flag.Bool("update", false, "write out/ir and out/diag anew")

func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { golden(t, name) })
	}
}

func golden(t *testing.T, name string) {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, a)
	site, vars := site(a, "in/"), site(a, "vars/")
	dep, list := run(site, o)
	expectations(string(a.Comment), site, vars).compare(t, list)
	outputs := map[string]string{}
	if dep != nil {
		outputs["out/ir"] = dep.Dump()
	}
	if has(a, "out/diag") {
		outputs["out/diag"] = text(list)
	}
	compareOutputs(t, name, a, outputs)

	if hcl := site2(a); hcl != nil {
		other, list := run(hcl, o)
		expectations(string(a.Comment), hcl, vars).compare(t, list)
		if dep != nil && other != nil && dep.Digest() != other.Digest() {
			t.Errorf("HCL means something else:\n%s", cmp.Diff(values(dep), values(other)))
		}
	}
}

// values is a dump without provenance, which differs between syntaxes.
func values(d *ir.Deployment) string {
	return regexp.MustCompile(`  \S+ +(\S+:\d+:\d+)?\n`).ReplaceAllString(d.Dump(), "\n")
}

func options(t *testing.T, a *txtar.Archive) compiler.Options {
	o := compiler.Options{Vars: map[string]string{}}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "manifest":
			o.Manifest = value
		case "mode":
			o.Mode = value
		case "var":
			name, v, ok := strings.Cut(value, "=")
			if !ok {
				t.Fatalf("var: %s", value)
			}
			o.Vars[name] = v
		case "varfile":
			f := site(a, "vars/")[value]
			if f == nil {
				t.Fatalf("there is no vars/%s", value)
			}
			o.VarFiles = append(o.VarFiles, source.NewFile(value, f.Data))
		}
	}
	return o
}

func site(a *txtar.Archive, prefix string) fstest.MapFS {
	site := fstest.MapFS{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, prefix); ok {
			site[name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		}
	}
	return site
}

// site2 is the site with what hcl/ says in place of its manifests and specs;
// nil when the archive has no hcl/.
func site2(a *txtar.Archive) fstest.MapFS {
	hcl := site(a, "hcl/")
	if len(hcl) == 0 {
		return nil
	}
	for name, f := range site(a, "in/") {
		if dir, _, _ := strings.Cut(name, "/"); dir != "manifests" && dir != "specs" && dir != "policies" {
			hcl[name] = f
		}
	}
	return hcl
}

func run(fsys fs.FS, o compiler.Options) (*ir.Deployment, diag.List) {
	s, list := compiler.Load(fsys)
	if o.Manifest == "" {
		list = append(list, s.Check()...)
		return nil, list
	}
	d, more := compiler.Compile(s, o)
	if list.HasErrors() { // a command would have stopped there
		d = nil
	}
	return d, append(list, more...)
}

func text(list diag.List) string {
	var b strings.Builder
	diag.Text(&b, list, diag.TextOptions{})
	return b.String()
}

// expectation is one finding that must come: a place (file:line, "" for none),
// a code and a text it contains.
type expectation struct{ place, code, text string }

type expected []expectation

var (
	mark   = regexp.MustCompile(`#!((?:\s+HS\d{4}(?:\s+"[^"]*")?)+)\s*$`)
	single = regexp.MustCompile(`(HS\d{4})(?:\s+"([^"]*)")?`)
)

func expectations(comment string, files ...fstest.MapFS) expected {
	var all expected
	add := func(place, line string) {
		if m := mark.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			for _, s := range single.FindAllStringSubmatch(m[1], -1) {
				all = append(all, expectation{place, s[1], s[2]})
			}
		}
	}
	for line := range strings.Lines(comment) {
		add("", line)
	}
	for _, site := range files {
		for name, f := range site {
			n := 0
			for line := range strings.Lines(string(f.Data)) {
				n++
				add(fmt.Sprintf("%s:%d", name, n), line)
			}
		}
	}
	return all
}

func (want expected) compare(t *testing.T, list diag.List) {
	t.Helper()
	for _, d := range list {
		if d.Help == "" && ours(d.Code) {
			t.Errorf("it does not say what to do: %v", d)
		}
		place := ""
		if !d.Range.IsZero() {
			place = fmt.Sprintf("%s:%d", d.Range.File.Name, d.Range.Pos().Line)
		}
		all := d.Error()
		for _, n := range d.Notes {
			all += "\n" + n.Text
		}
		i := slices.IndexFunc(want, func(e expectation) bool {
			return e.place == place && e.code == string(d.Code) && strings.Contains(all, e.text)
		})
		if i < 0 {
			t.Errorf("not expected: %s", all)
			continue
		}
		want = slices.Delete(slices.Clone(want), i, i+1)
	}
	for _, e := range want {
		t.Errorf("expected and did not come: %s %s %q", e.place, e.code, e.text)
	}
}

func has(a *txtar.Archive, name string) bool {
	return slices.ContainsFunc(a.Files, func(f txtar.File) bool { return f.Name == name })
}

func compareOutputs(t *testing.T, name string, a *txtar.Archive, outputs map[string]string) {
	if *update {
		a.Files = slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "out/") })
		for _, out := range []string{"out/ir", "out/diag"} {
			if content, ok := outputs[out]; ok {
				a.Files = append(a.Files, txtar.File{Name: out, Data: []byte(content)})
			}
		}
		if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, f := range a.Files {
		content, ok := outputs[f.Name]
		if strings.HasPrefix(f.Name, "out/") && !ok {
			t.Errorf("%s is in the archive and nothing gave it", f.Name)
		}
		if ok {
			if diff := cmp.Diff(string(f.Data), content); diff != "" {
				t.Errorf("%s (-want +got):\n%s", f.Name, diff)
			}
			delete(outputs, f.Name)
		}
	}
	for out := range outputs {
		t.Errorf("%s is not in the archive: run with -update", out)
	}
}

// ours says whether the compiler finds what a code means.
func ours(c diag.Code) bool {
	return c >= "HS0201" && c <= "HS0499" || c >= "HS0551" && c <= "HS0599" || c == "HS0940"
}
