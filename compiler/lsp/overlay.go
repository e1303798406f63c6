package lsp

import (
	"bytes"
	"cmp"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// disk is a directory of files, with the texts of those that were read.
type disk struct {
	dir string

	mu   sync.Mutex
	root *os.Root
	kept map[string]kept
}

// kept is what a file said, and when it was asked.
type kept struct {
	info fs.FileInfo
	data []byte
	at   time.Time
}

// maxKept is the largest text that is kept: no file of a site may be larger.
const maxKept = 33 << 20

// recent is how long ago a file must have been written to be told from a later
// one of the same size by its time alone. File systems count time in ticks.
const recent = time.Second

func newDisk(dir string) *disk { return &disk{dir: dir, kept: map[string]kept{}} }

// view is the directory as it is now, under the documents that are open. What
// it was asked once it answers the same way ever after. Only texts that it needs
// stay kept.
func (d *disk) view(open map[string]*document) (*view, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root != nil {
		now, err := os.Stat(d.dir)
		then, gone := d.root.Stat(".")
		if err != nil || gone != nil || !os.SameFile(now, then) {
			d.root.Close()
			d.root = nil
		}
	}
	if d.root == nil {
		root, err := os.OpenRoot(d.dir)
		if err != nil {
			return nil, err
		}
		d.root = root
	}
	v := &view{disk: d, below: d.root.FS(), open: open, seen: map[string]seen{}, dirs: map[string][]fs.DirEntry{}}
	for name := range open {
		v.add(name)
	}
	return v, nil
}

func (d *disk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.root != nil {
		d.root.Close()
		d.root = nil
	}
	clear(d.kept)
}

// read is the text of a file that has this information.
func (d *disk) read(below fs.FS, name string, info fs.FileInfo) ([]byte, error) {
	d.mu.Lock()
	old, ok := d.kept[name]
	d.mu.Unlock()
	if ok && os.SameFile(old.info, info) && old.info.Size() == info.Size() && old.info.ModTime().Equal(info.ModTime()) &&
		old.at.Sub(info.ModTime()) > recent {
		return old.data, nil
	}
	at := time.Now()
	f, err := below.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKept))
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[name] = kept{info, data, at}
	return data, nil
}

// forget drops the texts that a view did not need.
func (d *disk) forget(v *view) {
	v.mu.Lock()
	defer v.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.kept {
		if _, used := v.seen[name]; !used {
			delete(d.kept, name)
		}
	}
}

// view is a file system: documents over files.
type view struct {
	disk  *disk
	below fs.FS
	open  map[string]*document
	dirs  map[string][]fs.DirEntry // what the documents add, by directory

	mu   sync.Mutex
	seen map[string]seen
}

// seen is what is known of a file.
type seen struct {
	info fs.FileInfo
	err  error
	data []byte // nil until it is read
	read bool
}

// add puts a document, and the directories above it, into their directories.
func (v *view) add(name string) {
	for mode := fs.FileMode(0o644); name != "."; name, mode = path.Dir(name), fs.ModeDir|0o755 {
		entry := fs.FileInfoToDirEntry(entryInfo{name: path.Base(name), mode: mode})
		dir := path.Dir(name)
		if !slices.ContainsFunc(v.dirs[dir], func(e fs.DirEntry) bool { return e.Name() == entry.Name() }) {
			v.dirs[dir] = append(v.dirs[dir], entry)
		}
	}
}

func (v *view) Stat(name string) (fs.FileInfo, error) {
	s := v.look(name)
	return s.info, s.err
}

func (v *view) look(name string) seen {
	if doc := v.open[name]; doc != nil {
		return seen{info: doc.info()}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.seen[name]
	if !ok {
		s.info, s.err = fs.Stat(v.below, name)
		if s.err != nil && v.dirs[name] != nil {
			s.info, s.err = entryInfo{name: path.Base(name), mode: fs.ModeDir | 0o755}, nil
		}
		v.seen[name] = s
	}
	return s
}

// Lstat does not follow a link. Documents are no links.
func (v *view) Lstat(name string) (fs.FileInfo, error) {
	if v.open[name] != nil || v.dirs[name] != nil {
		return v.Stat(name)
	}
	return fs.Lstat(v.below, name)
}

func (v *view) ReadLink(name string) (string, error) { return fs.ReadLink(v.below, name) }

func (v *view) Open(name string) (fs.File, error) {
	if doc := v.open[name]; doc != nil {
		return &openFile{strings.NewReader(doc.text.body), doc.info()}, nil
	}
	s := v.look(name)
	if s.err != nil {
		return nil, s.err
	}
	if !s.info.Mode().IsRegular() || s.info.Size() >= maxKept && !s.read {
		return v.below.Open(name)
	}
	if !s.read {
		if s.data, s.err = v.disk.read(v.below, name, s.info); s.err != nil {
			return nil, s.err
		}
		s.read = true
		v.mu.Lock()
		v.seen[name] = s
		v.mu.Unlock()
	}
	return &openFile{bytes.NewReader(s.data), s.info}, nil
}

func (v *view) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(v.below, name)
	added := v.dirs[name]
	if len(added) == 0 {
		return list, err
	}
	for _, e := range added {
		i := slices.IndexFunc(list, func(o fs.DirEntry) bool { return o.Name() == e.Name() })
		switch {
		case i < 0:
			list = append(list, e)
		case !e.IsDir():
			list[i] = e
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list, nil
}

// openFile is a text as a file.
type openFile struct {
	io.Reader
	info fs.FileInfo
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

// entryInfo describes a document, or a directory that only documents are in.
type entryInfo struct {
	name string
	mode fs.FileMode
	size int64
}

func (i entryInfo) Name() string       { return i.name }
func (i entryInfo) Size() int64        { return i.size }
func (i entryInfo) Mode() fs.FileMode  { return i.mode }
func (i entryInfo) ModTime() time.Time { return time.Time{} }
func (i entryInfo) IsDir() bool        { return i.mode.IsDir() }
func (i entryInfo) Sys() any           { return nil }
