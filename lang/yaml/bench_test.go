package yaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/source"
)

// manifest is a realistic manifest of n nodes, every tenth a parent.
func manifest(n int) []byte {
	var b strings.Builder
	b.WriteString("schema_version: 2\nname: bench\npattern: tiered\nnodes:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - name: node-%d\n    type: vm\n    spec: base\n    preset: vm-small\n    image: debian-12\n    vmid: %d\n", i, 100000+i)
		if i%10 != 0 {
			fmt.Fprintf(&b, "    parent: node-%d\n    tags: [bench, \"n%d\"]\n", i-i%10, i)
		}
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
		text := manifest(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, l := Parse(source.NewFile("a.yaml", text)); len(l) > 0 {
					b.Fatal(l)
				}
			}
		})
	}
}
