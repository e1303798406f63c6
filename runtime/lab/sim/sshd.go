package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// loginGrace is how long a client may take to log in, sshd's LoginGraceTime.
const loginGrace = 2 * time.Minute

// sshd is the SSH server of a running machine.
type sshd struct {
	p *power

	mu        sync.Mutex
	config    *ssh.ServerConfig // for new connections; nil while stopped
	listeners map[uint16]net.Listener
}

func newSSHD(p *power) *sshd { return &sshd{p: p, listeners: map[uint16]net.Listener{}} }

// sync listens where the running sshd's configuration says, with its keys.
// Connections that exist go on, as they do when sshd is reloaded or stopped.
func (d *sshd) sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, on := d.p.os.SSHD()
	var ports []uint16
	d.config = nil
	var err error
	if on {
		var signers []ssh.Signer
		if signers, err = d.p.os.hostKeys(d.p.ctx, c); err == nil {
			d.config = d.p.serverConfig(c, signers)
			for _, n := range c.Ports {
				ports = append(ports, uint16(n))
			}
		}
	}
	for tcp, l := range d.listeners {
		if !slices.Contains(ports, tcp) {
			l.Close()
			delete(d.listeners, tcp)
		}
	}
	for _, tcp := range ports {
		if d.listeners[tcp] != nil {
			continue
		}
		l, listenErr := d.p.host.Listen(tcp)
		if listenErr != nil {
			err = errors.Join(err, fmt.Errorf("sshd: %w", listenErr))
			continue
		}
		d.listeners[tcp] = l
		go d.accept(l)
	}
	return err
}

func (d *sshd) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		cfg := d.config
		d.mu.Unlock()
		if cfg == nil || !d.p.begin() {
			c.Close()
			continue
		}
		go func() {
			defer d.p.work.Done()
			d.serve(c, cfg)
		}()
	}
}

// begin counts a piece of work unless the power is about to end.
func (p *power) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ending.Load() {
		return false
	}
	p.work.Add(1)
	return true
}

// serve is one connection, until it ends.
func (d *sshd) serve(c net.Conn, cfg *ssh.ServerConfig) {
	defer c.Close()
	// The deadline is the real clock's: sockets know no other.
	if err := c.SetDeadline(time.Now().Add(loginGrace)); err != nil {
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(c, cfg)
	if err != nil {
		d.p.log("ssh", "no login from %s: %v", c.RemoteAddr(), err)
		return
	}
	defer conn.Close()
	if err := c.SetDeadline(time.Time{}); err != nil {
		return
	}
	d.p.log("ssh", "login of %s from %s by %s", conn.User(), c.RemoteAddr(), conn.Permissions.Extensions[loginBy])

	ctx, cancel := context.WithCancel(d.p.ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		for r := range requests { // keep-alives; forwarding of listeners is not offered
			if r.WantReply {
				r.Reply(false, nil)
			}
		}
	})
	for ch := range channels {
		switch ch.ChannelType() {
		case "session":
			wg.Go(func() { d.p.session(ctx, conn, ch) })
		case "direct-tcpip":
			wg.Go(func() { d.p.forward(ctx, conn, ch) })
		default:
			ch.Reject(ssh.UnknownChannelType, "not offered by the lab's sshd")
		}
	}
	cancel()
	wg.Wait()
}
