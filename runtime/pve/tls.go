package pve

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/lang/diag"
)

const codeConfig diag.Code = "HS0814"

// connectTimeout bounds reaching one endpoint, so that the next is tried soon;
// handshakeTimeout bounds proving who answers there: somebody does, perhaps slowly.
const (
	connectTimeout   = 10 * time.Second
	handshakeTimeout = 40 * time.Second
)

// dialPinned connects and proves who is at the other end before anything is
// sent. A wrong certificate is a *CertError.
func dialPinned(ctx context.Context, dial Dialer, network, addr string, pin pins) (*tls.Conn, error) {
	if pin.empty() {
		return handshake(ctx, dial, network, addr, nil)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	return handshake(ctx, dial, network, addr, func(s tls.ConnectionState) error { return pin.verify(s, addr, host) })
}

// handshake connects to whom verify accepts; nil leaves it to the system's
// authorities.
func handshake(ctx context.Context, dial Dialer, network, addr string, verify func(tls.ConnectionState) error) (*tls.Conn, error) {
	raw, err := dialBounded(ctx, dial, network, addr)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	// A pin replaces the chain of authorities and is stricter: PVE's own
	// certificates are signed by a CA that no system knows.
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, InsecureSkipVerify: verify != nil, VerifyConnection: verify}
	conn := tls.Client(raw, cfg)
	ctx, cancel := context.WithTimeoutCause(ctx, handshakeTimeout, fmt.Errorf("no TLS handshake within %s", handshakeTimeout))
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		var unverified *tls.CertificateVerificationError
		if errors.As(err, &unverified) {
			return nil, &CertError{Endpoint: addr, Served: fingerprintOf(unverified.UnverifiedCertificates), Err: unverified.Err}
		}
		return nil, causeOf(ctx, err)
	}
	return conn, nil
}

func dialBounded(ctx context.Context, dial Dialer, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, connectTimeout, fmt.Errorf("no connection within %s", connectTimeout))
	defer cancel()
	conn, err := dial(ctx, network, addr)
	return conn, causeOf(ctx, err)
}

// causeOf is why the context ended, when an error came of that.
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Served is the certificate a server shows.
type Served struct {
	Fingerprint string // SHA-256, AA:BB:…
	Subject     string
	Issuer      string
	Names       []string // DNS names and addresses, in the certificate's order
	From, Until time.Time
}

// ServedCertificate connects to an endpoint, sends nothing but the TLS handshake,
// and returns the certificate it shows: the first half of trust on first use. dial
// nil is a plain connection.
func ServedCertificate(ctx context.Context, endpoint string, dial Dialer) (*Served, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	var served *Served
	// Nobody is accepted, so the handshake ends before anything is said.
	look := func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) > 0 {
			served = servedOf(s.PeerCertificates[0])
		}
		return errors.New("only looking")
	}
	_, err = handshake(ctx, dial, "tcp", u.Host, look)
	if served != nil {
		return served, nil
	}
	return nil, &ConnError{Host: u.Host, Endpoint: u.Host, Method: "TLS", Path: "/", Err: causeOf(ctx, err)}
}

func servedOf(c *x509.Certificate) *Served {
	s := &Served{
		Fingerprint: Fingerprint(c.Raw), Subject: c.Subject.String(), Issuer: c.Issuer.String(),
		Names: slices.Clone(c.DNSNames), From: c.NotBefore, Until: c.NotAfter,
	}
	for _, ip := range c.IPAddresses {
		s.Names = append(s.Names, ip.String())
	}
	return s
}

// ServedFingerprint is the fingerprint of ServedCertificate.
func ServedFingerprint(ctx context.Context, endpoint string, dial Dialer) (string, error) {
	s, err := ServedCertificate(ctx, endpoint, dial)
	if err != nil {
		return "", err
	}
	return s.Fingerprint, nil
}

func fingerprintOf(chain []*x509.Certificate) string {
	if len(chain) == 0 {
		return ""
	}
	return Fingerprint(chain[0].Raw)
}

// Fingerprint is the SHA-256 fingerprint of a DER certificate as PVE prints it:
// AA:BB:…, 95 characters.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// ParseFingerprint accepts a SHA-256 fingerprint with or without colons, in any
// case, and returns it in PVE's form.
func ParseFingerprint(s string) (string, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(s), ":", ""))
	if err != nil || len(raw) != sha256.Size {
		return "", fmt.Errorf("%q is not a SHA-256 fingerprint (32 pairs of hex digits, as `pvenode cert info` prints it)", s)
	}
	parts := make([]string, len(raw))
	for i, b := range raw {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":"), nil
}

func parseEndpoints(cfg Config) ([]*url.URL, error) {
	if len(cfg.Endpoints) == 0 {
		return nil, configError(cfg.Name, "it has no endpoint", "add one to the host entry, as in https://10.0.0.5:8006")
	}
	var list []*url.URL
	for _, e := range cfg.Endpoints {
		u, err := parseEndpoint(e)
		if err != nil {
			return nil, configError(cfg.Name, err.Error(), "write the endpoint as in https://10.0.0.5:8006")
		}
		list = append(list, u)
	}
	return list, nil
}

// parseEndpoint reads an https URL; scheme and port may be left out. The path
// may be the API's own.
func parseEndpoint(s string) (*url.URL, error) {
	text := s
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("endpoint %q is not an URL", s)
	}
	if u.User != nil {
		return nil, errors.New("an endpoint must not hold credentials")
	}
	if u.Scheme != "https" {
		return nil, fmt.Errorf("endpoint %q is not https", s)
	}
	if p := strings.TrimSuffix(u.Path, "/"); p != "" && p != "/api2/json" || u.RawQuery != "" {
		return nil, fmt.Errorf("endpoint %q has a path", s)
	}
	port := u.Port()
	if port == "" {
		port = "8006"
	}
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(u.Hostname(), port)}, nil
}

func configError(host, why, help string) *diag.Diagnostic {
	d := codeConfig.Errorf("host %s cannot be used", host)
	d.Label, d.Help = why, help
	return d
}
