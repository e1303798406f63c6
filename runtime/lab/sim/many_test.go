package sim_test

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/sim"
	"github.com/homestak/homestak/runtime/seed"
)

func TestStaticAddresses(t *testing.T) {
	b := newBench(t)
	s := b.seed(100, "one")
	s.IP, s.Gateway, s.DNS = "10.10.0.20/24", "10.10.0.1", []string{"10.10.0.1"}
	one := b.start(b.seeded(b.hardware(100, "debian-12"), s))
	if got := address(t, one); got != "10.10.0.20" {
		t.Errorf("address %s", got)
	}
	s = b.seed(101, "two")
	s.IP = "10.10.0.20/24"
	two := b.get(101)
	if err := two.Start(t.Context(), b.seeded(b.hardware(101, "debian-12"), s)); err != nil {
		t.Fatal(err)
	}
	b.waitLog("101 network: eth0: vmbr0: 10.10.0.20 is held by " + mac(100))
	b.waitLog("101 boot: ")
	if nics := two.Interfaces(); len(nics[1].Addresses) != 0 {
		t.Errorf("a duplicate address was taken: %v", nics)
	}
	if got := must(t, b.driver(b.hv.Dial, one, 100), "hostname"); got != "one" {
		t.Errorf("%q answers", got)
	}
	// The seed names another card: this one is not configured.
	s = b.seed(102, "three")
	s.MAC = mac(99)
	if nics := b.start(b.seeded(b.hardware(102, "debian-12"), s)).Interfaces(); len(nics[1].Addresses) != 0 || nics[1].Name != "ens18" {
		t.Errorf("another card's configuration: %v", nics)
	}
}

// Guests on one wire reach each other; VLANs and bridges are apart, and the
// lab's host is in all of them.
func TestWires(t *testing.T) {
	b := newBench(t)
	on := func(vmid uint, bridge string, vlan uint) (guest.Machine, *ssh.Client) {
		hw := b.seeded(b.hardware(vmid, "debian-12"), b.seed(vmid, fmt.Sprint("vm", vmid)))
		hw.NICs[0].Bridge, hw.NICs[0].VLAN = bridge, vlan
		m := b.start(hw)
		return m, b.driver(b.hv.Dial, m, vmid)
	}
	a, fromA := on(100, "vmbr0", 0)
	c, fromC := on(101, "vmbr0", 20)
	d, fromD := on(102, "vmbr0", 20)
	e, fromE := on(103, "vmbr1", 0)
	for _, pair := range []struct {
		from  *ssh.Client
		to    guest.Machine
		reach bool
	}{{fromC, d, true}, {fromD, c, true}, {fromA, c, false}, {fromC, a, false}, {fromA, e, false}, {fromE, d, false}} {
		conn, err := pair.from.DialContext(t.Context(), "tcp", address(t, pair.to)+":22")
		if err == nil {
			conn.Close()
		}
		if (err == nil) != pair.reach {
			t.Errorf("reach %v: %v", pair.reach, err)
		}
	}
}

func TestCloseWhileBooting(t *testing.T) {
	b := newBench(t)
	b.clock.held = make(chan struct{})
	hw := b.seeded(b.hardware(100, "debian-12"), b.seed(100, "web"))
	if err := b.get(100).Start(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	b.reopen() // does not wait for the boot
	b.clock.mu.Lock()
	b.clock.held = nil
	b.clock.mu.Unlock()
	if err := b.get(100).Resume(t.Context(), hw); err != nil {
		t.Fatal(err)
	}
	b.waitLog("100 boot: debian-12 is up")
	if got := must(t, b.driver(b.hv.Dial, b.get(100), 100), "hostname"); got != "web" {
		t.Errorf("host name %q", got)
	}
	if _, err := b.hv.Dial(t.Context(), "tcp", address(t, b.get(100))+":80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("port 80: %v", err)
	}
}

// Many machines at once, each booted from its own seed and logged in to.
func bootMany(t testing.TB, n uint) {
	up := map[uint]chan struct{}{}
	for i := range n {
		up[i+100] = make(chan struct{})
	}
	b := newBench(t, func(c *sim.Config) {
		c.Log = func(vmid uint, event, detail string) {
			if event == "boot" {
				close(up[vmid])
			}
		}
	})
	var prepared []guest.Hardware
	for vmid := range n {
		vmid += 100
		prepared = append(prepared, b.seeded(b.hardware(vmid, "debian-12"), b.seed(vmid, fmt.Sprint("vm", vmid))))
	}
	auth := ssh.PublicKeys(b.userCert([]string{seed.DriverUser}))
	var wg sync.WaitGroup
	for _, hw := range prepared {
		m := b.hv.Machine(hw.VMID, nil)
		wg.Go(func() {
			if err := m.Start(t.Context(), hw); err != nil {
				t.Error(err)
				return
			}
			<-up[hw.VMID]
			c, err := b.login(b.hv.Dial, address(t, m)+":22", seed.DriverUser, hw.VMID, auth)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if got := must(t, c, "hostname"); got != fmt.Sprint("vm", hw.VMID) {
				t.Errorf("%d is %q", hw.VMID, got)
			}
		})
	}
	wg.Wait()
}

func TestManyMachines(t *testing.T) { bootMany(t, 40) }

func BenchmarkBoot300(b *testing.B) {
	for b.Loop() {
		bootMany(b, 300)
	}
}
