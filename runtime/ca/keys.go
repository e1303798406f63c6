package ca

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/homestak/homestak/lang/diag"
)

// Keys are the site's keys, opened.
type Keys struct {
	raw      rawKeys
	userCA   ssh.Signer
	hostCA   ssh.Signer
	warnings diag.List
	now      func() time.Time
}

// rawKeys is what the file holds: 32 random bytes each; those of the
// authorities are ed25519 seeds.
type rawKeys struct {
	Marker []byte `json:"marker"`
	UserCA []byte `json:"ssh-user-ca"`
	HostCA []byte `json:"ssh-host-ca"`
}

const keySize = 32

func newRawKeys() rawKeys {
	fresh := func() []byte {
		b := make([]byte, keySize)
		_, _ = rand.Read(b) // never fails, see crypto/rand
		return b
	}
	return rawKeys{Marker: fresh(), UserCA: fresh(), HostCA: fresh()}
}

func (r rawKeys) open() (*Keys, error) {
	k := &Keys{raw: r, now: time.Now}
	for _, part := range []struct {
		name string
		seed []byte
		out  *ssh.Signer
	}{{"marker", r.Marker, nil}, {"ssh-user-ca", r.UserCA, &k.userCA}, {"ssh-host-ca", r.HostCA, &k.hostCA}} {
		if len(part.seed) != keySize {
			return nil, fmt.Errorf("key %s has %d bytes instead of %d", part.name, len(part.seed), keySize)
		}
		if part.out == nil {
			continue
		}
		signer, err := ssh.NewSignerFromSigner(ed25519.NewKeyFromSeed(part.seed))
		if err != nil {
			return nil, err
		}
		*part.out = signer
	}
	return k, nil
}

// Warnings are findings about the files that stop nobody.
func (k *Keys) Warnings() diag.List { return k.warnings }

// Marker is the HMAC key of the markers in guests' notes: 32 bytes, the same for
// the life of the site.
func (k *Keys) Marker() []byte { return k.derive("homestak marker v1") }

// LockDigest is the keyed digest secrets.lock shows for a value: it changes when
// the value does, and says nothing about it to anyone without the site's keys.
func (k *Keys) LockDigest(value []byte) string {
	mac := hmac.New(sha256.New, k.derive("homestak secrets.lock v1"))
	mac.Write(value)
	return "hmac-sha256:" + hex.EncodeToString(mac.Sum(nil))
}

// derive gives each use a key of its own, so that no use can forge another's.
func (k *Keys) derive(use string) []byte {
	key, err := hkdf.Key(sha256.New, k.raw.Marker, nil, use, keySize)
	if err != nil {
		panic("ca: " + err.Error()) // only for more output than SHA-256 allows
	}
	return key
}

// UserCALine is the user CA's public key in authorized_keys form, without a line
// end: what a node's TrustedUserCAKeys file holds.
func (k *Keys) UserCALine() string { return line(k.userCA.PublicKey(), "homestak-user-ca") }

// HostCALine is the host CA's public key in the same form.
func (k *Keys) HostCALine() string { return line(k.hostCA.PublicKey(), "homestak-host-ca") }

// HostCA is the key that signs host certificates, for ssh.Hop.
func (k *Keys) HostCA() ssh.PublicKey { return k.hostCA.PublicKey() }

func line(key ssh.PublicKey, comment string) string {
	b := ssh.MarshalAuthorizedKey(key)
	return string(b[:len(b)-1]) + " " + comment
}
