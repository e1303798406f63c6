package ca

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

const (
	codeAbsent  diag.Code = "HS0501"
	codeWrong   diag.Code = "HS0504"
	codeDamaged diag.Code = "HS0505"
	codeExists  diag.Code = "HS0515"
	codeWrite   diag.Code = "HS0516"
	codeNewer   diag.Code = "HS0517"
	codeExposed diag.Code = "HS0518"
)

// File is where a site keeps its keys.
const File = "keys/site.age"

// formatVersion of the plain text in File.
const formatVersion = 1

// maxFile bounds the keys file; a real one has about a thousand bytes.
const maxFile = 1 << 20

// ErrAbsent is found in the error of Load when the site has no keys file.
var ErrAbsent = errors.New("the site has no keys")

// document is the plain text of File. Keys of later versions have a place in it
// without a new format as long as older versions can do without them.
type document struct {
	Format int     `json:"format"`
	Keys   rawKeys `json:"keys"`
}

// Load opens the keys of the site at dir. Without a keys file the error
// satisfies errors.Is(err, ErrAbsent). All errors are *diag.Diagnostic.
func Load(dir string) (*Keys, error) {
	data, err := read(filepath.Join(dir, filepath.FromSlash(File)))
	if errors.Is(err, fs.ErrNotExist) {
		d := codeAbsent.Errorf("this site has no keys (%s)", File)
		d.Help = "make them with `homestak init --keys`"
		return nil, &absent{d}
	}
	if err != nil {
		return nil, damaged(File, err)
	}
	id, err := secret.FindIdentity(dir)
	if err != nil {
		return nil, err
	}
	k, err := decode(File, data, id)
	if err != nil {
		return nil, err
	}
	k.warnings = exposed(dir, id)
	return k, nil
}

// absent is the diagnostic that errors.Is(err, ErrAbsent) finds.
type absent struct{ *diag.Diagnostic }

func (e *absent) Is(target error) bool { return target == ErrAbsent }

// As lets callers that look for a *diag.Diagnostic find it.
func (e *absent) As(target any) bool {
	if d, ok := target.(**diag.Diagnostic); ok {
		*d = e.Diagnostic
		return true
	}
	return false
}

// exposed warns about a private file that other users can read.
func exposed(dir string, id *secret.Identity) diag.List {
	var warnings diag.List
	path := id.Path
	if path == secret.IdentityFile {
		path = filepath.Join(dir, filepath.FromSlash(path))
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		d := codeExposed.Warnf("the identity %s can be read by other users of this machine (mode %04o)", id.Path, info.Mode().Perm())
		d.Help = "chmod 600 " + id.Path
		warnings = append(warnings, d)
	}
	return warnings
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	return data, err
}

func decode(name string, data []byte, id *secret.Identity) (*Keys, error) {
	r, err := age.Decrypt(secret.Dearmor(data), id.Keys...)
	var wrong *age.NoIdentityMatchError
	if errors.As(err, &wrong) {
		d := codeWrong.Errorf("%s was not encrypted to the identity in %s", name, id.Path)
		d.Help = "use the identity this site was made with: keep it in " + secret.IdentityFile +
			", or name it in " + secret.IdentityEnv
		return nil, d
	}
	if err != nil {
		return nil, damaged(name, err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxFile))
	if err != nil {
		return nil, damaged(name, err)
	}
	var doc document
	if err := json.Unmarshal(plain, &doc); err != nil {
		return nil, damaged(name, errors.New("its plain text is not what homestak writes"))
	}
	if doc.Format > formatVersion {
		d := codeNewer.Errorf("%s has format %d; this version of homestak reads up to %d", name, doc.Format, formatVersion)
		d.Help = "use the version of homestak that wrote it, or a newer one"
		return nil, d
	}
	k, err := doc.Keys.open()
	if err != nil {
		return nil, damaged(name, err)
	}
	return k, nil
}

func encode(keys rawKeys, to age.Recipient) ([]byte, error) {
	plain, err := json.Marshal(document{Format: formatVersion, Keys: keys})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	text := armor.NewWriter(&b)
	w, err := age.Encrypt(text, to)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(plain)
	if err = errors.Join(err, w.Close(), text.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func damaged(name string, err error) *diag.Diagnostic {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	d := codeDamaged.Errorf("%s cannot be opened", name)
	d.Label = err.Error()
	d.Help = "restore the file from a copy or from version control; new keys would not recognise the guests this site owns"
	return d
}
