package sim

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/homestak/homestak/runtime/lab/vnet"
)

// Inner is the lab that a machine with Proxmox VE is.
type Inner interface {
	// Do runs a request as root@pam, as pvesh does. Data is what the API has under
	// "data"; when status is not 200, reason is PVE's message.
	Do(ctx context.Context, method, path string, params []Param) (status int, data any, reason string)
	// Close stops it; its guests that run can be resumed.
	Close() error
}

// Param is one parameter of a request.
type Param struct{ Key, Value string }

// Nest is what an inner lab is opened with.
type Nest struct {
	VMID        uint            // of the machine, in the lab around
	Dir         string          // what the inner lab keeps, on the machine's disk
	Node        string          // PVE node name
	Cold        bool            // the machine has booted: nothing is resumed, guests with onboot start
	Host        *vnet.Host      // the machine's sockets: the inner bridges attach to it
	Subnet      netip.Prefix    // of the inner vmbr0
	Avoid       []netip.Prefix  // subnets further out
	Listener    net.Listener    // where its API answers: port 8006 of the machine
	Certificate tls.Certificate // what the API shows
}

// apiPort is pveproxy's.
const apiPort = 8006

// pveNode is the Proxmox VE side of a machine: nothing until proxmox-ve is
// installed.
type pveNode struct {
	p    *power
	cold bool // the next opening follows a boot

	mu    sync.Mutex
	inner Inner
	gate  *Gate
	pem   []byte // certificate the inner lab was opened with
}

func newPVENode(p *power, cold bool) *pveNode { return &pveNode{p: p, cold: cold} }

// sync makes the node what packages and units say: an inner lab while
// proxmox-ve is installed, and its API open while pveproxy runs. Guests run on
// when pveproxy stops.
func (n *pveNode) sync(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.p.m.hv.cfg.Nest == nil || n.p.ending.Load() {
		return nil
	}
	_, installed, err := n.p.os.Installed(ctx, "proxmox-ve")
	if err != nil {
		return err
	}
	if !installed {
		return n.stop()
	}
	cert, pem, err := n.p.os.pveCertificate(ctx, n.p.host.Addresses())
	if err != nil {
		return err
	}
	proxy, err := n.p.os.Unit(ctx, "pveproxy")
	if err != nil {
		return err
	}
	if n.inner != nil && proxy.Active && !bytes.Equal(pem, n.pem) {
		if err := n.stop(); err != nil { // pveproxy restarted with another certificate
			return err
		}
	}
	if n.inner == nil {
		if err := n.open(ctx, cert, pem); err != nil {
			return err
		}
	}
	if !proxy.Active {
		n.gate.Shut()
		return nil
	}
	if n.gate.IsOpen() {
		return nil
	}
	l, err := n.p.host.Listen(apiPort)
	if err != nil {
		return err
	}
	n.gate.Open(l)
	return nil
}

func (n *pveNode) open(ctx context.Context, cert tls.Certificate, pem []byte) error {
	hv, hw := n.p.m.hv, n.p.hardware()
	name, err := n.p.os.Hostname(ctx)
	if err != nil {
		return err
	}
	hv.mu.Lock()
	avoid := hv.around()
	hv.mu.Unlock()
	subnet, err := vnet.Subnet(hw.UUID, slices.Concat(avoid, n.p.host.Subnets())...)
	if err != nil {
		return err
	}
	gate := NewGate()
	inner, err := hv.cfg.Nest(ctx, Nest{
		VMID: n.p.m.vmid, Dir: n.p.store.inner(), Node: n.p.store.node(name), Cold: n.cold, Host: n.p.host,
		Subnet: subnet, Avoid: avoid, Listener: gate, Certificate: cert,
	})
	if err != nil {
		gate.Close()
		return err
	}
	n.inner, n.gate, n.pem, n.cold = inner, gate, pem, false
	return nil
}

// stop closes the inner lab. n.mu is held.
func (n *pveNode) stop() error {
	if n.inner == nil {
		return nil
	}
	inner := n.inner
	n.inner = nil
	return errors.Join(inner.Close(), n.gate.Close())
}

func (n *pveNode) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stop()
}

// lab is the inner lab, nil when there is none.
func (n *pveNode) lab() Inner {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.inner
}
