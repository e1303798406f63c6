package addr

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	root := New("n3-deep", "root-pve")
	leaf := root.Child("leaf-pve")
	edge := leaf.Child("edge")
	for _, c := range []struct {
		a            Address
		manifest, of string
		parent       Address
		depth        int
	}{
		{root, "n3-deep", "root-pve", "", 1},
		{leaf, "n3-deep", "leaf-pve", root, 2},
		{edge, "n3-deep", "edge", leaf, 3},
	} {
		if c.a.Manifest() != c.manifest || c.a.Name() != c.of || c.a.Parent() != c.parent || c.a.Depth() != c.depth {
			t.Errorf("%s: %s %s %s %d", c.a, c.a.Manifest(), c.a.Name(), c.a.Parent(), c.a.Depth())
		}
		if back, err := Parse(string(c.a)); err != nil || back != c.a {
			t.Errorf("%s parses to %s, %v", c.a, back, err)
		}
	}
	if edge != New("n3-deep", "root-pve", "leaf-pve", "edge") {
		t.Error("New and Child differ")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "a", "/", "a/", "/a", "a//b", "-/b", "a b/c", strings.Repeat("x", 64) + "/a", "a/B", "a/b_c", "a/-b", "a/b-", "a/b/", "a/" + strings.Repeat("x", 64), "a/ü"} {
		if a, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", s, a)
		}
	}
}
