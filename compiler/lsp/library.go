package lsp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
)

// library is a directory for copies of the library's files: an editor can show
// only what is a file. "" means that there is none.
type library string

var errNoLibrary = errors.New("there is no directory for the files of the library")

// copyOf is a file with this text. A copy is written once, under the digest of
// its text, and cannot be written to.
func (l library) copyOf(name string, text []byte) (string, error) {
	if l == "" {
		return "", errNoLibrary
	}
	sum := sha256.Sum256(text)
	path := filepath.Join(string(l), hex.EncodeToString(sum[:6]), filepath.FromSlash(name))
	if now, err := os.ReadFile(path); err == nil && string(now) == string(text) {
		return path, nil
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, ".copy-*")
	if err != nil {
		return "", err
	}
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Chmod(0o444), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return "", err
	}
	return path, nil
}
