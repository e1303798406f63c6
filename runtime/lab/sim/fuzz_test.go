package sim

import (
	"strings"
	"testing"
)

// FuzzCloudInit reads arbitrary seeds: whatever they hold, an error is one line.
func FuzzCloudInit(f *testing.F) {
	f.Add([]byte("#cloud-config\nhostname: a\nusers:\n  - {name: x, groups: [sudo], sudo: false}\nruncmd: [ls, [ls]]\nwrite_files: [{path: /a, content: b, encoding: b64}]\n"))
	f.Add([]byte("version: 2\nethernets: {e: {match: {macaddress: 'aa:bb'}, addresses: [10.0.0.1/8], dhcp4: true}}\n"))
	f.Add([]byte("instance-id: x\nlocal-hostname: y\n"))
	f.Add([]byte("#cloud-config\na: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range []func([]byte) error{
			func(b []byte) error { _, err := parseUserData(b); return err },
			func(b []byte) error { _, err := parseMetaData(b); return err },
			func(b []byte) error {
				n, err := parseNetplan(b)
				n.of("aa:bb", "ens18")
				return err
			},
		} {
			if err := parse(text); err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
		}
	})
}
