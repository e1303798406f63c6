package compiler_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler"
)

// What multiplies is counted before it is made: a line of text must not cost
// gigabytes.
func TestRelationsAreCountedBeforeTheyAreMade(t *testing.T) {
	yaml := func(nodes string) string { return "schema_version: 2\nnodes: " + nodes }
	hcl := func(body string) string {
		return "manifest \"m\" {\n  node \"a\" {\n    count = 100000\n    " + body + "\n  }\n}\n"
	}
	for _, c := range []struct {
		file, text string
		want       string
	}{
		{"m.yaml", yaml("[{name: a, count: 60000}, {name: b, count: 60000, depends_on: [a]}]"), "HS0415"},
		{"m.yaml", yaml("[{name: a, count: 60000}, {name: b, count: 60000, depends_on: [{node: a}]}]"), "HS0415"},
		{"m.yaml", yaml(`[{name: a, count: 100000, peers: ["a-*"]}]`), "HS0415"},
		{"m.yaml", yaml(`[{name: a, count: 100000, peers: [a]}]`), "HS0415"},
		{"m.yaml", yaml(`[{name: a, count: 2000, peers: ["x*", "y*", "b-1*"]}, {name: b, count: 2000}]`), "HS0415"},
		{"m.yaml", yaml(`[{name: a, count: 100000, peers: ["` + strings.Repeat("[a-z]", 50) + `", "?", "*` + strings.Repeat("a*", 60) + `b"]}]`), "HS0217 HS0217 HS0217"},
		{"m.yaml", yaml(`[{name: a, count: 1000, peers: [` + manyGlobs(30_000) + `]}]`), "HS0415"},
		{"m.hcl", hcl(`peers = ["a-*"]`), "HS0415"},
		{"m.hcl", hcl(`depends_on = [node.a]`), "HS0415"},
	} {
		s, _ := compiler.Load(siteFiles(map[string]string{"manifests/" + c.file: c.text}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, list := compiler.Compile(s, compiler.Options{Manifest: "m"})
		runtime.ReadMemStats(&after)
		used := (after.TotalAlloc - before.TotalAlloc) >> 20
		if codes(list) != c.want || used > 300 {
			t.Errorf("%.100s: %d MiB, %.300v", c.text, used, list)
		}
	}
}

func manyGlobs(n int) string {
	globs := make([]string, n)
	for i := range globs {
		globs[i] = fmt.Sprintf("a*%d", i)
	}
	return strings.Join(globs, ", ")
}

// Globs that match few nodes are no reason to refuse many nodes.
func TestManyNodesMayHaveGlobs(t *testing.T) {
	var b strings.Builder
	b.WriteString("schema_version: 2\nnodes:\n")
	for site := range 1000 {
		fmt.Fprintf(&b, "- {name: site-%d-n, count: 10, peers: [\"site-%d-*\"]}\n", site, site)
	}
	s, _ := compiler.Load(siteFiles(map[string]string{"manifests/m.yaml": b.String()}))
	d, list := compiler.Compile(s, compiler.Options{Manifest: "m"})
	if d == nil || len(d.Nodes) != 10_000 || len(d.Edges) != 45_000 {
		t.Errorf("%v", list)
	}
}
