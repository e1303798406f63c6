package vnet

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
)

func TestLeases(t *testing.T) {
	macs := []string{"02:11:22:33:44:55", "02:11:22:33:44:56", "02:aa:bb:cc:dd:ee"}
	addresses := func(order []int) map[string]netip.Addr {
		n, out := network(t, "10.10.0.0/16"), map[string]netip.Addr{}
		for _, i := range order {
			_, out[macs[i]] = leased(t, n, macs[i])
		}
		return out
	}
	first := addresses([]int{0, 1, 2})
	for mac, addr := range addresses([]int{2, 0, 1}) {
		if first[mac] != addr {
			t.Errorf("%s: %v, then %v", mac, first[mac], addr)
		}
		if addr.As4()[2] < 128 {
			t.Errorf("lease %v is in the lower half", addr)
		}
	}

	n := network(t, "10.1.2.0/29") // leases 4, 5, 6
	seen := map[netip.Addr]bool{}
	for i := range 3 {
		_, addr := leased(t, n, fmt.Sprint(i))
		seen[addr] = true
	}
	if len(seen) != 3 || seen[netip.MustParseAddr("10.1.2.7")] {
		t.Errorf("leases %v", seen)
	}
	h := NewHost()
	if _, err := h.Lease(n, "late", netip.Addr{}); !errors.Is(err, ErrFull) {
		t.Errorf("a full network leased: %v", err)
	}

	n = network(t, "10.10.0.0/16")
	before := netip.MustParseAddr("10.10.200.9")
	if p, err := h.Lease(n, "x", before); err != nil || p.Addr() != before {
		t.Errorf("asked for the address it had, got %v, %v", p, err)
	}
	other := NewHost()
	if p, err := other.Lease(n, "y", before); err != nil || p.Addr() == before {
		t.Errorf("got another's address %v, %v", p, err)
	}
}

func TestStaticAddresses(t *testing.T) {
	n := network(t, "10.10.0.0/16")
	a, b := NewHost(), NewHost()
	want := netip.MustParsePrefix("192.168.7.20/24") // as on a real wire, any
	if err := a.Attach(n, "a", want); err != nil {
		t.Fatal(err)
	}
	if err := b.Attach(n, "b", want); !errors.Is(err, ErrInUse) {
		t.Errorf("duplicate address: %v", err)
	}
	if got := a.Addresses(); !slices.Equal(got, []netip.Prefix{want}) {
		t.Errorf("addresses %v", got)
	}
	for _, bad := range []string{"0.0.0.0/0", "127.0.0.5/8", "224.0.0.1/4", "fe80::1/64"} {
		if err := b.Attach(n, "b", netip.MustParsePrefix(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	a.Close()
	if err := b.Attach(n, "b", want); err != nil {
		t.Errorf("address of a machine that is off: %v", err)
	}
}

func TestSubnets(t *testing.T) {
	var taken []netip.Prefix
	for i := range 64 {
		p, err := Subnet("the same seed", taken...)
		if err != nil {
			t.Fatalf("network %d: %v", i, err)
		}
		for _, other := range taken {
			if p.Overlaps(other) {
				t.Fatalf("%s overlaps %s", p, other)
			}
		}
		taken = append(taken, p)
	}
	if _, err := Subnet("x", netip.MustParsePrefix("10.0.0.0/8")); err == nil {
		t.Error("a network where there is no room")
	}
	for _, bad := range []string{"fe80::/64", "10.0.0.0/30", "0.0.0.0/0"} {
		if _, err := New("x", netip.MustParsePrefix(bad)); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
