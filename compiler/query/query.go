package query

import (
	"io/fs"
	"sync"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/lang/source"
)

// World is an immutable snapshot of one site and answers questions about it.
// What an answer needs is computed when it is first asked for and kept. A World
// may be used concurrently.
type World struct {
	site *compiler.Site
	fsys fs.FS

	once   sync.Once
	loaded map[string]*document // of the site and the library

	mu        sync.Mutex
	extra     map[string]*document // files that the loader did not read, nil for none
	manifests map[string]*compiled
}

// New makes a World of a site and the file system it was loaded from. The file
// system is read lazily and must not change.
func New(site *compiler.Site, fsys fs.FS) *World {
	return &World{site: site, fsys: fsys, extra: map[string]*document{}, manifests: map[string]*compiled{}}
}

// ItemKind says what a completion is, for the icon beside it.
type ItemKind uint8

const (
	ItemField     ItemKind = iota // a field or block of an object
	ItemValue                     // an enum value, true, false
	ItemReference                 // the name of a definition or node
	ItemVariable                  // var.x, local.x, count.index
	ItemFunction
	ItemModule // the source of a module
)

// Item is one completion.
type Item struct {
	Label   string
	Kind    ItemKind
	Detail  string // type and default, or what is referred to, in a few words
	Doc     string // markdown
	Insert  string // plain text to put in place of Replace
	Replace source.Range
	Sort    string // items are shown in the order of this
}

// Hover is what there is to say about a place.
type Hover struct {
	Markdown string
	Range    source.Range // the word it is about
}

// SymbolKind says what a symbol is, for the icon beside it.
type SymbolKind uint8

const (
	SymbolManifest SymbolKind = iota
	SymbolNode
	SymbolDefinition // spec, preset, posture, image, host
	SymbolVariable
	SymbolLocal
	SymbolModule
	SymbolUser
	SymbolGroup // a block or mapping with fields
	SymbolItem  // any other item of a list
)

// Symbol is an entry of a document's outline. Selection, the name, lies within
// Range.
type Symbol struct {
	Name, Detail     string
	Kind             SymbolKind
	Range, Selection source.Range
	Children         []Symbol
}
