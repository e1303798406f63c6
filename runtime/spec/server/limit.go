package server

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter slows down addresses that are refused again and again. Those that are
// served are never slowed down: thousands of nodes may share an address.
type limiter struct {
	now func() time.Time
	mu  sync.Mutex
	by  map[netip.Addr]*rate.Limiter
}

const (
	refusals    = 30              // at once
	refusalsPer = 2 * time.Second // and then one in that time
	maxLimiters = 10_000          // addresses that are remembered
)

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, by: map[netip.Addr]*rate.Limiter{}}
}

// refused counts a refusal.
func (l *limiter) refused(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by[a] == nil {
		if len(l.by) >= maxLimiters { // better to forget than to grow
			clear(l.by)
		}
		l.by[a] = rate.NewLimiter(rate.Every(refusalsPer), refusals)
	}
	l.by[a].AllowN(l.now(), 1)
}

// blocked says how long an address has to wait; 0 = it need not.
func (l *limiter) blocked(a netip.Addr) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.by[a]
	if b == nil {
		return 0
	}
	if tokens := b.TokensAt(l.now()); tokens < 1 {
		return time.Duration((1 - tokens) * float64(refusalsPer))
	}
	return 0
}
