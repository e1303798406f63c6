package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/diag"
)

// later finds the name of the program before a verb that this version lacks.
func later() *regexp.Regexp {
	return regexp.MustCompile(`\bhomestak (?:` + strings.Join(slices.Sorted(maps.Keys(laterVerbs())), "|") + `)\b`)
}

// No text tells people to run what is not there: no literal of the program, no
// explanation of a code, no document.
func TestAdviceWorksInThisVersion(t *testing.T) {
	bad := later()
	for _, e := range diag.Entries() {
		if m := bad.FindString(e.Long); m != "" {
			t.Errorf("%s advises %q", e.Code, m)
		}
	}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != ".." || d.Name() == "testdata"),
			d.IsDir() && name == filepath.Join("..", "docs", "reference"): // made from the texts
			return filepath.SkipDir
		case strings.HasSuffix(name, "_test.go"):
		case strings.HasSuffix(name, ".go"):
			for _, text := range literals(t, name) {
				if m := bad.FindString(text); m != "" {
					t.Errorf("%s advises %q", name, m)
				}
			}
		case strings.HasSuffix(name, ".md"):
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if m := bad.Find(text); m != nil {
				t.Errorf("%s advises %q", name, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// label is what is signed or derived, by name and version: nobody reads it.
var label = regexp.MustCompile(`^"homestak [a-z ]+ v[0-9]+"$`)

// literals are the texts in a file of Go that people may read.
func literals(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && !label.MatchString(l.Value) {
			texts = append(texts, l.Value)
		}
		return true
	})
	return texts
}

// The test above finds what it looks for.
func TestLaterIsFound(t *testing.T) {
	for text, want := range map[string]bool{
		"run `homestak simulate fast`": true, "homestak simulate": true, "homestak plan": false, "homestak hosts": false, "drift": false,
	} {
		if later().MatchString(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
