package compiler

import (
	"maps"
	"slices"
	"sync"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Site is a loaded site: the user's files over the embedded library. It is
// immutable; Compile may run on it many times and concurrently.
type Site struct {
	own     settingsDecl // site.yaml
	secrets secretNames
	lock    []LockEntry

	// definitions by kind and name. Each list has the one that counts first;
	// the others were reported as duplicates, or are the library's.
	definitions map[string]map[string][]*definition

	modules map[string]*moduleFile // by the names of their files
	// Files that a manifest uses as modules, and those of them that are
	// checked with the manifests that use them, and not on their own.
	usedAsModule, onlyAsModule map[*source.File]bool

	files     []*source.File // all that were read, in the order of reading
	documents map[*source.File]*document
	allowed   allowances
}

func newSite() *Site {
	return &Site{definitions: map[string]map[string][]*definition{}, documents: map[*source.File]*document{}}
}

// document is one file.
type document struct {
	file     *source.File
	hcl      bool
	unread   bool         // it could not be read, which was reported
	once     sync.Once    // of YAML, see parse
	tree     *syntax.Node // nil when unparsed or beyond use
	findings diag.List    // of parsing it, that a compilation says
	syntax   diag.List    // of parsing it, whoever says them; of HCL
	private  bool         // it holds manifests and nothing that others could use
	named    *sources     // shared with documents of the same text
}

// sources are the files that a document's modules name.
type sources struct {
	once sync.Once
	list []string
}

// parse parses a definition in YAML when it is first needed: most of a site is
// not, for any one manifest.
func (doc *document) parse() {
	doc.once.Do(func() { doc.tree, doc.findings = lang.Parse(doc.file) })
}

// definition is one named thing of a document: a whole YAML file or a labelled
// HCL block.
type definition struct {
	kind  string
	name  string
	doc   *document
	tree  *syntax.Node // of an HCL block; a YAML definition is its document's
	at    source.Range // the label, or the beginning of the file
	layer ir.Layer
}

// find returns the definition of a name, nil when the site has none.
func (s *Site) find(kind, name string) *definition {
	if list := s.definitions[kind][name]; len(list) > 0 {
		return list[0]
	}
	return nil
}

// names lists what a kind has, sorted.
func (s *Site) names(kind string) []string {
	return slices.Sorted(maps.Keys(s.definitions[kind]))
}

// Manifests lists the names of the site's manifests, sorted.
func (s *Site) Manifests() []string { return s.names(schema.KindManifest) }

// SiteID is the site's UUID, or the default namespace when site.yaml has none.
func (s *Site) SiteID() string { return s.own.id.V }

// LockEntry is one line of secrets.lock: a secret and the keyed digest of its
// value. It does not reveal the value and is safe to commit.
type LockEntry struct{ Name, Digest string }

// SecretLock is what secrets.lock holds, sorted by name; empty without one.
func (s *Site) SecretLock() []LockEntry { return s.lock }

// SecretNames lists the site's secrets that have a value, sorted, as in
// "ssh_keys.alice". The values themselves are never kept.
func (s *Site) SecretNames() []string { return s.secrets.list() }
