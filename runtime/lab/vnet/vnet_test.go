package vnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

func network(t testing.TB, subnet string) *Network {
	t.Helper()
	n, err := New("vmbr0", netip.MustParsePrefix(subnet))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func leased(t testing.TB, n *Network, mac string) (*Host, netip.Addr) {
	t.Helper()
	h := NewHost()
	t.Cleanup(h.Close)
	p, err := h.Lease(n, mac, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	return h, p.Addr()
}

func listen(t testing.TB, h *Host, tcp uint16) net.Listener {
	t.Helper()
	l, err := h.Listen(tcp)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t testing.TB, h *Host, address string) net.Conn {
	t.Helper()
	c, err := h.Dial(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestConnectionIsBufferedAndHalfCloses(t *testing.T) {
	n := network(t, "10.10.0.0/16")
	a, from := leased(t, n, "02:00:00:00:00:01")
	b, to := leased(t, n, "02:00:00:00:00:02")
	l := listen(t, b, 22)

	c := dial(t, a, to.String()+":22")
	// Nobody has accepted yet: the kernel keeps what is written.
	msg := bytes.Repeat([]byte("x"), 16<<10)
	if _, err := c.Write(msg); err != nil {
		t.Fatal(err)
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := s.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); got != from {
		t.Errorf("server sees %v, want %v", got, from)
	}
	if got, want := s.LocalAddr().String(), to.String()+":22"; got != want {
		t.Errorf("local address %s, want %s", got, want)
	}
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, msg) {
		t.Fatalf("read %d bytes, %v", len(got), err)
	}
	if _, err := io.WriteString(s, "back"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != "back" {
		t.Fatalf("read %q, %v", got, err)
	}
}

func TestDeadline(t *testing.T) {
	n := network(t, "10.10.0.0/16")
	a, _ := leased(t, n, "a")
	b, to := leased(t, n, "b")
	listen(t, b, 22)
	c := dial(t, a, to.String()+":22")
	c.SetReadDeadline(time.Unix(1, 0))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read past its deadline: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	outer, inner := network(t, "10.10.0.0/16"), network(t, "10.77.0.0/16")
	driver, _ := leased(t, outer, "driver")
	parent, _ := leased(t, outer, "parent")
	if _, err := parent.Lease(inner, "parent-inner", netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	leaf, at := leased(t, inner, "leaf")
	listen(t, leaf, 22)

	refused := func(h *Host, address string, want error) {
		t.Helper()
		if _, err := h.Dial(t.Context(), "tcp", address); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
	refused(driver, at.String()+":22", syscall.EHOSTUNREACH) // only through the parent
	refused(driver, "10.10.0.7:22", syscall.EHOSTUNREACH)
	refused(parent, at.String()+":23", syscall.ECONNREFUSED)
	refused(parent, "127.0.0.1:22", syscall.ECONNREFUSED)
	dial(t, parent, at.String()+":22")
	dial(t, leaf, "localhost:22")
	dial(t, leaf, at.String()+":22")

	var dns *net.DNSError
	if _, err := driver.Dial(t.Context(), "tcp", "leaf:22"); !errors.As(err, &dns) {
		t.Errorf("a name resolved: %v", err)
	}
	for _, bad := range []string{"10.10.0.7", "10.10.0.7:0", "10.10.0.7:70000", "[fe80::1]:22"} {
		if _, err := driver.Dial(t.Context(), "tcp", bad); err == nil {
			t.Errorf("dialled %q", bad)
		}
	}
}

func TestCloseCutsEverything(t *testing.T) {
	n := network(t, "10.10.0.0/16")
	a, _ := leased(t, n, "a")
	b, to := leased(t, n, "b")
	l := listen(t, b, 22)
	c, waiting := dial(t, a, to.String()+":22"), dial(t, a, to.String()+":22")
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	for _, c := range []net.Conn{c, waiting} {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("the other end lives on")
		}
	}
	if _, err := s.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("own end still open: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("still listening: %v", err)
	}
	if _, err := a.Dial(t.Context(), "tcp", to.String()+":22"); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("still attached: %v", err)
	}
	if _, err := b.Listen(23); !errors.Is(err, net.ErrClosed) {
		t.Errorf("listens without power: %v", err)
	}
}

func TestDetachCutsItsOwnOnly(t *testing.T) {
	n, m := network(t, "10.10.0.0/16"), network(t, "10.11.0.0/16")
	a, _ := leased(t, n, "a")
	if _, err := a.Lease(m, "a2", netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	b, onN := leased(t, n, "b")
	c, onM := leased(t, m, "c")
	listen(t, b, 22)
	listen(t, c, 22)
	gone, kept := dial(t, a, onN.String()+":22"), dial(t, a, onM.String()+":22")
	a.Detach("a")
	if _, err := gone.Write([]byte("x")); err == nil {
		t.Error("a connection over an unplugged card works")
	}
	if _, err := kept.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if len(a.Addresses()) != 1 || len(a.Subnets()) != 1 {
		t.Errorf("addresses %v", a.Addresses())
	}
}

func TestListenTwice(t *testing.T) {
	h := NewHost()
	l := listen(t, h, 22)
	if _, err := h.Listen(22); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listened twice: %v", err)
	}
	if got := h.Listening(); !slices.Equal(got, []uint16{22}) {
		t.Errorf("listening %v", got)
	}
	l.Close()
	if got := h.Listening(); len(got) != 0 {
		t.Errorf("listening %v", got)
	}
	listen(t, h, 22)
}

func TestFullQueueWaitsForCancel(t *testing.T) {
	h := NewHost()
	defer h.Close()
	listen(t, h, 22)
	for range 128 {
		dial(t, h, "127.0.0.1:22")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Dial(ctx, "tcp", "127.0.0.1:22"); !errors.Is(err, context.Canceled) {
		t.Errorf("dial with a full queue: %v", err)
	}
}

// Many hosts that open, talk and lose power at once: for the race detector.
func TestConcurrentUse(t *testing.T) {
	n := network(t, "10.10.0.0/16")
	server, to := leased(t, n, "server")
	l := listen(t, server, 22)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(c, c)
		}
	}()
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			h := NewHost()
			defer h.Close()
			if _, err := h.Lease(n, fmt.Sprint("m", i), netip.Addr{}); err != nil {
				t.Error(err)
				return
			}
			c, err := h.Dial(t.Context(), "tcp", to.String()+":22")
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := c.Write([]byte("ping")); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkDial(b *testing.B) {
	n := network(b, "10.10.0.0/16")
	server, to := leased(b, n, "server")
	client, _ := leased(b, n, "client")
	l := listen(b, server, 22)
	address := to.String() + ":22"
	for b.Loop() {
		c, err := client.Dial(b.Context(), "tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		s, err := l.Accept()
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
		s.Close()
	}
}
