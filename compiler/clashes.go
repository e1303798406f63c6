package compiler

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeVMIDTwice diag.Code = "HS0430"
	codeIPTwice   diag.Code = "HS0431"
	codeMACTwice  diag.Code = "HS0432"
	codeHostTwice diag.Code = "HS0433"
)

// claim is something only one node may have, in some realm: a guest id on its
// host, an address on its network, a MAC anywhere.
type claim struct {
	realm string
	value string
}

// holder is who claimed it first, and where.
type holder struct {
	node *node
	at   source.Range
}

// checkClashes finds guest ids, addresses and MACs that two nodes claim.
func (c *compilation) checkClashes() {
	vmids, ips, macs, hosts := map[claim]holder{}, map[claim]holder{}, map[claim]holder{}, map[claim]holder{}
	// Nodes are called by their names, which differ, unless a spec says otherwise.
	named := slices.ContainsFunc(c.nodes, func(n *node) bool { return n.spec != nil && n.spec.decl.hostname.ok() })
	for _, n := range c.nodes {
		if n.name == "" {
			continue
		}
		// Of a node with an unknown parent nobody knows the network. Its guest id
		// is judged as if it were on the host: most manifests have each id once.
		placed := n.up != nil || !n.decl.parent.Set
		realm := "host " + n.out.Host.V
		if g := n.out.Guest; g != nil && len(g.Placement.Hosts.V) > 0 {
			realm = "host " + g.Placement.Hosts.V[0] // where it is most likely to be
		}
		if n.up != nil {
			realm = "node " + n.up.name
		}
		if n.decl.vmid.V != 0 { // also one that is out of bounds: to correct both in one way would clash
			c.claim(vmids, claim{realm, strconv.Itoa(n.decl.vmid.V)}, holder{n, n.decl.vmid.At}, codeVMIDTwice, "vmid")
		}
		networks := []*ir.Network{&n.out.Network}
		if n.out.Guest != nil {
			for i := range n.out.Guest.Interfaces {
				networks = append(networks, &n.out.Guest.Interfaces[i].Network)
			}
		}
		for _, w := range networks {
			if p, err := netip.ParsePrefix(w.IP.V); err == nil && placed {
				network := realm + " " + w.Bridge.V + " " + strconv.Itoa(w.VLAN.V)
				c.claim(ips, claim{network, p.Addr().String()}, holder{n, w.IP.From.Range}, codeIPTwice, "address")
			}
			if w.MAC.V != "" {
				c.claim(macs, claim{"", w.MAC.V}, holder{n, w.MAC.From.Range}, codeMACTwice, "MAC address")
			}
		}
		if host := n.out.Becomes.Hostname; named && !n.bad && host.V != "" {
			c.claim(hosts, claim{n.out.Network.Domain.V, host.V}, holder{n, host.From.Range}, codeHostTwice, "host name")
		}
	}
}

func (c *compilation) claim(held map[claim]holder, what claim, by holder, code diag.Code, noun string) {
	old, taken := held[what]
	if !taken {
		held[what] = by
		return
	}
	if before(by.at, old.at) { // nodes are in the order of the deployment, people read that of the source
		held[what] = by
		old, by = by, old
	}
	d := c.errorAt(code, by.at, "nodes %q and %q have one %s: %s", old.node.name, by.node.name, noun, what.value)
	d.Help = fmt.Sprintf("give one of the two another %s", noun)
	switch {
	case by.node.group != "" && by.node.group == old.node.group:
		d.Label = "every instance of a counted node would have it"
		d.Help = "remove it, or compute it from count.index in HCL"
	case old.at == by.at:
		d.Label = "both become what this says"
		d.Notes = []diag.Note{{Text: fmt.Sprintf("%q", old.node.name), Range: old.node.at()}, {Text: fmt.Sprintf("%q", by.node.name), Range: by.node.at()}}
	default:
		d.Notes = []diag.Note{{Text: fmt.Sprintf("%q has it here", old.node.name), Range: old.at}}
	}
}

// before compares places as people read them.
func before(a, b source.Range) bool {
	if a.File == nil || b.File == nil || a.File == b.File {
		return a.Start < b.Start
	}
	return a.File.Name < b.File.Name
}
