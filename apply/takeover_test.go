package apply_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homestak/homestak/apply"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/pve"
)

// ice is a network that freezes: nothing goes out or comes in until it thaws, and
// what was about to go out goes out then.
type ice struct {
	dial pve.Dialer

	mu     sync.Mutex
	writes int
	at     int           // freezes before this write
	frozen chan struct{} // closed when it does
	thawed chan struct{} // closed when it is over
}

func newIce(dial pve.Dialer, at int) *ice {
	return &ice{dial: dial, at: at, frozen: make(chan struct{}), thawed: make(chan struct{})}
}

func (i *ice) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := i.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	frozen := &iceConn{Conn: c, ice: i, closed: make(chan struct{}), wake: make(chan struct{}, 1)}
	go frozen.send()
	return frozen, nil
}

// pass waits while it is frozen.
func (i *ice) pass(writing bool, closed chan struct{}) error {
	i.mu.Lock()
	if writing {
		if i.writes++; i.writes == i.at {
			close(i.frozen)
		}
	}
	i.mu.Unlock()
	select {
	case <-i.frozen:
		select {
		case <-i.thawed:
		case <-closed:
			return net.ErrClosed
		}
	default:
	}
	return nil
}

// iceConn takes what is written to it at once, as a socket does, and a goroutine
// sends it through the ice: a write that waited would wait with the mutexes of TLS
// and SSH held, and time stands still for who waits for a mutex.
type iceConn struct {
	net.Conn
	ice    *ice
	once   sync.Once
	closed chan struct{}
	wake   chan struct{} // holds one

	mu   sync.Mutex
	out  [][]byte
	lost error // why nothing goes out any more
}

func (c *iceConn) send() {
	for {
		c.mu.Lock()
		out := c.out
		c.out = nil
		c.mu.Unlock()
		for _, p := range out {
			err := c.ice.pass(true, c.closed)
			if err == nil {
				_, err = c.Conn.Write(p)
			}
			if err != nil {
				c.mu.Lock()
				c.lost = err
				c.mu.Unlock()
			}
		}
		if len(out) > 0 {
			continue
		}
		select {
		case <-c.wake:
		case <-c.closed:
			_ = c.Conn.Close() // with everything gone that could go
			return
		}
	}
}

func (c *iceConn) SetWriteDeadline(time.Time) error { return nil } // no write waits

func (c *iceConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *iceConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return 0, c.lost
	}
	c.out = append(c.out, bytes.Clone(p))
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (c *iceConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err := c.ice.pass(false, c.closed); err != nil {
		return 0, err
	}
	return n, err
}

func (c *iceConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// A driver that stands still, wherever it does, loses its lease to the next one,
// and when it goes on it writes nothing more.
func TestLateHolderWritesNothing(t *testing.T) {
	t.Parallel()
	step := 7
	switch {
	case os.Getenv("HOMESTAK_SOAK") != "":
		step = 1
	case slowly:
		step = 42
	}
	for at := 2; at < 260; at += step {
		t.Run(fmt.Sprintf("frozen at write %d", at), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { takeOver(t, at) })
		})
	}
}

func takeOver(t *testing.T, at int) {
	w := newBubble(t, map[string]string{"flat": flat}, func(c *lab.Config) {
		c.TaskTime, c.BootTime = 2*time.Second, 10*time.Second
	})
	p := w.plan("flat", plan.GoalCreate)
	slow, quick := *w.env, *w.env
	slow.Holder, slow.Events = "slow@elsewhere", nil
	quick.StateDir, quick.Events = t.TempDir(), nil
	h := w.env.Hosts["lab"]
	frost := newIce(h.Dial, at)
	h.Dial = frost.connect
	slow.Hosts = map[string]apply.HostEnv{"lab": h}

	ended := make(chan *apply.Report, 1)
	go func() { ended <- apply.Run(t.Context(), p, &slow, apply.Options{}) }()
	var late, next *apply.Report
	select {
	case late = <-ended: // it was over before
	case <-frost.frozen:
		// The lease is over, and the next one is at work when it goes on.
		time.Sleep(100 * time.Second)
		time.AfterFunc(8*time.Second, func() { close(frost.thawed) })
		next = apply.Run(t.Context(), p, &quick, apply.Options{})
		late = <-ended
	}
	if next == nil {
		return
	}
	if next.Outcome.ExitCode() != 0 {
		t.Errorf("the next driver: %s\n%s", next.Outcome, tell(next))
	}
	if late.Outcome.ExitCode() != 0 && len(late.Findings) == 0 {
		t.Errorf("the late one: %s\n%s", late.Outcome, tell(late))
	}
	var took time.Time // when the lease was
	for _, e := range w.log() {
		if e.Kind != "request" || !e.Write || strings.Contains(e.Path, "/agent/") {
			continue
		}
		switch e.Run {
		case next.Run:
			if took.IsZero() {
				took = e.Time
			}
		case late.Run:
			// The log has when a request came; it was done so much later.
			if end := e.Time.Add(e.Took); took.Before(end) && e.Status == 200 && !took.IsZero() {
				t.Errorf("the late one did %s %s at %s", e.Method, e.Path, e.Time)
			}
		}
	}
	if g := w.guests(); len(g) != 2 {
		t.Errorf("guests: %v", g)
	}
}
