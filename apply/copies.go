package apply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

// claims reports whether a guest carries a mark of a node other than its number.
func (r *run) claims(g *guest, n *node) bool {
	return identity.MarksOf(&g.GuestFacts, r.subject(n)).Ours() || strings.EqualFold(g.UUID, n.uuid) ||
		identity.Names(g.Marker, r.subject(n))
}

// clusterOf is the space in which a host's vmids are unique.
func (ix *index) clusterOf(name string) string {
	if h := ix.hosts[name]; h != nil {
		return cmp.Or(h.Cluster, h.Name)
	}
	return name
}

// isPlanned reports whether a number is that of a node of the plan, on whatever
// host of the cluster.
func (r *run) isPlanned(h *host, vmid uint) bool {
	if r.places[place{h.name, vmid}] {
		return true
	}
	cluster := r.clusterOf(h.name)
	for _, ph := range r.p.Hosts {
		if ph.Name != h.name && r.clusterOf(ph.Name) == cluster && r.places[place{ph.Name, vmid}] {
			return true
		}
	}
	return false
}

// checkCopies looks for copies of the nodes that are going to be written to: which
// of two is meant is for people to say. It costs one list for each cluster, and one
// read for each guest on it that has a node's name or the manifest's tag and is no
// node. Hosts that nobody has reached yet have no guests of ours.
func (in *inspection) checkCopies(ctx context.Context) (bad diag.List) {
	seen := map[string]bool{}
	for i := range in.p.Hosts {
		name := in.p.Hosts[i].Name
		h := in.fleet.connected(name)
		cluster := in.clusterOf(name)
		if h == nil || seen[cluster] {
			continue
		}
		seen[cluster] = true
		var found diag.List
		err := steady(ctx, func() (err error) {
			found, err = in.copiesOn(ctx, h, cluster)
			return err
		})
		if err != nil && ctx.Err() == nil {
			bad = append(bad, in.env.explain(err))
		}
		bad = append(bad, found...)
	}
	return bad
}

func (in *inspection) copiesOn(ctx context.Context, h *host, cluster string) (bad diag.List, err error) {
	var nodes []*node
	names := map[string]bool{}
	for _, c := range in.p.Changes {
		if n := in.nodes[c.Addr]; in.acting[c.Addr] && in.clusterOf(n.host) == cluster {
			nodes = append(nodes, n)
			names[n.name] = true
		}
	}
	if len(nodes) == 0 {
		return nil, nil
	}
	all, err := h.list(ctx)
	if err != nil {
		return nil, err
	}
	for _, other := range all {
		if in.isPlanned(h, other.VMID) ||
			!names[other.Name] && !slices.Contains(other.Tags, identity.Tag(in.p.Manifest)) {
			continue
		}
		config, err := h.api.Guest(other.Kind, other.Node, other.VMID).Config(ctx)
		if pve.ClassOf(err) == pve.NotExist {
			continue
		}
		if err != nil {
			return nil, err
		}
		g := newGuest(other, config, in.key())
		for _, n := range nodes {
			if !in.claims(g, n) || in.isLeft(n, other.VMID) {
				continue
			}
			d := codeTwice.Errorf("VM %d on %s says it is %s", other.VMID, h.name, n.addr)
			d.Label = fmt.Sprintf("it is %q and carries marks of VM %d, which the plan changes; the plan does not know it", g.Name, n.vmid)
			bad = append(bad, replan(d))
		}
	}
	return bad, nil
}

// isLeft reports whether the plan knows a copy and leaves it alone.
func (in *inspection) isLeft(n *node, vmid uint) bool {
	key := strconv.FormatUint(uint64(vmid), 10)
	return slices.ContainsFunc(n.copies, func(kv plan.KV) bool { return kv.Key == key })
}
