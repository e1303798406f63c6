package server_test

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
	site  = "7d3b6c1a-52f4-4a0e-9d7e-1f2a3b4c5d6e"
	alice = "0c8d3a52-3b1f-5f0a-9a33-2d7cbd0a1111"
	bob   = "0c8d3a52-3b1f-5f0a-9a33-2d7cbd0a2222"
)

// world is a site with one server on the loopback.
type world struct {
	t     *testing.T
	keys  *ca.Keys
	roots *x509.CertPool
	url   string
	addr  string
	log   *lockedBuffer
	stop  func()

	mu  sync.Mutex
	off time.Duration // the server's clock, from the real one
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.off)
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off += d
}

func newWorld(t *testing.T) *world {
	t.Helper()
	keys, err := ca.Throwaway(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return newWorldOf(t, keys)
}

func newWorldOf(t *testing.T, keys *ca.Keys) *world {
	t.Helper()
	w := &world{t: t, keys: keys, roots: x509.NewCertPool(), log: &lockedBuffer{}}
	root, err := keys.Root()
	if err != nil {
		t.Fatal(err)
	}
	w.roots.AddCert(root)
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
		Name: "test", Version: "0.0.0", Site: site, Store: st, Trust: keys.Trust(), Root: root,
		Authority: &ca.Authority{Certificate: mid, Key: private, Now: w.now}, Names: names, Identity: identity,
		Binaries: fstest.MapFS{strings.Repeat("ab", 32): {Data: []byte("binary")}},
		Logger:   slog.New(slog.NewTextHandler(w.log, nil)), Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = l.Addr().String()
	w.url = "https://" + w.addr
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, 5*time.Second) }()
	var once sync.Once
	w.stop = func() {
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
	t.Cleanup(w.stop)
	return w
}

func (w *world) client(cert *tls.Certificate) *spec.Client {
	w.t.Helper()
	c, err := spec.NewClient(spec.Config{Server: w.url, Roots: w.roots, Certificate: cert, UserAgent: "test"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Close)
	return c
}

func (w *world) operator() *spec.Client {
	w.t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	cert, err := w.keys.Operator(public, "driver", time.Hour)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.client(&tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: private})
}

func (w *world) token(node string, change func(*sign.Token)) string {
	t := sign.Token{ID: "t-" + rand.Text(), Node: node, Address: "m/" + node[len(node)-4:], Audience: site, Issued: w.now().Unix(), Expires: w.now().Add(time.Hour).Unix()}
	if change != nil {
		change(&t)
	}
	return sign.SealToken(w.keys.Signing(), t)
}

// machine is a node with its key.
type machine struct {
	key ed25519.PrivateKey
}

func newMachine(t *testing.T) machine {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return machine{key}
}

func (m machine) csr(t *testing.T) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, m.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (m machine) certificate(r spec.EnrollReply) *tls.Certificate {
	return &tls.Certificate{Certificate: r.Chain, PrivateKey: m.key}
}

func (w *world) enroll(m machine, token string) (spec.EnrollReply, error) {
	return w.client(nil).Enroll(w.t.Context(), spec.EnrollRequest{Token: token, CSR: m.csr(w.t)})
}

// enrolled is a client of a machine that enrolled.
func (w *world) enrolled(node string) (machine, *spec.Client) {
	w.t.Helper()
	m := newMachine(w.t)
	r, err := w.enroll(m, w.token(node, nil))
	if err != nil {
		w.t.Fatal(err)
	}
	return m, w.client(m.certificate(r))
}

func (w *world) publication(node string, generation uint64, program, secrets string) spec.Publication {
	w.t.Helper()
	sum := sha256.Sum256([]byte(program))
	p := spec.Publication{
		Address: "m/x", Name: "host-" + node[len(node)-4:], Program: []byte(program), Spec: json.RawMessage(`{"schema_version":1}`), SpecName: "base",
		Statement: sign.Seal(w.keys.Signing(), sign.Program{Node: node, Digest: hex.EncodeToString(sum[:]), Generation: generation}),
	}
	if secrets != "" {
		info, err := w.operator().Info(w.t.Context())
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

func status(err error) int {
	var e *spec.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func want(t *testing.T, what string, err error, code int) {
	t.Helper()
	if status(err) != code {
		t.Errorf("%s: %v, want %d", what, err, code)
	}
}
