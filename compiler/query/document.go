package query

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/stdlib"
)

// document is one file and what its place in the site says about it.
type document struct {
	file *source.File
	hcl  bool
	kind string // what is in a YAML file; "site"; "" in HCL, whose blocks say so
	name string // of a YAML file without its extension

	module bool // it defines nothing by its name: others may use it as a module

	once sync.Once
	tree *node

	asked sync.Once
	open  bool // see expressive

	indexed sync.Once
	index   index
}

func newDocument(f *source.File) *document {
	d := &document{file: f, hcl: path.Ext(f.Name) == ".hcl"}
	d.module = compiler.KindOf(f.Name) == "" && strings.Contains(f.Name, "/")
	if d.hcl {
		return d
	}
	stem := path.Base(f.Name)
	d.name = strings.TrimSuffix(stem, path.Ext(stem))
	switch d.kind = compiler.KindOf(f.Name); {
	case d.kind == "" && (f.Name == "site.yaml" || f.Name == "site.yml"):
		d.kind = kindSite
	case d.kind == "":
		d.kind = schema.KindManifest
	}
	return d
}

const kindSite = "site"

// outline is that of the whole file without a cursor.
func (d *document) outline() *node {
	d.once.Do(func() { d.tree = outlineOf(d.file.Text, d.hcl, none) })
	return d.tree
}

// at is the outline with what may be written at an offset.
func (d *document) at(offset int) *node { return outlineOf(d.file.Text, d.hcl, offset) }

// expressive says whether the texts of a document may hold expressions.
func (d *document) expressive() bool {
	d.asked.Do(func() {
		d.open = d.hcl || bytes.Contains(d.file.Text, []byte("expressions")) && d.outline().textOf("expressions") == "true"
	})
	return d.open
}

// span makes a range of offsets.
func (d *document) span(s span) source.Range { return source.Span(d.file, s.start, s.end) }

func (d *document) slice(s span) string { return string(d.file.Text[s.start:s.end]) }

// library says whether a document is one of the embedded library, which nobody
// can change.
func (d *document) library() bool { return strings.HasPrefix(d.file.Name, "stdlib:") }

// document finds a file of the site by name: one that was loaded or, for
// modules, one that lies anywhere else in it. It is nil when there is none, or
// none that may be shown.
func (w *World) document(name string) *document {
	if d := w.documents()[name]; d != nil {
		return d
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	d, known := w.extra[name]
	if !known {
		if f := w.read(name); f != nil {
			d = newDocument(f)
		}
		w.extra[name] = d
	}
	return d
}

// maxFile bounds a file that the loader did not read, in bytes.
const maxFile = 32 << 20

// read reads a regular file in a syntax of ours, nil when there is none.
func (w *World) read(name string) *source.File {
	fsys, inside := w.fsys, name
	if rest, ok := strings.CutPrefix(name, "stdlib:"); ok {
		fsys, inside = stdlib.Files(), rest
	}
	if fsys == nil || !fs.ValidPath(inside) || !lang.Known(name) || isSecret(name) {
		return nil
	}
	info, err := fs.Stat(fsys, inside)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil
	}
	f, err := fsys.Open(inside)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil
	}
	return source.NewFile(name, text)
}

// isSecret reports whether a file of this name holds secrets.
func isSecret(name string) bool { return strings.HasPrefix(path.Base(name), "secrets.") }

// documents are the files that were loaded and may be shown, by name.
func (w *World) documents() map[string]*document {
	w.once.Do(func() {
		w.loaded = map[string]*document{}
		for _, f := range w.site.Files() {
			if !f.Secret && lang.Known(f.Name) && !isSecret(f.Name) {
				w.loaded[f.Name] = newDocument(f)
			}
		}
	})
	return w.loaded
}

// ordered are the documents by name.
func (w *World) ordered() []*document {
	docs := w.documents()
	var out []*document
	for _, f := range w.site.Files() {
		if d := docs[f.Name]; d != nil && d.file == f {
			out = append(out, d)
		}
	}
	return out
}
