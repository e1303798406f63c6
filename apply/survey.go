package apply

import (
	"cmp"
	"context"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// Survey reads every guest on a host of the site, whosever it is, by vmid: one
// list and one read for each. In a cluster these are the guests on the host's own
// node. It writes nothing.
func Survey(ctx context.Context, env *Env, name string) (*plan.HostFacts, error) {
	o := &observer{env: env, fleet: newFleet(env, "survey"), nested: map[string]*node{}, herds: map[string]*herd{}}
	defer o.fleet.close()
	o.w.Hosts = []string{name}
	if err := o.check(); err != nil {
		return nil, err
	}
	h, err := o.fleet.host(ctx, name)
	if err != nil {
		return nil, env.explain(err)
	}
	cluster, err := h.api.Cluster(ctx)
	if err != nil {
		return nil, env.explain(err)
	}
	at := o.herdOf(name, cluster.Name)
	all, err := o.list(ctx, h, at)
	if err != nil {
		return nil, env.explain(err)
	}
	var here []pve.Resource
	for _, r := range all {
		if cmp.Or(r.Node, h.node) == h.node {
			here = append(here, r)
		}
	}
	f := &plan.HostFacts{Name: name, Presence: plan.Present, Node: h.node, Cluster: cluster.Name}
	if f.Guests, err = o.read(ctx, h, at, here); err != nil {
		return nil, env.explain(err)
	}
	return f, nil
}
