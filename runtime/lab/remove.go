package lab

import (
	"errors"
	"io/fs"
	"os"
)

// TokenFile is where a lab keeps its own API token, inside its directory.
const TokenFile = "token"

// Remove deletes a lab's directory with everything in it. One that another
// process has open is left alone, with the same diagnostic as from Open; one
// that does not exist is no error.
func Remove(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	d, err := openDirectory(dir)
	if err != nil {
		return err
	}
	defer d.close()
	return os.RemoveAll(d.root)
}
