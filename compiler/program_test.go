package compiler_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/plan/program/lower"
)

// Whatever compiles has a program: plan/program refuses nothing that the
// compiler let pass, where there is a position to point at.
func TestWhatCompilesHasAProgram(t *testing.T) {
	words := []string{
		"a", "A", "a b", "-a", "_a", "a_", ".a", "a.", "a+b", "a:b", "a:amd64", "a@b", "a@b.service", `a\b`, "a/b", "1a", "é", "a\tb",
		"root", "ssh", "sshd", "ssh.service", "sshd.service", "ssh.socket", "homestak-driver", "UTC", "Europe/Berlin", "Europe//Berlin", "/UTC", "GMT+1", "Etc/GMT-14",
		"ssh_keys.k", "ssh_keys.a b", strings.Repeat("a", 32), strings.Repeat("a", 33), strings.Repeat("a", 63), strings.Repeat("a", 64),
		strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("a", 300), strings.Repeat("a.", 126) + "a", strings.Repeat("a.", 127) + "a",
	}
	fields := []string{
		"identity: {hostname: %q}", "identity: {domain: %q}", "config: {timezone: %q}", "access: {users: [{name: %q}]}",
		"access: {users: [{name: u, ssh_keys: [%q]}]}", "platform: {packages: [%q]}", "platform: {services: {enable: [%q]}}", "platform: {services: {disable: [%q]}}",
	}
	site := []string{"{domain: %q}", "{timezone: %q}", "{vm_user: %q}", "{packages: [%q]}"}
	check := func(what string, files map[string]string) {
		files["manifests/m.yaml"] = "schema_version: 2\nnodes: [{name: n, spec: s}]"
		s, list := compiler.Load(siteFiles(files))
		d, more := compiler.Compile(s, compiler.Options{Manifest: "m"})
		if list.HasErrors() || d == nil {
			for _, e := range append(list, more...) {
				if e.Severity == diag.Error && e.Range.IsZero() {
					t.Errorf("%.200s: no position: %v", what, e)
				}
			}
			return
		}
		if _, err := program.Encode(lower.Node(d, 0)); err != nil {
			t.Errorf("%.200s compiles: %v", what, err)
		}
	}
	for _, w := range words {
		for _, f := range fields {
			spec := fmt.Sprintf("schema_version: 1\n"+f, w)
			check(spec, map[string]string{"specs/s.yaml": spec})
			// Names of keys are not known here, so all of them could exist.
			check(spec, map[string]string{"specs/s.yaml": spec, "secrets.yaml.age": "x"})
		}
		for _, f := range site {
			text := "site_id: " + uuid + "\ndefaults: " + fmt.Sprintf(f, w)
			check(text, map[string]string{"specs/s.yaml": "schema_version: 1", "site.yaml": text})
		}
		secrets, lock := fmt.Sprintf("ssh_keys: {%q: ssh-rsa AAAA}", w), fmt.Sprintf("%q: x", "ssh_keys."+w)
		spec := "schema_version: 1\naccess: {users: [{name: u}]}"
		check(secrets, map[string]string{"specs/s.yaml": spec, "secrets.yaml": secrets})
		check(lock, map[string]string{"specs/s.yaml": spec, "secrets.yaml.age": "x", "secrets.lock": lock})
	}
}

// The bounds of programs are found when compiling, exactly.
func TestSpecsThatDoNotFit(t *testing.T) {
	list := func(n int, format string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(items, ", ")
	}
	long := strings.Repeat("k", 200)
	for _, c := range []struct {
		spec, secrets string
		fits          bool
	}{
		{"platform: {packages: [" + list(4000, "p%d") + "]}", "", true},
		{"platform: {packages: [" + list(4096, "p%d") + "]}", "", false},
		{"access: {users: [" + list(1000, "{name: u%d}") + "]}", "", true},
		{"access: {users: [" + list(1025, "{name: u%d}") + "]}", "", false},
		{"access: {users: [{name: a}]}", list(1023, "k%d: ssh-rsa AAAA"), true},
		{"access: {users: [{name: a}]}", list(1024, "k%d: ssh-rsa AAAA"), false},
		{"access: {users: [" + list(20, "{name: u%d}") + "]}", list(1000, long+"%d: ssh-rsa AAAA"), false},
	} {
		files := map[string]string{
			"specs/s.yaml": "schema_version: 1\n" + c.spec, "secrets.yaml": "ssh_keys: {" + c.secrets + "}",
			"manifests/m.yaml": "schema_version: 2\nnodes: [{name: n, spec: s}]",
		}
		s, _ := compiler.Load(siteFiles(files))
		d, found := compiler.Compile(s, compiler.Options{Manifest: "m"})
		switch {
		case c.fits && d == nil, !c.fits && codes(found) != "HS0422":
			t.Errorf("%.60s: %.200v", c.spec, found)
		case c.fits:
			if _, err := program.Encode(lower.Node(d, 0)); err != nil {
				t.Errorf("%.60s: %v", c.spec, err)
			}
		}
	}
}
