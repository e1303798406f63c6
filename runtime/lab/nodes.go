package lab

import (
	"strconv"
	"strings"

	"crypto/ed25519"
)

// What the lab says it is: a version of PVE, and a repository id that no real
// host has.
const (
	pveVersion = "9.2.11"
	pveRelease = "9.2"
	pveRepo    = "lab"

	nodeCPUs   = 16
	nodeMemory = 64 << 30
)

func (c *call) version() (any, error) {
	return map[string]any{"version": pveVersion, "release": pveRelease, "repoid": pveRepo}, nil
}

// nodeRow is the node in listings. Callers without rights see that it is there.
func (c *call) nodeRow(extra ...string) map[string]any {
	n := c.cfg.Node
	row := map[string]any{"id": "node/" + n, "type": "node", "node": n, "status": "online", "level": ""}
	for _, k := range extra {
		switch k {
		case "cgroup-mode":
			row[k] = 2
		case "ssl_fingerprint":
			row[k] = c.Fingerprint()
		}
	}
	if c.may("/nodes/"+n, "Sys.Audit") {
		row["uptime"], row["cpu"], row["maxcpu"] = c.nodeUptime(), 0, nodeCPUs
		row["mem"], row["maxmem"], row["disk"], row["maxdisk"] = 4<<30, nodeMemory, 4<<30, int64(storageSize)
	}
	return row
}

func (l *Lab) nodeUptime() int64 { return l.now().Unix() - l.born.Unix() }

func (c *call) nodeList() (any, error) { return []any{c.nodeRow("ssl_fingerprint")}, nil }

func (c *call) clusterStatus() (any, error) {
	address, _, _ := strings.Cut(strings.TrimPrefix(c.URL(), "https://"), ":")
	return []any{map[string]any{
		"id": "node/" + c.cfg.Node, "type": "node", "name": c.cfg.Node, "ip": address, "level": "", "local": 1, "nodeid": 0, "online": 1,
	}}, nil
}

func (c *call) nodeStatus() (any, error) {
	return map[string]any{
		"pveversion":     "pve-manager/" + pveVersion + "/" + pveRepo,
		"uptime":         c.nodeUptime(),
		"cpu":            0,
		"wait":           0,
		"idle":           0,
		"loadavg":        []string{"0.00", "0.00", "0.00"},
		"kversion":       "Linux 6.17.2-1-pve #1 SMP PREEMPT_DYNAMIC",
		"current-kernel": map[string]any{"sysname": "Linux", "release": "6.17.2-1-pve", "version": "#1 SMP PREEMPT_DYNAMIC", "machine": "x86_64"},
		"boot-info":      map[string]any{"mode": "efi", "secureboot": 0},
		"cpuinfo":        map[string]any{"cpus": nodeCPUs, "cores": nodeCPUs, "sockets": 1, "model": "homestak lab", "vendor": "GenuineIntel", "mhz": "3000.000", "hvm": "1", "flags": "vmx", "user_hz": 100},
		"memory":         map[string]any{"total": nodeMemory, "used": 4 << 30, "free": nodeMemory - 4<<30, "available": nodeMemory - 4<<30},
		"swap":           map[string]any{"total": 0, "used": 0, "free": 0},
		"rootfs":         map[string]any{"total": int64(storageSize), "used": 4 << 30, "free": storageSize - 4<<30, "avail": storageSize - 4<<30},
		"ksm":            map[string]any{"shared": 0},
	}, nil
}

// bridge is the node's only one; its address is the first of the subnet.
const bridge = "vmbr0"

// hasBridge reports whether guests can be plugged into a bridge.
func (l *Lab) hasBridge(name string) bool { return name == bridge }

func (l *Lab) bridgeRow() map[string]any {
	p := l.cfg.Subnet.Masked()
	address := p.Addr().Next().String()
	return map[string]any{
		"iface": bridge, "type": "bridge", "method": "static", "method6": "manual", "families": []string{"inet"},
		"address": address, "netmask": strconv.Itoa(p.Bits()), "cidr": address + "/" + strconv.Itoa(p.Bits()),
		"bridge_ports": "", "bridge_stp": "off", "bridge_fd": "0", "autostart": 1, "active": 1, "priority": 4,
	}
}

// port is the node's network card; nothing is plugged into it.
const port = "eno1"

func portRow() map[string]any {
	return map[string]any{
		"iface": port, "type": "eth", "method": "manual", "method6": "manual", "families": []string{"inet"}, "priority": 3,
	}
}

func (c *call) networkList() (any, error) {
	switch c.str("type") {
	case "", "bridge", "any_bridge", "any_local_bridge", "include_sdn":
		list := []any{c.bridgeRow()}
		if c.str("type") == "" {
			list = append(list, portRow())
		}
		return list, nil
	case "eth":
		return []any{portRow()}, nil
	}
	return []any{}, nil
}

func (c *call) networkGet() (any, error) {
	if c.str("iface") == port {
		row := portRow()
		delete(row, "iface")
		return row, nil
	}
	if c.str("iface") != bridge {
		return nil, badParam("iface", "interface does not exist")
	}
	row := c.bridgeRow()
	delete(row, "iface")
	return row, nil
}

func (c *call) certificates() (any, error) {
	leaf := c.cert.Leaf
	row := map[string]any{
		"filename": "pve-ssl.pem", "fingerprint": c.Fingerprint(), "pem": string(c.CertificatePEM()),
		"subject": leaf.Subject.String(), "issuer": leaf.Issuer.String(),
		"notbefore": leaf.NotBefore.Unix(), "notafter": leaf.NotAfter.Unix(),
		"san": append(append([]string{}, leaf.DNSNames...), "127.0.0.1"),
	}
	if key, ok := leaf.PublicKey.(ed25519.PublicKey); ok {
		row["public-key-type"], row["public-key-bits"] = "ED25519", 8*len(key)
	}
	return []any{row}, nil
}
