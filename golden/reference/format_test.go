package reference_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/homestak/homestak/lang/format"
	"github.com/homestak/homestak/lang/source"
)

// Upstream's files are in canonical form as they are: they define it. Older
// ones can be brought into it.
func TestUpstreamIsFormatted(t *testing.T) {
	dir := folder(t, "the form of upstream's files")
	if dir == "" {
		return
	}
	formatted := func(file string) (before, after []byte) {
		t.Helper()
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		after, found := format.Source(source.NewFile("file.yaml", before))
		if found.HasErrors() {
			t.Fatalf("%s: %v", file, found)
		}
		return before, after
	}
	for glob, n := range map[string]int{
		"manifests/*.yaml": 5, "presets/*.yaml": 5, "postures/*.yaml": 4, "specs/*.yaml": 2, "*.yaml.example": 2,
	} {
		files, _ := filepath.Glob(filepath.Join(dir, "site-config", glob))
		if len(files) != n {
			t.Errorf("%s: %d files, want %d", glob, len(files), n)
		}
		for _, file := range files {
			if before, after := formatted(file); !bytes.Equal(before, after) {
				t.Errorf("%s becomes\n%s", file, after)
			}
		}
	}
	for _, glob := range []string{"site-config-history/*/*/*.yaml", "site-config-history/*/*/*/*.yaml", "v1-samples/*.yaml", "v1-samples/*/*.yaml"} {
		files, _ := filepath.Glob(filepath.Join(dir, glob))
		if len(files) == 0 {
			t.Errorf("%s: no files", glob)
		}
		for _, file := range files {
			formatted(file)
		}
	}
}
