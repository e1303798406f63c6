package server

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/homestak/homestak/runtime/sign"
	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/store"
)

// enroll makes a node of a token and a key. The token is bound to the first key
// that uses it, so a lost answer is asked for again and a stolen token is of no
// use once its node is there.
func (s *Server) enroll(x *exchange) error {
	var q spec.EnrollRequest
	if err := x.read(&q); err != nil {
		return err
	}
	token, err := sign.OpenToken(s.cfg.Trust, q.Token)
	if err != nil {
		return deny(http.StatusUnauthorized, "token", "%v", err)
	}
	switch {
	case token.Audience != s.cfg.Site:
		return deny(http.StatusUnauthorized, "audience", "token %s is for site %s", token.ID, token.Audience)
	case token.Expired(s.cfg.Now()):
		return deny(http.StatusUnauthorized, "expired", "token %s for %s", token.ID, token.Node)
	}
	key, err := keyOf(q.CSR)
	if err != nil {
		return err
	}
	if err := s.bind(x, token, key); err != nil {
		return err
	}
	err = change(x.ctx(), s, keyEnrolled+token.Node, func(e *enrolled, there bool) error {
		if there && !ed25519.PublicKey(e.Key).Equal(key) && e.Issued >= token.Issued {
			return deny(http.StatusForbidden, "replay", "an older token %s than the one node %s enrolled with", token.ID, token.Node)
		}
		if there && e.Revoked && e.Issued >= token.Issued {
			return deny(http.StatusForbidden, "revoked", "node %s with token %s", token.Node, token.ID)
		}
		*e = enrolled{Key: key, Token: token.ID, Issued: token.Issued, At: s.cfg.Now().UTC()}
		return nil
	})
	if err != nil {
		return err
	}
	s.metrics.enrolled.Inc()
	s.cfg.Logger.Info("enrolled", "node", token.Node, "address", token.Address, "token", token.ID, "remote", x.r.RemoteAddr)
	return s.certify(x, key, token.Node, token.Address)
}

// bind ties a token to a key, or finds it tied to the same.
func (s *Server) bind(x *exchange, token sign.Token, key ed25519.PublicKey) error {
	if err := store.CheckKey(keyToken + token.ID); err != nil {
		return deny(http.StatusUnauthorized, "token", "%v", err)
	}
	return change(x.ctx(), s, keyToken+token.ID, func(u *tokenUse, there bool) error {
		switch {
		case u.Revoked:
			return deny(http.StatusUnauthorized, "revoked", "token %s for %s", token.ID, token.Node)
		case there && !ed25519.PublicKey(u.Key).Equal(key):
			return deny(http.StatusUnauthorized, "replay", "token %s for %s, with another key", token.ID, token.Node)
		case !there:
			*u = tokenUse{Node: token.Node, Key: key, At: s.cfg.Now().UTC()}
		}
		return nil
	})
}

// keyOf is the key a request for a certificate proves to have.
func keyOf(csr []byte) (ed25519.PublicKey, error) {
	q, err := x509.ParseCertificateRequest(csr)
	if err == nil {
		err = q.CheckSignature()
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "E400", "the request for a certificate does not hold")
	}
	key, ok := q.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, refuse(http.StatusBadRequest, "E400", "a node's key is an Ed25519 key")
	}
	return key, nil
}

// renew gives a node its next certificate, for the key it has or a new one.
func (s *Server) renew(x *exchange) error {
	var q spec.RenewRequest
	if err := x.read(&q); err != nil {
		return err
	}
	key, err := keyOf(q.CSR)
	if err != nil {
		return err
	}
	old := x.leaf.PublicKey.(ed25519.PublicKey) // admit has seen to that
	err = change(x.ctx(), s, keyEnrolled+x.node, func(e *enrolled, there bool) error {
		if !there || e.Revoked || !ed25519.PublicKey(e.Key).Equal(old) {
			return deny(http.StatusForbidden, "old key", "node %s", x.node)
		}
		e.Key = key
		return nil
	})
	if err != nil {
		return err
	}
	rec, err := get[record](x.ctx(), s, keyNode+x.node)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return s.certify(x, key, x.node, rec.Address)
}

func (s *Server) certify(x *exchange, key ed25519.PublicKey, node, address string) error {
	cert, err := s.cfg.Authority.Node(key, node, nodeLife)
	if err != nil {
		return fmt.Errorf("certify node %s: %w", node, err)
	}
	return x.json(http.StatusOK, spec.EnrollReply{
		Node: node, Address: address, Chain: [][]byte{cert.Raw, s.cfg.Authority.Certificate.Raw},
		Expires: cert.NotAfter.UTC().Format(time.RFC3339),
	})
}
