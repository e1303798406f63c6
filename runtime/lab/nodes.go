package lab

import (
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

// nodeRow is a node in listings. Callers without rights see that it is there.
func (c *call) nodeRow(m member, extra ...string) map[string]any {
	n := m.Name
	row := map[string]any{"id": "node/" + n, "type": "node", "node": n, "status": "online", "level": ""}
	for _, k := range extra {
		switch k {
		case "cgroup-mode":
			row[k] = 2
		case "ssl_fingerprint":
			row[k] = c.Fingerprint()
		}
	}
	if m.State != NodeUp {
		row["status"] = "offline"
		return row
	}
	if c.may("/nodes/"+n, "Sys.Audit") {
		row["uptime"], row["cpu"], row["maxcpu"] = c.nodeUptime(n), 0, nodeCPUs
		row["mem"], row["maxmem"], row["disk"], row["maxdisk"] = 4<<30, nodeMemory, 4<<30, int64(storageSize)
	}
	return row
}

// nodeUptime is how long a node has been up, in seconds.
func (l *Lab) nodeUptime(node string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now().Unix() - l.cluster.find(node).Born.Unix()
}

func (c *call) nodeList() (any, error) {
	list := []any{}
	for _, m := range c.members() {
		list = append(list, c.nodeRow(m, "ssl_fingerprint"))
	}
	return list, nil
}

// clusterStatus is GET /cluster/status: the cluster, if there is one, and its
// nodes.
func (c *call) clusterStatus() (any, error) {
	name, clustered := c.clustered()
	members, list := c.members(), []any{}
	if clustered {
		list = append(list, map[string]any{
			"id": "cluster", "type": "cluster", "name": name, "nodes": len(members), "quorate": c.quorate(), "version": c.clusterVersion(),
		})
	}
	for _, m := range members {
		row := map[string]any{
			"id": "node/" + m.Name, "type": "node", "name": m.Name, "ip": c.address(m.Name), "level": "", "local": 0, "nodeid": m.ID, "online": 0,
		}
		if m.Name == c.local {
			row["local"] = 1
		}
		if m.State == NodeUp {
			row["online"] = 1
		}
		if !clustered {
			row["nodeid"] = 0
		}
		list = append(list, row)
	}
	return list, nil
}

// quorate is 1 while more than half of the nodes are up.
func (l *Lab) quorate() int {
	up, members := 0, l.members()
	for _, m := range members {
		if m.State == NodeUp {
			up++
		}
	}
	if 2*up > len(members) {
		return 1
	}
	return 0
}

func (l *Lab) clusterVersion() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cluster.Version
}

func (c *call) nodeStatus() (any, error) {
	return map[string]any{
		"pveversion":     "pve-manager/" + pveVersion + "/" + pveRepo,
		"uptime":         c.nodeUptime(c.node()),
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
