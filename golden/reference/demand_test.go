package reference_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// landmines are the rows of part I of demand.md, by how they begin, and the tests
// that would fail if the library's behaviour showed: each is in the package of the
// directory before the dot.
var landmines = []struct {
	row   string
	tests []string
}{
	{"`Task.Wait` returns nil for a task that ended", []string{
		"runtime/pve.TestFailedTaskIsAnError", "runtime/pve.TestWaitOutcomes", "runtime/pve.TestWaitObeysItsContext", "apply.TestFaultSchedules",
	}},
	{"a write whose result is not decoded", []string{"runtime/pve.TestEveryStatusIsSeen", "runtime/pve.TestAnswersKeepTheirWordsAndClass"}},
	{"401 and 403 both become `ErrNotAuthorized`", []string{"runtime/pve.TestWordsSurvive", "runtime/pve.TestAnswersKeepTheirWordsAndClass"}},
	{"500 becomes `errors.New(res.Status)`", []string{"runtime/pve.TestWordsSurvive", "runtime/pve.TestLongMessageIsKept"}},
	{"`Clone` with NewID 0", []string{"runtime/pve.TestCloneNamesItsVMID", "apply.TestCreateWritesNothingElse"}},
	{"`CloudInit` waits 5 s", []string{"apply.TestCreateWritesNothingElse"}},
	{"`WaitForAgent` gives up", []string{"apply.TestAwaitOutlastsWhatTheAgentSays"}},
	{"debug logger prints request bodies", []string{"runtime/pve.TestNothingIsLogged"}},
	{"config `digest` not passed", []string{"runtime/pve.TestDigestIsSent"}},
}

// Every landmine that users and we have stepped on has a test.
func TestLandminesAreCovered(t *testing.T) {
	for _, l := range landmines {
		for _, name := range l.tests {
			dir, test, _ := strings.Cut(name, ".")
			if !hasTest(t, filepath.Join("../..", dir), test) {
				t.Errorf("%s: there is no test %s", l.row, name)
			}
		}
	}
	dir := folder(t, "what users ask for")
	if dir == "" {
		return
	}
	data, err := os.ReadFile(filepath.Join(dir, "demand.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := tableOf(string(data), "## I. ")
	if len(rows) != len(landmines) {
		t.Errorf("%d rows, %d of them with tests", len(rows), len(landmines))
	}
	for _, row := range rows {
		if !slices.ContainsFunc(landmines, func(l struct {
			row   string
			tests []string
		}) bool {
			return strings.HasPrefix(row, l.row)
		}) {
			t.Errorf("no test for: %s", row)
		}
	}
}

// tableOf lists the first cells of the table below a heading.
func tableOf(text, heading string) []string {
	_, text, _ = strings.Cut(text, "\n"+heading)
	text, _, _ = strings.Cut(text, "\n## ")
	var rows []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		rows = append(rows, cell)
	}
	if len(rows) == 0 {
		return nil
	}
	return rows[1:] // the first is the head
}

// hasTest reports whether a directory's tests have a function of this name.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
				return true
			}
		}
	}
	return false
}
