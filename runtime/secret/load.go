package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeOpenToOthers  diag.Code = "HS0506"
	codeMalformed     diag.Code = "HS0507"
	codeUndecryptable diag.Code = "HS0508"
	codeShadowed      diag.Code = "HS0511"
	codeUnreadable    diag.Code = "HS0512"
)

// The files a site may keep its secrets in. The first that exists is used.
const (
	PlainFile = "secrets.yaml"
	AgeFile   = "secrets.yaml.age"
	SopsFile  = "secrets.yaml.enc"
)

// maxFile bounds a secrets file, before and after decryption.
const maxFile = 4 << 20

// Load reads the secrets of the site at dir: the first that exists of
// secrets.yaml, secrets.yaml.age and secrets.yaml.enc. A site without any has an
// Empty store and no error. All errors are *diag.Diagnostic and quote nothing of
// the file.
func Load(dir string) (*Store, error) {
	var found []string
	for _, name := range []string{PlainFile, AgeFile, SopsFile} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			found = append(found, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, unreadable(name, err)
		}
	}
	if len(found) == 0 {
		return Empty(), nil
	}
	name := found[0]
	plain, warnings, err := open(dir, name)
	if err != nil {
		return nil, err
	}
	s, err := Parse(name, plain)
	if err != nil {
		return nil, err
	}
	s.warnings = warnings
	if len(found) > 1 {
		d := codeShadowed.Warnf("this site has several secrets files: %s", strings.Join(found, ", "))
		d.Label = "only " + name + " is read"
		d.Help = "delete " + strings.Join(found[1:], " and ") + ", or " + name + " if it is the stale one"
		s.warnings = append(s.warnings, d)
	}
	return s, nil
}

// open returns the plain text of one secrets file.
func open(dir, name string) ([]byte, diag.List, error) {
	path := filepath.Join(dir, name)
	switch name {
	case AgeFile:
		plain, err := openAge(dir, path)
		return plain, nil, err
	case SopsFile:
		plain, err := openSops(path)
		return plain, nil, err
	}
	data, info, err := readBounded(path)
	if err != nil {
		return nil, nil, unreadable(name, err)
	}
	var warnings diag.List
	if open := info.Mode().Perm() & 0o077; open != 0 {
		d := codeOpenToOthers.Warnf("%s can be read by other users of this machine (mode %04o)", name, info.Mode().Perm())
		d.Help = "chmod 600 " + name
		warnings = append(warnings, d)
	}
	return data, warnings, nil
}

func openAge(dir, path string) ([]byte, error) {
	data, _, err := readBounded(path)
	if err != nil {
		return nil, unreadable(AgeFile, err)
	}
	id, err := FindIdentity(dir)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(Dearmor(data), id.Keys...)
	var plain []byte
	if err == nil {
		plain, err = io.ReadAll(io.LimitReader(r, maxFile+1))
	}
	if err != nil || len(plain) > maxFile {
		d := codeUndecryptable.Errorf("%s cannot be decrypted", AgeFile)
		var wrong *age.NoIdentityMatchError
		switch {
		case errors.As(err, &wrong):
			d.Label = "the identity in " + id.Path + " is not one it was encrypted to"
			d.Help = "point " + IdentityEnv + " at the right identity file"
		case err == nil:
			d.Label = fmt.Sprintf("it is larger than %d bytes", maxFile)
		default:
			d.Label = "the file is damaged: " + err.Error()
			d.Help = "restore it from a copy"
		}
		return nil, d
	}
	return plain, nil
}

// readBounded reads a regular file of at most maxFile bytes.
func readBounded(path string) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("it is not a regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, err
	}
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), info, nil
}

// unreadable reports a file that exists and cannot be read. Paths are left out:
// the name says which file of the site it is.
func unreadable(name string, err error) *diag.Diagnostic {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	d := codeUnreadable.Errorf("cannot read %s", name)
	d.Label = err.Error()
	d.Help = "check the file's owner and mode"
	return d
}
