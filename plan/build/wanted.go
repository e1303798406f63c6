package build

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

// Wanted says what to look for before a plan can be made. defaultHost is where
// root nodes go that name no host.
func Wanted(d *ir.Deployment, defaultHost string) plan.WantedSet {
	w := plan.WantedSet{SiteID: d.SiteID, Manifest: d.Manifest, First: uint(max(d.VMIDs.First, 0)), Last: uint(max(d.VMIDs.Last, 0))}
	for i := range d.Nodes {
		n := &d.Nodes[i]
		uuid := identity.UUID(d.SiteID, d.Manifest, n.Address)
		vmid := uint(max(n.VMID.V, 0))
		if vmid == 0 {
			vmid, _ = identity.VMID(uuid, w.First, w.Last, func(uint) bool { return false })
		}
		host, parent := hostOf(d, i, defaultHost)
		var others []string
		if chosen := n.Extra().Placement.Hosts.V; parent == "" && n.Host.V == "" && len(chosen) > 1 {
			others = chosen[1:]
		}
		if parent == "" && host != "" {
			w.Hosts = append(append(w.Hosts, host), others...)
		}
		w.Nodes = append(w.Nodes, plan.Wanted{
			Addr: n.Address, Host: host, Others: others, Parent: parent, Kind: string(n.Type.V), Name: n.Name,
			UUID: uuid, VMID: vmid, MAC: macOf(n, uuid), Was: formerOf(d, i),
		})
	}
	slices.Sort(w.Hosts)
	w.Hosts = slices.Compact(w.Hosts)
	return w
}

// hostOf is the name of the host a node lives on, and the node that is this
// host, "" for a site host.
func hostOf(d *ir.Deployment, i int, defaultHost string) (string, addr.Address) {
	n := &d.Nodes[i]
	if n.Parent >= 0 {
		parent := d.Nodes[n.Parent].Address
		return string(parent), parent
	}
	if n.Host.V != "" {
		return n.Host.V, ""
	}
	if chosen := n.Extra().Placement.Hosts.V; len(chosen) > 0 {
		return chosen[0], "" // the first choice
	}
	return defaultHost, ""
}

func macOf(n *ir.Node, uuid string) string {
	if n.Network.MAC.V != "" {
		return strings.ToUpper(n.Network.MAC.V)
	}
	return identity.MAC(uuid, 0)
}

// WantedOf says what to look for before a plan is run: the nodes it names. The
// vmid range is empty, because nothing is chosen any more.
func WantedOf(p *plan.Program) plan.WantedSet {
	w := plan.WantedSet{SiteID: p.SiteID, Manifest: p.Manifest}
	parents := map[string]addr.Address{}
	for _, h := range p.Hosts {
		parents[h.Name] = h.Parent
		if h.Parent == "" {
			w.Hosts = append(w.Hosts, h.Name)
		}
	}
	macs := map[addr.Address]string{}
	for i := range p.Steps {
		if mac := p.Steps[i].Text(plan.ArgMAC); mac != "" {
			macs[p.Steps[i].Addr] = mac
		}
	}
	for _, c := range p.Changes {
		mac := macs[c.Addr]
		if mac == "" {
			mac = identity.MAC(c.UUID, 0)
		}
		w.Nodes = append(w.Nodes, plan.Wanted{
			Addr: c.Addr, Host: c.Host, Parent: parents[c.Host], Kind: c.Kind, Name: c.Addr.Name(),
			UUID: c.UUID, VMID: c.VMID, MAC: mac, Was: c.Was,
		})
	}
	slices.Sort(w.Hosts)
	slices.SortStableFunc(w.Nodes, func(a, b plan.Wanted) int { return a.Addr.Depth() - b.Addr.Depth() })
	return w
}

// EmptyFacts is a world in which nothing exists yet: each host answers, has no
// guest, and has one storage for disks and images, "local". What else a host
// has is unknown, so it is not checked.
func EmptyFacts(hosts []string) *plan.Facts {
	names := slices.Clone(hosts)
	slices.Sort(names)
	f := &plan.Facts{Format: plan.FactsVersion}
	for _, name := range slices.Compact(names) {
		f.Hosts = append(f.Hosts, plan.HostFacts{
			Name: name, Presence: plan.Present,
			Storages: []plan.StorageFacts{{Name: freshStorage, Type: "dir", Content: []string{"images", "import", "rootdir", "vztmpl"}}},
		})
	}
	return f
}

// freshStorage is the storage every new Proxmox VE has; host.enroll gives it
// the content types of guests, of both kinds.
const freshStorage = "local"
