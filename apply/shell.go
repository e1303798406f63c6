package apply

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/seed"
	"github.com/homestak/homestak/runtime/ssh"
)

const (
	codeNoKeys    diag.Code = "HS0652"
	codeNoAddress diag.Code = "HS0653"
)

// certificateTTL is how long the driver may log in with one certificate. Every
// connection gets a new one.
const certificateTTL = time.Hour

// askAddress is where a node answers on its host's network: the IPv4 address the
// agent reports for the NIC homestak declared.
func (f *fleet) askAddress(ctx context.Context, n *node) (netip.Addr, error) {
	h, err := f.host(ctx, n.host)
	if err != nil {
		return netip.Addr{}, err
	}
	h.expect(n)
	at := h.place(n.vmid)
	if a, ok := f.mute(n); ok {
		return a, nil
	}
	nics, err := h.api.Guest(at.kind, at.node, n.vmid).Interfaces(ctx)
	if pve.ClassOf(err) == pve.NoAgent {
		if a, ok := f.fixedAddress(ctx, h, n); ok {
			return a, nil
		}
	}
	if err != nil {
		return netip.Addr{}, err
	}
	for _, nic := range nics {
		if !strings.EqualFold(nic.MAC, n.mac) {
			continue
		}
		for _, p := range nic.Addrs {
			if a := p.Addr(); a.Is4() && !a.IsLinkLocalUnicast() {
				return a, nil
			}
		}
	}
	d := codeNoAddress.Errorf("%s has no address yet", n.addr)
	d.Label = "its agent reports no IPv4 address for " + n.mac
	if at.kind == canon.LXC {
		d.Label = "its host sees no IPv4 address of " + n.mac
	}
	d.Help = "check the network the guest is on: a DHCP server, or a static address in the manifest"
	return netip.Addr{}, d
}

// fixedAddress is the static address that a guest was made with, if no agent is to be
// expected in it: its seed could not bring one, or its manifest says that it has none.
func (f *fleet) fixedAddress(ctx context.Context, h *host, n *node) (netip.Addr, bool) {
	g, err := h.guest(ctx, n.vmid, f.env.Keys.Marker())
	if err != nil || g == nil || !g.marker.authentic {
		return netip.Addr{}, false
	}
	if !n.believed() && canon.Get(g.marker.Made, plan.MadeHostKey) == "" && canon.Get(g.Config, "agent.enabled") == "1" {
		return netip.Addr{}, false
	}
	made := cmp.Or(canon.Get(n.made, plan.MadeIP), canon.Get(g.marker.Made, plan.MadeIP))
	p, err := netip.ParsePrefix(made)
	if err != nil {
		return netip.Addr{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fixed[string(n.addr)] = p.Addr()
	return p.Addr(), true
}

// mute is the address of a guest that was found to have no agent: to ask again would
// take seconds each time.
func (f *fleet) mute(n *node) (netip.Addr, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.fixed[string(n.addr)]
	return a, ok
}

// believed reports whether the host key that a guest shows at the first login is
// taken to be its own: no seed with a certified one reached it.
func (n *node) believed() bool {
	return n.kind == kindCT || n.created != nil && n.created.Text(plan.ArgSeedContent) == plan.ContentPVE
}

// login opens a new SSH connection to a node, through everything it is nested
// in. Its program may move its sshd to another port, so the one it was proven
// ready with is tried first, then the one the plan gives it, then that of a
// machine nobody has converged yet.
func (f *fleet) login(ctx context.Context, n *node) (*ssh.Client, error) {
	if f.env.Keys == nil {
		return nil, noKeys()
	}
	h, err := f.host(ctx, n.host)
	if err != nil {
		return nil, err
	}
	at, err := f.address(ctx, n)
	if err != nil {
		return nil, err
	}
	auth, err := f.env.Keys.UserSigner(seed.DriverUser, certificateTTL)
	if err != nil {
		return nil, err
	}
	doors, known, err := f.doors(ctx, h, n)
	if err != nil {
		return nil, err
	}
	for i, d := range doors {
		hop := ssh.Hop{
			Name: string(n.addr), Addr: net.JoinHostPort(at.String(), strconv.FormatUint(uint64(d.port), 10)),
			User: d.user, UUID: n.uuid, HostCA: f.env.Keys.HostCA(), Auth: auth,
		}
		var shown string
		believed := n.believed() || known != ""
		if believed {
			hop.Known, hop.FirstUse = known, func(key string) { shown = key }
		}
		c, err := ssh.Dial(ctx, ssh.Config{Dialer: h.dial, Hops: []ssh.Hop{hop}})
		if err == nil && believed {
			f.learnKey(n, shown)
		}
		var failed *ssh.Error
		if err != nil && i+1 < len(doors) && errors.As(err, &failed) &&
			(failed.Kind == ssh.Unreachable || failed.Kind == ssh.Auth && doors[i+1].port == d.port) {
			continue
		}
		return c, err
	}
	return nil, nil
}

// door is where the driver may come in, and as whom.
type door struct {
	port uint
	user string
}

// rootUser is whom PVE gives the keys of a new container to. The first push gives
// the driver an account of his own, because a posture may shut root out.
const rootUser = "root"

// doors are those of a node, the likeliest first; key is the host key it is known
// to have, "" unless it is one that somebody logged in to before without a
// certificate of the site's to tell it by.
func (f *fleet) doors(ctx context.Context, h *host, n *node) (doors []door, key string, err error) {
	h.expect(n)
	g, err := h.guest(ctx, n.vmid, f.env.Keys.Marker())
	if err != nil {
		return nil, "", err
	}
	key = f.hostKey(n)
	if g != nil && g.marker.authentic && key == "" {
		key = canon.Get(g.marker.Made, plan.MadeHostKey)
	}
	var ports []uint
	proven := g != nil && g.marker.authentic && g.marker.Program != ""
	if proven {
		ports = append(ports, cmp.Or(g.marker.Port, 22))
	}
	users := []string{seed.DriverUser}
	if n.kind == kindCT {
		users = append(users, rootUser)
		if !proven {
			slices.Reverse(users)
		}
	}
	for _, p := range append(ports, n.port, 22) {
		for _, u := range users {
			if d := (door{p, u}); p != 0 && !slices.Contains(doors, d) {
				doors = append(doors, d)
			}
		}
	}
	return doors, key, nil
}

// hostKey is the key that a container showed in this run, learnKey remembers it.
func (f *fleet) hostKey(n *node) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.keys[string(n.addr)]
}

func (f *fleet) learnKey(n *node, fingerprint string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys[string(n.addr)] = fingerprint
}

func noKeys() *diag.Diagnostic {
	d := codeNoKeys.Errorf("the site has no keys")
	d.Label = "without them no guest can be told to be its own, and nobody can log in to one"
	d.Help = "run `homestak init --keys` in the site, or fetch the site's age identity"
	return d
}

// DialContext connects from the node, for an API client and for the SSH
// connections to the node's own guests.
func (l *link) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	var conn net.Conn
	err := l.withClient(ctx, func(c *ssh.Client) (err error) {
		conn, err = c.DialContext(ctx, network, addr)
		return err
	})
	return conn, err
}

// output runs a command on the node and returns what it printed.
func (l *link) output(ctx context.Context, command string) ([]byte, error) {
	var out bytes.Buffer
	err := l.withClient(ctx, func(c *ssh.Client) error {
		out.Reset()
		return c.Run(ctx, command, nil, &out, nil)
	})
	return out.Bytes(), err
}

// certificateFile is what pveproxy serves on a host where nobody installed
// another certificate.
const certificateFile = "/etc/pve/local/pve-ssl.pem"

// hostCertificate asks a nested host, over SSH whose host key the site's CA
// vouches for, which certificate its API serves.
func hostCertificate(ctx context.Context, l *link, n *node) (string, error) {
	text, err := l.output(ctx, "sudo -n cat "+certificateFile)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "CERTIFICATE" {
		return "", fmt.Errorf("%s of %s holds no certificate", certificateFile, n.addr)
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return "", fmt.Errorf("%s of %s: %w", certificateFile, n.addr, err)
	}
	return pve.Fingerprint(block.Bytes), nil
}

// mayCome reports whether a failure to reach a guest is one that time may cure.
func mayCome(err error) bool {
	var failed *ssh.Error
	if errors.As(err, &failed) {
		return failed.Retry() || failed.Kind == ssh.HostKey || failed.Kind == ssh.Auth
	}
	var d *diag.Diagnostic
	if errors.As(err, &d) && d.Code == codeNoAddress {
		return true
	}
	return pve.ClassOf(err).Retry() || agentSays(err)
}
