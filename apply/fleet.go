package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/secret"
	"github.com/homestak/homestak/runtime/ssh"
)

const codeNoEntry diag.Code = "HS0651"

// fleet is every host a run or an observation can talk to. Each is connected
// when it is first needed and kept until the end.
type fleet struct {
	env      *Env
	run      string
	pin      func(host string) string // certificate the plan pins, "" = what the site says
	nodeName func(host string) string // PVE node the plan names, "" = what the site says
	hostNode func(host string) *node  // the node that is a host, nil for a site host
	arrived  func(ctx context.Context, h *host) error
	writing  pve.Writing // asked before each write; nil = nobody

	mu    sync.Mutex
	slots map[string]*slot
	keys  map[string]string     // by address: host keys that containers showed in this run
	fixed map[string]netip.Addr // by address: of guests that have no agent
}

// slot makes sure that one goroutine connects and the others wait for it.
type slot struct {
	turn turn
	host *host
}

// host is one connected host.
type host struct {
	name string
	node string // PVE node name
	api  *pve.Client
	// dial reaches the networks of its guests.
	dial        ssh.Dialer
	link        *link  // the way to a nested host; nil for a site host
	user        string // whose token it is, "root@pam!homestak"
	fingerprint string
	minted      bool // its token was made for this connection

	mu     sync.Mutex
	places map[uint]spot // by vmid, for guests that are not VMs of the host's own node

	listing turn
	all     []pve.Resource
	listed  time.Time

	seen sights // guarded by mu
}

func newFleet(env *Env, run string) *fleet {
	return &fleet{
		env: env, run: run, slots: map[string]*slot{}, keys: map[string]string{}, fixed: map[string]netip.Addr{},
		pin:      func(string) string { return "" },
		nodeName: func(string) string { return "" },
		hostNode: func(string) *node { return nil },
		arrived:  func(context.Context, *host) error { return nil },
	}
}

// host connects to a host, through its parents when it is nested.
func (f *fleet) host(ctx context.Context, name string) (*host, error) {
	f.mu.Lock()
	s := f.slots[name]
	if s == nil {
		s = &slot{turn: newTurn()}
		f.slots[name] = s
	}
	f.mu.Unlock()

	if err := s.turn.take(ctx); err != nil {
		return nil, err
	}
	defer s.turn.give()
	if s.host != nil {
		return s.host, nil
	}
	var h *host
	var err error
	if n := f.hostNode(name); n != nil {
		h, err = f.connectNested(ctx, name, n)
	} else {
		h, err = f.connectSite(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	if err := f.arrived(ctx, h); err != nil {
		h.close()
		return nil, err
	}
	s.host = h
	return h, nil
}

// connected is a host that is connected now, nil otherwise.
func (f *fleet) connected(name string) *host {
	f.mu.Lock()
	s := f.slots[name]
	f.mu.Unlock()
	if s == nil {
		return nil
	}
	s.turn.wait()
	defer s.turn.give()
	return s.host
}

// forget closes what is known of a host that restarts or goes away.
func (f *fleet) forget(name string) {
	f.mu.Lock()
	s := f.slots[name]
	f.mu.Unlock()
	if s == nil {
		return
	}
	s.turn.wait()
	defer s.turn.give()
	if s.host != nil {
		s.host.close()
		s.host = nil
	}
}

func (f *fleet) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.slots {
		s.turn.wait()
		if s.host != nil {
			s.host.close()
		}
		s.turn.give()
	}
}

func (h *host) close() {
	h.api.Close()
	if h.link != nil {
		h.link.close()
	}
}

func (f *fleet) connectSite(ctx context.Context, name string) (*host, error) {
	entry, ok := f.env.Hosts[name]
	if !ok || len(entry.Endpoints) == 0 {
		return nil, noEntry(name)
	}
	fingerprint := f.pin(name)
	if fingerprint == "" {
		fingerprint = entry.Fingerprint
	}
	api, err := pve.New(pve.Config{
		Name: name, Endpoints: entry.Endpoints, Fingerprint: fingerprint, CA: entry.CA,
		Token: entry.Token, User: entry.User, Password: entry.Password, Dial: entry.Dial, RunID: f.run, Writing: f.writing,
	})
	if err != nil {
		return nil, err
	}
	h := &host{listing: newTurn(), name: name, node: cmp.Or(f.nodeName(name), entry.Node), api: api, user: cmp.Or(entry.User, userOf(entry.Token)), fingerprint: api.Pins()}
	if entry.Via != "" {
		via, err := api.Via(entry.Via)
		if err != nil {
			api.Close()
			return nil, err
		}
		h.dial = ssh.Dialer(via)
	}
	if h.node == "" {
		if h.node, err = localNode(ctx, api); err != nil {
			api.Close()
			return nil, err
		}
	}
	return h, nil
}

// userOf is the public half of a token.
func userOf(token secret.Value) string {
	user, _, _ := strings.Cut(string(token.Reveal()), "=")
	return user
}

func noEntry(host string) *diag.Diagnostic {
	d := codeNoEntry.Errorf("the site has no host %q to connect to", host)
	d.Help = "add hosts/" + host + ".yaml with its endpoint, fingerprint and token, or plan for another host"
	return d
}

// localNode is the PVE node that answers at an API.
func localNode(ctx context.Context, api *pve.Client) (string, error) {
	c, err := api.Cluster(ctx)
	if err != nil {
		return "", err
	}
	if c.Local != "" {
		return c.Local, nil
	}
	if len(c.Nodes) == 1 {
		return c.Nodes[0], nil
	}
	return "", fmt.Errorf("%s does not say which of its %d nodes it is", api.Name(), len(c.Nodes))
}

// connectNested reaches the API of a node that is a host: by SSH to the node,
// and from there to its own loopback, so that no one but the node itself needs to
// be able to reach it.
func (f *fleet) connectNested(ctx context.Context, name string, n *node) (*host, error) {
	l := &link{turn: newTurn(), connect: func(ctx context.Context) (*ssh.Client, error) { return f.login(ctx, n) }}
	h, err := f.enter(ctx, name, n, l)
	if err != nil {
		l.close()
		return nil, err
	}
	return h, nil
}

func (f *fleet) enter(ctx context.Context, name string, n *node, l *link) (*host, error) {
	fingerprint, err := hostCertificate(ctx, l, n)
	if err != nil {
		return nil, err
	}
	if pin := f.pin(name); pin != "" && pin != fingerprint {
		return nil, certificateChanged(name, pin, fingerprint)
	}
	tokens := tokenStore{env: f.env, link: l, node: n, fingerprint: fingerprint, writing: f.writing}
	token, cached, err := tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	for {
		minted := !cached
		api, err := pve.New(pve.Config{
			Name: name, Endpoints: []string{"https://127.0.0.1:8006"}, Fingerprint: fingerprint,
			Token: token, Dial: l.DialContext, RunID: f.run, Writing: f.writing,
		})
		if err != nil {
			return nil, err
		}
		h := &host{listing: newTurn(), name: name, api: api, dial: l.DialContext, link: l, user: userOf(token), fingerprint: fingerprint, minted: minted}
		h.node, err = localNode(ctx, api)
		if err == nil {
			return h, nil
		}
		api.Close()
		if !cached || pve.ClassOf(err) != pve.Auth {
			return nil, err
		}
		// The cached token is refused: the node was rebuilt, or somebody removed it.
		if token, err = tokens.mint(ctx); err != nil {
			return nil, err
		}
		cached = false
	}
}

// link is the SSH connection to a node that is a host. It is made anew when it
// breaks: the node may restart in the middle of a run.
type link struct {
	connect func(ctx context.Context) (*ssh.Client, error)

	turn   turn
	client *ssh.Client
	closed bool
}

// get returns the connection, made if need be; stale is one that failed.
func (l *link) get(ctx context.Context, stale *ssh.Client) (*ssh.Client, error) {
	if err := l.turn.take(ctx); err != nil {
		return nil, err
	}
	defer l.turn.give()
	if l.closed {
		return nil, errors.New("the connection was closed")
	}
	if l.client != nil && l.client != stale {
		return l.client, nil
	}
	if l.client != nil {
		_ = l.client.Close()
		l.client = nil
	}
	c, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	l.client = c
	return c, nil
}

func (l *link) close() {
	l.turn.wait()
	defer l.turn.give()
	l.closed = true
	if l.client != nil {
		_ = l.client.Close()
	}
}

func (l *link) withClient(ctx context.Context, use func(*ssh.Client) error) error {
	c, err := l.get(ctx, nil)
	if err != nil {
		return err
	}
	err = use(c)
	var broken *ssh.Error
	if !errors.As(err, &broken) || broken.Kind != ssh.Lost {
		return err
	}
	if c, err = l.get(ctx, c); err != nil {
		return err
	}
	return use(c)
}
