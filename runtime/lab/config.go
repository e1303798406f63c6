package lab

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/homestak/homestak/runtime/lab/faults"
	"github.com/homestak/homestak/runtime/lab/guest"
)

// Program is something a guest can execute; see guest.Program.
type Program = guest.Program

// Clock is the lab's only source of time.
type Clock interface {
	Now() time.Time
	// Sleep returns early with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Config says what lab to open. Only Dir is required.
type Config struct {
	Dir    string // everything the lab keeps; made if missing
	SiteID string // with Name, fixes the certificate of an in-process lab; empty = a random one, kept in Dir
	Name   string // lab host name, default "lab"
	Node   string // PVE node name, default Name

	// Nodes are nodes that join Node in a cluster of the lab's Name, unless they
	// have; one that is named here no more stays. See also AddNode.
	Nodes []string

	Listen      string           // default "127.0.0.1:0"; only loopback unless Listener is given
	Listener    net.Listener     // used instead of Listen: a nested lab's own network
	Certificate *tls.Certificate // used instead of a derived or random one

	// Subnet of the node's bridge vmbr0; the host has its first address and guests
	// without a static one get theirs from it. Default 10.10.0.0/16.
	Subnet netip.Prefix

	TaskTime time.Duration // every task takes at least this long
	BootTime time.Duration // a guest's operating system needs at least this long to come up
	PollTime time.Duration // how often pvestatd looks at the guests: 10 s on PVE; 0 = what the cluster knows is always up to date
	Clock    Clock         // default: the real one
	Faults   faults.Script // what goes wrong from the start

	Programs map[string]Program // what guests can execute, by name
	Self     string             // path of the homestak binary that guests find installed

	// Hypervisor makes the machines; default: simulated guests.
	Hypervisor func(l *Lab) (guest.Hypervisor, error)

	inside *inside      // set for the lab inside a guest
	before func() error // see disk; for tests
}

func (c *Config) fill() {
	if c.Name == "" {
		c.Name = "lab"
	}
	if c.Node == "" {
		c.Node = c.Name
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if !c.Subnet.IsValid() {
		c.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 10, 0, 0}), 16)
	}
	if c.Clock == nil {
		c.Clock = wallClock{}
	}
	if c.Hypervisor == nil {
		c.Hypervisor = simulated
	}
}

// wallClock is the machine's own.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
