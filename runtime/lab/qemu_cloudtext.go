package lab

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/homestak/homestak/runtime/seed"
)

// cloudUser is the user data that PVE generates.
func cloudUser(vmid uint, config map[string]string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	host := config["name"]
	if host == "" {
		host = "VM" + vmidText(vmid)
	}
	fqdn := host
	if short, _, ok := strings.Cut(host, "."); ok {
		host = short
	} else if domain, _, _ := strings.Cut(strings.TrimSpace(config["searchdomain"]), " "); domain != "" {
		fqdn = host + "." + domain
	}
	line("#cloud-config")
	line("hostname: %s", host)
	line("manage_etc_hosts: true")
	line("fqdn: %s", fqdn)
	user, named := config["ciuser"]
	if named {
		line("user: %s", user)
	}
	if user == "root" {
		line("disable_root: False")
	}
	if password, ok := config["cipassword"]; ok {
		line("password: %s", password)
	}
	if keys, err := url.PathUnescape(config["sshkeys"]); err == nil && strings.TrimSpace(keys) != "" {
		line("ssh_authorized_keys:")
		for key := range strings.Lines(keys) {
			if key = strings.TrimRight(key, "\r\n"); key != "" {
				line("  - %s", key)
			}
		}
	}
	line("chpasswd:\n  expire: False")
	if user != "root" {
		line("users:\n  - default")
	}
	if config["ciupgrade"] != "0" {
		line("package_upgrade: true")
	}
	return b.String()
}

// cloudNetwork is the network configuration that PVE generates, version 1.
func cloudNetwork(config map[string]string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("version: 1\nconfig:")
	for _, slot := range sortedSlots(config) {
		base, n, _ := splitSlot(slot)
		card, ok := nic(slot, config[slot])
		if base != "net" || !ok {
			continue
		}
		line("    - type: physical\n      name: eth%d\n      mac_address: '%s'\n      subnets:", n, strings.ToLower(card.MAC))
		o, err := api().parseObject("ipconfig", slot, config[fmt.Sprint("ipconfig", n)])
		if err != nil {
			continue
		}
		if ip := o["ip"]; ip == "dhcp" {
			line("      - type: dhcp4")
		} else if p, err := netip.ParsePrefix(ip); err == nil {
			mask := net.IP(net.CIDRMask(p.Bits(), 32))
			line("      - type: static\n        address: '%s'\n        netmask: '%s'", p.Addr(), mask)
			if gw := o["gw"]; gw != "" {
				line("        gateway: '%s'", gw)
			}
		}
		switch ip := o["ip6"]; {
		case ip == "dhcp":
			line("      - type: dhcp6")
		case ip == "auto":
			line("      - type: ipv6_slaac")
		case strings.Contains(ip, "/"):
			line("      - type: static6\n        address: '%s'", ip)
			if gw := o["gw6"]; gw != "" {
				line("        gateway: '%s'", gw)
			}
		}
	}
	servers, domains := splitList(config["nameserver"]), splitList(config["searchdomain"])
	if len(servers)+len(domains) > 0 {
		line("    - type: nameserver")
	}
	for i, list := range [][]string{servers, domains} {
		if len(list) > 0 {
			line("      %s:", [...]string{"address", "search"}[i])
		}
		for _, item := range list {
			line("      - '%s'", item)
		}
	}
	return b.String()
}

// cloudMeta makes an instance of what the other files say: a change is a new one.
func cloudMeta(f *seed.Files) string {
	sum := sha1.Sum(append(append([]byte{}, f.UserData...), f.NetworkConfig...))
	return "instance-id: " + hex.EncodeToString(sum[:]) + "\n"
}
