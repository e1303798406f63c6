package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// derivedCertificate is the certificate of an in-process lab: a pure function
// of its arguments, so that plans which pin it are the same bytes everywhere.
// Anybody can make its key; it serves on loopback only.
func derivedCertificate(siteID, name string) (tls.Certificate, error) {
	seed := sha256.Sum256([]byte("homestak lab certificate 1\x00" + siteID + "\x00" + name))
	key := ed25519.NewKeyFromSeed(seed[:])
	return selfSigned(key, name, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC))
}

// ownCertificate is the random certificate kept in a lab's directory.
func ownCertificate(d *directory, name string, now time.Time) (tls.Certificate, error) {
	data, err := os.ReadFile(d.path("tls.pem"))
	if err == nil {
		cert, err := tls.X509KeyPair(data, data)
		if err != nil {
			return cert, stateError(d.path("tls.pem"), err)
		}
		return cert, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return tls.Certificate{}, stateError(d.path("tls.pem"), err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	// Backdated against clients whose clock is behind.
	cert, err := selfSigned(key, name, now.Add(-7*24*time.Hour), now.AddDate(10, 0, 0))
	if err != nil {
		return cert, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return cert, err
	}
	data = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})...)
	return cert, d.write(data, "tls.pem")
}

// selfSigned makes the same bytes for the same arguments: Ed25519 signatures
// have no randomness, and the serial number is derived from the key.
func selfSigned(key ed25519.PrivateKey, name string, from, to time.Time) (tls.Certificate, error) {
	public := key.Public().(ed25519.PublicKey)
	serial := sha256.Sum256(public)
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial[:16]),
		Subject:               pkix.Name{CommonName: name, Organization: []string{"homestak lab"}},
		NotBefore:             from.UTC().Truncate(time.Second),
		NotAfter:              to.UTC().Truncate(time.Second),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{name, "localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1).To4(), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate of the lab: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// fingerprint is the SHA-256 of a certificate as PVE prints it.
func fingerprint(cert tls.Certificate) string {
	sum := sha256.Sum256(cert.Certificate[0])
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}

// certificatePEM is the public half, as /etc/pve/local/pve-ssl.pem has it.
func certificatePEM(cert tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
}
