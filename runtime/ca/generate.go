package ca

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"filippo.io/age"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/runtime/secret"
)

// Generate makes the keys of the site at dir, once: a site that has a keys file
// keeps it, and gets an error. They are encrypted to the identity FindIdentity
// finds; when there is none, Generate makes one in keys/identity.txt, which
// keys/.gitignore keeps out of version control. All files are 0600 and appear
// whole or not at all.
func Generate(dir string) (*Keys, error) {
	path := filepath.Join(dir, filepath.FromSlash(File))
	if _, err := os.Lstat(path); err == nil {
		return nil, exists()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, unwritten(File, err)
	}
	ignore := filepath.Join(filepath.Dir(path), ".gitignore")
	if err := publish(ignore, []byte("/identity.txt\n"), 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, unwritten("keys/.gitignore", err)
	}
	id, err := secret.FindIdentity(dir)
	if errors.Is(err, secret.ErrNoIdentity) {
		id, err = ensureIdentity(filepath.Join(dir, filepath.FromSlash(secret.IdentityFile)), secret.IdentityFile)
	}
	if err != nil {
		return nil, err
	}
	k, err := create(path, File, id)
	if errors.Is(err, fs.ErrExist) {
		return nil, exists()
	}
	return k, err
}

// Throwaway opens the keys of a lab at dir, and makes them when there are none.
// They need nothing from outside dir and are worth nothing without it. Several
// processes may call it at once: all get the same keys.
func Throwaway(dir string) (*Keys, error) {
	const file, idFile = "site.age", "identity.txt"
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unwritten(file, err)
	}
	id, err := ensureIdentity(filepath.Join(dir, idFile), idFile)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, file)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		k, err := create(path, file, id)
		if !errors.Is(err, fs.ErrExist) {
			return k, err
		}
	}
	data, err := read(path)
	if err != nil {
		return nil, throwawayHelp(dir, damaged(file, err))
	}
	k, err := decode(file, data, id)
	if err != nil {
		return nil, throwawayHelp(dir, err)
	}
	return k, nil
}

// throwawayHelp replaces advice that is about a site's keys: those of a lab can
// go, together with the lab.
func throwawayHelp(dir string, err error) error {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		d.Help = "delete the lab with its keys: rm -r " + dir
	}
	return err
}

// create makes keys and publishes them at path; fs.ErrExist when someone else
// was faster.
func create(path, name string, id *secret.Identity) (*Keys, error) {
	to, err := recipient(id)
	if err != nil {
		return nil, err
	}
	raw := newRawKeys()
	data, err := encode(raw, to)
	if err != nil {
		return nil, unwritten(name, err)
	}
	if err := publish(path, data, 0o600); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		return nil, unwritten(name, err)
	}
	return raw.open()
}

// recipient is the public half of the identity's first key.
func recipient(id *secret.Identity) (age.Recipient, error) {
	switch key := id.Keys[0].(type) {
	case *age.X25519Identity:
		return key.Recipient(), nil
	case *age.HybridIdentity:
		return key.Recipient(), nil
	default:
		return nil, unwritten(File, fmt.Errorf("the first key of %s is of a kind homestak cannot encrypt to", id.Path))
	}
}

// ensureIdentity reads the identity at path and makes it when there is none.
func ensureIdentity(path, shown string) (*secret.Identity, error) {
	id, err := secret.ReadIdentity(path, shown)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, unwritten(shown, err)
	}
	text := "# homestak: opens the keys and secrets of this site. Keep a copy in a safe place\n" +
		"# and out of version control.\n" +
		"# public key: " + key.Recipient().String() + "\n" + key.String() + "\n"
	if err := publish(path, []byte(text), 0o600); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, unwritten(shown, err)
	}
	return secret.ReadIdentity(path, shown)
}

// publish makes a file that must not exist yet: after a crash it is there whole
// or not at all, and of several writers one wins while the others get
// fs.ErrExist. A rename could not tell; a hard link can.
func publish(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync())
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

func exists() *diag.Diagnostic {
	d := codeExists.Errorf("this site already has keys (%s)", File)
	d.Label = "they are kept: guests and secrets depend on them"
	d.Help = "nothing is to be done; use another directory for another site"
	return d
}

func unwritten(name string, err error) *diag.Diagnostic {
	d := codeWrite.Errorf("cannot write %s", name)
	d.Label = err.Error()
	d.Help = "check the directory's owner, mode and free space"
	return d
}
