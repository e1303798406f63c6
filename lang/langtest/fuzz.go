package langtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// CheckParser tests the promises of a parser on one input: a tree or an error,
// every range inside the file, every error complete, the same result twice.
func CheckParser(t *testing.T, name string, text []byte, parse func(*source.File) (*syntax.Node, diag.List)) {
	t.Helper()
	f := source.NewFile(name, text)
	n, l := parse(f)
	if n == nil && !l.HasErrors() {
		t.Fatal("neither a tree nor an error")
	}
	if n != nil {
		if err := CheckTree(f, n); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range l {
		if err := checkRange(f, d.Range); err != nil {
			t.Fatalf("%s: %v", d.Code, err)
		}
		for _, note := range d.Notes {
			if err := checkRange(f, note.Range); !note.Range.IsZero() && err != nil {
				t.Fatalf("note of %s: %v", d.Code, err)
			}
		}
		if d.Message == "" || d.Help == "" {
			t.Fatalf("%s does not say what is wrong and what to do: %v", d.Code, d)
		}
		if _, ok := diag.Lookup(d.Code); !ok {
			t.Fatalf("%s is not registered", d.Code)
		}
	}
	again, l2 := parse(source.NewFile(name, text))
	if Dump(n) != Dump(again) || l.Error() != l2.Error() {
		t.Fatal("two parses differ")
	}
}

// Seeds are the files with this extension in the txtar archives of a folder,
// markers cut out: the inputs of the goldens seed the fuzzers.
func Seeds(tb testing.TB, folder, ext string) [][]byte {
	archives, err := filepath.Glob(filepath.Join(folder, "*.txtar"))
	if err != nil || len(archives) == 0 {
		tb.Fatalf("no archives in %s", folder)
	}
	var seeds [][]byte
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range a.Files {
			if filepath.Ext(f.Name) != ext {
				continue
			}
			clean, _, err := Cut(f.Name, f.Data)
			if err != nil {
				tb.Fatal(err)
			}
			seeds = append(seeds, clean)
		}
	}
	return seeds
}

// Corpus are all files with this extension that the project has, root being its
// top: in every golden archive, in the examples of the diagnostics, in the
// library and in the examples.
func Corpus(tb testing.TB, root, ext string) [][]byte {
	var all [][]byte
	for _, folder := range []string{"golden", "lang/diag/example", "examples", "stdlib"} {
		before := len(all)
		err := filepath.WalkDir(filepath.Join(root, folder), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Ext(name) {
			case ext:
				text, err := os.ReadFile(name)
				all = append(all, text)
				return err
			case ".txtar":
				a, err := txtar.ParseFile(name)
				if err != nil {
					return err
				}
				for _, f := range a.Files {
					if filepath.Ext(f.Name) == ext {
						all = append(all, unmarked(f))
					}
				}
			}
			return nil
		})
		if err != nil || folder == "golden" && len(all) == before {
			tb.Fatalf("no %s files in %s: %v", ext, folder, err)
		}
	}
	return all
}

// unmarked is the text of a file without the findings that are expected in it.
func unmarked(f txtar.File) []byte {
	if clean, _, err := Cut(f.Name, f.Data); err == nil {
		return clean
	}
	return f.Data
}
