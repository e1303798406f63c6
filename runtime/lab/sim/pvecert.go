package sim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"time"

	"github.com/homestak/homestak/runtime/system"
)

// Where a PVE node keeps what its API shows.
const (
	pveCertPath = "/etc/pve/local/pve-ssl.pem"
	pveKeyPath  = "/etc/pve/local/pve-ssl.key"
)

// pveCertificate is the certificate in the machine's files, made if there is
// none, as pvecm updatecerts does at the first start.
func (o *operatingSystem) pveCertificate(ctx context.Context, addrs []netip.Prefix) (cert tls.Certificate, certPEM []byte, err error) {
	certPEM, _, certErr := o.ReadFile(ctx, pveCertPath)
	keyPEM, _, keyErr := o.ReadFile(ctx, pveKeyPath)
	if errors.Is(certErr, system.ErrNotExist) || errors.Is(keyErr, system.ErrNotExist) {
		if certPEM, keyPEM, err = o.makePVECertificate(ctx, addrs); err != nil {
			return tls.Certificate{}, nil, err
		}
	} else if err := errors.Join(certErr, keyErr); err != nil {
		return tls.Certificate{}, nil, err
	}
	cert, err = tls.X509KeyPair(certPEM, keyPEM)
	return cert, certPEM, err
}

func (o *operatingSystem) makePVECertificate(ctx context.Context, addrs []netip.Prefix) (certPEM, keyPEM []byte, err error) {
	name, err := o.Hostname(ctx)
	if err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	// A pinned certificate's dates are nobody's concern; these outlast any lab.
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, OrganizationalUnit: []string{"PVE Cluster Node"}, Organization: []string{"Proxmox Virtual Environment"}},
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{name, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		BasicConstraintsValid: true,
	}
	for _, a := range addrs {
		template.IPAddresses = append(template.IPAddresses, a.Addr().AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	info := system.FileInfo{Mode: 0o640, Owner: "root", Group: "www-data"}
	if err := o.WriteFile(ctx, pveCertPath, certPEM, info); err != nil {
		return nil, nil, err
	}
	return certPEM, keyPEM, o.WriteFile(ctx, pveKeyPath, keyPEM, info)
}
