package system

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// file is one regular file: its bytes, or a reference to bytes kept elsewhere.
// A nil *file in state.files is a file of the image that was removed.
type file struct {
	data []byte
	ref  *Reference
	info FileInfo
}

// Reference stands for the content of a big file that many machines share.
type Reference struct {
	Digest string // sha256 in hex
	Size   int64
}

// Stat describes a file or directory.
type Stat struct {
	FileInfo
	Dir  bool
	Size int64 // 0 for directories
}

func rootFile(mode fs.FileMode) FileInfo { return FileInfo{Mode: mode, Owner: "root", Group: "root"} }

// SetResolver says where the content of references comes from. It is kept out
// of MarshalBinary; without one such files cannot be read.
func (m *Memory) SetResolver(f func(digest string) ([]byte, error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.resolve = f
}

// ReadFile implements System.
func (m *Memory) ReadFile(_ context.Context, name string) ([]byte, FileInfo, error) {
	m.mu.Lock()
	f, err := m.lookup(name)
	resolve := m.resolve
	m.mu.Unlock()
	if err != nil {
		return nil, FileInfo{}, err
	}
	if f.ref == nil {
		return bytes.Clone(f.data), f.info, nil
	}
	if resolve == nil {
		return nil, FileInfo{}, fmt.Errorf("read %s: nobody supplies its content", name)
	}
	data, err := resolve(f.ref.Digest)
	if err != nil {
		return nil, FileInfo{}, fmt.Errorf("read %s: %w", name, err)
	}
	return data, f.info, nil
}

// read is ReadFile for small files, under the lock.
func (m *Memory) read(name string) ([]byte, FileInfo, error) {
	f, err := m.lookup(name)
	if err != nil {
		return nil, FileInfo{}, err
	}
	return f.data, f.info, nil
}

func (m *Memory) lookup(name string) (*file, error) {
	f, changed := m.s.files[name]
	if !changed {
		f = m.base.files[name]
	}
	if f != nil {
		return f, nil
	}
	if m.isDir(name) {
		return nil, fmt.Errorf("read %s: is a directory", name)
	}
	return nil, fmt.Errorf("read %s: %w", name, ErrNotExist)
}

// put writes under the lock, with missing parents.
func (m *Memory) put(name string, f *file) {
	m.makeParents(name)
	m.s.files[name] = f
}

func (m *Memory) makeParents(name string) {
	for dir := path.Dir(name); dir != "/" && !m.isDir(dir); dir = path.Dir(dir) {
		m.s.dirs[dir] = rootFile(0o755)
	}
}

// WriteFile implements System.
func (m *Memory) WriteFile(_ context.Context, name string, data []byte, info FileInfo) error {
	return m.write(name, &file{data: bytes.Clone(data), info: info})
}

// PutReference is WriteFile for content that the resolver supplies on demand.
func (m *Memory) PutReference(name string, ref Reference, info FileInfo) error {
	return m.write(name, &file{ref: &ref, info: info})
}

func (m *Memory) write(name string, f *file) error {
	return m.change(func() ([]Event, error) {
		if err := m.writable(name); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		if err := m.owners(f.info); err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		m.put(name, f)
		return nil, nil
	})
}

// writable reports why no file can be at name.
func (m *Memory) writable(name string) error {
	if !path.IsAbs(name) || path.Clean(name) != name || name == "/" {
		return errors.New("not a clean absolute path")
	}
	if m.isDir(name) {
		return errors.New("is a directory")
	}
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		if f, err := m.lookup(dir); err == nil && f != nil {
			return fmt.Errorf("%s is not a directory", dir)
		}
	}
	return nil
}

func (m *Memory) owners(info FileInfo) error {
	if _, ok := m.user(info.Owner); !ok {
		return fmt.Errorf("invalid user %q", info.Owner)
	}
	if !m.group(info.Group) {
		return fmt.Errorf("invalid group %q", info.Group)
	}
	return nil
}

// RemoveFile implements System.
func (m *Memory) RemoveFile(_ context.Context, name string) error {
	return m.change(func() ([]Event, error) {
		if m.isDir(name) {
			return nil, fmt.Errorf("remove %s: is a directory", name)
		}
		m.drop(name)
		return nil, nil
	})
}

func (m *Memory) drop(name string) {
	if m.base.files[name] != nil {
		m.s.files[name] = nil
	} else {
		delete(m.s.files, name)
	}
}

// Rename moves a regular file, over an existing one if need be.
func (m *Memory) Rename(from, to string) error {
	return m.change(func() ([]Event, error) {
		f, err := m.lookup(from)
		if err == nil {
			err = m.writable(to)
		}
		if err != nil {
			return nil, fmt.Errorf("rename %s to %s: %w", from, to, err)
		}
		if from != to {
			m.drop(from)
			m.put(to, f)
		}
		return nil, nil
	})
}

// Chmod sets the permission bits of a file or directory.
func (m *Memory) Chmod(name string, mode fs.FileMode) error {
	return m.setInfo(name, func(i *FileInfo) { i.Mode = mode & fs.ModePerm })
}

// Chown sets owner and group of a file or directory; "" keeps what is there.
func (m *Memory) Chown(name, owner, group string) error {
	return m.setInfo(name, func(i *FileInfo) {
		if owner != "" {
			i.Owner = owner
		}
		if group != "" {
			i.Group = group
		}
	})
}

func (m *Memory) setInfo(name string, edit func(*FileInfo)) error {
	return m.change(func() ([]Event, error) {
		st, err := m.stat(name)
		if err != nil {
			return nil, err
		}
		edit(&st.FileInfo)
		if err := m.owners(st.FileInfo); err != nil {
			return nil, fmt.Errorf("change %s: %w", name, err)
		}
		if st.Dir {
			m.s.dirs[name] = st.FileInfo
			return nil, nil
		}
		f, _ := m.lookup(name)
		m.s.files[name] = &file{data: f.data, ref: f.ref, info: st.FileInfo}
		return nil, nil
	})
}

// Mkdir makes a directory with all its parents; it may be there already, and
// keeps its metadata then.
func (m *Memory) Mkdir(name string, info FileInfo) error {
	return m.change(func() ([]Event, error) {
		if m.isDir(name) {
			return nil, nil
		}
		if err := m.writable(name); err != nil {
			return nil, fmt.Errorf("mkdir %s: %w", name, err)
		}
		if f, _ := m.lookup(name); f != nil {
			return nil, fmt.Errorf("mkdir %s: file exists", name)
		}
		if err := m.owners(info); err != nil {
			return nil, fmt.Errorf("mkdir %s: %w", name, err)
		}
		m.makeParents(name)
		m.s.dirs[name] = info
		return nil, nil
	})
}

// Stat describes what is at name; errors.Is(err, ErrNotExist) when nothing is.
func (m *Memory) Stat(name string) (Stat, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stat(name)
}

func (m *Memory) stat(name string) (Stat, error) {
	if f, err := m.lookup(name); err == nil {
		st := Stat{FileInfo: f.info, Size: int64(len(f.data))}
		if f.ref != nil {
			st.Size = f.ref.Size
		}
		return st, nil
	}
	if !m.isDir(name) {
		return Stat{}, fmt.Errorf("stat %s: %w", name, ErrNotExist)
	}
	info, ok := m.s.dirs[name]
	if !ok {
		info = m.homeOf(name)
	}
	return Stat{FileInfo: info, Dir: true}, nil
}

// Digest is the SHA-256 of a file in hex. References answer without content.
func (m *Memory) Digest(name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.lookup(name)
	if err != nil {
		return "", err
	}
	if f.ref != nil {
		return f.ref.Digest, nil
	}
	sum := sha256.Sum256(f.data)
	return hex.EncodeToString(sum[:]), nil
}

// List gives the names in a directory, sorted.
func (m *Memory) List(dir string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isDir(dir) {
		return nil, fmt.Errorf("list %s: %w", dir, ErrNotExist)
	}
	return m.list(dir), nil
}

func (m *Memory) list(dir string) []string {
	prefix := strings.TrimSuffix(dir, "/") + "/"
	var names []string
	add := func(p string) {
		if rest, ok := strings.CutPrefix(p, prefix); ok && rest != "" {
			name, _, _ := strings.Cut(rest, "/")
			names = append(names, name)
		}
	}
	for p, f := range m.s.files {
		if f != nil {
			add(p)
		}
	}
	for p := range m.base.files {
		if _, changed := m.s.files[p]; !changed {
			add(p)
		}
	}
	for p := range m.s.dirs {
		add(p)
	}
	for _, p := range baseDirs {
		add(p)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// isDir reports whether a directory is at name: one of the image, one that was
// made, a home, or the parent of a file of the image.
func (m *Memory) isDir(name string) bool {
	if _, made := m.s.dirs[name]; made || name == "/" || slices.Contains(baseDirs, name) {
		return true
	}
	if _, ok := m.base.dirs[name]; ok {
		return true
	}
	for _, u := range m.s.users {
		if u.Home == name {
			return true
		}
	}
	return false
}

func (m *Memory) homeOf(dir string) FileInfo {
	for _, u := range m.users() {
		if u.Home == dir && dir != "/" {
			return FileInfo{Mode: 0o700, Owner: u.Name, Group: u.Name}
		}
	}
	return rootFile(0o755)
}
