package sim

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Binary is the one real program that machines can hold and run: homestak
// itself. Machines keep it by reference; its digest is taken when it is first
// needed. The zero value is no program.
type Binary struct {
	path string

	once   sync.Once
	digest string
	size   int64
	err    error
}

// NewBinary is the program at a path of the real machine, "" for none.
func NewBinary(path string) *Binary { return &Binary{path: path} }

// identity is the SHA-256 in hex and the size; the digest is "" without a
// program.
func (b *Binary) identity() (digest string, size int64, err error) {
	if b == nil || b.path == "" {
		return "", 0, nil
	}
	b.once.Do(func() {
		f, err := os.Open(b.path)
		if err != nil {
			b.err = err
			return
		}
		defer f.Close()
		h := sha256.New()
		if b.size, b.err = io.Copy(h, f); b.err == nil {
			b.digest = hex.EncodeToString(h.Sum(nil))
		}
	})
	return b.digest, b.size, b.err
}

// content is what a reference with that digest stands for.
func (b *Binary) content(digest string) ([]byte, error) {
	own, _, err := b.identity()
	if err != nil {
		return nil, err
	}
	if own == "" || digest != own {
		return nil, fmt.Errorf("the lab no longer has the program sha256:%s", digest)
	}
	data, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != own {
		return nil, errors.New("the program was replaced since the lab was opened")
	}
	return data, nil
}

// binaryPath is where machines made of builtin images have the program.
func binaryPath(digest string) string { return "/usr/local/lib/homestak/" + digest + "/homestak" }
