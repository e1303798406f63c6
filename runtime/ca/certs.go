package ca

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// backdate makes certificates valid before now, because the clocks of machines
// that have just booted are often wrong. A user certificate's key lives in
// memory only, so its validity in the past gives nobody anything.
const backdate = 7 * 24 * time.Hour

// HostKey makes a new ed25519 host key for the machine with this uuid, and the
// host CA's certificate for it with the uuid as its only principal. privPEM is
// in OpenSSH's own form; certLine is the content of ssh_host_ed25519_key-cert.pub
// with its line end. The certificate does not expire: it dies with the machine's
// uuid, and a driver of next year must still know the machine.
func (k *Keys) HostKey(uuid string) (privPEM, certLine []byte, err error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "homestak "+uuid)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the host key: %w", err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, nil, err
	}
	cert := &ssh.Certificate{
		Key:             key,
		Serial:          serial(),
		CertType:        ssh.HostCert,
		KeyId:           "homestak host " + uuid,
		ValidPrincipals: []string{uuid},
		ValidAfter:      uint64(k.now().Add(-backdate).Unix()),
		ValidBefore:     ssh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, k.hostCA); err != nil {
		return nil, nil, fmt.Errorf("sign the host certificate: %w", err)
	}
	return pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(cert), nil
}

// UserSigner makes a key in memory with a user certificate for one login name,
// good until ttl from now. It may open a terminal and forward connections (the
// jump chain needs that) and nothing else.
func (k *Keys) UserSigner(principal string, ttl time.Duration) (ssh.Signer, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		return nil, err
	}
	now := k.now()
	cert := &ssh.Certificate{
		Key:             signer.PublicKey(),
		Serial:          serial(),
		CertType:        ssh.UserCert,
		KeyId:           "homestak driver " + principal,
		ValidPrincipals: []string{principal},
		ValidAfter:      uint64(now.Add(-backdate).Unix()),
		ValidBefore:     uint64(now.Add(ttl).Unix()),
		Permissions: ssh.Permissions{Extensions: map[string]string{
			"permit-port-forwarding": "",
			"permit-pty":             "",
		}},
	}
	if err := cert.SignCert(rand.Reader, k.userCA); err != nil {
		return nil, fmt.Errorf("sign the user certificate: %w", err)
	}
	return ssh.NewCertSigner(cert, signer)
}

func serial() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return binary.BigEndian.Uint64(b[:])
}
