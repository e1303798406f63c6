package secret

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeNoIdentity  diag.Code = "HS0502"
	codeBadIdentity diag.Code = "HS0503"
)

// IdentityEnv names the environment variable with the path of the identity file.
const IdentityEnv = "HOMESTAK_AGE_IDENTITY"

// IdentityFile is where a site may keep its identity; git ignores it.
const IdentityFile = "keys/identity.txt"

// Identity is an age identity file.
type Identity struct {
	Path string // for messages: as the user named it, or relative to the site
	Keys []age.Identity
}

// ErrNoIdentity is found in the error of FindIdentity when no place has one.
var ErrNoIdentity = errors.New("no age identity")

// FindIdentity looks for the identity that opens the encrypted files of the site
// at dir: the file $HOMESTAK_AGE_IDENTITY names, else keys/identity.txt of the
// site, else homestak/identity.txt in the user's configuration directory
// ($XDG_CONFIG_HOME). A file that is named and missing is an error, not a reason
// to look further.
func FindIdentity(dir string) (*Identity, error) {
	if path := os.Getenv(IdentityEnv); path != "" {
		id, err := ReadIdentity(path, path)
		if errors.Is(err, fs.ErrNotExist) {
			d := codeNoIdentity.Errorf("%s names a file that does not exist", IdentityEnv)
			d.Label = path
			d.Help = "correct the path, or unset " + IdentityEnv
			return nil, d
		}
		return id, err
	}
	id, err := ReadIdentity(filepath.Join(dir, filepath.FromSlash(IdentityFile)), IdentityFile)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	if config, cerr := os.UserConfigDir(); cerr == nil {
		path := filepath.Join(config, "homestak", "identity.txt")
		id, err = ReadIdentity(path, path)
		if !errors.Is(err, fs.ErrNotExist) {
			return id, err
		}
	}
	d := codeNoIdentity.Errorf("no age identity was found")
	d.Label = "looked at " + IdentityEnv + ", " + IdentityFile + " of the site and homestak/identity.txt of your configuration directory"
	d.Help = "copy the site's identity file from whoever ran `homestak init` to " + IdentityFile
	return nil, &absentIdentity{d}
}

// absentIdentity is the diagnostic that errors.Is(err, ErrNoIdentity) finds.
type absentIdentity struct{ *diag.Diagnostic }

func (e *absentIdentity) Is(target error) bool { return target == ErrNoIdentity }

// As lets callers that look for a *diag.Diagnostic find it.
func (e *absentIdentity) As(target any) bool {
	if d, ok := target.(**diag.Diagnostic); ok {
		*d = e.Diagnostic
		return true
	}
	return false
}

// ReadIdentity reads one identity file; shown is the name messages use. The
// error of a missing file satisfies errors.Is(err, fs.ErrNotExist); every other
// one is a *diag.Diagnostic.
func ReadIdentity(path, shown string) (*Identity, error) {
	data, _, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unreadable(shown, err)
	}
	keys, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil {
		// age's own text may quote the line, which can be a mistyped key.
		d := codeBadIdentity.Errorf("%s is not an age identity file", shown)
		d.Label = "expected a line that begins with AGE-SECRET-KEY-1"
		d.Help = "make one with `age-keygen -o " + shown + "`, or restore the right file"
		return nil, d
	}
	return &Identity{Path: shown, Keys: keys}, nil
}

// Dearmor undoes age's text armor when there is one.
func Dearmor(data []byte) io.Reader {
	r := bufio.NewReader(bytes.NewReader(data))
	if start, _ := r.Peek(len(armor.Header)); string(start) == armor.Header {
		return armor.NewReader(r)
	}
	return r
}
