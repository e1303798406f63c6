package query_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/query"
)

// typing is a manifest of n nodes in which somebody types a preset, in the
// middle of it.
func typing(n int, hcl bool) (name string, files fstest.MapFS, offset int) {
	var b strings.Builder
	name = "manifests/big.yaml"
	if hcl {
		name = "manifests/big.hcl"
		b.WriteString("manifest \"big\" {\n")
	} else {
		b.WriteString("schema_version: 2\nnodes:\n")
	}
	for i := range n {
		preset := "vm-small"
		if i == n/2 {
			preset = "vm-"
		}
		if hcl {
			fmt.Fprintf(&b, "  node \"web-%d\" {\n    spec   = spec.base\n    preset = preset.%s\n    tags   = [\"a\", \"b\"]\n    network {\n      vlan = 7\n    }\n", i, preset)
		} else {
			fmt.Fprintf(&b, "  - name: web-%d\n    spec: base\n    preset: %s\n    tags: [a, b]\n    network:\n      vlan: 7\n", i, preset)
		}
		if i == n/2 {
			offset = strings.LastIndex(b.String(), "vm-") + len("vm-")
		}
		if i > 0 && hcl {
			fmt.Fprintf(&b, "    depends_on = [node.web-%d]\n", i-1)
		} else if i > 0 {
			fmt.Fprintf(&b, "    depends_on: [web-%d]\n", i-1)
		}
		if hcl {
			b.WriteString("  }\n")
		}
	}
	if hcl {
		b.WriteString("}\n")
	}
	return name, fstest.MapFS{name: {Data: []byte(b.String())}}, offset
}

var sizes = []int{10, 100, 1000, 10_000}

// What each keystroke costs: the World is new every time.
func BenchmarkComplete(b *testing.B) {
	each(b, func(w *query.World, name string, offset int) bool { return len(w.Complete(name, offset)) > 0 })
}

func BenchmarkCompleteNode(b *testing.B) {
	each(b, func(w *query.World, name string, offset int) bool { return len(w.Complete(name, offset+60)) >= 0 })
}

// References index the whole site when they are first asked for.
func BenchmarkReferences(b *testing.B) {
	each(b, func(w *query.World, name string, offset int) bool { return len(w.References(name, offset, true)) > 0 })
}

func BenchmarkSymbols(b *testing.B) {
	each(b, func(w *query.World, name string, _ int) bool { return len(w.Symbols(name)) > 0 })
}

func each(b *testing.B, do func(w *query.World, name string, offset int) bool) {
	for _, syntax := range []string{"yaml", "hcl"} {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("%s/%d", syntax, n), func(b *testing.B) {
				name, files, offset := typing(n, syntax == "hcl")
				site, _ := compiler.Load(files)
				b.ReportAllocs()
				for b.Loop() {
					if !do(query.New(site, files), name, offset) {
						b.Fatal("no answer")
					}
				}
			})
		}
	}
}
