package lease

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// silent is a cluster whose writes do not come through while it is silent.
type silent struct {
	*cluster
	on atomic.Bool
	// before is called once, before the next create.
	before func()
}

func (s *silent) SetPoolComment(ctx context.Context, id, comment string) error {
	if s.on.Load() {
		return errors.New("no answer")
	}
	return s.cluster.SetPoolComment(ctx, id, comment)
}

func (s *silent) CreatePool(ctx context.Context, id, comment string) error {
	if s.before != nil {
		s.before()
		s.before = nil
	}
	return s.cluster.CreatePool(ctx, id, comment)
}

// A write under way ends when the lease could expire; one that a heartbeat covers
// goes on.
func TestWriteEndsWithTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &silent{cluster: &cluster{}}
		a, err := Acquire(ctx, c, options("a"))
		if err != nil {
			t.Fatal(err)
		}
		beating, stop := context.WithCancel(ctx)
		defer stop()
		go a.Keep(beating)
		write, done, err := a.Write(ctx)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * ttl)
		if write.Err() != nil {
			t.Fatalf("it ended while the lease was kept: %v", context.Cause(write))
		}
		c.on.Store(true)
		silence := time.Now()
		<-write.Done()
		if took := time.Since(silence); took > ttl || !errors.Is(context.Cause(write), ErrExpired) {
			t.Errorf("%v after %s", context.Cause(write), took)
		}
		done()
		// Nobody took over, and nothing can be written until the claim is fresh again.
		if _, _, err := a.Write(ctx); err == nil {
			t.Error("a write was let through with a stale claim")
		}
		c.on.Store(false)
		if _, done, err := a.Write(ctx); err != nil {
			t.Error(err)
		} else {
			done()
		}
		time.Sleep(10 * ttl)
		b := options("b")
		b.Dead = func(Claim) bool { return true }
		if _, err := Acquire(ctx, c, b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * known)
		if _, _, err := a.Write(ctx); !errors.Is(err, ErrLost) {
			t.Errorf("a writes after b took over: %v", err)
		}
	})
}

// Whoever takes over while the holder comes back gives way.
func TestHolderComesBackInTheMomentBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &silent{cluster: &cluster{}}
		a, err := Acquire(ctx, c, options("a"))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * ttl)
		c.before = func() {
			if _, done, err := a.Write(ctx); err != nil {
				t.Error(err)
			} else {
				done()
			}
		}
		var held *Held
		if _, err := Acquire(ctx, c, options("b")); !errors.As(err, &held) || held.Claim.Run != "a" {
			t.Errorf("b got %v", err)
		}
		if err := a.Check(ctx); err != nil {
			t.Errorf("a lost it: %v", err)
		}
	})
}
