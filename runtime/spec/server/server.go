package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"filippo.io/age"

	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/store"
)

// Config of a server. Everything but Binaries and Manifests is required.
type Config struct {
	Name      string // of the server
	Version   string // of homestak
	Site      string // site id: the audience of tokens
	Store     store.Store
	Trust     sign.Trust          // who speaks for the site
	Root      *x509.Certificate   // the site's authority: signs operators and intermediates
	Authority *ca.Authority       // this server's own
	Names     ca.Server           // what this server is called, for its certificate
	Identity  *age.X25519Identity // bundles are encrypted to it until their node enrolls
	Binaries  fs.FS               // agents by digest, 64 hex digits; nil = none
	Manifests func() []string     // for operators; nil = none
	Logger    *slog.Logger
	Now       func() time.Time
}

// Server answers nodes and operators.
type Server struct {
	cfg     Config
	roots   *x509.CertPool
	mux     *http.ServeMux
	metrics *metrics
	limit   *limiter
	hub     *hub
	seen    sync.Map // uuid → time.Time of the last fetch

	tlsMu sync.Mutex
	leaf  *tls.Certificate // the server's own, renewed when half its life is over
}

// Lives of certificates. Nodes renew theirs at half of it.
const (
	nodeLife   = 90 * 24 * time.Hour
	serverLife = 30 * 24 * time.Hour
)

// Deadlines and bounds against those who are slow, on purpose or not.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	answerTimeout = 60 * time.Second
	binaryTimeout = 10 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10 // bytes
)

// New makes a server. Its watch of the store ends with ctx.
func New(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, roots: x509.NewCertPool(), metrics: newMetrics(), limit: newLimiter(cfg.Now)}
	s.roots.AddCert(cfg.Root)
	var err error
	if s.hub, err = newHub(ctx, cfg.Store); err != nil {
		return nil, err
	}
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	for _, r := range []struct {
		method, path string
		may          access
		do           handler
	}{
		{"POST", spec.PathEnroll, anybody, s.enroll},
		{"POST", spec.PathRenew, nodes, s.renew},
		{"GET", spec.PathProgram, nodes, s.program},
		{"GET", spec.PathEvents, nodes, s.events},
		{"POST", spec.PathReport, nodes, s.report},
		{"POST", spec.PathJobResult, nodes, s.jobResult},
		{"GET", spec.PathAgent, anybody, s.agent},
		{"GET", spec.PathNodes, operators, s.listNodes},
		{"GET", spec.PathNode, operators, s.getNode},
		{"PUT", spec.PathNode, operators, s.publish},
		{"DELETE", spec.PathNode, operators, s.retract},
		{"POST", spec.PathSend, operators, s.send},
		{"POST", spec.PathRevoke, operators, s.revoke},
		{"GET", spec.PathServer, operators, s.info},
		{"GET", spec.PathManifests, operators, s.manifests},
		{"GET", spec.PathHealth, anybody, s.health},
		{"GET", spec.PathReady, anybody, s.ready},
		{"GET", spec.PathMetrics, operators, s.serveMetrics},
		{"GET", "/health", anybody, s.health},
		{"GET", "/specs", anybody, s.compatSpecs},
		{"GET", "/spec/{name}", anybody, s.compatSpec},
	} {
		s.mux.Handle(r.method+" "+r.path, s.handle(r.method+" "+r.path, r.may, r.do))
	}
	s.mux.Handle("/", s.handle("other", anybody, func(*exchange) error {
		return refuse(http.StatusNotFound, "E100", "there is nothing here")
	}))
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// TLS is the configuration to listen with: clients may show a certificate of the
// site, and one that is not of the site is refused at once.
func (s *Server) TLS() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		ClientAuth:     tls.VerifyClientCertIfGiven,
		ClientCAs:      s.roots,
		NextProtos:     []string{"h2", "http/1.1"},
		Time:           s.cfg.Now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate() },
	}
}

// Serve answers on a listener, with TLS, until ctx ends; then it finishes what is
// under way within grace.
func (s *Server) Serve(ctx context.Context, l net.Listener, grace time.Duration) error {
	return s.serve(ctx, tls.NewListener(l, s.TLS()), grace, false)
}

// ServeLocal answers on a socket of this machine without TLS, to whoever may
// open it, as to an operator.
func (s *Server) ServeLocal(ctx context.Context, l net.Listener, grace time.Duration) error {
	return s.serve(ctx, l, grace, true)
}

func (s *Server) serve(ctx context.Context, l net.Listener, grace time.Duration, local bool) error {
	polls, endPolls := context.WithCancel(context.WithoutCancel(ctx))
	defer endPolls()
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(s.cfg.Logger.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(polls, localKey{}, local)
		},
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		endPolls() // long polls answer that there is nothing
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		err := h.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, h.Close())
		}
		stopped <- err
	})
	err := h.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-stopped
}

type localKey struct{}
