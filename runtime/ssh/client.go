package ssh

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Dialer connects to the first hop. net.Dialer's DialContext is one.
type Dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// Hop is one sshd on the way to the target.
type Hop struct {
	Name   string        // for messages, such as the node's address; Addr when ""
	Addr   string        // host:port as seen from the hop before
	User   string        // login name
	UUID   string        // the only principal accepted in the host certificate
	HostCA ssh.PublicKey // the site's host CA
	// FirstUse, when set, is for a machine that has no certificate: the fingerprint
	// of the host key it shows is handed to it, and the key is accepted unless Known
	// is another one. UUID and HostCA are not looked at then.
	FirstUse func(fingerprint string)
	Known    string     // fingerprint of the key it showed before, "SHA256:…"; "" on the first use
	Auth     ssh.Signer // the user certificate with its key
}

func (h Hop) name() string {
	if h.Name == "" {
		return h.Addr
	}
	return h.Name
}

// Config says how to get to a target.
type Config struct {
	Dialer Dialer // nil = a plain TCP connection
	Hops   []Hop  // at least one; the last is the target

	// Handshake bounds connecting to and logging in to each hop; 0 = 30 s.
	Handshake time.Duration
	// KeepAlive is the pause between two probes of the connection; the answer
	// must come within the same time. 0 = 15 s.
	KeepAlive time.Duration
	// MaxOutput bounds each output stream of one Run in bytes; 0 = 64 MiB.
	MaxOutput int64
	// Now is the clock host certificates are judged by; nil = time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	if c.Dialer == nil {
		c.Dialer = (&net.Dialer{}).DialContext
	}
	if c.Handshake == 0 {
		c.Handshake = 30 * time.Second
	}
	if c.KeepAlive == 0 {
		c.KeepAlive = 15 * time.Second
	}
	if c.MaxOutput == 0 {
		c.MaxOutput = 64 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Client is a connection to a target with all the hops under it. It is safe for
// concurrent use.
type Client struct {
	cfg    Config
	hop    Hop // the target
	chain  []*ssh.Client
	closed chan struct{}
	once   sync.Once
	lost   error // why the connection ended by itself; read after closed
}

// Dial connects hop by hop. The error is an *Error that names the hop and the
// way it failed. ctx bounds the dialling only.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if len(cfg.Hops) == 0 {
		return nil, errors.New("ssh: no hops to dial")
	}
	cfg = cfg.withDefaults()
	c := &Client{cfg: cfg, hop: cfg.Hops[len(cfg.Hops)-1], closed: make(chan struct{})}
	dial := cfg.Dialer
	for _, hop := range cfg.Hops {
		link, err := connect(ctx, cfg, dial, hop)
		if err != nil {
			_ = c.Close()
			return nil, err
		}
		c.chain = append(c.chain, link)
		dial = link.DialContext
	}
	go c.keepAlive()
	return c, nil
}

// connect opens one hop over a dialer.
func connect(ctx context.Context, cfg Config, dial Dialer, hop Hop) (*ssh.Client, error) {
	parent := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.Handshake, fmt.Errorf("no answer within %s", cfg.Handshake))
	defer cancel()
	conn, err := dial(ctx, "tcp", hop.Addr)
	if err != nil {
		return nil, dialError(parent, ctx, hop, err)
	}
	verify := &hostVerifier{hop: hop, now: cfg.Now}
	// The connection of a later hop is a channel of the one before and has no
	// deadlines, so the context closes it instead.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	sc, chans, reqs, err := ssh.NewClientConn(conn, hop.Addr, &ssh.ClientConfig{
		User:              hop.User,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(hop.Auth)},
		HostKeyCallback:   verify.check,
		HostKeyAlgorithms: verify.algorithms(),
		ClientVersion:     "SSH-2.0-homestak",
	})
	if !stop() && err == nil {
		_ = sc.Close()
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		return nil, handshakeError(parent, ctx, hop, verify, err)
	}
	return ssh.NewClient(sc, chans, reqs), nil
}

// keepAlive probes the target until the client is closed; an answer that does
// not come ends the connection, so that nobody waits on a dead one.
func (c *Client) keepAlive() {
	target := c.target()
	gone := make(chan error, 1)
	go func() { gone <- target.Wait() }()
	answer := make(chan error, 1)
	timer := time.NewTimer(c.cfg.KeepAlive)
	defer timer.Stop()
	waiting := false
	for {
		select {
		case <-c.closed:
			return
		case err := <-gone:
			c.shut(fmt.Errorf("the connection ended: %w", orEOF(err)))
			return
		case err := <-answer:
			// A refusal is an answer too; only a dead connection is an error.
			if err != nil {
				c.shut(fmt.Errorf("the connection ended: %w", err))
				return
			}
			waiting = false
		case <-timer.C:
			if waiting {
				c.shut(fmt.Errorf("no answer for %s", c.cfg.KeepAlive))
				return
			}
			waiting = true
			go func() {
				_, _, err := target.SendRequest("keepalive@openssh.com", true, nil)
				answer <- err
			}()
			timer.Reset(c.cfg.KeepAlive)
			continue
		}
		if !waiting {
			timer.Reset(c.cfg.KeepAlive)
		}
	}
}

// AsRoot is a command with what it takes to run it as root on the target.
func (c *Client) AsRoot(command string) string {
	if c.hop.User == "root" {
		return command
	}
	return "sudo -n " + command
}

func (c *Client) target() *ssh.Client { return c.chain[len(c.chain)-1] }

// DialContext opens a connection from the target to addr (direct-tcpip). An API
// client uses it to reach a host that only its parent can see.
func (c *Client) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := c.target().DialContext(ctx, network, addr)
	if err != nil {
		return nil, c.operationError(ctx, "dial "+addr, err)
	}
	return conn, nil
}

// Close ends the connection and every hop under it. It is safe to call twice
// and returns at once.
func (c *Client) Close() error {
	c.shut(nil)
	return nil
}

func (c *Client) shut(why error) {
	c.once.Do(func() {
		c.lost = why
		close(c.closed)
		// From the first hop: closing the socket under everything cannot block on
		// a machine that does not answer.
		for _, link := range c.chain {
			_ = link.Close()
		}
	})
}
