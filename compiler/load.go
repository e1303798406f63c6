package compiler

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/stdlib"
)

const (
	codeTooMany     diag.Code = "HS0234"
	codeDefinedOnce diag.Code = "HS0235"
	codeBlockKind   diag.Code = "HS0236"
	codeOtherName   diag.Code = "HS0237"
	codeNotRead     diag.Code = "HS0241"
)

// maxFiles bounds the files of one directory.
const maxFiles = 10_000

// directories of definitions and the kind each holds. Upstream's nodes/ are
// hosts: the Proxmox VE side of a machine.
var directories = []struct{ dir, kind string }{
	{"specs", schema.KindSpec},
	{"presets", schema.KindPreset},
	{"postures", schema.KindPosture},
	{"images", schema.KindImage},
	{"hosts", schema.KindHost},
	{"nodes", schema.KindHost},
	{"policies", schema.KindPolicy},
	{"manifests", schema.KindManifest},
}

// Load reads a site. fsys is its root directory; a leading v2/ directory is
// accepted. The site is never nil, so that the findings of several stages can
// be shown together. YAML is parsed when it is needed, and what is wrong inside
// a definition is reported by the manifests that use it, so that a broken file
// does not keep unrelated manifests from being compiled; Check reports all.
func Load(fsys fs.FS) (*Site, diag.List) { return Reload(nil, fsys) }

// Reload is Load for a site that was loaded before. Files that are still what
// they were stay the same source.File and are not parsed again. last does not
// change and can be nil.
func Reload(last *Site, fsys fs.FS) (*Site, diag.List) {
	l := &loader{site: newSite()}
	l.remember(last)
	l.fsys = fsys
	l.siteFile()
	l.secretFiles()
	l.strays()
	for _, d := range directories {
		l.directory(d.dir, d.kind)
	}
	l.rootBlocks()
	l.library()
	l.moduleFiles()
	for _, s := range l.stray {
		if !l.site.usedAsModule[s.doc.file] {
			l.add(s.finding)
		}
	}
	return l.site, l.site.loaded(l.done())
}

// loader fills a Site from a file system.
type loader struct {
	findings
	fsys    fs.FS
	prefix  string // of file names in messages
	builtin bool   // fsys is the embedded library
	total   int    // bytes read
	full    bool   // the bound on them was reported
	site    *Site
	stray   []stray

	// What an earlier load made of the files.
	lastFiles map[string]*source.File
	lastDocs  map[*source.File]*document
}

// library adds the embedded definitions below the site's own.
func (l *loader) library() {
	lib := l.ofLibrary()
	for _, d := range directories {
		lib.directory(d.dir, d.kind)
	}
	l.list = append(l.list, lib.list...)
}

// stray is a block at the top of a file that may be there if that is a module.
type stray struct {
	doc     *document
	finding *diag.Diagnostic
}

// ofLibrary is a loader of the library into the same site.
func (l *loader) ofLibrary() *loader {
	return &loader{fsys: stdlib.Files(), prefix: libraryPrefix, builtin: true, site: l.site,
		lastFiles: l.lastFiles, lastDocs: l.lastDocs}
}

// directory loads dir, or v2/dir if there is one.
func (l *loader) directory(dir, kind string) {
	if info, err := fs.Stat(l.fsys, "v2/"+dir); err == nil && info.IsDir() {
		if l.exists(dir) && len(l.entries(dir)) > 0 {
			l.notRead(dir, "the site has v2/"+dir, "move its files to v2/"+dir+", or remove v2/")
		}
		dir = "v2/" + dir
	}
	for _, name := range l.entries(dir) {
		l.definitionFile(path.Join(dir, name), kind)
	}
}

// rootBlocks loads HCL files beside site.yaml.
func (l *loader) rootBlocks() {
	for _, name := range l.entries(".") {
		if path.Ext(name) == ".hcl" {
			l.definitionFile(name, "")
		}
	}
}

// entries lists the files of a directory that have a syntax of ours.
func (l *loader) entries(dir string) []string {
	list, err := fs.ReadDir(l.fsys, dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			l.unreadable(l.prefix+dir, err)
		}
		return nil
	}
	if len(list) > maxFiles {
		d := l.errorAt(codeTooMany, source.Range{}, "%s has more than %d files", l.prefix+dir, maxFiles)
		d.Help = "move what is no definition elsewhere"
		return nil
	}
	var names []string
	for _, e := range list {
		switch {
		case !lang.Known(e.Name()) || strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			l.notRead(path.Join(dir, e.Name()), "it is a directory", "move its files up, or rename it")
		default:
			names = append(names, e.Name())
		}
	}
	return names
}

// notRead warns of what looks like a part of the site and is none.
func (l *loader) notRead(name, why, help string) {
	d := l.warnAt(codeNotRead, source.Range{}, "%s is not read", l.prefix+name)
	d.Label, d.Help = why, help
}

// strays warns of files that are called nearly what homestak reads.
func (l *loader) strays() {
	if l.exists("site.yaml") && l.exists("site.yml") {
		l.notRead("site.yml", "the site has site.yaml", "remove one of the two")
	}
	for _, end := range []string{"", ".age", ".enc"} {
		if l.exists("secrets.yml" + end) {
			l.notRead("secrets.yml"+end, "the secrets are in secrets.yaml"+end, "rename it to secrets.yaml"+end)
		}
	}
}

// definitionFile loads one file of a directory of definitions.
func (l *loader) definitionFile(name, kind string) {
	limit := maxDefinition
	if kind == schema.KindManifest || kind == "" {
		limit = maxManifest
	}
	before := len(l.list)
	f := l.readFile(name, limit)
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	if f == nil {
		// That was reported; what refers to its name stays silent. A manifest
		// says it itself, when it is compiled.
		doc := &document{file: source.NewFile(l.prefix+name, nil), hcl: path.Ext(name) == ".hcl", unread: true}
		if kind == schema.KindManifest {
			doc.findings, l.list = slices.Clone(l.list[before:]), l.list[:before]
		}
		if kind != "" {
			l.define(&definition{kind: kind, name: stem, doc: doc})
		}
		return
	}
	doc := l.document(f, kind)
	l.site.documents[f] = doc
	if !doc.hcl {
		l.define(&definition{kind: kind, name: stem, doc: doc, at: source.Span(f, 0, 0)})
		return
	}
	doc.findings = doc.syntax
	gone := lost(doc)
	switch manifests := slices.ContainsFunc(gone, func(d *definition) bool { return !d.useful() }); {
	case kind == schema.KindManifest && doc.findings.HasErrors(), manifests:
		// Said when this manifest, or one that nobody defines, is compiled.
		if !manifests && (doc.tree == nil || doc.tree.Get(schema.KindManifest) == nil) {
			l.define(&definition{kind: schema.KindManifest, name: stem, doc: doc, at: source.Span(f, 0, 0)})
		}
	default:
		l.list = append(l.list, doc.findings...)
		doc.findings = nil
	}
	for _, d := range gone {
		if len(l.site.definitions[d.kind][d.name]) == 0 { // more would be guesswork
			l.define(d)
		}
	}
	l.blocks(doc)
}

// blocks defines what the labelled blocks of an HCL file say.
func (l *loader) blocks(doc *document) {
	if doc.tree == nil {
		return
	}
	for _, f := range doc.tree.Fields {
		switch f.Key {
		case "variable", "locals":
			continue
		case "nodes", "modules", "checks", "users": // of node, module, check and user blocks
			d := codeBlockKind.Errorf("a %s does not belong at the top of a file", strings.TrimSuffix(f.Key, "s"))
			d.Range, d.Help = f.Range, "put the block inside the manifest or spec it belongs to"
			l.stray = append(l.stray, stray{doc, d})
			continue
		}
		if schema.Of(f.Key) == nil {
			d := l.errorAt(codeBlockKind, f.Range, "unknown block %q", f.Key)
			d.Help = "remove it"
			l.suggest(d, f.Key, []string{"host", "image", "locals", "manifest", "policy", "posture", "preset", "spec", "variable"})
			continue
		}
		if f.Value.Kind != syntax.Map {
			continue
		}
		for i := range f.Value.Fields {
			b := &f.Value.Fields[i]
			l.define(&definition{kind: f.Key, name: b.Key, doc: doc, tree: b.Value, at: b.Range})
		}
	}
}

// define adds a definition. The library never hides what the site has, and a
// name that the site has twice is an error, except that hosts/ and nodes/ may
// both speak of one machine.
func (l *loader) define(d *definition) {
	d.layer = layerOf(d.kind)
	if l.builtin {
		d.layer = ir.FromStdlib
	}
	kind := l.site.definitions[d.kind]
	if kind == nil {
		kind = map[string][]*definition{}
		l.site.definitions[d.kind] = kind
	}
	if old := kind[d.name]; len(old) > 0 && !l.builtin && !sameMachine(old[0], d) {
		e := l.errorAt(codeDefinedOnce, d.at, "%s %q is defined twice", d.kind, d.name)
		e.Help = "remove one of the two, or rename it"
		e.Notes = []diag.Note{{Text: "first defined here", Range: old[0].at}}
	}
	kind[d.name] = append(kind[d.name], d)
}

func sameMachine(a, b *definition) bool {
	inNodes := func(d *definition) bool { return strings.Contains("/"+d.doc.file.Name, "/nodes/") }
	return a.kind == schema.KindHost && inNodes(a) != inNodes(b)
}

func layerOf(kind string) ir.Layer {
	switch kind {
	case schema.KindSpec:
		return ir.FromSpec
	case schema.KindPreset:
		return ir.FromPreset
	case schema.KindPosture:
		return ir.FromPosture
	case schema.KindImage:
		return ir.FromImage
	}
	return ir.FromManifest
}

// firstOf is the first of some files that exists, "" when none does.
func (l *loader) firstOf(names ...string) string {
	if i := slices.IndexFunc(names, l.exists); i >= 0 {
		return names[i]
	}
	return ""
}

// exists says whether a name is there, be it a link to nothing.
func (l *loader) exists(name string) bool {
	_, err := fs.Lstat(l.fsys, name)
	return !errors.Is(err, fs.ErrNotExist)
}
