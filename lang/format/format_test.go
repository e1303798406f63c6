package format

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/langtest"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

var update = flag.Bool("update", false, "rewrite the archives from what happens now")

// Each archive of golden/format holds source files and, below out/, what
// becomes of them. What has no file there is in canonical form.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("../../golden/format/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives")
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]byte{}
		for _, f := range a.Files {
			if stem, ok := strings.CutPrefix(f.Name, "out/"); ok {
				want[stem] = f.Data
			}
		}
		renewed := &txtar.Archive{Comment: a.Comment}
		for _, f := range a.Files {
			if strings.HasPrefix(f.Name, "out/") {
				continue
			}
			check(t, f.Name, f.Data)
			got, l := Source(source.NewFile(f.Name, f.Data))
			if l.HasErrors() {
				t.Errorf("%s: %s: %v", name, f.Name, l)
			}
			expected, ok := want[f.Name]
			if !ok {
				expected = f.Data
			}
			if diff := cmp.Diff(string(expected), string(got)); diff != "" && !*update {
				t.Errorf("%s: %s:\n%s", filepath.Base(name), f.Name, diff)
			}
			renewed.Files = append(renewed.Files, f)
			if !bytes.Equal(got, f.Data) {
				renewed.Files = append(renewed.Files, txtar.File{Name: "out/" + f.Name, Data: got})
			}
		}
		if *update {
			if err := os.WriteFile(name, txtar.Format(renewed), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// check tests what holds for every text: with errors it is refused with these;
// without, the result says the same with the same comments, ends its last line,
// has no space at the ends of lines, and is its own canonical form.
func check(t rapid.TB, name string, text []byte) {
	t.Helper()
	f := source.NewFile(name, text)
	tree, found := lang.ParseText(f)
	out, refused := Source(f)
	if found.HasErrors() {
		if out != nil || refused.Error() != found.Error() {
			t.Fatalf("a text with errors: %q, %v, want %v", out, refused, found)
		}
		return
	}
	if len(refused) != 0 || out == nil {
		t.Fatalf("refused: %v\n%s", refused, printed(f))
	}
	g := source.NewFile(name, out)
	again, found := lang.ParseText(g)
	if found.HasErrors() {
		t.Fatalf("%v\n%s", found, out)
	}
	if isHCL(name) {
		checkHouseStyle(t, out)
	} else {
		if diff := cmp.Diff(langtest.Dump(tree), langtest.Dump(again)); diff != "" {
			t.Fatalf("the tree changed: %s\n%s", diff, out)
		}
	}
	if diff := cmp.Diff(comments(f, tree), comments(g, again)); diff != "" {
		t.Fatalf("the comments changed: %s\n%s", diff, out)
	}
	if len(out) > 0 && (out[0] == '\n' || !bytes.HasSuffix(out, []byte("\n"))) {
		t.Fatalf("edges: %q", out)
	}
	twice, l := Source(g)
	if diff := cmp.Diff(string(out), string(twice)); diff != "" || len(l) > 0 {
		t.Fatalf("formatting it again: %v\n%s", l, diff)
	}
}

// printed is what the printer made of a text that was refused.
func printed(f *source.File) (out []byte) {
	clean := source.NewFile(f.Name, normalize(f.Text))
	tree, _ := lang.ParseText(clean)
	return print(clean, tree)
}

// comments collects the comments of a file, sorted.
func comments(f *source.File, tree *syntax.Node) []string {
	var all []string
	if isHCL(f.Name) {
		all = hclComments(normalize(f.Text)) // a comment may have several lines
	} else {
		text := bytes.Clone(f.Text)
		blankScalars(text, tree)
		for line := range bytes.Lines(text) {
			if i := bytes.IndexByte(line, '#'); i >= 0 {
				all = append(all, string(bytes.TrimRight(line[i:], " \t\r\n")))
			}
		}
	}
	slices.Sort(all)
	return all
}

// blankScalars overwrites every value and key, but for the comment in the
// header of a block text.
func blankScalars(text []byte, n *syntax.Node) {
	blank := func(start, end int32) {
		if start < end && (text[start] == '|' || text[start] == '>') {
			i := bytes.IndexByte(text[start:end], '\n')
			if i < 0 {
				i = int(end - start)
			}
			start += int32(i)
		}
		for i := start; i < end; i++ {
			if text[i] != '\n' {
				text[i] = '.'
			}
		}
	}
	for _, item := range n.Items {
		blankScalars(text, item)
	}
	for _, f := range n.Fields {
		blank(f.Range.Start, f.Range.End)
		blankScalars(text, f.Value)
	}
	if n.Kind != syntax.List && n.Kind != syntax.Map {
		blank(n.Range.Start, n.Range.End)
	}
}
