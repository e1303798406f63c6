package sim

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// networkV1 is the part of network configuration version 1 that Proxmox VE
// writes.
type networkV1 struct {
	Version int       `yaml:"version"`
	Config  []entryV1 `yaml:"config"`
}

type entryV1 struct {
	Type    string     `yaml:"type"`
	Name    string     `yaml:"name"`
	MAC     string     `yaml:"mac_address"`
	Subnets []subnetV1 `yaml:"subnets"`
	Address []string   `yaml:"address"`
	Search  []string   `yaml:"search"`
}

type subnetV1 struct {
	Type    string `yaml:"type"`
	Address string `yaml:"address"`
	Netmask string `yaml:"netmask"`
	Gateway string `yaml:"gateway"`
}

// isNetworkV1 reports whether a network configuration is of version 1.
func isNetworkV1(text []byte) bool {
	var n struct {
		Version int `yaml:"version"`
	}
	return yaml.Unmarshal(text, &n) == nil && n.Version == 1
}

// renderV1 is a configuration of version 1 as netplan has it, which is what
// cloud-init makes of it on Debian.
func renderV1(text []byte) ([]byte, error) {
	var n networkV1
	if err := yaml.Load(text, &n, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("network-config: %s", oneLine(err))
	}
	var servers, search []string
	for _, e := range n.Config {
		if e.Type == "nameserver" {
			servers, search = append(servers, e.Address...), append(search, e.Search...)
		}
	}
	var b strings.Builder
	b.WriteString("network:\n  version: 2\n  ethernets:\n")
	for _, e := range n.Config {
		switch e.Type {
		case "nameserver":
			continue
		case "physical":
		default:
			return nil, fmt.Errorf("network-config: the lab's machines do not know the type %q", e.Type)
		}
		if err := e.render(&b, servers, search); err != nil {
			return nil, err
		}
	}
	return []byte(b.String()), nil
}

func (e entryV1) render(b *strings.Builder, servers, search []string) error {
	fmt.Fprintf(b, "    %s:\n      match:\n        macaddress: %s\n      set-name: %s\n",
		strconv.Quote(e.Name), strconv.Quote(e.MAC), strconv.Quote(e.Name))
	var addresses, routes []string
	for _, s := range e.Subnets {
		switch s.Type {
		case "dhcp", "dhcp4":
			b.WriteString("      dhcp4: true\n")
		case "dhcp6":
			b.WriteString("      dhcp6: true\n")
		case "ipv6_slaac":
		case "static", "static6":
			p, err := s.prefix()
			if err != nil {
				return fmt.Errorf("network-config: %s: %w", e.Name, err)
			}
			addresses = append(addresses, strconv.Quote(p.String()))
			if s.Gateway != "" {
				to := "0.0.0.0/0"
				if p.Addr().Is6() {
					to = "::/0"
				}
				routes = append(routes, fmt.Sprintf("{to: %q, via: %q}", to, s.Gateway))
			}
		default:
			return fmt.Errorf("network-config: %s: the lab's machines do not know subnets of type %q", e.Name, s.Type)
		}
	}
	list := func(key string, items []string) {
		if len(items) > 0 {
			fmt.Fprintf(b, "      %s: [%s]\n", key, strings.Join(items, ", "))
		}
	}
	list("addresses", addresses)
	list("routes", routes)
	if len(servers)+len(search) > 0 {
		fmt.Fprintf(b, "      nameservers: {addresses: [%s], search: [%s]}\n", quoted(servers), quoted(search))
	}
	return nil
}

func quoted(items []string) string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = strconv.Quote(item)
	}
	return strings.Join(out, ", ")
}

// prefix is an address with its length, which may be a netmask of its own.
func (s subnetV1) prefix() (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s.Address); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(s.Address)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an address", s.Address)
	}
	mask := net.ParseIP(s.Netmask)
	ones, bits := net.IPMask(mask.To4()).Size()
	if bits != 32 || !a.Is4() {
		return netip.Prefix{}, fmt.Errorf("%q is not a netmask of %s", s.Netmask, s.Address)
	}
	return netip.PrefixFrom(a, ones), nil
}
