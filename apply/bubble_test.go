package apply_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/homestak/homestak/runtime/lab"
	"github.com/homestak/homestak/runtime/lab/vnet"
)

// memoryListener listens in memory, so that time can stand still around a lab.
type memoryListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8006} }

func (l *memoryListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := vnet.Pair()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// newBubble is newWorld in memory: for tests in a bubble of testing/synctest,
// where days pass in no time.
func newBubble(t *testing.T, manifests map[string]string, options ...func(*lab.Config)) *world {
	t.Helper()
	ln := &memoryListener{conns: make(chan net.Conn), done: make(chan struct{})}
	w := newWorld(t, manifests, append([]func(*lab.Config){func(c *lab.Config) { c.Listener = ln }}, options...)...)
	h := w.env.Hosts["lab"]
	h.Dial = ln.dial
	w.env.Hosts["lab"] = h
	return w
}
