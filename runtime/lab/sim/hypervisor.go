package sim

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/vnet"
)

// Clock is a machine's only source of time.
type Clock interface {
	Now() time.Time
	// Sleep returns early with ctx's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Config of a Hypervisor. Subnet and Clock are required.
type Config struct {
	Subnet netip.Prefix   // of vmbr0; the lab's host has its first address
	Avoid  []netip.Prefix // subnets around this lab, which inner labs must not use either
	Host   *vnet.Host     // the sockets of the lab's own host; nil makes one that is attached to nothing else

	SubnetOf func(bridge string) (netip.Prefix, bool) // of other bridges than the first, where they have one; nil = none has
	Clock    Clock
	BootTime time.Duration // how long a boot takes at least

	Programs map[string]guest.Program // what machines can execute, by name
	Binary   *Binary                  // the file that is "homestak" to machines; nil for none

	// Nest opens the lab that a machine with Proxmox VE is. Without it such a
	// machine has no API.
	Nest func(ctx context.Context, n Nest) (Inner, error)

	// Log gets one line about a machine, for the lab's log; it may be nil.
	Log func(vmid uint, event, detail string)
}

// Hypervisor makes simulated machines and owns their networks.
type Hypervisor struct {
	cfg     Config
	host    *vnet.Host
	ownHost bool

	mu       sync.Mutex
	networks map[string]*vnet.Network
	running  map[*machine]struct{}
}

var _ guest.Hypervisor = (*Hypervisor)(nil)

// bridge0 is the bridge that every node has.
const bridge0 = "vmbr0"

// New makes the networks; no machine runs.
func New(cfg Config) (*Hypervisor, error) {
	h := &Hypervisor{cfg: cfg, host: cfg.Host, networks: map[string]*vnet.Network{}, running: map[*machine]struct{}{}}
	if h.host == nil {
		h.host, h.ownHost = vnet.NewHost(), true
	}
	if h.cfg.Log == nil {
		h.cfg.Log = func(uint, string, string) {}
	}
	if _, err := h.network(bridge0, 0); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// network is the wire behind a bridge and VLAN tag. The lab's host has a leg
// in each, as a router between VLANs would; guests in different ones do not
// reach each other.
func (h *Hypervisor) network(bridge string, vlan uint) (*vnet.Network, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := bridge
	if vlan != 0 {
		name = fmt.Sprintf("%s.%d", bridge, vlan)
	}
	if n := h.networks[name]; n != nil {
		return n, nil
	}
	subnet := h.cfg.Subnet
	if name != bridge0 {
		known := false
		if h.cfg.SubnetOf != nil {
			subnet, known = h.cfg.SubnetOf(name)
		}
		if !known {
			var err error
			if subnet, err = vnet.Subnet(h.cfg.Subnet.String()+name, h.around()...); err != nil {
				return nil, err
			}
		}
	}
	n, err := vnet.New(name, subnet)
	if err != nil {
		return nil, err
	}
	if err := h.host.Attach(n, hostMAC(name), netip.PrefixFrom(n.Gateway(), subnet.Bits())); err != nil {
		return nil, err
	}
	h.networks[name] = n
	return n, nil
}

// hostMAC names the host's leg in a network.
func hostMAC(network string) string { return "host:" + network }

// around lists the subnets in use here and further out.
func (h *Hypervisor) around() []netip.Prefix {
	out := slices.Concat(h.cfg.Avoid, []netip.Prefix{h.cfg.Subnet})
	for _, n := range h.networks {
		out = append(out, n.Subnet())
	}
	return out
}

// Machine implements guest.Hypervisor.
func (h *Hypervisor) Machine(vmid uint, off func()) guest.Machine {
	return &machine{hv: h, vmid: vmid, off: off}
}

// Dial implements guest.Hypervisor.
func (h *Hypervisor) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err == nil {
		if a, parseErr := netip.ParseAddr(name); name == "localhost" || parseErr == nil && a.Unmap().IsLoopback() {
			return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s is the lab's own loopback, not a guest", name)}
		}
	}
	return h.host.Dial(ctx, network, address)
}

// Close implements guest.Hypervisor.
func (h *Hypervisor) Close() error {
	h.mu.Lock()
	running := make([]*machine, 0, len(h.running))
	for m := range h.running {
		running = append(running, m)
	}
	h.mu.Unlock()
	errs := make([]error, len(running))
	var wg sync.WaitGroup
	for i, m := range running {
		wg.Go(func() { errs[i] = m.suspend() })
	}
	wg.Wait()
	if h.ownHost {
		h.host.Close()
	} else {
		h.mu.Lock()
		for name := range h.networks {
			h.host.Detach(hostMAC(name))
		}
		h.mu.Unlock()
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
