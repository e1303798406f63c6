package compiler_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/stdlib"
)

// Every pattern of the library has a golden case, and the example in its own
// first lines compiles and plans: what is made is what they say.
func TestPatterns(t *testing.T) {
	for _, name := range stdlib.ModuleNames() {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("testdata/stdlib-" + name + ".txtar"); err != nil {
				t.Error(err)
			}
			text, err := fs.ReadFile(stdlib.Files(), "modules/"+name+".hcl")
			if err != nil {
				t.Fatal(err)
			}
			example, says := header(string(text))
			site := fstest.MapFS{
				"specs/etcd.yaml": {Data: []byte("schema_version: 1\n"), Mode: 0o644},
				"specs/pos.yaml":  {Data: []byte("schema_version: 1\n"), Mode: 0o644},
				"manifests/m.hcl": {Data: []byte("manifest \"m\" {\n" + example + "}\n"), Mode: 0o644},
			}
			d, list := run(site, compiler.Options{Manifest: "m"})
			if d == nil {
				t.Fatalf("%v\n%s", list, example)
			}
			for _, word := range names.FindAllString(says, -1) {
				if !strings.Contains(d.Dump(), "/"+word+"\n") {
					t.Errorf("it says that %s is made, and it is not", word)
				}
			}
			p, list := build.Plan(d, build.EmptyFacts([]string{"lab"}), plan.GoalCreate, build.Options{DefaultHost: "lab"})
			if p == nil || len(p.Program.Steps) < len(d.Nodes) {
				t.Errorf("no plan: %v", list)
			}
		})
	}
}

// names are words that only names of nodes look like.
var names = regexp.MustCompile(`\b[a-z]+-[a-z]+(-[a-z0-9]+)*\b`)

// header takes the first lines of a pattern apart: its example, and what they
// say that this makes.
func header(text string) (example, says string) {
	makes := false
	for line := range strings.Lines(text) {
		rest, comment := strings.CutPrefix(line, "#")
		switch {
		case !comment:
			return example, says
		case strings.HasPrefix(rest, "   "):
			example += rest
		case strings.HasPrefix(rest, " makes "):
			makes = true
			fallthrough
		default:
			if makes {
				says += rest
			}
		}
	}
	return example, says
}

// The cases of the patterns are whole archives; this keeps them from being
// about something else.
func TestPatternCasesUseTheirPattern(t *testing.T) {
	for _, name := range stdlib.ModuleNames() {
		a, err := txtar.ParseFile("testdata/stdlib-" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"in/manifests/m.yaml", "hcl/manifests/m.hcl"} {
			used := false
			for _, f := range a.Files {
				used = used || f.Name == file && strings.Contains(string(f.Data), "stdlib:"+name)
			}
			if !used {
				t.Errorf("%s of stdlib-%s.txtar does not use it", file, name)
			}
		}
	}
}
