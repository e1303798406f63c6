package vnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// Host is one machine's sockets: its loopback and the networks it is attached
// to. Its methods may be called from many goroutines.
type Host struct {
	mu        sync.Mutex
	ports     []*port // in the order of Attach
	listeners map[uint16]*listener
	conns     map[*conn]struct{}
	ephemeral uint16
	closed    bool
}

// port joins a host to a network. Its fields are fixed once it is in Host.ports.
type port struct {
	host *Host
	net  *Network
	mac  string
	addr netip.Addr
	bits int
}

// NewHost makes a machine that is attached to nothing.
func NewHost() *Host {
	return &Host{listeners: map[uint16]*listener{}, conns: map[*conn]struct{}{}, ephemeral: 32768}
}

// Attach joins a network with a static address, and its prefix length.
func (h *Host) Attach(n *Network, mac string, static netip.Prefix) error {
	p := &port{host: h, net: n, mac: mac, addr: static.Addr(), bits: static.Bits()}
	if err := n.claim(p, p.addr); err != nil {
		return err
	}
	return h.add(p)
}

// Lease joins a network with an address of the network's choice: the one that
// the machine had before if it can be had.
func (h *Host) Lease(n *Network, mac string, before netip.Addr) (netip.Prefix, error) {
	p := &port{host: h, net: n, mac: mac, bits: n.subnet.Bits()}
	addr, err := n.lease(p, before)
	if err != nil {
		return netip.Prefix{}, err
	}
	p.addr = addr
	return netip.PrefixFrom(addr, p.bits), h.add(p)
}

func (h *Host) add(p *port) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		p.net.release(p)
		return net.ErrClosed
	}
	h.ports = append(h.ports, p)
	return nil
}

// Detach leaves the networks joined with this MAC and cuts the connections that
// went over them.
func (h *Host) Detach(mac string) {
	h.mu.Lock()
	var cut []*conn
	h.ports = slices.DeleteFunc(h.ports, func(p *port) bool {
		if p.mac != mac {
			return false
		}
		p.net.release(p)
		for c := range h.conns {
			if c.local.Addr() == p.addr {
				cut = append(cut, c)
			}
		}
		return true
	})
	h.mu.Unlock()
	for _, c := range cut {
		c.Close()
	}
}

// Addresses are the host's own, without loopback, in the order of attaching.
func (h *Host) Addresses() []netip.Prefix {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []netip.Prefix
	for _, p := range h.ports {
		out = append(out, netip.PrefixFrom(p.addr, p.bits))
	}
	return out
}

// Subnets are those of the networks the host is attached to.
func (h *Host) Subnets() []netip.Prefix {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []netip.Prefix
	for _, p := range h.ports {
		out = append(out, p.net.subnet)
	}
	return out
}

// Listening are the TCP ports that something listens on, ascending.
func (h *Host) Listening() []uint16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []uint16
	for p := range h.listeners {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Listen accepts connections to this TCP port on loopback and on every address
// the host has now or will have.
func (h *Host) Listen(tcp uint16) (net.Listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, net.ErrClosed
	}
	if h.listeners[tcp] != nil {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: sockaddr(netip.AddrPortFrom(netip.IPv4Unspecified(), tcp)), Err: syscall.EADDRINUSE}
	}
	l := &listener{host: h, port: tcp, queue: make(chan *conn, 128), done: make(chan struct{})}
	h.listeners[tcp] = l
	return l, nil
}

// Dial connects to "address:port" as the machine itself would. An address that
// none of its networks holds is EHOSTUNREACH, a port nobody listens on
// ECONNREFUSED; both are in a *net.OpError. The only name known is localhost.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := resolve(network, address)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: sockaddr(to), Err: err}
	}
	target, from := h.route(to.Addr())
	if target == nil {
		return fail(syscall.EHOSTUNREACH)
	}
	l := target.listenerAt(to.Port())
	if l == nil {
		return fail(syscall.ECONNREFUSED)
	}
	a, b := Pair()
	local := netip.AddrPortFrom(from, h.nextPort())
	near := &conn{Conn: a, host: h, local: local, remote: to}
	far := &conn{Conn: b, host: target, local: to, remote: local}
	if !h.track(near) || !target.track(far) {
		near.Close()
		far.Close()
		return fail(syscall.ECONNREFUSED)
	}
	if err := l.offer(ctx, far); err != nil {
		near.Close()
		far.Close()
		return fail(err)
	}
	return near, nil
}

// route is the host that holds addr, seen from here, and the address that h
// would use as its own.
func (h *Host) route(addr netip.Addr) (target *Host, from netip.Addr) {
	if addr.IsLoopback() {
		return h, addr
	}
	h.mu.Lock()
	ports := slices.Clone(h.ports)
	h.mu.Unlock()
	for _, p := range ports {
		if p.addr == addr {
			return h, addr
		}
	}
	for _, p := range ports {
		if t := p.net.find(addr); t != nil {
			return t, p.addr
		}
	}
	return nil, netip.Addr{}
}

func (h *Host) listenerAt(tcp uint16) *listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.listeners[tcp]
}

func (h *Host) nextPort() uint16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ephemeral++
	if h.ephemeral < 32768 {
		h.ephemeral = 32768
	}
	return h.ephemeral
}

func (h *Host) track(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.conns[c] = struct{}{}
	return true
}

func (h *Host) forget(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c)
}

// Close is the machine losing its power: it leaves its networks, its listeners
// end and the other ends of its connections see them end.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	var cut []*conn
	for c := range h.conns {
		cut = append(cut, c)
	}
	var ends []*listener
	for _, l := range h.listeners {
		ends = append(ends, l)
	}
	for _, p := range h.ports {
		p.net.release(p)
	}
	h.ports = nil
	h.mu.Unlock()
	for _, l := range ends {
		l.Close()
	}
	for _, c := range cut {
		c.Close()
	}
}

func resolve(network, address string) (netip.AddrPort, error) {
	fail := func(err error) (netip.AddrPort, error) {
		return netip.AddrPort{}, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	if network != "tcp" && network != "tcp4" {
		return fail(net.UnknownNetworkError(network))
	}
	name, tcp, err := net.SplitHostPort(address)
	if err != nil {
		return fail(err)
	}
	number, err := strconv.ParseUint(tcp, 10, 16)
	if err != nil || number == 0 {
		return fail(fmt.Errorf("%q is not a TCP port", tcp))
	}
	if name == "localhost" || name == "::1" {
		name = "127.0.0.1"
	}
	addr, err := netip.ParseAddr(name)
	if err != nil {
		return fail(&net.DNSError{Err: "no such host", Name: name, IsNotFound: true})
	}
	if addr = addr.Unmap(); !addr.Is4() {
		return fail(errors.New("no IPv6 in this network"))
	}
	return netip.AddrPortFrom(addr, uint16(number)), nil
}
