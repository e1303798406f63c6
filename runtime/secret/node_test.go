package secret

import (
	"bytes"
	"crypto/ed25519"
	"testing"
)

func TestToNode(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("the password")
	cipher, err := EncryptToNode(plain, public)
	if err != nil || bytes.Contains(cipher, plain) {
		t.Fatalf("%q, %v", cipher, err)
	}
	if got, err := DecryptAsNode(cipher, key, 100); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := DecryptAsNode(cipher, other, 100); err == nil {
		t.Error("another node opens it")
	}
	if _, err := DecryptAsNode(cipher, key, int64(len(plain)-1)); err == nil {
		t.Error("more than the limit is given")
	}
	for i := range cipher {
		bad := bytes.Clone(cipher)
		bad[i] ^= 1
		if got, err := DecryptAsNode(bad, key, 100); err == nil && !bytes.Equal(got, plain) {
			t.Errorf("with byte %d changed it opens as %q", i, got)
		}
	}
}
