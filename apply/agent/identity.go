package agent

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/homestak/homestak/runtime/spec"
	"github.com/homestak/homestak/runtime/system"
)

// identity is the node's key and what the server has certified of it. The key is
// made on the node and never leaves it.
type identity struct {
	key   ed25519.PrivateKey
	chain []*x509.Certificate // the node's own first; empty before enrollment
}

func loadIdentity(ctx context.Context, s system.System) (*identity, error) {
	id := &identity{}
	data, _, err := s.ReadFile(ctx, path.Join(StateDir, keyFile))
	switch {
	case errors.Is(err, system.ErrNotExist):
		if _, id.key, err = ed25519.GenerateKey(rand.Reader); err == nil {
			err = s.WriteFile(ctx, path.Join(StateDir, keyFile), id.key.Seed(), private())
		}
		if err != nil {
			return nil, fmt.Errorf("agent: make the node's key: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("agent: the node's key: %w", err)
	case len(data) != ed25519.SeedSize:
		return nil, fmt.Errorf("agent: the node's key has %d bytes instead of %d", len(data), ed25519.SeedSize)
	default:
		id.key = ed25519.NewKeyFromSeed(data)
	}
	data, _, err = s.ReadFile(ctx, path.Join(StateDir, chainFile))
	if errors.Is(err, system.ErrNotExist) {
		return id, nil
	}
	if err != nil {
		return nil, fmt.Errorf("agent: the node's certificate: %w", err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("agent: the node's certificate: %w", err)
		}
		id.chain = append(id.chain, cert)
	}
	if leaf := id.leaf(); leaf != nil && !id.key.Public().(ed25519.PublicKey).Equal(leaf.PublicKey) {
		id.chain = nil // of another key: the node enrolls again
	}
	return id, nil
}

func (id *identity) leaf() *x509.Certificate {
	if len(id.chain) == 0 {
		return nil
	}
	return id.chain[0]
}

func (id *identity) enrolled() bool { return id.leaf() != nil }

func (id *identity) expired(now time.Time) bool {
	return id.leaf() != nil && now.After(id.leaf().NotAfter)
}

func (id *identity) certificate() *tls.Certificate {
	if !id.enrolled() {
		return nil
	}
	c := &tls.Certificate{PrivateKey: id.key, Leaf: id.leaf()}
	for _, cert := range id.chain {
		c.Certificate = append(c.Certificate, cert.Raw)
	}
	return c
}

func (id *identity) csr() ([]byte, error) {
	return x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, id.key)
}

// enroll makes this machine the node that its token says. The token is erased
// when it has done its work.
func (a *Agent) enroll(ctx context.Context) error {
	if a.cfg.Token == "" {
		return errors.New("agent: it has neither a certificate that is valid nor a token to get one")
	}
	csr, err := a.id.csr()
	if err != nil {
		return err
	}
	reply, err := a.client.Enroll(ctx, spec.EnrollRequest{Token: a.cfg.Token, CSR: csr})
	if err == nil && reply.Node != a.cfg.Node {
		err = fmt.Errorf("the server takes this node for %s", reply.Node)
	}
	if err == nil {
		err = a.certified(ctx, reply)
	}
	if err != nil {
		return fmt.Errorf("enroll with %s: %w", a.cfg.Server, err)
	}
	a.backoff.reset()
	a.env.Logger.Info("enrolled", "node", reply.Node, "expires", reply.Expires)
	a.cfg.Token = ""
	data, err := json.Marshal(a.cfg)
	if err != nil {
		return err
	}
	return a.env.System.WriteFile(ctx, ConfigPath, data, private())
}

// certified keeps a certificate and goes on with it.
func (a *Agent) certified(ctx context.Context, reply spec.EnrollReply) error {
	next := &identity{key: a.id.key}
	var text []byte
	for _, der := range reply.Chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("the certificate: %w", err)
		}
		next.chain = append(next.chain, cert)
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	if leaf := next.leaf(); leaf == nil || !next.key.Public().(ed25519.PublicKey).Equal(leaf.PublicKey) {
		return errors.New("the certificate is for another key")
	}
	if err := a.env.System.WriteFile(ctx, path.Join(StateDir, chainFile), text, private()); err != nil {
		return err
	}
	a.id = next
	return a.connect()
}

// renew gets the next certificate when half the life of this one is over.
func (a *Agent) renew(ctx context.Context) error {
	leaf := a.id.leaf()
	if leaf == nil {
		return nil
	}
	half := leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	if a.env.Clock.Now().Before(half) {
		return nil
	}
	csr, err := a.id.csr()
	if err != nil {
		return err
	}
	reply, err := a.client.Renew(ctx, spec.RenewRequest{CSR: csr})
	if err != nil {
		return err
	}
	return a.certified(ctx, reply)
}
