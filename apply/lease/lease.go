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

	mu      sync.Mutex
	lost    bool
	fresh   time.Time // when the claim was last written: just before it was sent
	checked time.Time // when it was last known to be ours
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
		l.fresh = time.Now()
		created := pools.CreatePool(ctx, l.id, l.comment())

		// Whatever the answer was (it may have been lost on the way), the list says
		// who won.
		top, older, err := highest(ctx, pools, o.Key)
		switch {
		case err != nil:
			return nil, errors.Join(created, err)
		case top != nil && top.id == l.id && top.claim.Run == o.Claim.Run:
			if awake := awake(pools, o, older); awake != nil {
				// Its holder came back in the moment between: it may have seen us or not.
				_ = pools.DeletePool(ctx, l.id)
				return nil, held(awake)
			}
			for _, g := range older {
				// An expired generation that stays behind is only untidy.
				_ = pools.DeletePool(ctx, g.id)
			}
			l.checked = time.Now()
			return l, nil
		case top == nil || top.term < l.term:
			if created == nil {
				created = fmt.Errorf("%w: pool %s was made and is gone", ErrLost, l.id)
			}
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
	began := time.Now()
	top, _, err := highest(ctx, l.pools, l.o.Key)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if top == nil || top.id != l.id || top.claim.Run != l.o.Claim.Run {
		l.lost = true
		return ErrLost
	}
	l.checked = began
	return nil
}

// renew writes the claim anew, and makes sure afterwards that it is the current
// one: whoever took over before did not see it, and whoever does now, does.
func (l *Lease) renew(ctx context.Context) error {
	if err := l.Check(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := l.pools.SetPoolComment(ctx, l.id, l.comment()); err != nil {
		return err
	}
	if err := l.Check(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = began
	return nil
}

// known is how long a check is good for a write that follows it.
const known = time.Second

// Write makes a context for one write: it ends when the lease could expire, so
// that no request is under way any more when somebody takes over, however late its
// answer is. It fails when the lease is not ours.
func (l *Lease) Write(ctx context.Context) (context.Context, context.CancelFunc, error) {
	l.mu.Lock()
	fresh, checked := l.fresh, l.checked
	l.mu.Unlock()
	var err error
	switch now := time.Now(); {
	case now.Sub(fresh) >= l.o.TTL*2/3: // heartbeats have failed
		err = l.renew(ctx)
	case now.Sub(checked) >= known:
		err = l.Check(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	end := make(chan struct{})
	go l.watch(end, cancel)
	return ctx, sync.OnceFunc(func() { close(end) }), nil
}

// ErrExpired says that a write was given up because the lease could not be
// renewed in time. Whether it happened is not known.
var ErrExpired = errors.New("the lease expired before the answer came")

// watch cancels a write when the lease expires, and ends with end.
func (l *Lease) watch(end <-chan struct{}, cancel context.CancelCauseFunc) {
	defer cancel(nil)
	for {
		l.mu.Lock()
		left := l.o.TTL - time.Since(l.fresh)
		l.mu.Unlock()
		if left <= 0 {
			cancel(ErrExpired)
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-end:
			timer.Stop()
			return
		}
	}
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
			_ = l.renew(ctx)
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

// awake is a generation that was succeeded and is not free any more, nil when
// there is none.
func awake(pools Pools, o Options, older []generation) *generation {
	for i := range older {
		if !free(pools, o, &older[i]) {
			return &older[i]
		}
	}
	return nil
}

// highest finds the current generation, nil when there is none, and those before
// it.
func highest(ctx context.Context, pools Pools, key string) (top *generation, older []generation, err error) {
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
	if n := len(found); n > 0 {
		top, older = &found[n-1], found[:n-1]
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
