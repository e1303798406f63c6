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
	cfg := Config{Name: viaURL, Endpoints: []string{viaURL}, Fingerprint: fingerprint, Token: token}
	endpoints, err := parseEndpoints(cfg)
	if err != nil {
		return nil, err
	}
	pin, err := parsePin(cfg)
	if err != nil {
		return nil, err
	}
	if err := checkToken(cfg); err != nil {
		return nil, err
	}
	via := endpoints[0].Host
	base := &net.Dialer{KeepAlive: 30 * time.Second}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if !strings.HasPrefix(network, "tcp") {
			return nil, &ViaError{Via: via, Target: addr, Err: fmt.Errorf("cannot carry %s", network)}
		}
		conn, err := dialPinned(ctx, base.DialContext, "tcp", via, pin)
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return nil, &ViaError{Via: via, Target: addr, Err: err}
		}
		tunnel, status, err := connect(ctx, conn, addr, token)
		if err != nil {
			_ = conn.Close()
			return nil, &ViaError{Via: via, Target: addr, Status: status, Err: err}
		}
		return tunnel, nil
	}, nil
}

// connect asks for the tunnel on an open connection.
func connect(ctx context.Context, conn net.Conn, addr string, token secret.Value) (net.Conn, int, error) {
	// A deadline in the past ends reads and writes that the context outlived.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	auth := "PVEAPIToken=" + string(token.Reveal())
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: addr},
		Host:   addr,
		Header: http.Header{"Authorization": {auth}, "Proxy-Authorization": {auth}, "User-Agent": {"homestak"}},
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
