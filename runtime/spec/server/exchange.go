package server

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/homestak/homestak/runtime/ca"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/store"
)

// access says who may call.
type access uint8

const (
	anybody access = iota
	nodes
	operators
)

type handler func(*exchange) error

// exchange is one request with who sent it.
type exchange struct {
	s    *Server
	w    http.ResponseWriter
	r    *http.Request
	node string            // uuid; "" when it is no node
	leaf *x509.Certificate // the node's
}

func (x *exchange) ctx() context.Context { return x.r.Context() }

// handle wraps a handler with everything that is the same for all.
func (s *Server) handle(route string, may access, do handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.cfg.Now()
		rec := &recorder{ResponseWriter: w}
		x := &exchange{s: s, w: rec, r: r}
		rec.Header().Set("Cache-Control", "no-store")
		rec.Header().Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(rec, r.Body, spec.MaxBody)
		err := s.admit(x, may)
		if err == nil {
			err = do(x)
		}
		if err != nil {
			s.fail(x, route, err)
		}
		s.metrics.answered(route, rec.status, s.cfg.Now().Sub(began))
	})
}

// recorder remembers the status for the metrics.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController find the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// refuse is a refusal with the status, code and text the caller gets.
func refuse(status int, code, format string, args ...any) error {
	return &spec.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// denied is a refusal whose reason is for the log and the metrics only: whoever
// guesses learns nothing from it.
type denied struct {
	reason string // one of a few words, for the metrics
	detail string
	status int
}

func (d *denied) Error() string { return d.reason + ": " + d.detail }

func deny(status int, reason, format string, args ...any) error {
	return &denied{reason, fmt.Sprintf(format, args...), status}
}

// admit finds out who is there and whether he may.
func (s *Server) admit(x *exchange, may access) error {
	if wait := s.limit.blocked(x.remote()); wait > 0 {
		return &spec.Error{Status: http.StatusTooManyRequests, Code: "E429", Message: "too many refusals: wait", RetryAfter: wait}
	}
	if may == anybody {
		return nil
	}
	if local, _ := x.ctx().Value(localKey{}).(bool); local {
		if may == operators {
			return nil
		}
		return deny(http.StatusForbidden, "role", "the local socket is for operators")
	}
	if x.r.TLS == nil || len(x.r.TLS.VerifiedChains) == 0 {
		return deny(http.StatusUnauthorized, "certificate", "no certificate")
	}
	leaf := x.r.TLS.PeerCertificates[0]
	role, name, ok := ca.RoleOf(leaf)
	switch {
	case !ok:
		return deny(http.StatusForbidden, "role", "a certificate without a role")
	case may == operators && role == ca.RoleOperator:
		return nil
	case may != nodes || role != ca.RoleNode:
		return deny(http.StatusForbidden, "role", "%s %s", role, name)
	}
	e, err := get[enrolled](x.ctx(), s, keyEnrolled+name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return deny(http.StatusForbidden, "retracted", "node %s", name)
	case err != nil:
		return err
	case e.Revoked:
		return deny(http.StatusForbidden, "revoked", "node %s", name)
	}
	if key, ok := leaf.PublicKey.(ed25519.PublicKey); !ok || !key.Equal(ed25519.PublicKey(e.Key)) {
		return deny(http.StatusForbidden, "old key", "node %s", name)
	}
	x.node, x.leaf = name, leaf
	return nil
}

func (x *exchange) remote() netip.Addr {
	a, err := netip.ParseAddrPort(x.r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// fail answers an error, in upstream's form.
func (s *Server) fail(x *exchange, route string, err error) {
	var said *spec.Error
	var no *denied
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &said):
	case errors.As(err, &no):
		s.metrics.refused(no.reason)
		s.limit.refused(x.remote())
		s.cfg.Logger.Warn("refused", "route", route, "reason", no.reason, "detail", no.detail, "remote", x.r.RemoteAddr)
		said = &spec.Error{Status: no.status, Code: "E301", Message: http.StatusText(no.status)}
	case errors.As(err, &tooLarge):
		said = &spec.Error{Status: http.StatusRequestEntityTooLarge, Code: "E413", Message: fmt.Sprintf("more than %d bytes", tooLarge.Limit)}
	case x.ctx().Err() != nil:
		return // nobody is there any more
	default:
		s.cfg.Logger.Error("failed", "route", route, "err", err, "remote", x.r.RemoteAddr)
		said = &spec.Error{Status: http.StatusInternalServerError, Code: "E500", Message: "the server failed; its log says why"}
	}
	if said.RetryAfter > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(int((said.RetryAfter+time.Second-1)/time.Second)))
	}
	_ = x.json(said.Status, map[string]any{"error": said}) // nobody is left to be told
}

// json answers a value.
func (x *exchange) json(status int, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	_, err = x.w.Write(append(data, '\n'))
	return err
}

// read reads a request's JSON body. Nothing else may be in it.
func (x *exchange) read(into any) error {
	d := json.NewDecoder(x.r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = errors.New("something follows it")
		}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "E400", "the body is not what this path takes: %v", err)
	}
	return nil
}
