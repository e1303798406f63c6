package compiler_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/compiler"
)

// drawn is a random forest with dependencies: node i may only relate to nodes
// before it, so there are no circles.
type drawn struct {
	name, fields string
}

func drawForest(t *rapid.T) []drawn {
	n := rapid.IntRange(1, 12).Draw(t, "nodes")
	var nodes []drawn
	hosts := []string{}
	for i := range n {
		d := drawn{name: fmt.Sprintf("n%d", i)}
		fields := []string{"name: " + d.name}
		if rapid.Bool().Draw(t, "host") {
			fields = append(fields, "type: pve")
		}
		if len(hosts) > 0 && rapid.Bool().Draw(t, "child") {
			fields = append(fields, "parent: "+rapid.SampledFrom(hosts).Draw(t, "parent"))
		}
		if i > 0 && rapid.Bool().Draw(t, "waits") {
			fields = append(fields, fmt.Sprintf("depends_on: [n%d]", rapid.IntRange(0, i-1).Draw(t, "for")))
		}
		if i > 0 && rapid.Bool().Draw(t, "knows") {
			fields = append(fields, fmt.Sprintf("peers: [n%d]", rapid.IntRange(0, i-1).Draw(t, "peer")))
		}
		if rapid.Bool().Draw(t, "sized") {
			fields = append(fields, fmt.Sprintf("disk: %d", rapid.IntRange(10, 99).Draw(t, "disk")))
		}
		if fields[len(fields)-1] == "type: pve" {
			hosts = append(hosts, d.name)
		}
		d.fields = strings.Join(fields, "\x00")
		nodes = append(nodes, d)
	}
	return nodes
}

func manifestText(nodes []drawn, shuffle *rand.Rand) string {
	order := make([]int, len(nodes))
	for i := range order {
		order[i] = i
	}
	if shuffle != nil {
		shuffle.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	var b strings.Builder
	b.WriteString("schema_version: 2\nnodes:\n")
	for _, i := range order {
		fields := strings.Split(nodes[i].fields, "\x00")
		if shuffle != nil {
			shuffle.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
			b.WriteString("  # a comment\n\n")
		}
		b.WriteString("  - {" + strings.Join(fields, ", ") + "}\n")
	}
	return b.String()
}

// The order of nodes and of keys, and comments, mean nothing: same digest. And
// the deployment keeps its promises about order.
func TestOrderMeansNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes := drawForest(t)
		seed := rapid.Uint64().Draw(t, "seed")
		var digests []string
		for _, shuffle := range []*rand.Rand{nil, rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))} {
			text := manifestText(nodes, shuffle)
			s, _ := compiler.Load(siteFiles(map[string]string{"manifests/m.yaml": text}))
			d, list := compiler.Compile(s, compiler.Options{Manifest: "m"})
			if d == nil {
				// A child that waits for its own descendant's sibling can still be
				// a circle through parents; it must be one in every order.
				digests = append(digests, codes(list))
				continue
			}
			digests = append(digests, d.Digest())
			for i := range d.Nodes {
				if p := d.Nodes[i].Parent; p >= i {
					t.Fatalf("node %d has parent %d", i, p)
				}
				if i > 0 && d.Nodes[i].Parent == d.Nodes[i-1].Parent && d.Nodes[i].Name <= d.Nodes[i-1].Name {
					t.Fatalf("siblings out of order: %s, %s", d.Nodes[i-1].Name, d.Nodes[i].Name)
				}
			}
			for i := 1; i < len(d.Edges); i++ {
				a, b := d.Edges[i-1], d.Edges[i]
				if a.Kind > b.Kind || a.Kind == b.Kind && (a.From > b.From || a.From == b.From && a.To >= b.To) {
					t.Fatalf("edges out of order: %v, %v", a, b)
				}
			}
		}
		if digests[0] != digests[1] || digests[0] != digests[2] {
			t.Fatalf("three orders give %v", digests)
		}
	})
}

// Whatever the text, compiling ends with a deployment or with errors that have
// codes, twice the same.
func FuzzCompile(f *testing.F) {
	f.Add("schema_version: 2\nnodes: [{name: a, count: 2, peers: ['*']}]", "")
	f.Add("schema_version: 2\nnodes: [{name: a, parent: b}, {name: b, parent: a}]", "manifest \"h\" {\n node \"a\" {\n count = 2\n }\n}")
	f.Add("", "variable \"n\" {\n default = 2\n}\nlocals {\n a = var.n\n}\nmanifest \"h\" {\n node \"a\" {\n vmid = 1000 + local.a\n node \"b\" {}\n }\n}")
	f.Fuzz(func(t *testing.T, yaml, hcl string) {
		files := map[string]string{"manifests/m.yaml": yaml, "manifests/h.hcl": hcl, "specs/m.yaml": yaml, "hosts/m.yaml": yaml, "secrets.yaml": yaml}
		var results [2]string
		for i := range results {
			s, list := compiler.Load(siteFiles(files))
			list = append(list, s.Check()...)
			for _, name := range s.Manifests() {
				d, more := compiler.Compile(s, compiler.Options{Manifest: name})
				if (d == nil) != more.HasErrors() {
					t.Fatalf("%s: a deployment is %t, errors are %v", name, d != nil, more)
				}
				if d != nil {
					results[i] += d.Digest()
					_ = d.Dump()
				}
			}
			for _, d := range list {
				if d.Code == "" || d.Message == "" {
					t.Fatalf("a finding without code or message: %+v", d)
				}
			}
			results[i] += list.Error()
		}
		if results[0] != results[1] {
			t.Fatalf("two runs differ:\n%s\n%s", results[0], results[1])
		}
	})
}
