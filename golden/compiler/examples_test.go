package compiler_test

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/compiler"
)

// The homelab in YAML and the homelab in HCL are one site: same identity, same
// machines, same digests, and nothing to warn about.
func TestHomelabIsTheSameInBothSyntaxes(t *testing.T) {
	var digests []map[string]string
	var dumps []map[string]string
	for _, dir := range []string{"../../examples/homelab", "../../examples/homelab-hcl"} {
		s, list := compiler.Load(os.DirFS(dir))
		if list = append(list, s.Check()...); len(list) != 0 {
			t.Fatalf("%s: %v", dir, list)
		}
		if want := []string{"n1-push", "n2-push", "n3-deep", "workers"}; !slices.Equal(s.Manifests(), want) {
			t.Fatalf("%s has manifests %v", dir, s.Manifests())
		}
		digest, dump := map[string]string{}, map[string]string{}
		for _, name := range s.Manifests() {
			d, list := compiler.Compile(s, compiler.Options{Manifest: name})
			if d == nil {
				t.Fatalf("%s: %s: %v", dir, name, list)
			}
			digest[name], dump[name] = d.Digest(), values(d)
		}
		digests, dumps = append(digests, digest), append(dumps, dump)
	}
	if diff := cmp.Diff(digests[0], digests[1]); diff != "" {
		t.Errorf("digests differ:\n%s\n%s", diff, cmp.Diff(dumps[0], dumps[1]))
	}
}

// A variable changes what its manifest makes.
func TestHomelabWithMoreWorkers(t *testing.T) {
	s, _ := compiler.Load(os.DirFS("../../examples/homelab-hcl"))
	d, list := compiler.Compile(s, compiler.Options{Manifest: "workers", Vars: map[string]string{"workers": "7"}})
	if d == nil || len(d.Nodes) != 8 {
		t.Errorf("%v", list)
	}
}
