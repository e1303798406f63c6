package lease

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Pool is a pool object of a host.
type Pool struct{ ID, Comment string }

// Pools is where leases are kept.
type Pools interface {
	ListPools(ctx context.Context) ([]Pool, error)
	CreatePool(ctx context.Context, id, comment string) error // fails when it exists
	SetPoolComment(ctx context.Context, id, comment string) error
	DeletePool(ctx context.Context, id string) error
	// Time is the host's clock, exact to within margin.
	Time() (now time.Time, margin time.Duration)
}

// Options of a lease.
type Options struct {
	Key   string // see Key
	Claim Claim  // Expires is filled in
	TTL   time.Duration
	// Dead reports whether the holder of a claim is known to live no more. Only
	// certainty counts: a claim that merely looks old expires by itself.
	Dead func(Claim) bool
}

// Held says that somebody else has the lease.
type Held struct {
	Claim Claim
	Pool  string
	Known bool // false: the pool is there and its comment cannot be read
}

func (h *Held) Error() string {
	if !h.Known {
		return fmt.Sprintf("pool %s is a lease whose comment cannot be read", h.Pool)
	}
	return fmt.Sprintf("%s holds the lease until %s (run %s)", h.Claim.Holder, h.Claim.Expires.Format(time.RFC3339), h.Claim.Run)
}

// ErrLost says that the lease was ours and is not any more.
var ErrLost = errors.New("the lease was lost to another driver")

// Lease is held. Its methods may be called from many goroutines.
type Lease struct {
	pools Pools
	o     Options
	id    string
	term  uint

	mu   sync.Mutex
	lost bool
}

// rounds bounds how often Acquire loses a race before it says so.
const rounds = 5

// Acquire takes the lease, or fails with *Held or an error of the host.
func Acquire(ctx context.Context, pools Pools, o Options) (*Lease, error) {
	for range rounds {
		top, _, err := highest(ctx, pools, o.Key)
		if err != nil {
			return nil, err
		}
		if top != nil && !free(pools, o, top) {
			return nil, held(top)
		}
		l := &Lease{pools: pools, o: o, term: 1}
		if top != nil {
			l.term = top.term + 1
		}
		l.id = poolID(o.Key, l.term)
		created := pools.CreatePool(ctx, l.id, l.comment())

		// Whatever the answer was (it may have been lost on the way), the list says
		// who won.
		top, older, err := highest(ctx, pools, o.Key)
		switch {
		case err != nil:
			return nil, errors.Join(created, err)
		case top != nil && top.id == l.id && top.claim.Run == o.Claim.Run:
			for _, id := range older {
				// An expired generation that stays behind is only untidy.
				_ = pools.DeletePool(ctx, id)
			}
			return l, nil
		case top == nil || top.term < l.term:
			return nil, created
		}
	}
	return nil, fmt.Errorf("lost the race for lease %s %d times", o.Key, rounds)
}

// Check says whether the lease is still ours: our term exists and is the
// highest. Call it before each write.
func (l *Lease) Check(ctx context.Context) error {
	l.mu.Lock()
	lost := l.lost
	l.mu.Unlock()
	if lost {
		return ErrLost
	}
	top, _, err := highest(ctx, l.pools, l.o.Key)
	if err != nil {
		return err
	}
	if top == nil || top.id != l.id || top.claim.Run != l.o.Claim.Run {
		l.mu.Lock()
		l.lost = true
		l.mu.Unlock()
		return ErrLost
	}
	return nil
}

// Keep renews the lease until ctx ends. A renewal that fails is tried again at
// the next beat; whether the lease is still ours is for Check to say.
func (l *Lease) Keep(ctx context.Context) {
	beat := time.NewTicker(l.o.TTL / 3)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			if l.Check(ctx) == nil {
				_ = l.pools.SetPoolComment(ctx, l.id, l.comment())
			}
		}
	}
}

// Release gives the lease back. A lease that was lost is left alone.
func (l *Lease) Release(ctx context.Context) error {
	switch err := l.Check(ctx); {
	case errors.Is(err, ErrLost):
		return nil
	case err != nil:
		return err
	}
	return l.pools.DeletePool(ctx, l.id)
}

func (l *Lease) comment() string {
	c := l.o.Claim
	now, _ := l.pools.Time()
	c.Expires = now.Add(l.o.TTL)
	return c.comment()
}

// generation is one term as the host has it.
type generation struct {
	id    string
	term  uint
	claim Claim
	known bool
}

// highest finds the current generation, nil when there is none, and the ids of
// those before it.
func highest(ctx context.Context, pools Pools, key string) (top *generation, older []string, err error) {
	all, err := pools.ListPools(ctx)
	if err != nil {
		return nil, nil, err
	}
	var found []generation
	for _, p := range all {
		if term, ok := termOf(key, p.ID); ok {
			claim, known := parseClaim(p.Comment)
			found = append(found, generation{p.ID, term, claim, known})
		}
	}
	slices.SortFunc(found, func(a, b generation) int { return int(a.term) - int(b.term) })
	for i := range found {
		if i == len(found)-1 {
			top = &found[i]
		} else {
			older = append(older, found[i].id)
		}
	}
	return top, older, nil
}

// free reports whether a generation may be succeeded. One that cannot be read
// never may: nobody knows whose it is.
func free(pools Pools, o Options, g *generation) bool {
	if !g.known {
		return false
	}
	now, margin := pools.Time()
	return now.After(g.claim.Expires.Add(margin)) || o.Dead != nil && o.Dead(g.claim)
}

func held(g *generation) *Held { return &Held{Claim: g.claim, Pool: g.id, Known: g.known} }
