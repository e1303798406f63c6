package lang_test

import (
	"bytes"
	"flag"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/langtest"
)

// -update is goldie's flag where goldie is linked; here it is ours.
var update = flag.Bool("update", false, "rewrite the archives from what happens now")

// Each archive of golden/lang holds source files with expected findings in
// place, and for each file without errors its tree in out/NAME (without the
// extension). NAME.yaml and NAME.hcl share one: the two syntaxes agree.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../golden/lang/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(name, txtar.Format(renew(t, a)), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			check(t, a)
		})
	}
}

func check(t *testing.T, a *txtar.Archive) {
	trees := map[string][]byte{}
	for _, f := range a.Files {
		if stem, ok := strings.CutPrefix(f.Name, "out/"); ok {
			trees[stem] = f.Data
		}
	}
	for _, f := range a.Files {
		if !lang.Known(f.Name) {
			continue
		}
		src, wants, err := langtest.Source(f.Name, f.Data)
		if err != nil {
			t.Fatal(err)
		}
		n, l := lang.Parse(src)
		l.Sort()
		for _, wrong := range langtest.Compare(l, wants) {
			t.Errorf("%s: %s", f.Name, wrong)
		}
		if l.HasErrors() {
			continue
		}
		if want, got := string(trees[stem(f.Name)]), langtest.Dump(n); got != want {
			t.Errorf("%s: the tree is\n%swant\n%s", f.Name, got, want)
		}
	}
}

// renew is what check would accept. When two syntaxes differ, the first in the
// archive decides.
func renew(t *testing.T, a *txtar.Archive) *txtar.Archive {
	out := &txtar.Archive{Comment: a.Comment}
	done := map[string]bool{}
	for i, f := range a.Files {
		if !lang.Known(f.Name) {
			continue
		}
		src, _, err := langtest.Source(f.Name, f.Data)
		if err != nil {
			t.Fatal(err)
		}
		n, l := lang.Parse(src)
		l.Sort()
		f.Data = langtest.Mark(f.Name, src.Text, l)
		out.Files = append(out.Files, f)
		next := i+1 < len(a.Files) && stem(a.Files[i+1].Name) == stem(f.Name) && lang.Known(a.Files[i+1].Name)
		if !l.HasErrors() && !next && !done[stem(f.Name)] {
			done[stem(f.Name)] = true
			out.Files = append(out.Files, txtar.File{Name: "out/" + stem(f.Name), Data: bytes.TrimLeft([]byte(langtest.Dump(n)), "\n")})
		}
	}
	return out
}

func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }
