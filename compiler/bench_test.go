package compiler_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"testing/fstest"

	"github.com/homestak/homestak/compiler"
)

// manifestOf is a manifest of n nodes as people would write it: every tenth is
// a host and the parent of the next nine.
func manifestOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString("schema_version: 2\nname: big\npattern: tiered\nnodes:\n")
	host := ""
	for i := range n {
		if i%10 == 0 {
			host = fmt.Sprintf("pve-%06d", i)
			fmt.Fprintf(&b, "  - name: %s\n    type: pve\n    spec: pve\n    preset: vm-large\n    image: pve-9\n    disk: 64\n\n", host)
			continue
		}
		fmt.Fprintf(&b, "  - name: node-%06d\n    type: vm\n    spec: base\n    preset: vm-small\n    image: debian-12\n    parent: %s\n\n", i, host)
	}
	return b.Bytes()
}

func bigSite(n int) fstest.MapFS {
	return fstest.MapFS{
		"site.yaml":          {Data: []byte("site_id: 7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e\n")},
		"manifests/big.yaml": {Data: manifestOf(n)},
	}
}

// BenchmarkCompile is text to IR: loading the site, parsing, compiling.
func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{10, 100, 1_000, 10_000, 100_000} {
		site := bigSite(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, list := compiler.Load(site)
				if list.HasErrors() {
					b.Fatal(list)
				}
				d, list := compiler.Compile(s, compiler.Options{Manifest: "big"})
				if d == nil {
					b.Fatal(list)
				}
			}
		})
	}
}

// hclOf is the same shape in HCL, with an expression in every node.
func hclOf(n int) []byte {
	var b bytes.Buffer
	b.WriteString("locals {\n  disk = 8\n}\n\nmanifest \"big\" {\n")
	for i := 0; i < n; i += 10 {
		fmt.Fprintf(&b, "  node \"pve-%06d\" {\n    type   = \"pve\"\n    preset = preset.vm-large\n    disk   = local.disk * 8\n", i)
		for j := i + 1; j < i+10; j++ {
			fmt.Fprintf(&b, "\n    node \"node-%06d\" {\n      spec = spec.base\n      disk = local.disk + 2\n    }\n", j)
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func BenchmarkCompileHCL(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		site := bigSite(0)
		delete(site, "manifests/big.yaml")
		site["big.hcl"] = &fstest.MapFile{Data: hclOf(n)}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, _ := compiler.Load(site)
				if d, list := compiler.Compile(s, compiler.Options{Manifest: "big"}); d == nil {
					b.Fatal(list)
				}
			}
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	s, _ := compiler.Load(bigSite(10_000))
	d, _ := compiler.Compile(s, compiler.Options{Manifest: "big"})
	b.ReportAllocs()
	for b.Loop() {
		d.Digest()
	}
}

// Ten thousand nodes stay within a laptop's spare memory.
func TestMemoryOfTenThousandNodes(t *testing.T) {
	site := bigSite(10_000)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s, _ := compiler.Load(site)
	d, list := compiler.Compile(s, compiler.Options{Manifest: "big"})
	runtime.ReadMemStats(&after)
	if d == nil {
		t.Fatal(list)
	}
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 150 {
		t.Errorf("compiling allocated %d MiB in total, more than 150", used)
	}
}
