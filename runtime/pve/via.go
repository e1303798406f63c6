package pve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/homestak/homestak/runtime/secret"
)

// ViaError is a tunnel that did not come about.
type ViaError struct {
	Via    string // host:port of the tunnel's near end
	Target string // what was asked for
	Status int    // of a refusal; 0 = the near end did not answer
	Err    error
}

func (e *ViaError) Error() string {
	return fmt.Sprintf("via %s to %s: %v", e.Via, e.Target, e.Err)
}

func (e *ViaError) Unwrap() error { return e.Err }

func (e *ViaError) class() Class {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return Auth
	case http.StatusForbidden:
		return Privilege
	}
	return Unreachable
}

// ViaDialer reaches addresses through an HTTPS server that answers CONNECT: what
// a host entry's `via: https://…` names. The server's certificate is pinned like
// an API's, and the token goes to it in both headers a proxy may look at.
func ViaDialer(viaURL, fingerprint string, token secret.Value) (Dialer, error) {
	w, err := newWire(Config{Name: viaURL, Endpoints: []string{viaURL}, Fingerprint: fingerprint, Token: token})
	if err != nil {
		return nil, err
	}
	return w.through(w.endpoints[0].Host), nil
}

// Via is ViaDialer with what the client dials with, pins and proves itself with.
func (c *Client) Via(viaURL string) (Dialer, error) {
	u, err := parseEndpoint(viaURL)
	if err != nil {
		return nil, configError(c.cfg.Name, "its via cannot be used: "+err.Error(), "write it as in https://192.0.2.1:8006")
	}
	return c.wire.through(u.Host), nil
}

// through dials by way of the server at via.
func (w *wire) through(via string) Dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if !strings.HasPrefix(network, "tcp") {
			return nil, &ViaError{Via: via, Target: addr, Err: fmt.Errorf("cannot carry %s", network)}
		}
		head, err := w.credentials.header(ctx, w, false)
		if err != nil {
			return nil, err
		}
		conn, err := w.tunnel(ctx, via, addr, head)
		if ClassOf(err) != Auth || !w.credentials.expire(head) {
			return conn, err
		}
		if head, err = w.credentials.header(ctx, w, false); err != nil {
			return nil, err
		}
		return w.tunnel(ctx, via, addr, head)
	}
}

func (w *wire) tunnel(ctx context.Context, via, addr string, head header) (net.Conn, error) {
	conn, err := dialPinned(ctx, w.dial, "tcp", via, w.pins)
	if err != nil {
		return nil, &ViaError{Via: via, Target: addr, Err: causeOf(ctx, err)}
	}
	far, status, err := connect(ctx, conn, addr, head)
	if err != nil {
		_ = conn.Close()
		return nil, &ViaError{Via: via, Target: addr, Status: status, Err: err}
	}
	return far, nil
}

// connect asks for the tunnel on an open connection.
func connect(ctx context.Context, conn net.Conn, addr string, head header) (net.Conn, int, error) {
	// A deadline in the past ends reads and writes that the context outlived.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: addr},
		Host:   addr,
		Header: http.Header{"User-Agent": {"homestak"}},
	}
	head.set(req)
	if auth := req.Header.Get("Authorization"); auth != "" {
		req.Header.Set("Proxy-Authorization", auth)
	}
	err := req.Write(conn)
	var res *http.Response
	r := bufio.NewReader(conn)
	if err == nil {
		res, err = http.ReadResponse(r, req)
	}
	if !stop() {
		return nil, 0, context.Cause(ctx)
	}
	if err != nil {
		return nil, 0, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, res.StatusCode, errors.New(res.Status)
	}
	return &tunnel{Conn: conn, r: r}, res.StatusCode, nil
}

// tunnel reads what the answer's reader may have read ahead.
type tunnel struct {
	net.Conn
	r *bufio.Reader
}

func (t *tunnel) Read(p []byte) (int, error) { return t.r.Read(p) }
