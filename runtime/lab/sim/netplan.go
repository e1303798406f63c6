package sim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// netplanPath is where cloud-init leaves the network configuration, and where
// every boot reads it.
const netplanPath = "/etc/netplan/50-cloud-init.yaml"

// netplan is the part of network configuration version 2 that the lab's
// machines follow.
type netplan struct {
	Version   int                 `yaml:"version"`
	Ethernets map[string]ethernet `yaml:"ethernets"`
}

type ethernet struct {
	Match       match    `yaml:"match"`
	SetName     string   `yaml:"set-name"`
	DHCP4       bool     `yaml:"dhcp4"`
	DHCP6       bool     `yaml:"dhcp6"`
	Addresses   []string `yaml:"addresses"`
	Gateway4    string   `yaml:"gateway4"`
	Routes      []route  `yaml:"routes"`
	Nameservers struct {
		Addresses []string `yaml:"addresses"`
		Search    []string `yaml:"search"`
	} `yaml:"nameservers"`
	Overrides struct {
		UseRoutes *bool `yaml:"use-routes"` // the lab's machines reach what is on their networks
	} `yaml:"dhcp4-overrides"`
	MTU      int   `yaml:"mtu"`
	Optional *bool `yaml:"optional"`
}

type match struct {
	MAC  string `yaml:"macaddress"`
	Name string `yaml:"name"`
}

type route struct {
	To  string `yaml:"to"`
	Via string `yaml:"via"`
}

// parseNetplan reads a network configuration, with or without the outer
// "network" key. Configuration that the lab would not follow is an error.
func parseNetplan(text []byte) (netplan, error) {
	var wrapped struct {
		Network yaml.Node `yaml:"network"`
	}
	if err := yaml.Unmarshal(text, &wrapped); err != nil {
		return netplan{}, fmt.Errorf("network-config is not YAML: %s", oneLine(err))
	}
	if wrapped.Network.Kind != 0 {
		inner, err := yaml.Marshal(&wrapped.Network)
		if err != nil {
			return netplan{}, err
		}
		text = inner
	}
	var n netplan
	if err := yaml.Load(text, &n, yaml.WithKnownFields()); err != nil {
		return netplan{}, fmt.Errorf("network-config: %s", oneLine(err))
	}
	if n.Version != 2 {
		return netplan{}, fmt.Errorf("network-config has version %d; the lab's machines know version 2", n.Version)
	}
	for id, e := range n.Ethernets {
		for _, a := range e.Addresses {
			if _, err := netip.ParsePrefix(a); err != nil {
				return netplan{}, fmt.Errorf("network-config: %s: %q is not an address with its prefix length", id, a)
			}
		}
	}
	return n, nil
}

// oneLine makes a library's error fit in one line of a report.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

// of is the configuration of the interface with that MAC and kernel name, and
// the name it gets. ok is false when the configuration has none for it.
func (n netplan) of(mac, kernel string) (e ethernet, name string, ok bool) {
	ids := make([]string, 0, len(n.Ethernets))
	for id := range n.Ethernets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		e := n.Ethernets[id]
		switch {
		case e.Match.MAC != "":
			ok = strings.EqualFold(e.Match.MAC, mac)
		case e.Match.Name != "":
			ok = e.Match.Name == kernel
		default:
			ok = id == kernel
		}
		if !ok {
			continue
		}
		if name = kernel; e.SetName != "" {
			name = e.SetName
		}
		return e, name, true
	}
	return ethernet{}, kernel, false
}
