package ca

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/homestak/homestak/runtime/sign"
)

// The site's TLS authority:
//
//	root (with the site's keys) ─ server's intermediate ─┬─ the server's own certificate
//	                            │   (in the server)      └─ nodes, at enrollment
//	                            └─ operators
//
// A server can speak for nodes and for itself, by the names the root allowed it,
// and for nobody else: not for operators, and not for another server.

// Who a certificate is for stands in one URI: homestak:node/<uuid>,
// homestak:server/<name>, homestak:operator/<name>.
const uriScheme = "homestak"

// Role of a certificate.
type Role string

const (
	RoleNode     Role = "node"
	RoleServer   Role = "server"
	RoleOperator Role = "operator"
)

// forever is what RFC 5280 (4.1.2.5) gives certificates without an end.
var forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// birth of every root: a constant, so that a root's bytes follow from its key.
var birth = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Root is the certificate of the site's TLS authority: the same bytes each time,
// since nodes pin it.
func (k *Keys) Root() (*x509.Certificate, error) {
	key := k.tlsRoot()
	public := key.Public().(ed25519.PublicKey)
	sum := sha256.Sum256(public)
	t := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(sum[:16]),
		Subject:               pkix.Name{CommonName: "homestak site " + hex.EncodeToString(sum[:8])},
		NotBefore:             birth,
		NotAfter:              forever,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            1,
	}
	return issue(t, t, public, key)
}

// Server describes what a spec server may call itself.
type Server struct {
	Name      string // of the server, as in "edge-1"
	DNS       []string
	Addresses []netip.Addr
}

// Intermediate certifies a server's own authority for the time given.
func (k *Keys) Intermediate(public crypto.PublicKey, s Server, ttl time.Duration) (*x509.Certificate, error) {
	root, err := k.Root()
	if err != nil {
		return nil, err
	}
	t := k.template("homestak server "+s.Name, ttl)
	t.KeyUsage = x509.KeyUsageCertSign
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	t.BasicConstraintsValid, t.IsCA, t.MaxPathLenZero = true, true, true
	t.PermittedDNSDomainsCritical = true
	t.PermittedDNSDomains = append([]string{nothing}, s.DNS...)
	t.PermittedURIDomains = []string{string(RoleNode), string(RoleServer)}
	for _, a := range s.Addresses {
		t.PermittedIPRanges = append(t.PermittedIPRanges, &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())})
	}
	if len(t.PermittedIPRanges) == 0 { // none permitted would mean all
		t.ExcludedIPRanges = []*net.IPNet{{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}, {IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}}
	}
	return issue(t, root, public, k.tlsRoot())
}

// nothing is a name nobody has: with it in the list of what is permitted, an
// empty list does not permit everything.
const nothing = "nothing.invalid"

// Operator certifies a person or program that administers servers.
func (k *Keys) Operator(public crypto.PublicKey, name string, ttl time.Duration) (*x509.Certificate, error) {
	root, err := k.Root()
	if err != nil {
		return nil, err
	}
	t := k.template("homestak operator "+name, ttl)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	t.URIs = []*url.URL{RoleURI(RoleOperator, name)}
	return issue(t, root, public, k.tlsRoot())
}

// RoleURI is how a certificate says who it is for.
func RoleURI(r Role, name string) *url.URL {
	return &url.URL{Scheme: uriScheme, Host: string(r), Path: "/" + name}
}

// RoleOf is who a verified certificate is for.
func RoleOf(c *x509.Certificate) (r Role, name string, ok bool) {
	if len(c.URIs) != 1 || c.URIs[0].Scheme != uriScheme || len(c.URIs[0].Path) < 2 {
		return "", "", false
	}
	return Role(c.URIs[0].Host), c.URIs[0].Path[1:], true
}

// Authority issues certificates under an intermediate: what a server does.
type Authority struct {
	Certificate *x509.Certificate
	Key         ed25519.PrivateKey
	Now         func() time.Time
}

// Node certifies a node's own key.
func (a *Authority) Node(public ed25519.PublicKey, uuid string, ttl time.Duration) (*x509.Certificate, error) {
	t := template("homestak node "+uuid, a.Now(), ttl)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	t.URIs = []*url.URL{RoleURI(RoleNode, uuid)}
	a.bound(t)
	return issue(t, a.Certificate, public, a.Key)
}

// Server certifies the server's own TLS key, by the names the intermediate is for.
func (a *Authority) Server(public crypto.PublicKey, s Server, ttl time.Duration) (*x509.Certificate, error) {
	t := template("homestak server "+s.Name, a.Now(), ttl)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames = s.DNS
	for _, ip := range s.Addresses {
		t.IPAddresses = append(t.IPAddresses, ip.AsSlice())
	}
	t.URIs = []*url.URL{RoleURI(RoleServer, s.Name)}
	a.bound(t)
	return issue(t, a.Certificate, public, a.Key)
}

// bound keeps a certificate within the life of who issues it.
func (a *Authority) bound(t *x509.Certificate) {
	if t.NotAfter.After(a.Certificate.NotAfter) {
		t.NotAfter = a.Certificate.NotAfter
	}
	if t.NotBefore.Before(a.Certificate.NotBefore) {
		t.NotBefore = a.Certificate.NotBefore
	}
}

func (k *Keys) template(name string, ttl time.Duration) *x509.Certificate {
	return template(name, k.now(), ttl)
}

func template(name string, now time.Time, ttl time.Duration) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetUint64(serial()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(ttl),
	}
}

func issue(t, parent *x509.Certificate, public crypto.PublicKey, key ed25519.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate for %s: %w", t.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}

func (k *Keys) tlsRoot() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(k.derive("homestak tls root v1"))
}

// Signing is the key the site signs statements about its nodes with.
func (k *Keys) Signing() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(k.derive("homestak signing v1"))
}

// Trust are the public halves of the keys whose statements count.
func (k *Keys) Trust() sign.Trust {
	return sign.Trust{k.Signing().Public().(ed25519.PublicKey)}
}
