package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/lang/diag"
)

const (
	codeBadLock   diag.Code = "HS0513"
	codeUnwritten diag.Code = "HS0514"
)

// LockFile names the file of keyed digests. It is safe to commit.
const LockFile = "secrets.lock"

// LockEntry is one line of secrets.lock.
type LockEntry struct {
	Name   string
	Digest string
}

// Digest is the keyed digest of a secret. The name goes into it, so that two
// secrets with one value do not show that they are equal. keyed is the HMAC of
// the site's lock key.
func (s *Store) Digest(name string, keyed func([]byte) string) (string, bool) {
	v, ok := s.values[name]
	if !ok {
		return "", false
	}
	return keyed(append([]byte(name+"\x00"), v.Reveal()...)), true
}

// Lock is the content secrets.lock should have, by name.
func (s *Store) Lock(keyed func([]byte) string) []LockEntry {
	var entries []LockEntry
	for _, name := range s.Names() {
		digest, _ := s.Digest(name, keyed)
		entries = append(entries, LockEntry{name, digest})
	}
	return entries
}

// ReadLock reads secrets.lock of the site at dir, by name. A site without one
// has no entries and no error.
//
// The file is a YAML mapping of secret names to digests, both in quotes.
func ReadLock(dir string) ([]LockEntry, error) {
	data, _, err := readBounded(filepath.Join(dir, LockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, unreadable(LockFile, err)
	}
	return parseLock(data)
}

func parseLock(data []byte) ([]LockEntry, error) {
	bad := func(line int, why string) error {
		d := codeBadLock.Errorf("%s cannot be used", LockFile)
		d.Label = why
		if line > 0 {
			d.Label += fmt.Sprintf(" (line %d)", line)
		}
		d.Help = "make it anew with `homestak secrets lock`"
		return d
	}
	if line := tooDeep(data); line > 0 {
		return nil, bad(line, "it is nested too deeply")
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, bad(0, "it is not valid YAML")
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, bad(root.Line, "expected a mapping of names to digests")
	}
	var entries []LockEntry
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, digest := root.Content[i], root.Content[i+1]
		if name.Kind != yaml.ScalarNode || digest.Kind != yaml.ScalarNode || digest.Value == "" {
			return nil, bad(name.Line, "expected a name and a digest")
		}
		entries = append(entries, LockEntry{name.Value, digest.Value})
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	for i := 1; i < len(entries); i++ {
		if entries[i].Name == entries[i-1].Name {
			return nil, bad(0, fmt.Sprintf("%q is there twice", entries[i].Name))
		}
	}
	return entries, nil
}

// WriteLock replaces secrets.lock of the site at dir; readers see the old file
// or the new one, whatever happens in between.
func WriteLock(dir string, entries []LockEntry) error {
	entries = append([]LockEntry(nil), entries...)
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name < entries[j].Name })
	var b bytes.Buffer
	b.WriteString("# Keyed digests of this site's secrets: a changed line is a rotated secret.\n" +
		"# Made by `homestak secrets lock`. Safe to commit; says nothing about values.\n")
	for _, e := range entries {
		fmt.Fprintf(&b, "%q: %q\n", e.Name, e.Digest)
	}
	if err := replaceFile(filepath.Join(dir, LockFile), b.Bytes()); err != nil {
		d := codeUnwritten.Errorf("cannot write %s", LockFile)
		d.Label = err.Error()
		d.Help = "check the site directory's owner, mode and free space"
		return d
	}
	return nil
}

func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Sync())
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
