package sim

import (
	"net"
	"sync"
)

// Gate is a listener whose other side can be opened and shut, as a service in
// front of a server that stays up. It never fails to accept until it is closed.
type Gate struct {
	queue chan net.Conn
	done  chan struct{}

	mu     sync.Mutex
	source net.Listener // nil while shut
	conns  map[*gated]struct{}
	closed bool
}

// NewGate is shut.
func NewGate() *Gate {
	return &Gate{queue: make(chan net.Conn), done: make(chan struct{}), conns: map[*gated]struct{}{}}
}

// gated is a connection that came through a gate.
type gated struct {
	net.Conn
	gate *Gate
}

func (c *gated) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}

// Open lets the connections of l through, until Shut closes l.
func (g *Gate) Open(l net.Listener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.source != nil {
		l.Close()
		return
	}
	g.source = l
	go g.pass(l)
}

func (g *Gate) pass(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		through := &gated{c, g}
		current := g.source == l
		if current {
			g.conns[through] = struct{}{}
		}
		g.mu.Unlock()
		if !current {
			c.Close()
			return
		}
		select {
		case g.queue <- through:
		case <-g.done:
			through.Close()
		}
	}
}

// IsOpen is true between Open and Shut.
func (g *Gate) IsOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.source != nil
}

// Shut stops listening and cuts the connections that came through.
func (g *Gate) Shut() {
	g.mu.Lock()
	if g.source != nil {
		g.source.Close()
		g.source = nil
	}
	cut := g.conns
	g.conns = map[*gated]struct{}{}
	g.mu.Unlock()
	for c := range cut {
		c.Conn.Close()
	}
}

// Accept implements net.Listener.
func (g *Gate) Accept() (net.Conn, error) {
	select {
	case c := <-g.queue:
		return c, nil
	case <-g.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener; it also shuts.
func (g *Gate) Close() error {
	g.Shut()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.closed = true
		close(g.done)
	}
	return nil
}

// Addr implements net.Listener.
func (g *Gate) Addr() net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.source != nil {
		return g.source.Addr()
	}
	return &net.TCPAddr{IP: net.IPv4zero, Port: apiPort}
}
