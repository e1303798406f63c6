package pve

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/secret"
)

// gateway is a fake that answers CONNECT.
type gateway struct {
	*fake
	routes map[string]string // asked for → really dialled
	asked  chan http.Header
}

func newGateway(t *testing.T) *gateway {
	g := &gateway{fake: newFake(t), routes: map[string]string{}, asked: make(chan http.Header, 16)}
	inner := g.Config.Handler
	g.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			inner.ServeHTTP(w, r)
			return
		}
		g.asked <- r.Header.Clone()
		if r.Header.Get("Authorization") != "PVEAPIToken="+token {
			say(w, 401, "No ticket", "")
			return
		}
		to, ok := g.routes[r.Host]
		if !ok {
			say(w, 502, "no route to "+r.Host, "")
			return
		}
		far, err := net.Dial("tcp", to)
		if err != nil {
			say(w, 502, "refused", "")
			return
		}
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(buf, "HTTP/1.1 200 Connection established\r\n\r\n")
		_ = buf.Flush()
		go func() {
			_, _ = io.Copy(far, buf)
			_ = far.Close()
		}()
		_, _ = io.Copy(conn, far)
		_ = conn.Close()
	})
	return g
}

func TestViaCarriesTheAPI(t *testing.T) {
	g, f := newGateway(t), newFake(t)
	g.routes["10.1.2.3:8006"] = strings.TrimPrefix(f.URL, "https://")
	f.data("GET /version", `{"version":"9.2"}`)
	dial, err := ViaDialer(g.URL, g.pin(), secret.New([]byte(token)))
	if err != nil {
		t.Fatal(err)
	}
	cfg := f.config()
	cfg.Endpoints, cfg.Dial = []string{"https://10.1.2.3:8006"}, dial
	c := open(t, cfg)
	for range 3 {
		if v, err := c.Version(t.Context()); err != nil || v.Version != "9.2" {
			t.Fatalf("%v, %v", v, err)
		}
	}
	h := <-g.asked
	if h.Get("Authorization") != "PVEAPIToken="+token || h.Get("Proxy-Authorization") != "PVEAPIToken="+token {
		t.Errorf("headers: %v", h)
	}
	if len(g.asked) != 0 {
		t.Error("the connection is not kept")
	}

	cfg.Endpoints = []string{"https://10.9.9.9:8006"}
	_, err = open(t, cfg).Version(t.Context())
	var via *ViaError
	if !errors.As(err, &via) || via.Status != 502 || via.Target != "10.9.9.9:8006" || ClassOf(err) != Unreachable {
		t.Errorf("got %#v", err)
	}
	if text := shown(t, err); !strings.Contains(text, "HS0815") {
		t.Errorf("diagnostic: %s", text)
	}
}

func TestViaRefusals(t *testing.T) {
	g := newGateway(t)
	refuse := func(url, pin, tok string) error {
		t.Helper()
		dial, err := ViaDialer(url, pin, secret.New([]byte(tok)))
		if err != nil {
			return err
		}
		conn, err := dial(t.Context(), "tcp", "10.1.2.3:22")
		if err == nil {
			_ = conn.Close()
			t.Fatal("connected")
		}
		shown(t, err)
		return err
	}
	if err := refuse(g.URL, g.pin(), "root@pam!other="+canary); ClassOf(err) != Auth {
		t.Errorf("token: %v", err)
	}
	before := len(g.asked)
	err := refuse(g.URL, strings.Repeat("00:", 31)+"00", token)
	var cert *CertError
	if !errors.As(err, &cert) || cert.Served != g.pin() || ClassOf(err) != Certificate {
		t.Errorf("pin: %v", err)
	}
	if len(g.asked) != before {
		t.Error("the token went to a server that is not the pinned one")
	}
	if err := refuse(closedPort(t), g.pin(), token); ClassOf(err) != Unreachable {
		t.Errorf("closed: %v", err)
	}
	for _, bad := range [][3]string{{"http://x", g.pin(), token}, {g.URL, "zz", token}, {g.URL, g.pin(), "notoken"}} {
		err := refuse(bad[0], bad[1], bad[2])
		shown(t, err)
	}
	dial, err := ViaDialer(g.URL, g.pin(), secret.New([]byte(token)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t.Context(), "udp", "10.1.2.3:22"); err == nil {
		t.Error("carries udp")
	}
}

// What the far end says at once (an SSH banner) arrives in one packet with the
// answer, and a server that never answers ends with the context.
func TestViaEarlyBytesAndSilence(t *testing.T) {
	f := newFake(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", f.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				r := bufio.NewReader(conn)
				if req, err := http.ReadRequest(r); err == nil && req.Host == "early:22" {
					_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-early\r\n")
					_ = conn.Close()
				}
				accepted <- conn
			}()
		}
	}()
	dial, err := ViaDialer("https://"+l.Addr().String(), f.pin(), secret.New([]byte(token)))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := dial(t.Context(), "tcp", "early:22")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(conn); string(b) != "SSH-2.0-early\r\n" {
		t.Errorf("got %q", b)
	}
	_ = conn.Close()
	<-accepted
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("never"))
	go func() { (<-accepted).LocalAddr(); cancel() }()
	if _, err = dial(ctx, "tcp", "silent:22"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
