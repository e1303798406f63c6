package vnet

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// conn is one end of a connection, with the addresses the machines know.
type conn struct {
	net.Conn
	host          *Host
	local, remote netip.AddrPort
	once          sync.Once
	err           error
}

func (c *conn) LocalAddr() net.Addr  { return sockaddr(c.local) }
func (c *conn) RemoteAddr() net.Addr { return sockaddr(c.remote) }

// CloseWrite ends the stream that this end sends; it can still receive.
func (c *conn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func (c *conn) Close() error {
	c.once.Do(func() {
		c.host.forget(c)
		c.err = c.Conn.Close()
	})
	return c.err
}

func sockaddr(a netip.AddrPort) net.Addr { return net.TCPAddrFromAddrPort(a) }

// listener is a host's TCP port on all its addresses.
type listener struct {
	host  *Host
	port  uint16
	queue chan *conn
	done  chan struct{}
	once  sync.Once
}

// offer queues a connection; when the queue is full it waits, as a client of a
// busy server does.
func (l *listener) offer(ctx context.Context, c *conn) error {
	select {
	case <-l.done:
		return syscall.ECONNREFUSED
	default:
	}
	select {
	case l.queue <- c:
	case <-l.done:
		return syscall.ECONNREFUSED
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-l.done: // closed meanwhile: nobody would take it from the queue
		l.drain()
	default:
	}
	return nil
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: net.ErrClosed}
	case c := <-l.queue:
		return c, nil
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.host.mu.Lock()
		if l.host.listeners[l.port] == l {
			delete(l.host.listeners, l.port)
		}
		l.host.mu.Unlock()
		close(l.done)
		l.drain()
	})
	return nil
}

func (l *listener) drain() {
	for {
		select {
		case c := <-l.queue:
			c.Close()
		default:
			return
		}
	}
}

func (l *listener) Addr() net.Addr {
	return sockaddr(netip.AddrPortFrom(netip.IPv4Unspecified(), l.port))
}
