package cli

import (
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/source"
)

// Pins go into an entry, and everything else in it stays as it was.
func TestPinEntry(t *testing.T) {
	one, two := []string{"AA:1"}, []string{"AA:1", "BB:2", "CC:3"}
	for _, c := range []struct {
		name, in string
		prints   []string
		out      string // "" = not edited
	}{
		{"x.yaml", "endpoint: https://a # first\nnode: b\n", one, "endpoint: https://a # first\nfingerprint: \"AA:1\"\nnode: b\n"},
		{"x.yaml", "node: b\nendpoint: https://a", one, "node: b\nendpoint: https://a\nfingerprint: \"AA:1\""},
		{"x.yaml", "# mine\nip: 192.0.2.1\nendpoints:\n  - https://a\n", two,
			"# mine\nip: 192.0.2.1\nfingerprint: \"AA:1\"\nfingerprints: [\"BB:2\", \"CC:3\"]\nendpoints:\n  - https://a\n"},
		{"x.yaml", "endpoint: https://a\nfingerprint: \"DD\" # old\nnode: b\n", one, "endpoint: https://a\nfingerprint: \"AA:1\" # old\nnode: b\n"},
		{"x.yaml", "fingerprint: DD\nendpoint: https://a\nfingerprints:\n  - EE\n", two,
			"fingerprint: \"AA:1\"\nendpoint: https://a\nfingerprints:\n  [\"BB:2\", \"CC:3\"]\n"},
		{"x.yaml", "fingerprints: [DD, EE]\nendpoint: https://a\n", one, "fingerprints: []\nendpoint: https://a\nfingerprint: \"AA:1\"\n"},
		{"x.hcl", "host \"x\" {\n  endpoint = \"https://a\"  // one\n}\n", two,
			"host \"x\" {\n  endpoint = \"https://a\"  // one\n  fingerprint = \"AA:1\"\n  fingerprints = [\"BB:2\", \"CC:3\"]\n}\n"},
		{"x.hcl", "host \"y\" {\n  ip = \"a\"\n}\nhost \"x\" {\n\tfingerprint = \"DD\"\n}\n", one,
			"host \"y\" {\n  ip = \"a\"\n}\nhost \"x\" {\n\tfingerprint = \"AA:1\"\n}\n"},
		{"x.yaml", "{endpoint: \"https://a\", node: b}\n", one, ""},
		{"x.yaml", "endpoints: [https://a]\n", one, ""},
		{"x.yaml", "[1]\n", one, ""},
		{"x.yaml", "a: [\n", one, ""},
		{"x.hcl", "host \"x\" { endpoint = \"https://a\" }\n", one, ""},
		{"x.hcl", "host \"y\" {\n  ip = \"a\"\n}\n", one, ""},
	} {
		got, ok := pinEntry(source.NewFile("hosts/"+c.name, []byte(c.in)), "x", c.prints)
		if ok != (c.out != "") || string(got) != c.out {
			t.Errorf("%q:\n%s", c.in, strings.ReplaceAll(string(got), "\n", "\n  "))
		}
	}
}
