package pve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/homestak/homestak/runtime/secret"
)

// town is a network of servers inside a synctest bubble: connections are pipes,
// so that time passes only while everybody waits.
type town struct {
	t *testing.T

	mu     sync.Mutex
	houses map[string]*house // by host:port
}

// house is one server of a town.
type house struct {
	town    *town
	handler http.Handler
	cert    tls.Certificate
	slow    time.Duration // before each TLS handshake
	hole    bool          // connecting to it never ends

	server *http.Server
	doors  chan net.Conn
	closed chan struct{}
	open   []net.Conn
}

func newTown(t *testing.T) *town { return &town{t: t, houses: map[string]*house{}} }

// build adds a server that answers at addr.
func (w *town) build(addr string, cert tls.Certificate, handler http.Handler) *house {
	h := &house{town: w, handler: handler, cert: cert, doors: make(chan net.Conn), closed: make(chan struct{})}
	h.server = &http.Server{Handler: handler, ErrorLog: discardLog()}
	go func() {
		_ = h.server.Serve(tls.NewListener(h, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			w.mu.Lock()
			cert, slow := h.cert, h.slow
			w.mu.Unlock()
			time.Sleep(slow)
			return &cert, nil
		}}))
	}()
	w.mu.Lock()
	w.houses[addr] = h
	w.mu.Unlock()
	return h
}

func (w *town) close() {
	for _, h := range w.houses {
		_ = h.server.Close()
	}
	// TLS waits five seconds for whoever does not read that a connection ends.
	time.Sleep(time.Minute)
}

func (w *town) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	w.mu.Lock()
	h := w.houses[addr]
	hole := h != nil && h.hole
	w.mu.Unlock()
	if hole {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	refused := errors.New("connection refused")
	if h == nil {
		return nil, refused
	}
	near, far := street()
	select {
	case h.doors <- far:
		w.mu.Lock()
		h.open = append(h.open, far)
		w.mu.Unlock()
		return near, nil
	case <-h.closed:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// street is a connection that holds what was written until it is read; both ends
// of a net.Pipe that write wait for each other for ever.
func street() (net.Conn, net.Conn) {
	near, a := net.Pipe()
	b, far := net.Pipe()
	pump := func(from, to net.Conn) {
		held := make(chan []byte, 1000)
		go func() {
			defer close(held)
			for {
				p := make([]byte, 4096)
				n, err := from.Read(p)
				if n > 0 {
					held <- p[:n]
				}
				if err != nil {
					return
				}
			}
		}()
		for p := range held {
			if _, err := to.Write(p); err != nil {
				_ = from.Close()
			}
		}
		_ = to.Close()
	}
	go pump(a, b)
	go pump(b, a)
	return near, far
}

// fall makes a server vanish with its connections: nobody even refuses.
func (h *house) fall() {
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	h.hole = true
	for _, c := range h.open {
		_ = c.Close()
	}
	h.open = nil
}

// restart breaks connections and shows another certificate from now on.
func (h *house) restart(cert tls.Certificate) {
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	h.cert = cert
	for _, c := range h.open {
		_ = c.Close()
	}
	h.open = nil
}

func (h *house) Accept() (net.Conn, error) {
	select {
	case c := <-h.doors:
		return c, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *house) Close() error {
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
	return nil
}

func (h *house) Addr() net.Addr { return &net.TCPAddr{} }

// authority signs servers' certificates, as the CA of a PVE cluster does.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Proxmox Virtual Environment"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1e5 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// sign makes the certificate of a server with that name or address.
func (a *authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1e5 * time.Hour),
	}
	if ip := net.ParseIP(name); ip != nil {
		tmpl.DNSNames, tmpl.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func printOf(c tls.Certificate) string { return Fingerprint(c.Certificate[0]) }

// gate is PVE's way to let people in by ticket: one is good for two hours of the
// server's clock.
type gate struct {
	mu     sync.Mutex
	ahead  time.Duration // of the server's clock
	issued map[string]time.Time
	logins int
	denied int
	inside http.Handler
}

const (
	ticketUser     = "driver@pve"
	ticketPassword = "correct horse: " + canary
)

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	now := time.Now().Add(g.ahead)
	if r.URL.Path == "/api2/json/access/ticket" {
		defer g.mu.Unlock()
		if r.FormValue("username") != ticketUser || r.FormValue("password") != ticketPassword {
			time.Sleep(3 * time.Second)
			say(w, 401, "authentication failure", `{"data":null,"message":"authentication failure\n"}`)
			return
		}
		g.logins++
		ticket := "PVE:driver@pve:" + now.Format("20060102T150405.000") + "::a+b/c="
		if g.issued == nil {
			g.issued = map[string]time.Time{}
		}
		g.issued[ticket] = now
		_, _ = io.WriteString(w, `{"data":{"username":"driver@pve","ticket":"`+ticket+`","CSRFPreventionToken":"csrf-`+ticket+`"}}`)
		return
	}
	ticket := ""
	if c, err := r.Cookie("PVEAuthCookie"); err == nil {
		ticket, _ = unescape(c.Value)
	}
	made, known := g.issued[ticket]
	bad := !known || now.Sub(made) > 2*time.Hour
	if bad {
		g.denied++
	}
	g.mu.Unlock()
	switch {
	case bad:
		time.Sleep(3 * time.Second)
		say(w, 401, "Authentication failed!", "")
	case r.Method != http.MethodGet && r.Header.Get("CSRFPreventionToken") != "csrf-"+ticket:
		say(w, 401, "Permission denied - invalid csrf token", "")
	default:
		g.inside.ServeHTTP(w, r)
	}
}

func (g *gate) config(w *town, pin string, endpoints ...string) Config {
	return Config{
		Name: "father", Endpoints: endpoints, Fingerprint: pin, Dial: w.dial,
		User: ticketUser, Password: secret.New([]byte(ticketPassword)),
	}
}
