package format

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/homestak/homestak/lang/langtest"
)

func FuzzYAML(f *testing.F) {
	seed(f, ".yaml")
	f.Fuzz(func(t *testing.T, text []byte) { check(t, "fuzz.yaml", text) })
}

func FuzzHCL(f *testing.F) {
	seed(f, ".hcl")
	f.Fuzz(func(t *testing.T, text []byte) { check(t, "fuzz.hcl", text) })
}

// seed adds the files of every golden archive, of the examples and of stdlib.
func seed(f *testing.F, ext string) {
	for _, folder := range []string{"format", "lang", "compiler/testdata"} {
		if found, _ := filepath.Glob("../../golden/" + folder + "/*.txtar"); len(found) == 0 {
			continue
		}
		for _, text := range langtest.Seeds(f, "../../golden/"+folder, ext) {
			f.Add(text)
		}
	}
	for _, root := range []string{"../../examples", "../../stdlib"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ext {
				return err
			}
			text, err := os.ReadFile(name)
			f.Add(text)
			return err
		})
		if err != nil {
			f.Fatal(err)
		}
	}
}
