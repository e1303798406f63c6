package ir

import (
	"fmt"
	"strings"
)

// BeyondDrive says why Proxmox VE's cloud-init drive cannot carry what a node's seed
// has, "" when it can. The drive has names, addresses and keys, and nothing that
// would put the guest agent there, so the address has to be known.
func BeyondDrive(n *Node) string {
	g := n.Extra()
	switch {
	case n.Modes[Config].V == Pull || n.Modes[Config].V == Hybrid:
		return "a node that configures itself needs more than it carries"
	case !strings.Contains(n.Network.IP.V, "/"):
		return "without a static address nobody would know where the guest is"
	case len(g.CloudInit.Packages.V)+len(g.CloudInit.Files)+len(g.CloudInit.Commands.V) > 0:
		return "packages, files and commands are more than it carries"
	}
	for i := range g.Interfaces {
		if len(g.Interfaces[i].Network.DNS.V) > 0 {
			return fmt.Sprintf("name servers of interface %d are more than it carries", g.Interfaces[i].Slot)
		}
	}
	return ""
}
