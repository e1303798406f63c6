package ssh

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
)

// hostVerifier accepts exactly one machine: the one whose host key the site's
// host CA certified for the expected uuid, or, where there is no certificate, the
// one that showed its key before.
type hostVerifier struct {
	hop Hop
	now func() time.Time
	err error // why the key was refused
}

// algorithms puts certificates first. Plain keys stay in the list only so that
// a machine without a certificate is told apart from one that speaks no common
// algorithm; check refuses them.
func (v *hostVerifier) algorithms() []string {
	return []string{
		ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoRSASHA512v01,
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
	}
}

func (v *hostVerifier) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	v.err = v.judge(key)
	return v.err
}

// remembered accepts the key that the machine showed before, or any the first time.
func (v *hostVerifier) remembered(key ssh.PublicKey) error {
	if cert, ok := key.(*ssh.Certificate); ok {
		key = cert.Key
	}
	shown := ssh.FingerprintSHA256(key)
	if v.hop.Known != "" && v.hop.Known != shown {
		return fmt.Errorf("it offers host key %s, and it had %s before", shown, v.hop.Known)
	}
	v.hop.FirstUse(shown)
	return nil
}

func (v *hostVerifier) judge(key ssh.PublicKey) error {
	if v.hop.FirstUse != nil {
		return v.remembered(key)
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok {
		return fmt.Errorf("it offers a plain host key (%s) without a certificate", ssh.FingerprintSHA256(key))
	}
	if cert.CertType != ssh.HostCert {
		return errors.New("it offers a certificate that is not a host's")
	}
	if v.hop.HostCA == nil || !bytes.Equal(cert.SignatureKey.Marshal(), v.hop.HostCA.Marshal()) {
		return fmt.Errorf("its certificate is signed by %s, which is not this site's host CA", ssh.FingerprintSHA256(cert.SignatureKey))
	}
	// An empty principal list would mean "any machine"; the checker accepts that,
	// we do not.
	if len(cert.ValidPrincipals) != 1 || cert.ValidPrincipals[0] != v.hop.UUID {
		return fmt.Errorf("its certificate is for %q, expected %q", cert.ValidPrincipals, v.hop.UUID)
	}
	checker := ssh.CertChecker{Clock: v.now}
	return checker.CheckCert(v.hop.UUID, cert)
}
