package format

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/source"
)

// manifests are a manifest of n nodes as it should be written, by syntax.
func manifests(n int) map[string][]byte {
	var y, h strings.Builder
	y.WriteString("schema_version: 2\nname: bench\nnodes:\n")
	h.WriteString("manifest \"bench\" {\n  pattern = \"flat\"\n")
	for i := range n {
		fmt.Fprintf(&y, "  - name: node-%d  # %d\n    type: vm\n    preset: vm-small\n    image: debian-12\n    vmid: %d\n    tags: [bench, \"n%d\"]\n\n", i, i, 100000+i, i)
		fmt.Fprintf(&h, "\n  node \"node-%d\" {\n    type   = \"vm\" # %d\n    preset = preset.vm-small\n    image  = image.debian-12\n    vmid   = %d\n    tags   = [\"bench\", \"n%d\"]\n  }\n", i, i, 100000+i, i)
	}
	h.WriteString("}\n")
	return map[string][]byte{"m.yaml": []byte(strings.TrimSuffix(y.String(), "\n")), "m.hcl": []byte(h.String())}
}

func BenchmarkSource(b *testing.B) {
	for _, name := range []string{"m.yaml", "m.hcl"} {
		for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
			text := manifests(n)[name]
			b.Run(fmt.Sprintf("%s/%d", name[2:], n), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					out, l := Source(source.NewFile(name, text))
					if len(l) > 0 || !bytes.Equal(out, text) {
						b.Fatal(l)
					}
				}
			})
		}
	}
}
