package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// documents of n nodes, in both syntaxes, with a place in their middle to type
// at.
func yamlOf(n int, typed string) string {
	var b strings.Builder
	b.WriteString("schema_version: 2\nnodes:\n")
	for i := range n {
		at := ""
		if i == n/2 {
			at = typed
		}
		fmt.Fprintf(&b, "  - name: node-%06d\n    type: vm\n    spec: base\n    preset: vm-small%s\n    image: debian-12\n", i, at)
	}
	return b.String()
}

func hclOf(n int, typed string) string {
	var b strings.Builder
	b.WriteString("manifest \"m\" {\n")
	for i := range n {
		at := ""
		if i == n/2 {
			at = typed
		}
		fmt.Fprintf(&b, "  node \"node-%06d\" {\n    type   = \"vm\"\n    spec   = spec.base\n    preset = preset.vm-small%s\n    image  = \"debian-12\"\n  }\n", i, at)
	}
	return b.String() + "}\n"
}

// BenchmarkKeystroke is what a keystroke costs the server, part by part.
func BenchmarkKeystroke(b *testing.B) {
	for _, syntax := range []struct {
		name, file string
		of         func(int, string) string
	}{{"yaml", "m.yaml", yamlOf}, {"hcl", "m.hcl", hclOf}} {
		for _, typed := range []string{"", "-x", "-x {", "-x {# ok"} {
			dir := b.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "site.yaml"), []byte("site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n"), 0o644); err != nil {
				b.Fatal(err)
			}
			name := "manifests/" + syntax.file
			var docs [2]*document
			for i := range docs {
				docs[i] = &document{uri: "file:///m", path: filepath.Join(dir, name), text: newText(syntax.of(1000, typed) + strings.Repeat("#\n", i))}
			}
			s := newSite(dir)
			i := 0
			var st *state
			load := func() {
				st = s.load(map[string]*document{name: docs[i%2]})
				i++
			}
			b.Run(fmt.Sprintf("%s/%q/load", syntax.name, typed), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					load()
				}
			})
			b.Run(fmt.Sprintf("%s/%q/load+check", syntax.name, typed), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					load()
					s.check(st, nil)
				}
			})
			load()
			list, _ := s.check(st, nil)
			b.Run(fmt.Sprintf("%s/%q/publish %d", syntax.name, typed, len(list)), func(b *testing.B) {
				for b.Loop() {
					teller{st, &client{encoding: utf16}}.published(list)
				}
			})
			offset := strings.Index(docs[0].text.body, "vm-small"+typed+"\n") + len("vm-small")
			b.Run(fmt.Sprintf("%s/%q/load+complete", syntax.name, typed), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					load()
					st.world.Complete(name, offset)
				}
			})
			s.disk.close()
		}
	}
}
