package seed

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"regexp"
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
	if s.IP == "" {
		return bad("the first interface has no address and no dhcp")
	}
	for _, n := range append([]Interface{s.first()}, s.Interfaces...) {
		if why := n.check(); why != "" {
			return bad("%s", why)
		}
	}
	if why := s.Extra.check(); why != "" {
		return bad("%s", why)
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

// first is the first interface.
func (s *Seed) first() Interface {
	return Interface{Name: "eth0", MAC: s.MAC, IP: s.IP, Gateway: s.Gateway, DNS: s.DNS}
}

// check says what is wrong with an interface, "" when nothing is.
func (n *Interface) check() string {
	if !interfaceName.MatchString(n.Name) {
		return fmt.Sprintf("%q is no name of an interface", n.Name)
	}
	if _, err := net.ParseMAC(n.MAC); err != nil {
		return fmt.Sprintf("%q is not a MAC address", n.MAC)
	}
	if _, err := netip.ParsePrefix(n.IP); err != nil && n.IP != "dhcp" && n.IP != "" {
		return fmt.Sprintf("%q is neither dhcp nor an address with its prefix length", n.IP)
	}
	for _, a := range append([]string{n.Gateway}, n.DNS...) {
		if _, err := netip.ParseAddr(a); a != "" && err != nil {
			return fmt.Sprintf("%q is not an address", a)
		}
	}
	return ""
}

var interfaceName = regexp.MustCompile(`^[a-z][a-z0-9]{0,14}$`)

// networkConfig names interfaces eth0 and so on: a renderer that knows no match
// by MAC (ifupdown) configures interfaces by name.
func (s *Seed) networkConfig() []byte {
	var b bytes.Buffer
	b.WriteString("version: 2\nethernets:\n")
	first := s.first()
	first.config(&b, s.Domain, true)
	for _, n := range s.Interfaces {
		n.config(&b, "", false)
	}
	return b.Bytes()
}

// config writes one interface. The routes that a server hands out are followed
// on the first one alone, so that a further network takes no traffic that is not
// for it.
func (n *Interface) config(b *bytes.Buffer, domain string, routed bool) {
	fmt.Fprintf(b, "  %s:\n    match:\n      macaddress: %s\n    set-name: %s\n", n.Name, quote(strings.ToLower(n.MAC)), n.Name)
	switch n.IP {
	case "":
		b.WriteString("    dhcp4: false\n")
	case "dhcp":
		b.WriteString("    dhcp4: true\n")
		if !routed {
			b.WriteString("    dhcp4-overrides:\n      use-routes: false\n")
		}
	default:
		fmt.Fprintf(b, "    addresses:\n      - %s\n", quote(n.IP))
		if n.Gateway != "" {
			to := "0.0.0.0/0"
			if gw, err := netip.ParseAddr(n.Gateway); err == nil && gw.Is6() {
				to = "::/0"
			}
			fmt.Fprintf(b, "    routes:\n      - to: %s\n        via: %s\n", quote(to), quote(n.Gateway))
		}
	}
	if len(n.DNS) > 0 || domain != "" {
		b.WriteString("    nameservers:\n")
		list(b, "addresses", n.DNS)
		if domain != "" {
			list(b, "search", []string{domain})
		}
	}
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
