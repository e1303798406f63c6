package pve

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// pins says which servers are the right ones: those with one of some certificates,
// and those whose certificate one of some authorities signed for their name. With
// neither, the system's authorities decide.
type pins struct {
	prints []string // fingerprints of servers' certificates
	roots  []string // fingerprints of authorities, in the order of the text
	pool   *x509.CertPool
}

// caPrefix marks the fingerprint of an authority in a text of pins.
const caPrefix = "ca:"

// ParsePins reads what a plan or a host entry pins: SHA-256 fingerprints of
// certificates, and of authorities as ca:AA:BB:…, separated by commas or blanks.
// It gives them in one form, AA:…,ca:BB:…, the order kept.
func ParsePins(s string) (string, error) {
	p, err := parsePins(s)
	return p.String(), err
}

func parsePins(s string) (p pins, err error) {
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		text, ca := strings.CutPrefix(field, caPrefix)
		print, err := ParseFingerprint(text)
		switch {
		case err != nil:
			return pins{}, err
		case ca && !slices.Contains(p.roots, print):
			p.roots = append(p.roots, print)
		case !ca && !slices.Contains(p.prints, print):
			p.prints = append(p.prints, print)
		}
	}
	return p, nil
}

// String is the form ParsePins gives.
func (p pins) String() string {
	parts := slices.Clone(p.prints)
	for _, r := range p.roots {
		parts = append(parts, caPrefix+r)
	}
	return strings.Join(parts, ",")
}

func (p pins) empty() bool { return len(p.prints)+len(p.roots) == 0 }

// pinsOf reads Config.Fingerprint and Config.CA. An authority that is pinned must
// be in the CA file; when none is, the whole file is pinned.
func pinsOf(cfg Config) (pins, error) {
	p, err := parsePins(cfg.Fingerprint)
	if err != nil {
		return pins{}, configError(cfg.Name, err.Error(), "write the host's fingerprint as `pvenode cert info` on it prints it")
	}
	if len(cfg.CA) == 0 {
		if len(p.roots) > 0 {
			return pins{}, configError(cfg.Name, "an authority is pinned ("+p.String()+") and the entry names no CA file",
				"give the host entry the `ca` it had, or plan again")
		}
		return p, nil
	}
	certs, err := parseCA(cfg.CA)
	if err != nil {
		return pins{}, configError(cfg.Name, "its CA file cannot be used: "+err.Error(), "copy /etc/pve/pve-root-ca.pem of the host; it is PEM text")
	}
	byPrint := map[string]*x509.Certificate{}
	var all []string
	for _, c := range certs {
		print := Fingerprint(c.Raw)
		byPrint[print] = c
		all = append(all, print)
	}
	if p.empty() {
		p.roots = all
	}
	p.pool = x509.NewCertPool()
	for _, r := range p.roots {
		c := byPrint[r]
		if c == nil {
			return pins{}, &CertError{Host: cfg.Name, Endpoint: "the CA file", Pinned: p.String(), Served: pins{roots: all}.String()}
		}
		p.pool.AddCert(c)
	}
	return p, nil
}

func parseCA(text []byte) (certs []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it holds a %s", strings.ToLower(block.Type))
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("it holds no certificate")
	}
	return certs, nil
}

// verify accepts a server. host is its name or address, for authorities.
func (p pins) verify(s tls.ConnectionState, addr, host string) error {
	served := fingerprintOf(s.PeerCertificates)
	if slices.Contains(p.prints, served) {
		return nil
	}
	wrong := &CertError{Endpoint: addr, Pinned: p.String(), Served: served}
	if len(p.roots) == 0 || len(s.PeerCertificates) == 0 {
		return wrong
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, wrong.Err = s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: p.pool, Intermediates: between, DNSName: host})
	if wrong.Err != nil {
		return wrong
	}
	return nil
}
