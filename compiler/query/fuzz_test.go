package query

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
)

// What somebody types is cut off, and wrong, anywhere. There is always an
// answer or none, and it is about the text.
func FuzzPlace(f *testing.F) {
	for name, text := range inputs(f) {
		if len(text) < 3000 {
			f.Add(text, filepath.Ext(name) == ".hcl", len(text)/2, len(text)/3, "x: [\n")
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, hcl bool, at, cut int, typed string) {
		if len(text) > 1<<16 || len(typed) > 64 {
			return
		}
		at, cut = min(max(at, 0), len(text)), min(max(cut, 0), len(text))
		whole := bytes.Join([][]byte{text[:at], text[max(at, cut):]}, []byte(typed))
		name := "manifests/m.yaml"
		if hcl {
			name = "m.hcl"
		}
		files := fstest.MapFS{name: {Data: whole}}
		site, _ := compiler.Load(files)
		w := New(site, files)
		for _, offset := range []int{at, at + len(typed), cut, len(whole), -1, len(whole) + 1} {
			for _, i := range w.Complete(name, offset) {
				if int(i.Replace.Start) > offset || int(i.Replace.End) < offset {
					t.Fatalf("%q at %d replaces %d-%d", i.Label, offset, i.Replace.Start, i.Replace.End)
				}
			}
			w.Hover(name, offset)
			w.Definition(name, offset)
			w.References(name, offset, true)
			if r, was, err := w.PrepareRename(name, offset); err == nil {
				if was != string(whole[r.Start:r.End]) && offset != 0 {
					t.Fatalf("%q at %d is %q", was, offset, whole[r.Start:r.End])
				}
				_, _, _ = w.Rename(name, offset, "fresh")
			}
		}
		w.Symbols(name)
		checkOutline(t, whole, outlineOf(whole, hcl, min(at, len(whole))))
	})
}

// Whoever types is at the end of a text that is not finished, or in a gap of one
// that is.
func TestCutOff(t *testing.T) {
	for name, text := range inputs(t) {
		if len(text) > 3000 {
			continue
		}
		hcl := filepath.Ext(name) == ".hcl"
		for at := range text {
			for _, whole := range [][]byte{text[:at], slices.Concat(text[:at], text[at+1:])} {
				checkOutline(t, whole, outlineOf(whole, hcl, at))
			}
		}
	}
}

// checkOutline: every range is in the text, and none ends before it begins.
func checkOutline(t *testing.T, text []byte, n *node) {
	t.Helper()
	if n.start < 0 || n.end < n.start || n.end > len(text) {
		t.Fatalf("a node of kind %d is at %d-%d of %d", n.kind, n.start, n.end, len(text))
	}
	for _, item := range n.items {
		checkOutline(t, text, item)
	}
	for _, f := range n.fields {
		if f.at.start < 0 || f.at.end < f.at.start || f.at.end > len(text) || f.value == nil {
			t.Fatalf("field %q is at %d-%d of %d", f.key, f.at.start, f.at.end, len(text))
		}
		checkOutline(t, text, f.value)
	}
}

// Nesting without end neither takes long nor exhausts the stack.
func TestHostile(t *testing.T) {
	for _, part := range []string{"a:\n", "- ", "[", "{", "{a: ", "a {\n", "x = [", "x = {", "\"${", "x = \"${", "a \"b\" {", "(", "<<E\n", "'", "/*", "# ", "a: |\n", "\t", "f(["} {
		for _, hcl := range []bool{true, false} {
			text := bytes.Repeat([]byte(part), 50_000/len(part))
			checkOutline(t, text, outlineOf(text, hcl, len(text)/2))
			name := "manifests/m.yaml"
			if hcl {
				name = "m.hcl"
			}
			files := fstest.MapFS{name: {Data: text}}
			site, _ := compiler.Load(files)
			w := New(site, files)
			w.Complete(name, len(text)/2)
			w.Hover(name, len(text)/2)
			w.Symbols(name)
		}
	}
	deep := slices.Repeat([]byte("a: {b: ["), 1000)
	checkOutline(t, deep, outlineOf(deep, false, len(deep)))
}
