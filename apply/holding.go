package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homestak/homestak/apply/lease"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/pve"
)

const (
	codeLeaseHeld diag.Code = "HS0678"
	codeLeaseLost diag.Code = "HS0679"
)

// leaseTTL is how long a dead driver on another machine keeps others waiting.
const leaseTTL = 90 * time.Second

// clockMargin is what two machines' clocks may differ by when the host does not
// say what time it is. A host that does, says so to the second.
const (
	clockMargin  = 5 * time.Minute
	serverMargin = 2 * time.Second
)

// holding is the lease of this run on one cluster, kept alive in the background.
type holding struct {
	*lease.Lease
	host string
	stop context.CancelFunc
	done chan struct{}
}

// takeLeases takes the lease of every cluster the plan writes to, in the plan's
// order, all or none. Nested hosts are covered by the one that carries them.
func (r *run) takeLeases(ctx context.Context) *diag.Diagnostic {
	taken := map[string]bool{}
	for i := range r.p.Hosts {
		ph := &r.p.Hosts[i]
		cluster := cmp.Or(ph.Cluster, ph.Name)
		if ph.Parent != "" || taken[cluster] {
			continue
		}
		taken[cluster] = true
		h, err := r.fleet.host(ctx, ph.Name)
		if err == nil {
			err = r.takeLease(ctx, h)
		}
		if err != nil {
			r.releaseLeases()
			return leaseRefused(r.env, ph.Name, err)
		}
	}
	return nil
}

func (r *run) takeLease(ctx context.Context, h *host) error {
	l, err := lease.Acquire(ctx, pools{h.api, r.env.now}, lease.Options{
		Key: lease.Key(r.p.SiteID, r.p.Manifest), TTL: leaseTTL,
		Claim: lease.Claim{Holder: cmp.Or(r.env.Holder, "homestak"), Run: r.id, Process: thisProcess()},
		Dead: func(c lease.Claim) bool {
			// The journal's lock is ours, so the run it knows does not hold it any more.
			return c.Run == r.history.LastRun || processIsDead(c)
		},
	})
	if err != nil {
		return err
	}
	// It is kept until the very end, whatever happens to the run meanwhile.
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	held := &holding{Lease: l, host: h.name, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(held.done)
		l.Keep(keep)
	}()
	r.leases = append(r.leases, held)
	return nil
}

// checkLeases makes sure, before a step writes, that nobody has taken over.
func (r *run) checkLeases(ctx context.Context) error {
	for _, l := range r.leases {
		if err := l.Check(ctx); err != nil {
			return r.leaseLost(l, err)
		}
	}
	return nil
}

// writing is asked by every client before each write: the write ends at the
// latest when somebody could take over.
func (r *run) writing(ctx context.Context) (context.Context, context.CancelFunc, error) {
	var ends []context.CancelFunc
	done := func() {
		for _, end := range ends {
			end()
		}
	}
	for _, l := range r.leases {
		bound, end, err := l.Write(ctx)
		if err != nil {
			done()
			return nil, nil, r.leaseLost(l, err)
		}
		ctx, ends = bound, append(ends, end)
	}
	return ctx, done, nil
}

func (r *run) leaseLost(l *holding, err error) error {
	if !errors.Is(err, lease.ErrLost) {
		return err
	}
	d := codeLeaseLost.Errorf("another driver took over the lease of %s on host %s", r.p.Manifest, l.host)
	d.Help = "find out who works on this manifest; when they are done, run again"
	return d
}

// releaseLeases gives everything back. It has its own time limit: the user may
// have stopped the run, and a host that is gone must not keep anybody.
func (r *run) releaseLeases() {
	limit := 10 * time.Second
	select {
	case <-r.o.Hurry:
		limit = time.Second
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var wg sync.WaitGroup
	for _, l := range r.leases {
		wg.Go(func() {
			l.stop()
			<-l.done
			if err := l.Release(ctx); err != nil {
				r.note("the lease on host " + l.host + " could not be released and will expire: " + r.env.brief(err))
			}
		})
	}
	wg.Wait()
	r.leases = nil
}

func leaseRefused(env *Env, host string, err error) *diag.Diagnostic {
	var held *lease.Held
	if !errors.As(err, &held) {
		return env.explain(err)
	}
	d := codeLeaseHeld.Errorf("somebody else is working on this manifest on host %s", host)
	d.Label = held.Error()
	d.Help = "wait until the run ends or the lease expires; homestak lock status says who it is, and homestak lock break takes it away"
	if !held.Known {
		d.Help = fmt.Sprintf("ask who edited pool %s; when nobody is working on the manifest, take it away with homestak lock break", held.Pool)
	}
	return d
}

// pools lets leases live in the pools of a host.
type pools struct {
	*pve.Client
	local func() time.Time
}

func (p pools) ListPools(ctx context.Context) ([]lease.Pool, error) {
	all, err := p.Pools(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]lease.Pool, len(all))
	for i, pool := range all {
		out[i] = lease.Pool{ID: pool.ID, Comment: pool.Comment}
	}
	return out, nil
}

func (p pools) Time() (time.Time, time.Duration) {
	if t, ok := p.ServerTime(); ok {
		return t, serverMargin
	}
	return p.local(), clockMargin
}
