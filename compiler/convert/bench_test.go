package convert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/compiler/convert"
	"github.com/homestak/homestak/lang/source"
)

// nodes is a manifest of n nodes, every tenth of them a host of the next.
func nodes(n int) string {
	var b strings.Builder
	b.WriteString("schema_version: 2\nname: m\nnodes:\n")
	for i := range n {
		fmt.Fprintf(&b, "  # node %d\n  - name: n%d  # beside\n    type: pve\n    spec: pve\n    image: debian-12\n    vmid: %d\n", i, i, i+100)
		if i%10 > 0 {
			fmt.Fprintf(&b, "    parent: n%d\n", i-i%10)
		}
	}
	return b.String()
}

func BenchmarkFile(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		text := []byte(nodes(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if parts, found := convert.File(source.NewFile("manifests/m.yaml", text), convert.Options{}); len(parts) != 1 {
					b.Fatal(found)
				}
			}
		})
	}
}

// Shapes that invite work quadratic in their size, or recursion without end,
// are done in a moment.
func TestHostileTextsEndSoon(t *testing.T) {
	chain := func(n int) string {
		var b strings.Builder
		b.WriteString("schema_version: 2\nname: m\nnodes:\n")
		for i := range n {
			fmt.Fprintf(&b, "- {name: n%d, parent: n%d}\n", i, i+1)
		}
		return b.String()
	}
	for name, text := range map[string]func(n int) string{
		"chain":    chain,
		"circle":   func(n int) string { return chain(n) + fmt.Sprintf("- {name: n%d, parent: n0}\n", n) },
		"one line": func(n int) string { return "nodes: [" + strings.Repeat("{name: a},", n) + "]\n" },
		"one text": func(n int) string { return "schema_version: 1\nconfig:\n  a: \"" + strings.Repeat("x y ", n) + "\"\n" },
		"comments": func(n int) string {
			return "nodes:\n" + strings.Repeat("  # c\n", n) + "  - name: a\n" + strings.Repeat("    # c\n", n)
		},
		"same name": func(n int) string { return "nodes:\n" + strings.Repeat("- {name: a, parent: a}\n", n) },
		"wide map":  func(n int) string { return wide(n) },
		"levels": func(n int) string {
			return "levels:\n" + strings.Repeat("- {name: a, vm_preset: small}\n", n)
		},
	} {
		start := time.Now()
		convert.File(source.NewFile("manifests/m.yaml", []byte(text(5_000))), convert.Options{})
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s takes %s", name, took)
		} else {
			t.Log(name, took)
		}
	}
}

func wide(n int) string {
	var b strings.Builder
	b.WriteString("nodes:\n- name: a\n  network:\n")
	for i := range n {
		fmt.Fprintf(&b, "    k%d: %d # c\n", i, i)
	}
	return b.String()
}
