package seed

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeImpossible diag.Code = "HS0955" // a seed cannot be made of these values
	codeNotSeed    diag.Code = "HS0956" // a disk is not a readable seed
)

// Build makes the disk of a seed: a valid ISO9660 volume whose length is a
// multiple of 512. The same Seed gives the same bytes.
func Build(s Seed) ([]byte, error) {
	files, err := Render(s)
	if err != nil {
		return nil, err
	}
	return Image(files)
}

// Render makes the files of a seed without the disk around them.
func Render(s Seed) (*Files, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	network := s.networkConfig()
	meta := s.metaData()
	return &Files{UserData: s.userData(meta, network), MetaData: meta, NetworkConfig: network}, nil
}

func (s *Seed) check() error {
	bad := func(format string, args ...any) error {
		return codeImpossible.Errorf("the seed of %q: "+format, append([]any{s.Hostname}, args...)...)
	}
	if s.Hostname == "" || strings.ContainsAny(s.Hostname, ". ") {
		return bad("the host name is not a single label")
	}
	if s.Instance == "" {
		return bad("there is no instance id")
	}
	if _, err := net.ParseMAC(s.MAC); err != nil {
		return bad("%q is not a MAC address", s.MAC)
	}
	if s.IP != "dhcp" {
		if _, err := netip.ParsePrefix(s.IP); err != nil {
			return bad("%q is neither dhcp nor an address with its prefix length", s.IP)
		}
	}
	for _, a := range append([]string{s.Gateway}, s.DNS...) {
		if _, err := netip.ParseAddr(a); a != "" && err != nil {
			return bad("%q is not an address", a)
		}
	}
	if oneLine(s.UserCA) == "" || oneLine(s.HostCert) == "" || len(bytes.TrimSpace(s.HostKeyPEM)) == 0 {
		return bad("it needs the user CA, a host key and its certificate, one line each")
	}
	for _, text := range []string{s.Instance, s.Hostname, s.Domain, oneLine(s.UserCA), oneLine(s.HostCert), strings.ReplaceAll(string(s.HostKeyPEM), "\n", "")} {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			return bad("a value holds characters that are not printable ASCII")
		}
	}
	return nil
}

// oneLine trims a key file to its only line; "" when it has several.
func oneLine(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "\n") {
		return ""
	}
	return s
}

func (s *Seed) fqdn() string {
	if s.Domain == "" {
		return s.Hostname
	}
	return s.Hostname + "." + s.Domain
}

func (s *Seed) metaData() []byte {
	return fmt.Appendf(nil, "instance-id: %s\nlocal-hostname: %s\n", quote(s.Instance), quote(s.Hostname))
}

// networkConfig names the interface eth0: a renderer that knows no match by
// MAC (ifupdown) configures interfaces by name.
func (s *Seed) networkConfig() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version: 2\nethernets:\n  eth0:\n    match:\n      macaddress: %s\n    set-name: eth0\n", quote(strings.ToLower(s.MAC)))
	if s.IP == "dhcp" {
		b.WriteString("    dhcp4: true\n")
	} else {
		fmt.Fprintf(&b, "    addresses:\n      - %s\n", quote(s.IP))
		if s.Gateway != "" {
			to := "0.0.0.0/0"
			if gw, err := netip.ParseAddr(s.Gateway); err == nil && gw.Is6() {
				to = "::/0"
			}
			fmt.Fprintf(&b, "    routes:\n      - to: %s\n        via: %s\n", quote(to), quote(s.Gateway))
		}
	}
	if len(s.DNS) > 0 || s.Domain != "" {
		b.WriteString("    nameservers:\n")
		list(&b, "addresses", s.DNS)
		if s.Domain != "" {
			list(&b, "search", []string{s.Domain})
		}
	}
	return b.Bytes()
}

func list(b *bytes.Buffer, name string, items []string) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "      %s:\n", name)
	for _, it := range items {
		fmt.Fprintf(b, "        - %s\n", quote(it))
	}
}

// quote makes a YAML double-quoted scalar of printable ASCII.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
