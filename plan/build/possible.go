package build

import (
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// findable refuses to wait for a guest that nobody will ever know where it is:
// its agent says so, or its address is the one it was made with.
func (b *builder) findable(n *node, isMade bool) {
	agent := n.Extra().Hardware.NoAgent
	if n.kind() == canon.LXC || !agent.V {
		return
	}
	ip, help := seedIP(n), "give the node a static address: network: {ip: 192.168.1.20/24}; or leave the agent on"
	if m := n.match; !isMade && m != nil && m.guest.Marker != nil {
		ip = canon.Get(m.guest.Marker.Made, plan.MadeIP)
		help = "leave the agent on; a guest gets a static address when it is made"
	}
	if strings.Contains(ip, "/") {
		return
	}
	d := b.fail(codeUnfindable, agent.From.Range, n.Decl, "nobody would tell the address of node %q", n.Address)
	d.Label, d.Help = "without the agent only a static address that it is made with is known, and it has none", help
}
