package secret

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// EncryptToNode encrypts to a node's own key, the one it enrolled with. Nobody
// else can open it, the server that keeps it included.
func EncryptToNode(plain []byte, key ed25519.PublicKey) ([]byte, error) {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return nil, err
	}
	to, err := agessh.NewEd25519Recipient(public)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err = w.Write(plain); err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}

// DecryptAsNode opens what was encrypted to the node with this key. The plain
// text has at most limit bytes.
func DecryptAsNode(cipher []byte, key ed25519.PrivateKey, limit int64) ([]byte, error) {
	id, err := agessh.NewEd25519Identity(key)
	if err != nil {
		return nil, err
	}
	return decrypt(cipher, id, limit)
}

func decrypt(cipher []byte, id age.Identity, limit int64) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(cipher), id)
	if err != nil {
		return nil, errors.New("it is not encrypted to this key") // the library's text may quote the input
	}
	plain, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(plain)) > limit {
		err = fmt.Errorf("it holds more than %d bytes", limit)
	}
	return plain, err
}
