package format

import (
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

// seed adds every file of this kind that the project has.
func seed(f *testing.F, ext string) {
	for _, text := range langtest.Corpus(f, "../..", ext) {
		f.Add(text)
	}
}
