package lab

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

const (
	// joinVersion is the version of PVE's way to join a cluster.
	joinVersion  = 1
	corosyncFile = "/etc/pve/corosync.conf"
)

// clusterConfigIndex is GET /cluster/config.
func (c *call) clusterConfigIndex() (any, error) {
	list := []any{}
	for _, name := range []string{"nodes", "totem", "join", "qdevice", "apiversion"} {
		list = append(list, map[string]any{"name": name})
	}
	return list, nil
}

func (c *call) clusterAPIVersion() (any, error) { return joinVersion, nil }

// clusterQDevice: the lab has no external vote.
func (c *call) clusterQDevice() (any, error) { return map[string]any{}, nil }

// clusterCreate is POST /cluster/config: the node becomes the first of a cluster.
func (c *call) clusterCreate() (any, error) {
	name := c.str("clustername")
	return c.start("clustercreate", name, func(t *task) error {
		if err := t.delay(); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.cluster.Name != "" {
			return fmt.Errorf("cluster config '%s' already exists", corosyncFile)
		}
		f := c.cluster.clone()
		f.Name, f.Version = name, 1
		if id := int(c.number("nodeid", 0)); id > 0 {
			f.find(c.local).ID = id
		}
		t.logf("Corosync Cluster Engine Authentication key generator.")
		t.logf("Writing corosync key to /etc/corosync/authkey.")
		t.logf("Writing corosync config to %s", corosyncFile)
		t.logf("Restart corosync and cluster filesystem")
		return c.saveCluster(f)
	})
}

// corosyncNodes are the members as corosync's configuration has them, which is
// text throughout.
func (c *call) corosyncNodes() []map[string]any {
	var rows []map[string]any
	if _, clustered := c.clustered(); !clustered {
		return nil
	}
	for _, m := range c.members() {
		rows = append(rows, map[string]any{
			"name": m.Name, "nodeid": strconv.Itoa(m.ID), "quorum_votes": "1", "ring0_addr": c.address(m.Name),
		})
	}
	return rows
}

// address is where a node's API answers.
func (c *call) address(node string) string {
	u, err := url.Parse(cmp.Or(c.NodeURL(node), c.URL()))
	if err != nil {
		return ""
	}
	return u.Hostname()
}

func (c *call) clusterNodes() (any, error) {
	list := []any{}
	for _, row := range c.corosyncNodes() {
		row["node"] = row["name"]
		list = append(list, row)
	}
	return list, nil
}

// clusterTotem is GET /cluster/config/totem, empty on a node that stands alone.
func (c *call) clusterTotem() (any, error) { return c.totem(), nil }

func (c *call) totem() map[string]any {
	name, clustered := c.clustered()
	if !clustered {
		return map[string]any{}
	}
	return map[string]any{
		"cluster_name": name, "config_version": strconv.Itoa(c.clusterVersion()), "interface": map[string]any{"0": map[string]any{"linknumber": "0"}},
		"ip_version": "ipv4-6", "link_mode": "passive", "secauth": "on", "version": "2",
	}
}

// clusterJoinInfo is GET /cluster/config/join: what another node needs.
func (c *call) clusterJoinInfo() (any, error) {
	rows := c.corosyncNodes()
	if rows == nil {
		return nil, errorf(500, "node is not in a cluster, no join info available!")
	}
	node := c.local
	if c.has("node") {
		node = c.str("node")
	}
	if !c.hasNode(node) {
		return nil, errorf(500, "no such cluster node '"+node+"'")
	}
	list := []any{}
	for _, row := range rows {
		row["pve_addr"], row["pve_fp"] = row["ring0_addr"], c.Fingerprint()
		list = append(list, row)
	}
	sum := sha1.Sum([]byte(c.corosyncConf()))
	return map[string]any{
		"config_digest": hex.EncodeToString(sum[:]), "nodelist": list, "preferred_node": node, "totem": c.totem(),
	}, nil
}

// corosyncConf is the text of corosync's configuration.
func (c *call) corosyncConf() string {
	var b strings.Builder
	b.WriteString("logging {\n  debug: off\n  to_syslog: yes\n}\n\nnodelist {\n")
	for _, row := range c.corosyncNodes() {
		b.WriteString("  node {\n")
		for _, k := range sortedKeys(row) {
			fmt.Fprintf(&b, "    %s: %s\n", k, row[k])
		}
		b.WriteString("  }\n")
	}
	totem := c.totem()
	b.WriteString("}\n\nquorum {\n  provider: corosync_votequorum\n}\n\ntotem {\n")
	for _, k := range sortedKeys(totem) {
		if text, ok := totem[k].(string); ok {
			fmt.Fprintf(&b, "  %s: %s\n", k, text)
		}
	}
	b.WriteString("  interface {\n    linknumber: 0\n  }\n}\n")
	return b.String()
}

// clusterNodeAdd is POST /cluster/config/nodes/{node}, which a node that joins
// sends to one of the cluster.
func (c *call) clusterNodeAdd() (any, error) {
	name := c.str("node")
	if _, clustered := c.clustered(); !clustered {
		return nil, errorf(500, "Cluster does not exist, create one first")
	}
	if version := c.number("apiversion", 0); version < joinVersion {
		return nil, fmt.Errorf("unsupported old API version on joining node ('%d' < %d), cannot join", version, joinVersion)
	}
	if c.hasNode(name) && !c.flag("force") {
		return nil, fmt.Errorf("can't add existing node '%s'", name)
	}
	if err := c.AddNode(name); err != nil {
		return nil, err
	}
	c.mu.Lock()
	key := c.cluster.Key
	c.mu.Unlock()
	return map[string]any{
		"corosync_authkey": key, "corosync_conf": c.corosyncConf(), "warnings": []any{},
	}, nil
}

// clusterNodeDelete is DELETE /cluster/config/nodes/{node}. What the node had is
// left where it is.
func (c *call) clusterNodeDelete() (any, error) {
	name := c.str("node")
	if !c.hasNode(name) {
		return nil, errors.New("Node/IP: " + name + " is not a known host of the cluster.")
	}
	if name == c.local {
		return nil, errors.New("Cannot delete myself from cluster!")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.cluster.clone()
	f.find(name).Left = true
	f.Version++
	return nil, c.saveCluster(f)
}
