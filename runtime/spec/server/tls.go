package server

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"fmt"
)

// certificate is the server's own. It makes itself anew when half of its life is
// over, with a new key.
func (s *Server) certificate() (*tls.Certificate, error) {
	s.tlsMu.Lock()
	defer s.tlsMu.Unlock()
	now := s.cfg.Now()
	if s.leaf != nil && now.Before(s.leaf.Leaf.NotAfter.Add(-serverLife/2)) && now.After(s.leaf.Leaf.NotBefore) {
		return s.leaf, nil
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	cert, err := s.cfg.Authority.Server(public, s.cfg.Names, serverLife)
	if err != nil {
		return nil, fmt.Errorf("the server's certificate: %w", err)
	}
	s.leaf = &tls.Certificate{Certificate: [][]byte{cert.Raw, s.cfg.Authority.Certificate.Raw}, PrivateKey: private, Leaf: cert}
	return s.leaf, nil
}
