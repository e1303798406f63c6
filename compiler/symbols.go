package compiler

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/source"
)

// Definition is a named thing of a site, for tools that show where it is.
type Definition struct {
	Kind, Name string
	// Range is the label of an HCL block, or the beginning of a YAML file,
	// which is named by its file.
	Range   source.Range
	Library bool // of stdlib, not of the site
}

// Definitions lists what a kind has, by name. Of those with one name the first
// is the one that counts; the library's comes last.
func (s *Site) Definitions(kind string) []Definition {
	var out []Definition
	for _, name := range s.names(kind) {
		for _, d := range s.definitions[kind][name] {
			out = append(out, d.export())
		}
	}
	return out
}

// Find is the definition of a name that counts; ok is false when the site has
// none.
func (s *Site) Find(kind, name string) (d Definition, ok bool) {
	if found := s.find(kind, name); found != nil {
		return found.export(), true
	}
	return Definition{}, false
}

func (d *definition) export() Definition {
	at := d.at
	if at.IsZero() {
		at = source.Span(d.doc.file, 0, 0)
	}
	return Definition{Kind: d.kind, Name: d.name, Range: at, Library: strings.HasPrefix(d.doc.file.Name, libraryPrefix)}
}

// Files lists the files that were read, the library's included, by name. Those
// marked Secret are there too.
func (s *Site) Files() []*source.File {
	out := slices.Clone(s.files)
	slices.SortFunc(out, func(a, b *source.File) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(out)
}

// SecretAt is the key of a secret such as "ssh_keys.alice"; ok is false when it
// is not known. The range is zero when the name is known from elsewhere than a
// file that can be shown.
func (s *Site) SecretAt(name string) (at source.Range, ok bool) {
	at, ok = s.secrets.names[name]
	return at, ok
}

// Directories lists those that definitions are in.
func Directories() []string {
	out := make([]string, len(directories))
	for i, d := range directories {
		out[i] = d.dir
	}
	return out
}

// KindOf says what a YAML file defines that lies at a path of a site, or of the
// library as its files are named; "" when it defines nothing.
func KindOf(name string) string {
	dir := path.Dir(strings.TrimPrefix(strings.TrimPrefix(name, libraryPrefix), "v2/"))
	for _, d := range directories {
		if d.dir == dir {
			return d.kind
		}
	}
	return ""
}

// libraryPrefix begins the names of the library's files.
const libraryPrefix = "stdlib:"

// Sketch is the deployment of a manifest for as far as it can be known: when it
// has errors, those nodes that have a name and a place, as if what is wrong were
// not there, and no edges. It is for showing, never for planning. It is nil when
// nothing is known.
func Sketch(s *Site, o Options) *ir.Deployment {
	c := &compilation{site: s, options: o, reported: map[*document]bool{}}
	c.run(nil)
	if c.list.HasErrors() {
		c.nodes = slices.DeleteFunc(c.nodes, func(n *node) bool { return n.bad })
		c.edges = nil
	}
	if c.manifest == nil || len(c.nodes) == 0 {
		return nil
	}
	return c.lower()
}
