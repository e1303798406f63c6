package apply

import (
	"context"
	"slices"

	"github.com/homestak/homestak/apply/lease"
)

// LeaseOf is a lease as a host has it.
type LeaseOf struct {
	lease.Generation
	Host     string
	Manifest string // "" when it is none of those that were asked for
	Expired  bool
}

// Leases lists the leases on a host's cluster: those of the given manifests of a
// site, and those of others, whose manifest cannot be told. It writes nothing.
func Leases(ctx context.Context, env *Env, host, siteID string, manifests []string) ([]LeaseOf, error) {
	f := newFleet(env, "lock")
	defer f.close()
	h, err := f.host(ctx, host)
	if err != nil {
		return nil, env.explain(err)
	}
	list, err := lease.List(ctx, pools{h.api, env.now})
	if err != nil {
		return nil, env.explain(err)
	}
	now, margin := pools{h.api, env.now}.Time()
	var out []LeaseOf
	for _, g := range list {
		l := LeaseOf{Generation: g, Host: host, Expired: g.Known && now.After(g.Claim.Expires.Add(margin))}
		if i := slices.IndexFunc(manifests, func(m string) bool { return lease.Key(siteID, m) == g.Key }); i >= 0 {
			l.Manifest = manifests[i]
		}
		out = append(out, l)
	}
	return out, nil
}

// BreakLease takes a lease from its holder: whoever has it by now stops before the
// next write. A lease that others have taken meanwhile is left alone, and said.
func BreakLease(ctx context.Context, env *Env, siteID string, l LeaseOf) error {
	f := newFleet(env, "lock")
	defer f.close()
	h, err := f.host(ctx, l.Host)
	if err != nil {
		return env.explain(err)
	}
	held := lease.Claim{Holder: env.Holder, Run: "lock-break"}
	err = lease.Break(ctx, pools{h.api, env.now}, l.Generation, lease.Options{Key: lease.Key(siteID, l.Manifest), TTL: leaseTTL, Claim: held})
	if err != nil {
		return leaseRefused(env, l.Host, err)
	}
	return nil
}
