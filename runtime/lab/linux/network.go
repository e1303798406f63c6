//go:build linux

package linux

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Network is a bridge in a network namespace of its own: guests are plugged into
// it, and nothing of it is seen in the machine's own network. It is gone with
// the process that made it.
type Network struct {
	space  netns.NsHandle
	handle *netlink.Handle
	bridge int // its index
	prefix netip.Prefix
}

// bridgeName is the bridge's name inside its namespace.
const bridgeName = "vmbr0"

// NewNetwork makes a network whose bridge has the given address and prefix length.
func NewNetwork(address netip.Prefix) (*Network, error) {
	n := &Network{space: -1, prefix: address}
	if err := n.make(); err != nil {
		return nil, errors.Join(fmt.Errorf("make a network: %w", err), n.Close())
	}
	return n, nil
}

func (n *Network) make() error {
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and ends: it has lost its own namespace
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			n.space, err = netns.Get()
		}
		made <- err
	}()
	if err := <-made; err != nil {
		return err
	}
	var err error
	if n.handle, err = netlink.NewHandleAt(n.space, unix.NETLINK_ROUTE); err != nil {
		return err
	}
	lo, err := n.handle.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := n.handle.LinkSetUp(lo); err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridgeName
	if err := n.handle.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
		return err
	}
	bridge, err := n.handle.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	n.bridge = bridge.Attrs().Index
	if err := n.handle.AddrAdd(bridge, &netlink.Addr{IPNet: ipNet(n.prefix)}); err != nil {
		return err
	}
	return n.handle.LinkSetUp(bridge)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// NIC is a network card of a guest.
type NIC struct {
	Port    string // the bridge's side, unique in the network, at most 15 characters
	Name    string // the guest's side: eth0
	MAC     net.HardwareAddr
	Address netip.Prefix // zero: the guest sees to that itself
	Gateway netip.Addr   // zero: none
}

// Plug gives the network namespace of a process a card.
func (n *Network) Plug(pid int, c NIC) error {
	if err := n.plug(pid, c); err != nil {
		return fmt.Errorf("plug %s in: %w", c.Name, err)
	}
	return nil
}

func (n *Network) plug(pid int, c NIC) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MasterIndex = c.Port, n.bridge
	err := n.handle.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: c.Name, PeerHardwareAddr: c.MAC, PeerNamespace: netlink.NsPid(pid)})
	if err != nil {
		return err
	}
	port, err := n.handle.LinkByName(c.Port)
	if err != nil {
		return err
	}
	if err := n.handle.LinkSetUp(port); err != nil {
		return err
	}
	space, err := netns.GetFromPid(pid)
	if err != nil {
		return err
	}
	defer space.Close()
	guest, err := netlink.NewHandleAt(space, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer guest.Close()
	for _, name := range []string{"lo", c.Name} {
		link, err := guest.LinkByName(name)
		if err != nil {
			return err
		}
		if name == c.Name && c.Address.IsValid() {
			if err := guest.AddrReplace(link, &netlink.Addr{IPNet: ipNet(c.Address)}); err != nil {
				return err
			}
		}
		if err := guest.LinkSetUp(link); err != nil {
			return err
		}
	}
	if !c.Gateway.IsValid() {
		return nil
	}
	return guest.RouteReplace(&netlink.Route{Gw: c.Gateway.AsSlice()})
}

// Unplug removes a card by its port. It is no error when there is none.
func (n *Network) Unplug(port string) error {
	link, err := n.handle.LinkByName(port)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	if err == nil {
		err = n.handle.LinkDel(link)
	}
	if err != nil {
		return fmt.Errorf("unplug %s: %w", port, err)
	}
	return nil
}

// Dial connects from the bridge's own address. The address is one of digits:
// there is nobody to ask for names.
func (n *Network) Dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	if _, parseErr := netip.ParseAddrPort(address); parseErr != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: parseErr}
	}
	if err := n.inside(func() error {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	}); err != nil {
		return nil, err
	}
	return conn, nil
}

// Listen listens on an address of the bridge.
func (n *Network) Listen(ctx context.Context, address string) (l net.Listener, err error) {
	if err := n.inside(func() error {
		l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		return err
	}); err != nil {
		return nil, err
	}
	return l, nil
}

// inside runs f on a thread that is in the network's namespace. A socket stays
// where it was made.
func (n *Network) inside(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		own, err := os.Open("/proc/thread-self/ns/net")
		if err == nil {
			defer own.Close()
			err = unix.Setns(int(n.space), unix.CLONE_NEWNET)
		}
		if err != nil {
			done <- err
			return // with the thread, which may be in neither
		}
		err = f()
		if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// Close forgets the network. What is plugged in keeps it until it is gone.
func (n *Network) Close() error {
	if n.handle != nil {
		n.handle.Close()
	}
	if n.space.IsOpen() {
		return n.space.Close()
	}
	return nil
}
