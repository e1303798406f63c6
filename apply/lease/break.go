package lease

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Generation is the newest term of a lease, as a host has it.
type Generation struct {
	Key   string // see Key
	Pool  string
	Term  uint
	Claim Claim
	Known bool // false: its comment cannot be read
}

// List is every lease among the pools of a host, by pool, the newest term of each.
func List(ctx context.Context, p Pools) ([]Generation, error) {
	all, err := p.ListPools(ctx)
	if err != nil {
		return nil, err
	}
	var out []Generation
	for _, pool := range all {
		at := strings.LastIndexByte(pool.ID, '-')
		if !strings.HasPrefix(pool.ID, prefix) || at < len(prefix) {
			continue
		}
		term, err := strconv.ParseUint(pool.ID[at+1:], 10, 32)
		if err != nil || term == 0 {
			continue
		}
		g := Generation{Key: pool.ID[:at], Pool: pool.ID, Term: uint(term)}
		g.Claim, g.Known = parseClaim(pool.Comment)
		if i := slices.IndexFunc(out, func(x Generation) bool { return x.Key == g.Key }); i < 0 {
			out = append(out, g)
		} else if out[i].Term < g.Term {
			out[i] = g
		}
	}
	slices.SortFunc(out, func(a, b Generation) int { return strings.Compare(a.Pool, b.Pool) })
	return out, nil
}

// Break takes one generation from its holder: the next term is created, so that
// the holder finds itself succeeded before its next write, and given back. It is
// *Held when somebody else has the lease by then.
func Break(ctx context.Context, p Pools, g Generation, o Options) error {
	o.Dead = func(c Claim) bool { return c.Run == g.Claim.Run && c.Process == g.Claim.Process }
	if !g.Known {
		// Nobody can say whose it is: the pool goes, and with it the claim.
		return p.DeletePool(ctx, g.Pool)
	}
	l, err := Acquire(ctx, p, o)
	if err != nil {
		return err
	}
	return l.Release(ctx)
}
