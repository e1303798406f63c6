package compiler_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/ir"
)

// compileText compiles manifest m of some files.
func compileText(files map[string]string) (*ir.Deployment, string) {
	s, list := compiler.Load(siteFiles(files))
	d, more := compiler.Compile(s, compiler.Options{Manifest: "m"})
	return d, codes(append(list, more...))
}

// A number of like nodes is what is there when they are written out.
func TestCountIsWrittenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outer, inner := rapid.IntRange(0, 3).Draw(t, "hosts"), rapid.IntRange(0, 3).Draw(t, "guests")
		cores := rapid.IntRange(1, 8).Draw(t, "cores")
		counted := fmt.Sprintf(`manifest "m" {
  node "dns" {}
  node "host" {
    type = "pve"
    count = %d
    node "db" {}
    node "web" {
      count = %d
      cores = %d + count.index
      depends_on = ["db", "dns"]
    }
  }
}`, outer, inner, cores)
		var b strings.Builder
		b.WriteString("schema_version: 2\nnodes:\n- {name: dns}\n")
		for i := 1; i <= outer; i++ {
			fmt.Fprintf(&b, "- {name: host-%d, type: pve}\n- {name: db-%d, parent: host-%d}\n", i, i, i)
			for k := 1; k <= inner; k++ {
				fmt.Fprintf(&b, "- {name: web-%d-%d, parent: host-%d, cores: %d, depends_on: [db-%d, dns]}\n", i, k, i, cores+k-1, i)
			}
		}
		same(t, map[string]string{"manifests/m.hcl": counted}, map[string]string{"manifests/m.yaml": b.String()})
	})
}

// same compares what two sites mean.
func same(t *rapid.T, a, b map[string]string) {
	x, found := compileText(a)
	y, also := compileText(b)
	if x == nil || y == nil || x.Digest() != y.Digest() {
		t.Fatalf("%s, %s:\n%v\n%v", found, also, a, b)
	}
}

// The order in which keys are written means nothing, and neither does whether
// they are data or computed.
func TestForEachIsWrittenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9]{0,4}`), 1, 6, rapid.ID).Draw(t, "keys")
		var entries, plain []string
		for i, k := range keys {
			entries = append(entries, fmt.Sprintf("%s = %d", k, i+1))
			plain = append(plain, fmt.Sprintf("- {name: n-%s, cores: %d, peers: [\"n-*\"]}\n", k, i+1))
		}
		written := "schema_version: 2\nnodes:\n" + strings.Join(plain, "")
		shuffled := rapid.Permutation(entries).Draw(t, "order")
		each := "manifest \"m\" {\n  node \"n\" {\n    for_each = {\n" + strings.Join(shuffled, "\n") +
			"\n}\n    cores = each.value\n    peers = [\"n-*\"]\n  }\n}\n"
		same(t, map[string]string{"manifests/m.hcl": each}, map[string]string{"manifests/m.yaml": written})

		list := rapid.Permutation(keys).Draw(t, "list")
		data := "schema_version: 2\nnodes: [{name: n, for_each: [" + strings.Join(list, ", ") + "]}]\n"
		slices.Sort(list)
		computed := "manifest \"m\" {\n  node \"n\" {\n    for_each = [for k in split(\",\", \"" + strings.Join(list, ",") + "\") : k]\n  }\n}\n"
		same(t, map[string]string{"manifests/m.yaml": data}, map[string]string{"manifests/m.hcl": computed})
	})
}

// A module is its nodes written out with longer names.
func TestModulesAreWrittenOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times, webs := rapid.IntRange(0, 3).Draw(t, "times"), rapid.IntRange(0, 3).Draw(t, "webs")
		module := "variable \"webs\" {\n  type = number\n}\nnode \"host\" {\n  type = \"pve\"\n  node \"db\" {}\n}\n" +
			"node \"web\" {\n  count = var.webs\n  depends_on = [node.db]\n  peers = [\"web-*\"]\n}\n"
		used := fmt.Sprintf("manifest \"m\" {\n  node \"dns\" {}\n  module \"x\" {\n    source = \"./modules/x.hcl\"\n    count = %d\n    webs = %d\n    depends_on = [node.dns]\n  }\n}\n", times, webs)
		var b strings.Builder
		b.WriteString("schema_version: 2\nnodes:\n- {name: dns}\n")
		for i := 1; i <= times; i++ {
			fmt.Fprintf(&b, "- {name: x-%d-host, type: pve, depends_on: [dns]}\n- {name: x-%d-db, parent: x-%d-host}\n", i, i, i)
			for k := 1; k <= webs; k++ {
				fmt.Fprintf(&b, "- {name: x-%d-web-%d, depends_on: [x-%d-db, dns], peers: [\"x-%d-web-*\"]}\n", i, k, i, i)
			}
		}
		same(t, map[string]string{"manifests/m.hcl": used, "manifests/modules/x.hcl": module}, map[string]string{"manifests/m.yaml": b.String()})
	})
}

// Names reach into instances as far as they say.
func TestNamesOfInstances(t *testing.T) {
	const nodes = `schema_version: 2
nodes:
- name: h
  type: pve
  count: 2
  nodes:
  - {name: w, count: 2}
  - {name: v, depends_on: [%[1]s]}
- {name: out, depends_on: [%[2]s]}
`
	for _, c := range []struct {
		inside, outside string
		edges           int // of depends_on
		codes           string
	}{
		{"w", "w", 2*2 + 4, ""},
		{"w-1", "w-1", 2*1 + 2, ""},
		{"w-2", "w-2-1", 2*1 + 1, ""},
		{"w-1-2", "h", 2*1 + 2, ""},
		{"w-3", "w", 0, "HS0216"},
		{"w", "w-1-3", 0, "HS0216"},
		{"out", "h-1", 2*1 + 1, ""},
	} {
		d, found := compileText(map[string]string{"manifests/m.yaml": fmt.Sprintf(nodes, c.inside, c.outside)})
		n := 0
		if d != nil {
			for _, e := range d.Edges {
				if e.Kind == ir.DependsOn {
					n++
				}
			}
		}
		if n != c.edges || found != c.codes {
			t.Errorf("%s, %s: %d edges, %s", c.inside, c.outside, n, found)
		}
	}
}

// What may be there and could not be read is not unknown.
func TestGuessedInstancesAreNotUnknown(t *testing.T) {
	for _, c := range []struct{ nodes, codes string }{
		{"{name: a, count: x}, {name: b, depends_on: [a-7, a]}", "HS0301"},
		{"{name: a, for_each: x}, {name: b, depends_on: [a-x, a]}", "HS0251"},
		{"{name: a, for_each: [X]}, {name: b, depends_on: [a-x, a, b-x]}", "HS0252 HS0216"},
		{"{name: h, type: pve, count: x, nodes: [{name: a}]}, {name: b, depends_on: [a-7, a]}", "HS0301"},
		{"{name: a, count: 1, for_each: [a]}, {name: b, depends_on: [a-a, a-1]}", "HS0250"},
		{"{name: A, count: 1}, {name: b, depends_on: [a-1, c]}", "HS0220"},
	} {
		if _, found := compileText(map[string]string{"manifests/m.yaml": "schema_version: 2\nnodes: [" + c.nodes + "]\n"}); found != c.codes {
			t.Errorf("%s: %s, not %s", c.nodes, found, c.codes)
		}
	}
}

// bounded runs what is hostile within the bounds that everything hostile has.
func bounded(t *testing.T, files map[string]string, want string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	s, list := compiler.Load(siteFiles(files))
	_, more := compiler.Compile(s, compiler.Options{Manifest: "m"})
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	used := (after.TotalAlloc - before.TotalAlloc) >> 20
	found := codes(append(list, more...))
	if !strings.Contains(found, want) || used > 600 || took > 20*time.Second { // many tests run at once
		t.Errorf("%d MiB, %v, %.200s, not %s", used, took, found, want)
	}
	t.Logf("%d MiB, %v, %.100s", used, took, found)
}

// What multiplies without end ends in a finding, and soon.
func TestHostileMultiplication(t *testing.T) {
	hcl := func(body string) map[string]string {
		return map[string]string{"manifests/m.hcl": "manifest \"m\" {\n" + body + "\n}\n"}
	}
	t.Run("many keys in YAML", func(t *testing.T) {
		var b strings.Builder
		for i := range 150_000 {
			fmt.Fprintf(&b, "k%d, ", i)
		}
		bounded(t, map[string]string{"manifests/m.yaml": "schema_version: 2\nnodes: [{name: a, for_each: [" + b.String() + "]}]\n"}, "HS0304")
	})
	t.Run("a million keys computed", func(t *testing.T) {
		bounded(t, hcl("  node \"a\" {\n    for_each = [for i in range(1000000) : \"k${i}\"]\n  }"), "HS0156")
	})
	t.Run("a million keys of modules", func(t *testing.T) {
		files := hcl("  module \"a\" {\n    source = \"stdlib:flat\"\n    for_each = { for i in range(60000) : \"k${i}\" => i }\n  }")
		bounded(t, files, "HS")
	})
	t.Run("counts in counts", func(t *testing.T) {
		bounded(t, hcl("  node \"a\" {\n    type = \"pve\"\n    count = 100000\n    node \"b\" {\n      for_each = [\"x\", \"y\", \"z\"]\n      node \"c\" {\n        count = 100000\n      }\n    }\n  }"), "HS0413")
	})
	t.Run("nothing in much", func(t *testing.T) {
		bounded(t, hcl("  node \"a\" {\n    type = \"pve\"\n    count = 100000\n    node \"b\" {\n      count = 0\n    }\n    node \"c\" {\n      count = 0\n    }\n  }"), "HS0413")
	})
	t.Run("deep", func(t *testing.T) {
		text := ""
		for i := range 60 {
			text += fmt.Sprintf("node \"n%d\" {\ntype = \"pve\"\ncount = 2\n", i)
		}
		bounded(t, hcl(text+strings.Repeat("}\n", 60)), "HS0413")
	})
	t.Run("itself", func(t *testing.T) {
		bounded(t, map[string]string{"manifests/m.yaml": "schema_version: 2\nmodules: [{name: a, source: ./m.yaml, count: 1000}, {name: b, source: ./m.yaml}]\n"}, "HS0259")
	})
	t.Run("a chain", func(t *testing.T) {
		files := map[string]string{"manifests/m.yaml": "schema_version: 2\nmodules: [{name: a, source: ./x/0.yaml}]\n"}
		for i := range 999 {
			files[fmt.Sprintf("manifests/x/%d.yaml", i)] = fmt.Sprintf("modules: [{name: a, source: ./%d.yaml}]\n", i+1)
		}
		bounded(t, files, "HS0260")
	})
	t.Run("twice two of the next", func(t *testing.T) {
		files := map[string]string{"manifests/m.yaml": "schema_version: 2\nmodules: [{name: a, source: ./x/0.yaml}]\n"}
		for i := range 15 {
			files[fmt.Sprintf("manifests/x/%d.yaml", i)] = fmt.Sprintf("modules: [{name: a, source: ./%d.yaml, count: 8}]\n", i+1)
		}
		files["manifests/x/15.yaml"] = "nodes: [{name: a, count: 0}]\n"
		bounded(t, files, "HS")
	})
	t.Run("names without end", func(t *testing.T) {
		long := strings.Repeat("a", 1<<20)
		bounded(t, map[string]string{"manifests/m.yaml": "schema_version: 2\nnodes: [{name: h, type: pve, count: 1000, nodes: [{name: " + long + ", count: 100}]}]\n"}, "HS0220")
	})
	t.Run("everybody knows a glob in every module", func(t *testing.T) {
		files := map[string]string{"manifests/m.yaml": "schema_version: 2\nmodules: [{name: a, source: ./x.yaml, count: 300}]\n",
			"manifests/x.yaml": "nodes: [{name: a, count: 300, peers: [\"a-*\", \"?-*1\", \"a*2\"]}]\n"}
		bounded(t, files, "HS0415")
	})
	t.Run("a module for each of many", func(t *testing.T) {
		files := hcl("  node \"h\" {\n    type = \"pve\"\n    count = 50000\n    module \"x\" {\n      source = \"stdlib:flat\"\n      machines = 1\n    }\n  }")
		bounded(t, files, "HS")
	})
}
