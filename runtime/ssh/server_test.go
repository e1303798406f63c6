package ssh_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/runtime/ca"
	hssh "github.com/homestak/homestak/runtime/ssh"
)

const driver = "homestak-driver"

// command is what a machine does for an exec request; it returns the status.
type command func(m *machine, cmd string, stdin io.Reader, stdout, stderr io.Writer) uint32

// machine is an sshd with a host certificate, on a network of its own.
type machine struct {
	uuid   string
	config *ssh.ServerConfig
	run    command
	net    *network // where its direct-tcpip goes
	silent bool     // accepts connections and never speaks

	mu       sync.Mutex
	commands []string
	ended    chan string // commands whose session was closed by the client
	conns    []*pipeConn
}

func (m *machine) ran() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.commands...)
}

// network is a set of listening addresses.
type network struct {
	mu    sync.Mutex
	hosts map[string]func(net.Conn)
}

func newNetwork() *network { return &network{hosts: map[string]func(net.Conn){}} }

func (n *network) add(addr string, serve func(net.Conn)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[addr] = serve
}

func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	serve := n.hosts[addr]
	n.mu.Unlock()
	if serve == nil {
		return nil, fmt.Errorf("connect %s: connection refused", addr)
	}
	near, far := newPipe()
	go serve(far)
	return near, ctx.Err()
}

// newMachine makes an sshd whose host key the site certified for certified, and
// which trusts the site's user CA.
func newMachine(t *testing.T, keys *ca.Keys, uuid string) *machine {
	t.Helper()
	m := &machine{uuid: uuid, net: newNetwork(), ended: make(chan string, 8)}
	private, line, err := keys.HostKey(uuid)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		t.Fatal(err)
	}
	certified, err := ssh.NewCertSigner(public.(*ssh.Certificate), signer)
	if err != nil {
		t.Fatal(err)
	}
	m.config = trusting(t, keys)
	m.config.AddHostKey(certified)
	m.run = func(_ *machine, _ string, stdin io.Reader, stdout, _ io.Writer) uint32 {
		_, _ = io.Copy(stdout, stdin)
		return 0
	}
	return m
}

func trusting(t *testing.T, keys *ca.Keys) *ssh.ServerConfig {
	t.Helper()
	userCA, _, _, _, err := ssh.ParseAuthorizedKey([]byte(keys.UserCALine()))
	if err != nil {
		t.Fatal(err)
	}
	checker := &ssh.CertChecker{IsUserAuthority: func(key ssh.PublicKey) bool {
		return bytes.Equal(key.Marshal(), userCA.Marshal())
	}}
	return &ssh.ServerConfig{PublicKeyCallback: checker.Authenticate}
}

func (m *machine) serve(conn net.Conn) {
	m.mu.Lock()
	m.conns = append(m.conns, conn.(*pipeConn))
	silent := m.silent
	m.mu.Unlock()
	if silent {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	defer func() { _ = conn.Close() }()
	_, chans, reqs, err := ssh.NewServerConn(conn, m.config)
	if err != nil {
		return
	}
	go func() {
		for r := range reqs {
			_ = r.Reply(false, nil)
		}
	}()
	for ch := range chans {
		switch ch.ChannelType() {
		case "session":
			go m.session(ch)
		case "direct-tcpip":
			go m.forward(ch)
		default:
			_ = ch.Reject(ssh.UnknownChannelType, "no")
		}
	}
}

func (m *machine) session(nc ssh.NewChannel) {
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	for r := range reqs {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var payload struct{ Command string }
		_ = ssh.Unmarshal(r.Payload, &payload)
		_ = r.Reply(true, nil)
		m.mu.Lock()
		m.commands = append(m.commands, payload.Command)
		m.mu.Unlock()
		go func() {
			status := m.run(m, payload.Command, ch, ch, ch.Stderr())
			if status == killed {
				_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
					Signal     string
					Core       bool
					Msg, Local string
				}{"KILL", false, "", ""}))
			} else if status != vanished {
				_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
			}
			_ = ch.Close()
		}()
	}
	select {
	case m.ended <- "session":
	default:
	}
}

// Statuses with a meaning of their own.
const (
	killed   = 1 << 20
	vanished = 1 << 21 // the session ends without a status
)

func (m *machine) forward(nc ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(nc.ExtraData(), &to)
	conn, err := m.net.dial(context.Background(), "tcp", fmt.Sprintf("%s:%d", to.Host, to.Port))
	if err != nil {
		_ = nc.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	ch, reqs, err := nc.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	go func() {
		_, _ = io.Copy(conn, ch)
		_ = conn.Close()
	}()
	_, _ = io.Copy(ch, conn)
	_ = ch.Close()
}

// pipeConn is one end of a buffered connection in memory. Freezing it is what a
// machine that lost its power looks like.
type pipeConn struct {
	read, write *pipeHalf
}

type pipeHalf struct {
	mu     sync.Mutex
	cond   *sync.Cond
	buf    bytes.Buffer
	closed bool
	frozen bool
}

func newPipe() (*pipeConn, *pipeConn) {
	half := func() *pipeHalf {
		h := &pipeHalf{}
		h.cond = sync.NewCond(&h.mu)
		return h
	}
	a, b := half(), half()
	return &pipeConn{a, b}, &pipeConn{b, a}
}

func (h *pipeHalf) do(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	h.cond.Broadcast()
}

// freeze stops this end: what it writes is lost.
func (c *pipeConn) freeze() { c.write.do(func() { c.write.frozen = true }) }

func (c *pipeConn) Read(p []byte) (int, error) {
	h := c.read
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.buf.Len() == 0 && !h.closed {
		h.cond.Wait()
	}
	if h.buf.Len() == 0 {
		return 0, io.EOF
	}
	return h.buf.Read(p)
}

func (c *pipeConn) Write(p []byte) (int, error) {
	var err error
	c.write.do(func() {
		switch {
		case c.write.closed:
			err = io.ErrClosedPipe
		case !c.write.frozen:
			_, _ = c.write.buf.Write(p)
		}
	})
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *pipeConn) Close() error {
	c.read.do(func() { c.read.closed = true })
	c.write.do(func() { c.write.closed = true })
	return nil
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

func (c *pipeConn) LocalAddr() net.Addr              { return pipeAddr{} }
func (c *pipeConn) RemoteAddr() net.Addr             { return pipeAddr{} }
func (c *pipeConn) SetDeadline(time.Time) error      { return errors.New("no deadlines") }
func (c *pipeConn) SetReadDeadline(time.Time) error  { return errors.New("no deadlines") }
func (c *pipeConn) SetWriteDeadline(time.Time) error { return errors.New("no deadlines") }

// world is three machines in a row: each reachable from the one before only.
type world struct {
	keys     *ca.Keys
	net      *network
	machines []*machine
	hops     []hssh.Hop
}

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := keys.UserSigner(driver, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{keys: keys, net: newNetwork()}
	at := w.net
	for i := range 3 {
		m := newMachine(t, keys, fmt.Sprintf("uuid-%d", i))
		addr := fmt.Sprintf("10.0.%d.2:22", i)
		at.add(addr, m.serve)
		w.machines = append(w.machines, m)
		w.hops = append(w.hops, hssh.Hop{
			Name: fmt.Sprintf("m/node-%d", i), Addr: addr, User: driver, UUID: m.uuid, HostCA: keys.HostCA(), Auth: signer,
		})
		at = m.net
	}
	return w
}

func (w *world) config(hops int) hssh.Config {
	return hssh.Config{Dialer: w.net.dial, Hops: append([]hssh.Hop(nil), w.hops[:hops]...)}
}

func (w *world) dial(t *testing.T, hops int) *hssh.Client {
	t.Helper()
	c, err := hssh.Dial(t.Context(), w.config(hops))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
