package build

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// Import declares guests that are there as the nodes of a manifest: when they are
// adopted as those, its plan is empty. pick chooses among the guests that can be
// adopted. It returns the deployment, which guest is which node, and why the
// others were left out.
func Import(f *plan.HostFacts, siteID, manifest string, pick func(*plan.GuestFacts) bool) (d *ir.Deployment, adopt []Adoption, left []string) {
	d = &ir.Deployment{SiteID: siteID, Manifest: manifest}
	used := map[string]bool{}
	for i := range f.Guests {
		g := &f.Guests[i]
		if !pick(g) {
			continue
		}
		who := (&ref{guest: g, facts: f}).String()
		switch m := g.Marker; {
		case m != nil && m.Authentic && !m.Forgotten:
			left = append(left, fmt.Sprintf("%s is node %s already", who, m.Addr))
			continue
		case m != nil && m.SiteID != "" && m.SiteID != siteID && !m.Forgotten:
			left = append(left, who+" belongs to another site")
			continue
		case g.Template:
			left = append(left, who+" is a template")
			continue
		}
		n := declare(g, used)
		n.Host = given(f.Name)
		d.Nodes = append(d.Nodes, n)
	}
	slices.SortFunc(d.Nodes, func(x, y ir.Node) int { return strings.Compare(x.Name, y.Name) })
	for i := range d.Nodes {
		n := &d.Nodes[i]
		n.Address = addr.New(manifest, n.Name)
		adopt = append(adopt, Adoption{Addr: n.Address, VMID: uint(n.VMID.V)})
	}
	return d, adopt, left
}

func given[T any](v T) ir.Value[T] {
	return ir.Value[T]{V: v, From: ir.Origin{Layer: ir.FromNode}}
}

// Bounds of the language; what lies outside is left out, and so left alone.
const (
	maxNodeCores  = 512
	minNodeMemory = 128 * unit.MiB
	maxNodeVLAN   = 4094
	minNodeDisk   = 4 * unit.GiB // the image of a node that names none has to fit, though nothing is made of it here
)

// declare is a guest as a node: what a person would write down of it.
func declare(g *plan.GuestFacts, used map[string]bool) ir.Node {
	n := ir.Node{Name: label(g, used), Type: given(ir.VM), Parent: -1, VMID: given(int(g.VMID)), Guest: &ir.Guest{}}
	root := plan.SlotRoot
	if g.Kind == canon.LXC {
		n.Type, root = given(ir.CT), plan.SlotRootFS
	}
	have := canon.Overlay(g.Config, g.Pending)
	if k, err := strconv.Atoi(canon.Get(have, "cores")); err == nil && k >= 1 && k <= maxNodeCores {
		n.Cores = given(k)
	}
	if k, err := strconv.ParseInt(canon.Get(have, "memory"), 10, 64); err == nil && unit.Size(k)*unit.MiB >= minNodeMemory {
		n.Memory = given(unit.Size(k) * unit.MiB)
	}
	if size, ok := sizeOf(canon.Get(have, root+".size")); ok && size >= minNodeDisk && size%unit.GiB == 0 {
		n.Disk = given(size)
	}
	if b := canon.Get(have, "net0.bridge"); b != "" {
		n.Network.Bridge = given(b)
	}
	if k, err := strconv.Atoi(canon.Get(have, "net0.tag")); err == nil && k >= 1 && k <= maxNodeVLAN {
		n.Network.VLAN = given(k)
	}
	n.OnBoot = given(canon.Get(have, "onboot") == "1")
	if canon.Get(have, "protection") == "1" {
		n.Protect = given(true)
	}
	if tags := slices.DeleteFunc(slices.Clone(g.Tags), func(t string) bool { return t == identity.ManagedTag || strings.HasPrefix(t, "hs-") }); len(tags) > 0 {
		n.Tags = given(tags)
	}
	return n
}

// label is a name for the node: the first part of the guest's, as far as the
// language takes it, and its number where that is not enough.
func label(g *plan.GuestFacts, used map[string]bool) string {
	name, _, _ := strings.Cut(strings.ToLower(g.Name), ".")
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, name)
	name = strings.Trim(name, "-")
	if len(name) > 50 {
		name = strings.Trim(name[:50], "-")
	}
	number := strconv.FormatUint(uint64(g.VMID), 10)
	switch {
	case name == "":
		name = "guest-" + number
	case used[name] || name[0] >= '0' && name[0] <= '9':
		name = strings.Trim("guest-"+name+"-"+number, "-")
	}
	used[name] = true
	return name
}
