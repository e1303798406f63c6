package jsonschema_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// structural are the compiler's errors about one value, or about the fields of
// one mapping.
var structural = regexp.MustCompile(`^HS(020[124]|030[1-8])$`)

// unread are files of the cases that nobody reads, or that are wrong where the
// case is not about it.
var unread = []string{"v2-directory.txtar in/postures/dev.yaml", "host-used.txtar in/hosts/mother.yaml"}

// The compiler's own cases: a file in which it finds nothing is valid, and one
// with a mistake of form is not.
func TestAgreesWithTheCompiler(t *testing.T) {
	archives, err := filepath.Glob("../../../golden/compiler/testdata/*.txtar")
	if err != nil || len(archives) < 40 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	good, bad, schemas := 0, 0, compiled{}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			kind := kindOf(f.Name)
			clean, wants, err := langtest.Cut(f.Name, f.Data)
			if err != nil || kind == "" || slices.Contains(unread, filepath.Base(name)+" "+f.Name) {
				continue
			}
			n, list := lang.ParseText(source.NewFile(f.Name, clean))
			if list.HasErrors() || n == nil || n.Kind != syntax.Map {
				continue
			}
			verdict := schemas.of(t, kind).Validate(langtest.Plain(t, f.Name, clean, lang.ParseText))
			if len(wants) == 0 {
				good++
				if verdict != nil {
					t.Errorf("%s: %s is refused: %v", filepath.Base(name), f.Name, verdict)
				}
			} else if slices.ContainsFunc(wants, func(w langtest.Want) bool { return visible(w, clean) }) {
				bad++
				if verdict == nil {
					t.Errorf("%s: %s is accepted: %v", filepath.Base(name), f.Name, wants)
				}
			}
		}
	}
	if good < 50 || bad < 10 {
		t.Errorf("only %d good and %d bad files", good, bad)
	}
}

// visible says whether a finding is about what stands in the file, and not
// about what an expression in it comes to.
func visible(w langtest.Want, text []byte) bool {
	line := strings.Split(string(text), "\n")[w.Line-1]
	return structural.MatchString(string(w.Code)) && !strings.Contains(line, "${")
}
