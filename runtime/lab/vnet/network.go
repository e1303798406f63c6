package vnet

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"sync"
)

// ErrInUse is returned (wrapped) for a static address that another port holds.
var ErrInUse = errors.New("address already in use on this network")

// ErrFull is returned (wrapped) when a network has no lease left.
var ErrFull = errors.New("no free address on this network")

// Network is one bridge. Its methods may be called from many goroutines.
type Network struct {
	name   string
	subnet netip.Prefix

	mu    sync.Mutex
	ports map[netip.Addr]*port
}

// New makes an empty network. The subnet is IPv4, /8 to /29; leases come from
// its upper half, so static addresses, which people choose low, stay free.
func New(name string, subnet netip.Prefix) (*Network, error) {
	if !subnet.Addr().Is4() || subnet.Bits() < 8 || subnet.Bits() > 29 {
		return nil, fmt.Errorf("network %s: subnet %s is not an IPv4 network from /8 to /29", name, subnet)
	}
	return &Network{name: name, subnet: subnet.Masked(), ports: map[netip.Addr]*port{}}, nil
}

// Name is the bridge's name, "vmbr0".
func (n *Network) Name() string { return n.name }

// Subnet is the masked prefix.
func (n *Network) Subnet() netip.Prefix { return n.subnet }

// Gateway is the first address of the subnet; it belongs to the bridge's host.
func (n *Network) Gateway() netip.Addr { return n.subnet.Addr().Next() }

// claim gives p its static address. A static address may lie outside the
// subnet, as it may on a real wire.
func (n *Network) claim(p *port, addr netip.Addr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !addr.Is4() || addr.IsUnspecified() || addr.IsLoopback() || addr.IsMulticast() {
		return fmt.Errorf("%s: %s is not an address of a machine", n.name, addr)
	}
	if other := n.ports[addr]; other != nil && other != p {
		return fmt.Errorf("%s: %s is held by %s: %w", n.name, addr, other.mac, ErrInUse)
	}
	n.ports[addr] = p
	return nil
}

// lease gives p the address it had before if that is free, else the first free
// one from the place its MAC hashes to. So the same machines get the same
// addresses, whatever the order they start in, unless two hash alike.
func (n *Network) lease(p *port, before netip.Addr) (netip.Addr, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	size := uint32(1) << (32 - n.subnet.Bits())
	first, span := size/2, size/2-1 // without the broadcast address
	base := number(n.subnet.Addr())
	if before.Is4() && n.subnet.Contains(before) {
		off := number(before) - base
		if off >= first && off < first+span && n.ports[before] == nil {
			n.ports[before] = p
			return before, nil
		}
	}
	h := fnv.New32a()
	h.Write([]byte(p.mac))
	start := h.Sum32() % span
	for i := range span {
		addr := address(base + first + (start+i)%span)
		if n.ports[addr] == nil {
			n.ports[addr] = p
			return addr, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%s: %w", n.name, ErrFull)
}

func (n *Network) release(p *port) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[p.addr] == p {
		delete(n.ports, p.addr)
	}
}

func (n *Network) find(addr netip.Addr) *Host {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p := n.ports[addr]; p != nil {
		return p.host
	}
	return nil
}

// Subnet is the /16 of 10.0.0.0/8 that seed hashes to, past any that overlaps
// one of taken. It fails only when taken covers all of 10.0.0.0/8.
func Subnet(seed string, taken ...netip.Prefix) (netip.Prefix, error) {
	h := fnv.New32a()
	h.Write([]byte(seed))
	for i := range uint32(256) {
		p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(h.Sum32() + i)}), 16)
		free := true
		for _, t := range taken {
			free = free && !p.Overlaps(t)
		}
		if free {
			return p, nil
		}
	}
	return netip.Prefix{}, errors.New("no free /16 in 10.0.0.0/8 for another network")
}

func number(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
