package ca

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

func testKeys(t *testing.T, now time.Time) *Keys {
	t.Helper()
	k, err := newRawKeys().open()
	if err != nil {
		t.Fatal(err)
	}
	k.now = func() time.Time { return now }
	return k
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestHostKey(t *testing.T) {
	k := testKeys(t, noon)
	const uuid = "0c8d3a52-3b1f-5f0a-9a33-2d7cbd0a1234"
	private, line, err := k.HostKey(uuid)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(line), "ssh-ed25519-cert-v01@openssh.com ") || !strings.HasSuffix(string(line), "\n") {
		t.Errorf("line: %q", line)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		t.Fatal(err)
	}
	cert := public.(*ssh.Certificate)
	if !bytes.Equal(cert.Key.Marshal(), signer.PublicKey().Marshal()) {
		t.Error("the certificate is for another key")
	}
	if !bytes.Equal(cert.SignatureKey.Marshal(), k.HostCA().Marshal()) {
		t.Error("the certificate is not signed by the host CA")
	}
	check := func(at time.Time, principal string) error {
		return (&ssh.CertChecker{Clock: func() time.Time { return at }}).CheckCert(principal, cert)
	}
	for _, at := range []time.Time{noon, noon.Add(-6 * 24 * time.Hour), noon.AddDate(30, 0, 0)} {
		if err := check(at, uuid); err != nil {
			t.Errorf("at %s: %v", at, err)
		}
	}
	if check(noon, "0c8d3a52-3b1f-5f0a-9a33-2d7cbd0a9999") == nil {
		t.Error("the certificate is good for another machine")
	}
	again, _, err := k.HostKey(uuid)
	if err != nil || bytes.Equal(private, again) {
		t.Error("host keys must be fresh")
	}
}

func TestUserSigner(t *testing.T) {
	k := testKeys(t, noon)
	signer, err := k.UserSigner("homestak-driver", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cert := signer.PublicKey().(*ssh.Certificate)
	if cert.CertType != ssh.UserCert || !bytes.Equal(cert.SignatureKey.Marshal(), k.userCA.PublicKey().Marshal()) {
		t.Error("not a user certificate of the user CA")
	}
	if len(cert.CriticalOptions) != 0 || len(cert.Extensions) != 2 {
		t.Errorf("permissions: %v", cert.Permissions)
	}
	check := func(at time.Time, principal string) bool {
		return (&ssh.CertChecker{Clock: func() time.Time { return at }}).CheckCert(principal, cert) == nil
	}
	if !check(noon, "homestak-driver") || !check(noon.Add(59*time.Minute), "homestak-driver") {
		t.Error("not valid within its hour")
	}
	if check(noon.Add(61*time.Minute), "homestak-driver") || check(noon, "root") {
		t.Error("valid after its hour, or for another user")
	}
}

// Each use has a key of its own: a digest in the committed secrets.lock must say
// nothing about the key that signs markers.
func TestUsesDoNotShareKeys(t *testing.T) {
	k := testKeys(t, noon)
	if bytes.Equal(k.Marker(), k.raw.Marker) {
		t.Error("the root key itself is handed out")
	}
	d := k.LockDigest([]byte("value"))
	if !strings.HasPrefix(d, "hmac-sha256:") || len(d) != len("hmac-sha256:")+64 {
		t.Errorf("digest %q", d)
	}
	if d != k.LockDigest([]byte("value")) || d == k.LockDigest([]byte("valuf")) || d == testKeys(t, noon).LockDigest([]byte("value")) {
		t.Error("the digest must depend on the value and on the site, and on nothing else")
	}
}
