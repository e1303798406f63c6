package lab

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// networks is what /etc/network/interfaces of a node says, and what it will say
// once the changes are applied.
type networks struct {
	Active  map[string]map[string]string `json:"active"`            // by interface: parameters as the API has them
	Pending map[string]map[string]string `json:"pending,omitempty"` // nil = no changes wait
}

// The interfaces of a new node: a bridge with the first address of the lab's
// subnet, and a network card that nothing is plugged into.
const (
	bridge = "vmbr0"
	port   = "eno1"
)

func (l *Lab) firstNetworks() *networks {
	p := l.cfg.Subnet.Masked()
	return &networks{Active: map[string]map[string]string{
		bridge: {"type": "bridge", "cidr": netip.PrefixFrom(p.Addr().Next(), p.Bits()).String(), "bridge_ports": "", "autostart": "1"},
		port:   {"type": "eth"},
	}}
}

// loadNetworks reads the nodes' interfaces.
func (l *Lab) loadNetworks() error {
	l.networks = map[string]*networks{}
	names, err := l.dir.list("networks", ".json")
	if err != nil {
		return err
	}
	for _, name := range names {
		n := &networks{}
		if err := l.dir.load(n, "networks", name+".json"); err != nil {
			return err
		}
		l.networks[name] = n
	}
	return nil
}

// network is a node's interfaces; the caller holds mu.
func (l *Lab) network(node string) *networks {
	if n := l.networks[node]; n != nil {
		return n
	}
	return l.firstNetworks()
}

// saveNetwork replaces a node's interfaces, on disk first; the caller holds mu.
func (l *Lab) saveNetwork(node string, n *networks) error {
	if err := l.dir.save(n, "networks", node+".json"); err != nil {
		return err
	}
	l.networks[node] = n
	return nil
}

// next is what the node's interfaces will be.
func (n *networks) next() map[string]map[string]string {
	if n.Pending != nil {
		return n.Pending
	}
	return n.Active
}

// hasBridge reports whether guests of a node can be plugged into a bridge.
func (l *Lab) hasBridge(node, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isBridge(node, name)
}

// isBridge is hasBridge for a caller that holds mu.
func (l *Lab) isBridge(node, name string) bool {
	kind := l.network(node).Active[name]["type"]
	return kind == "bridge" || kind == "OVSBridge"
}

// subnetOf is the network that a bridge has an address in, on the first node
// that says so.
func (l *Lab) subnetOf(name string) (netip.Prefix, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.cluster.Members {
		if p, err := netip.ParsePrefix(l.network(m.Name).Active[name]["cidr"]); err == nil {
			return p.Masked(), true
		}
	}
	return netip.Prefix{}, false
}

// row is an interface in answers.
func (n *networks) row(name string) map[string]any {
	set := n.next()[name]
	row := map[string]any{"iface": name, "method": "manual", "method6": "manual", "priority": 3}
	for k, v := range set {
		row[k] = v
		if k == "autostart" || k == "bridge_vlan_aware" || k == "mtu" || k == "vlan-id" || k == "ovs_tag" {
			if number, err := strconv.Atoi(v); err == nil {
				row[k] = number
			}
		}
	}
	families := []string{}
	for _, f := range []struct{ suffix, family string }{{"", "inet"}, {"6", "inet6"}} {
		p, err := netip.ParsePrefix(set["cidr"+f.suffix])
		if err == nil {
			row["method"+f.suffix] = "static"
			row["address"+f.suffix], row["netmask"+f.suffix] = p.Addr().String(), strconv.Itoa(p.Bits())
		}
		if err == nil || f.suffix == "" {
			families = append(families, f.family)
		}
	}
	row["families"] = families
	if set["type"] == "bridge" {
		row["priority"] = 4
		for k, v := range map[string]string{"bridge_ports": "", "bridge_stp": "off", "bridge_fd": "0"} {
			if set[k] == "" {
				row[k] = v
			}
		}
	}
	if _, active := n.Active[name]; active && (set["type"] != "eth" || set["autostart"] == "1") {
		row["active"] = 1
	}
	return row
}

// kindsOf are the types of interface that a filter lets through.
func kindsOf(filter string) []string {
	switch filter {
	case "any_bridge", "any_local_bridge", "include_sdn":
		return []string{"bridge", "OVSBridge"}
	}
	return []string{filter}
}

// networkList is GET /nodes/{node}/network: as it will be, with the difference
// to what it is beside it.
func (c *call) networkList() (any, error) {
	c.mu.Lock()
	n := c.network(c.node())
	c.mu.Unlock()
	list := []any{}
	names := sortedKeys(n.next())
	// Bridges come first.
	slices.SortStableFunc(names, func(a, b string) int { return order(n.next()[a]["type"]) - order(n.next()[b]["type"]) })
	for _, name := range names {
		if want := c.str("type"); want != "" && !slices.Contains(kindsOf(want), n.next()[name]["type"]) {
			continue
		}
		list = append(list, n.row(name))
	}
	if diff := n.diff(); diff != "" {
		return changed{list, diff}, nil
	}
	return list, nil
}

func order(kind string) int {
	if kind == "bridge" {
		return 0
	}
	return 1
}

func (c *call) networkGet() (any, error) {
	c.mu.Lock()
	n := c.network(c.node())
	c.mu.Unlock()
	if n.next()[c.str("iface")] == nil {
		return nil, badParam("iface", "interface does not exist")
	}
	row := n.row(c.str("iface"))
	delete(row, "iface")
	return row, nil
}

// interfaceParams are the parameters of an interface in a request, addresses as
// cidr.
func (c *call) interfaceParams() map[string]string {
	set := map[string]string{}
	for k, v := range c.params {
		if k != "node" && k != "iface" && k != "delete" {
			set[k] = v
		}
	}
	bits, _ := maskBits(set["netmask"])
	for suffix, length := range map[string]string{"": strconv.Itoa(bits), "6": set["netmask6"]} {
		if set["address"+suffix] != "" {
			set["cidr"+suffix] = set["address"+suffix] + "/" + length
		}
		delete(set, "address"+suffix)
		delete(set, "netmask"+suffix)
	}
	return set
}

// checkInterface is what PVE refuses of an interface beside the others.
func checkInterface(others map[string]map[string]string, name string, set map[string]string) error {
	if strings.HasPrefix(set["type"], "OVS") {
		return errorf(501, "Open vSwitch is not implemented by this lab")
	}
	for _, other := range sortedKeys(others) {
		if other == name {
			continue
		}
		for _, gw := range []string{"gateway", "gateway6"} {
			if set[gw] != "" && others[other][gw] != "" {
				return badParam(gw, "Default gateway already exists on interface '"+other+"'.")
			}
		}
		for _, key := range []string{"bridge_ports", "slaves"} {
			for _, p := range splitList(set[key]) {
				if slices.Contains(splitList(others[other]["bridge_ports"]+","+others[other]["slaves"]), p) {
					return badParam(key, p+" is already used on interface '"+other+"'.")
				}
			}
		}
	}
	return nil
}

// changeNetwork makes a change that waits to be applied.
func (c *call) changeNetwork(change func(all map[string]map[string]string) error) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := *c.network(c.node())
	all := maps.Clone(n.next())
	if err := change(all); err != nil {
		return nil, err
	}
	n.Pending = all
	return nil, c.saveNetwork(c.node(), &n)
}

func (c *call) networkCreate() (any, error) {
	name, set := c.str("iface"), c.interfaceParams()
	return c.changeNetwork(func(all map[string]map[string]string) error {
		if all[name] != nil {
			return badParam("iface", "interface already exists")
		}
		all[name] = set
		return checkInterface(all, name, set)
	})
}

func (c *call) networkUpdate() (any, error) {
	name, set := c.str("iface"), c.interfaceParams()
	return c.changeNetwork(func(all map[string]map[string]string) error {
		if all[name] == nil {
			return badParam("iface", "interface does not exist")
		}
		merged := maps.Clone(all[name])
		maps.Copy(merged, set)
		for _, k := range splitList(c.str("delete")) {
			delete(merged, k)
		}
		all[name] = merged
		return checkInterface(all, name, merged)
	})
}

func (c *call) networkDelete() (any, error) {
	name := c.str("iface")
	return c.changeNetwork(func(all map[string]map[string]string) error {
		if all[name] == nil {
			return badParam("iface", "interface does not exist")
		}
		delete(all, name)
		return nil
	})
}

// networkRevert forgets the changes that wait.
func (c *call) networkRevert() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := *c.network(c.node())
	if n.Pending == nil {
		return nil, nil
	}
	n.Pending = nil
	return nil, c.saveNetwork(c.node(), &n)
}

// networkApply is PUT /nodes/{node}/network: the changes take effect in a task.
func (c *call) networkApply() (any, error) {
	return c.start("srvreload", "networking", func(t *task) error {
		if err := t.delay(); err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		n := *c.network(t.Node)
		if n.Pending == nil {
			return nil
		}
		n.Active, n.Pending = n.Pending, nil
		return c.saveNetwork(t.Node, &n)
	})
}
