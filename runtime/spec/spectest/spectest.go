package spectest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"filippo.io/age"

	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/spec/server"
	"github.com/homestak/homestak/runtime/store/file"
)

const (
	Site  = "7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e"
	Alice = "0c8d3a52-3b1f-5f0a-9a33-2d7cbd0a1111"
	Bob   = "0c8d3a52-3b1f-5f0a-9a33-2d7cbd0a2222"
)

// World is a site with one server on the loopback.
type World struct {
	Keys  *ca.Keys
	Roots *x509.CertPool
	URL   string
	Addr  string // host:port
	Log   *Log   // the server's
	Stop  func() // ends the server; the test's end does, too

	t *testing.T

	mu  sync.Mutex
	off time.Duration // the server's clock, from the real one
}

// Log is text that is written and read at once.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Now is the server's time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.off)
}

// Later sets the server's clock forward.
func (w *World) Later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off += d
}

// New starts a server of a new site.
func New(t *testing.T) *World {
	t.Helper()
	keys, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return NewOf(t, keys)
}

// NewOf starts a server of a site.
func NewOf(t *testing.T, keys *ca.Keys) *World {
	t.Helper()
	w := &World{t: t, Keys: keys, Roots: x509.NewCertPool(), Log: &Log{}}
	root, err := keys.Root()
	if err != nil {
		t.Fatal(err)
	}
	w.Roots.AddCert(root)
	names := ca.Server{Name: "test", Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	mid, err := keys.Intermediate(public, names, 365*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	st, err := file.Open(t.TempDir(), file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, err := server.New(ctx, server.Config{
		Name: "test", Version: "0.0.0", Site: Site, Store: st, Trust: keys.Trust(), Root: root,
		Authority: &ca.Authority{Certificate: mid, Key: private, Now: w.Now}, Names: names, Identity: identity,
		Binaries: fstest.MapFS{strings.Repeat("ab", 32): {Data: []byte("binary")}},
		Logger:   slog.New(slog.NewTextHandler(w.Log, nil)), Now: w.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.Addr = l.Addr().String()
	w.URL = "https://" + w.Addr
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, 5*time.Second) }()
	var once sync.Once
	w.Stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("serve: %v", err)
			}
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(w.Stop)
	return w
}

// Client is a client with that certificate, or none.
func (w *World) Client(cert *tls.Certificate) *spec.Client {
	w.t.Helper()
	c, err := spec.NewClient(spec.Config{Server: w.URL, Roots: w.Roots, Certificate: cert, UserAgent: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

// Operator is an operator's client.
func (w *World) Operator() *spec.Client {
	w.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	cert, err := w.Keys.Operator(public, "driver", time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.Client(&tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: private})
}

// Token is a good token for a node, but for what change does to it.
func (w *World) Token(node string, change func(*sign.Token)) string {
	t := sign.Token{ID: "t-" + rand.Text(), Node: node, Address: "m/" + node[len(node)-4:], Audience: Site, Issued: w.Now().Unix(), Expires: w.Now().Add(time.Hour).Unix()}
	if change != nil {
		change(&t)
	}
	return sign.SealToken(w.Keys.Signing(), t)
}

// Machine is a node with its key.
type Machine struct{ Key ed25519.PrivateKey }

// NewMachine makes a key.
func NewMachine(t *testing.T) Machine {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return Machine{key}
}

// CSR is its request for a certificate.
func (m Machine) CSR(t *testing.T) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, m.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Certificate is what its client shows.
func (m Machine) Certificate(r spec.EnrollReply) *tls.Certificate {
	return &tls.Certificate{Certificate: r.Chain, PrivateKey: m.Key}
}

// Enroll makes a machine a node.
func (w *World) Enroll(m Machine, token string) (spec.EnrollReply, error) {
	return w.Client(nil).Enroll(w.t.Context(), spec.EnrollRequest{Token: token, CSR: m.CSR(w.t)})
}

// Enrolled is a new machine that enrolled, and its client.
func (w *World) Enrolled(node string) (Machine, *spec.Client) {
	w.t.Helper()
	m := NewMachine(w.t)
	r, err := w.Enroll(m, w.Token(node, nil))
	if err != nil {
		w.t.Fatal(err)
	}
	return m, w.Client(m.Certificate(r))
}

// Publication is a program for a node, with secrets if there are any, signed.
func (w *World) Publication(node string, generation uint64, program, secrets string) spec.Publication {
	w.t.Helper()
	sum := sha256.Sum256([]byte(program))
	p := spec.Publication{
		Address: "m/x", Name: "host-" + node[len(node)-4:], Program: []byte(program), Spec: json.RawMessage(`{"schema_version":1}`), SpecName: "base",
		Statement: sign.Seal(w.Keys.Signing(), sign.Program{Node: node, Digest: hex.EncodeToString(sum[:]), Generation: generation}),
	}
	if secrets != "" {
		info, err := w.Operator().Info(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		to, err := age.ParseX25519Recipient(info.Recipient)
		if err != nil {
			w.t.Fatal(err)
		}
		var b bytes.Buffer
		out, err := age.Encrypt(&b, to)
		if err == nil {
			_, err = io.WriteString(out, secrets)
		}
		if err = errors.Join(err, out.Close()); err != nil {
			w.t.Fatal(err)
		}
		p.Bundle = b.Bytes()
	}
	return p
}
