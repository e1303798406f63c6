package lease

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// cluster is a host's pools: creating is atomic, nothing else is conditional.
type cluster struct {
	mu     sync.Mutex
	pools  []Pool
	margin time.Duration
	lose   bool // the next create works and its answer is lost
	writes int
}

var errExists = errors.New("pool already exists")

func (c *cluster) ListPools(context.Context) ([]Pool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.pools), nil
}

func (c *cluster) CreatePool(_ context.Context, id, comment string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	if slices.ContainsFunc(c.pools, func(p Pool) bool { return p.ID == id }) {
		return errExists
	}
	c.pools = append(c.pools, Pool{id, comment})
	if c.lose {
		c.lose = false
		return errors.New("connection reset")
	}
	return nil
}

func (c *cluster) SetPoolComment(_ context.Context, id, comment string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.pools {
		if c.pools[i].ID == id {
			c.pools[i].Comment = comment
			return nil
		}
	}
	return errors.New("no such pool")
}

func (c *cluster) DeletePool(_ context.Context, id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pools = slices.DeleteFunc(c.pools, func(p Pool) bool { return p.ID == id })
	return nil
}

func (c *cluster) Time() (time.Time, time.Duration) { return time.Now(), c.margin }

const ttl = 90 * time.Second

var ctx = context.Background()

func options(run string) Options {
	return Options{Key: Key("site", "m"), TTL: ttl, Claim: Claim{Holder: run + " at home", Run: run}}
}

func TestTwoHoldersExclude(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{pools: []Pool{{"prod", "somebody's own"}}}
		a, err := Acquire(ctx, c, options("a"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Acquire(ctx, c, options("b"))
		var held *Held
		if !errors.As(err, &held) || held.Claim.Holder != "a at home" || !held.Known {
			t.Fatalf("b got %v", err)
		}
		other := options("b")
		other.Key = Key("site", "other manifest")
		if _, err := Acquire(ctx, c, other); err != nil {
			t.Fatalf("another manifest is not excluded: %v", err)
		}
		if err := a.Release(ctx); err != nil {
			t.Fatal(err)
		}
		b, err := Acquire(ctx, c, options("b"))
		if err != nil {
			t.Fatalf("after the release: %v", err)
		}
		if err := b.Check(ctx); err != nil {
			t.Fatal(err)
		}
		if len(c.pools) != 3 {
			t.Errorf("pools left: %v", c.pools)
		}
	})
}

func TestOneOfManyWins(t *testing.T) {
	c := &cluster{}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if _, err := Acquire(ctx, c, options(string(rune('a'+i)))); err == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 20 hold the lease", won.Load())
	}
}

// A heartbeat keeps a lease; without one it expires, the next driver succeeds
// by a higher term, and the first must notice before it writes.
func TestExpiryAndTakeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{}
		beating, stop := context.WithCancel(ctx)
		a, err := Acquire(ctx, c, options("a"))
		if err != nil {
			t.Fatal(err)
		}
		go a.Keep(beating)
		time.Sleep(10 * ttl)
		var held *Held
		if _, err := Acquire(ctx, c, options("b")); !errors.As(err, &held) {
			t.Fatalf("a lease with a heartbeat was taken: %v", err)
		}
		stop()
		time.Sleep(ttl + time.Second)
		if err := a.Check(ctx); err != nil {
			t.Fatalf("expired and not succeeded is still ours: %v", err)
		}
		b, err := Acquire(ctx, c, options("b"))
		if err != nil {
			t.Fatalf("an expired lease is not free: %v", err)
		}
		if err := a.Check(ctx); !errors.Is(err, ErrLost) {
			t.Fatalf("a did not notice: %v", err)
		}
		if err := a.Release(ctx); err != nil {
			t.Fatal(err)
		}
		if err := b.Check(ctx); err != nil {
			t.Fatalf("the loser took b's lease away: %v", err)
		}
		if err := b.Release(ctx); err != nil || len(c.pools) != 0 {
			t.Errorf("left behind: %v, %v", c.pools, err)
		}
		if err := a.Check(ctx); !errors.Is(err, ErrLost) {
			t.Errorf("a holds it again: %v", err)
		}
	})
}

func TestMarginOfAnUncertainClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{margin: 5 * time.Minute}
		if _, err := Acquire(ctx, c, options("a")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(ttl + 4*time.Minute)
		if _, err := Acquire(ctx, c, options("b")); err == nil {
			t.Fatal("taken within the margin")
		}
		time.Sleep(2 * time.Minute)
		if _, err := Acquire(ctx, c, options("b")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestDeadHolderNeedsNoWaiting(t *testing.T) {
	c := &cluster{}
	if _, err := Acquire(ctx, c, options("a")); err != nil {
		t.Fatal(err)
	}
	o := options("b")
	o.Dead = func(c Claim) bool { return c.Run == "a" }
	b, err := Acquire(ctx, c, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Check(ctx); err != nil || len(c.pools) != 1 {
		t.Errorf("%v, pools %v", err, c.pools)
	}
}

func TestLostAnswerIsStillAWin(t *testing.T) {
	c := &cluster{lose: true}
	a, err := Acquire(ctx, c, options("a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Check(ctx); err != nil || c.writes != 1 {
		t.Errorf("%v after %d creates", err, c.writes)
	}
}

func TestUnreadableLeaseIsRespected(t *testing.T) {
	c := &cluster{pools: []Pool{{Key("site", "m") + "-7", "edited by hand"}}}
	var held *Held
	if _, err := Acquire(ctx, c, options("a")); !errors.As(err, &held) || held.Known {
		t.Fatalf("%v", err)
	}
}

func TestClaimReadsBack(t *testing.T) {
	want := Claim{Holder: "alice smith@laptop holder=x", Run: "r1", Process: "", Expires: time.Unix(1700000000, 0).UTC()}
	for _, process := range []string{"", "b/ns/12/34"} {
		want.Process = process
		if got, ok := parseClaim(want.comment()); !ok || got != want {
			t.Errorf("%q reads as %+v, %v", want.comment(), got, ok)
		}
	}
	for _, bad := range []string{"", "x", version, version + " expires=x run=a process= holder=b", version + " run=a holder=b"} {
		if _, ok := parseClaim(bad); ok {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// vanishing is a cluster whose new pools are removed at once by somebody else.
type vanishing struct{ *cluster }

func (v vanishing) CreatePool(ctx context.Context, id, comment string) error {
	if err := v.cluster.CreatePool(ctx, id, comment); err != nil {
		return err
	}
	return v.DeletePool(ctx, id)
}

// A pool that was made and is gone when we look is no lease.
func TestOurPoolVanishes(t *testing.T) {
	l, err := Acquire(ctx, vanishing{&cluster{}}, options("a"))
	if l != nil || !errors.Is(err, ErrLost) {
		t.Errorf("%v, %v", l, err)
	}
}
