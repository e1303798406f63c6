package compiler

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
	"github.com/homestak/homestak/stdlib"
)

const (
	codeModuleSource  diag.Code = "HS0253"
	codeUnknownModule diag.Code = "HS0254"
	codeNoModule      diag.Code = "HS0255"
	codeModuleField   diag.Code = "HS0262"
)

// maxModuleFiles bounds the module files of a site.
const maxModuleFiles = 1000

// moduleFile is what became of reading a file that is the source of a module.
type moduleFile struct {
	doc     *document        // nil when it could not be read
	problem *diag.Diagnostic // why not, without a place; nil when there is no such file
	near    []string         // what else there is, as sources
}

// moduleName is the name of the file that a source means, for a module used in
// the file called from. The names of the library's files begin with "stdlib:".
// A file is named relative to the one that uses it and lies in the same site.
// why says what is wrong with a source that means none.
func moduleName(from, source string) (name, why, help string) {
	if rest, library := strings.CutPrefix(source, libraryPrefix); library {
		if !fs.ValidPath(rest) || strings.Contains(rest, "/") || rest == "." {
			return "", "after stdlib: comes the name of a module", "write it as in stdlib:edge"
		}
		return libraryPrefix + "modules/" + rest + ".hcl", "", ""
	}
	switch {
	case source == "":
		return "", "it is empty", "write stdlib:NAME, or a file as in ./edge.hcl"
	case strings.Contains(source, "://"):
		return "", "modules are not fetched from elsewhere", "copy the file into the site, and name it as in ./edge.hcl"
	case path.IsAbs(source) || strings.Contains(source, "\\") || len(source) > 1 && source[1] == ':':
		return "", "it is no path inside the site", "name a file relative to this one, as in ./edge.hcl"
	case !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../"):
		return "", "neither stdlib:NAME nor a relative path", fmt.Sprintf("write %q", "./"+source)
	}
	root, _, inLibrary := strings.Cut(from, ":")
	if inLibrary {
		from = strings.TrimPrefix(from, root+":")
	}
	name = path.Join(path.Dir(from), source)
	switch {
	case name == ".." || strings.HasPrefix(name, "../"):
		return "", "it leads out of the site", "copy the file into the site"
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\x00\n"):
		return "", "it is no path", "name a file relative to this one, as in ./edge.hcl"
	case strings.HasPrefix(name, ".") || strings.Contains(name, "/."):
		return "", "hidden files are no part of the site", "rename the file"
	case !lang.Known(name):
		return "", "modules are files *.hcl, *.yaml or *.yml", "name the file with its extension, as in ./edge.hcl"
	case strings.HasPrefix(name, "secrets.") || strings.HasPrefix(name, "site."):
		return "", "that file is the site's own", "name a file with nodes"
	}
	if inLibrary {
		name = root + ":" + name
	}
	return name, "", ""
}

// moduleFiles reads the files of all modules that the manifests use, and that
// these use themselves. Sources are plain text, so that they are known before
// anything is compiled.
func (l *loader) moduleFiles() {
	site := l.site
	site.modules = map[string]*moduleFile{}
	site.usedAsModule, site.onlyAsModule = map[*source.File]bool{}, map[*source.File]bool{}
	uses := map[*source.File][]*source.File{}
	known := map[string]*document{}
	for _, doc := range site.documents {
		known[doc.file.Name] = doc
	}
	var queue []*document
	for _, name := range site.names(schema.KindManifest) {
		for _, d := range site.definitions[schema.KindManifest][name] {
			queue = append(queue, d.doc)
		}
	}
	manifests := slices.Clone(queue)
	lib := l.ofLibrary()
	for len(queue) > 0 {
		doc := queue[0]
		queue = queue[1:]
		for _, source := range doc.sources() {
			name, _, _ := moduleName(doc.file.Name, source)
			if name == "" {
				continue
			}
			m := site.modules[name]
			if m == nil && len(site.modules) < maxModuleFiles {
				m = &moduleFile{doc: known[name]}
				site.modules[name] = m
				switch {
				case m.doc != nil && !m.doc.hcl && !m.doc.unread:
					m.doc = &document{file: m.doc.file, named: m.doc.named} // a manifest's own keeps no tree
				case m.doc == nil:
					reader, inside := l, name
					if rest, library := strings.CutPrefix(name, libraryPrefix); library {
						reader, inside = lib, rest
					}
					reader.moduleFile(inside, m)
				}
			}
			if m == nil || m.doc == nil {
				continue
			}
			uses[doc.file] = append(uses[doc.file], m.doc.file)
			if !site.usedAsModule[m.doc.file] {
				site.usedAsModule[m.doc.file] = true
				if !m.doc.hcl && !m.doc.unread {
					m.doc.parse()
				}
				queue = append(queue, m.doc)
			}
		}
	}
	site.checkedWith(manifests, uses)
}

// checkedWith finds the documents that are checked as modules of others. Those
// that use each other in a circle are not: somebody has to say so.
func (s *Site) checkedWith(manifests []*document, uses map[*source.File][]*source.File) {
	var queue []*source.File
	for _, doc := range manifests {
		if !s.usedAsModule[doc.file] {
			queue = append(queue, doc.file)
		}
	}
	for len(queue) > 0 {
		file := queue[0]
		queue = queue[1:]
		for _, m := range uses[file] {
			if !s.onlyAsModule[m] {
				s.onlyAsModule[m] = true
				queue = append(queue, m)
			}
		}
	}
}

// moduleFile reads one.
func (l *loader) moduleFile(name string, m *moduleFile) {
	if _, err := fs.Lstat(l.fsys, name); errors.Is(err, fs.ErrNotExist) {
		if m.near = l.around(name); l.builtin {
			m.near = stdlib.ModuleNames()
		}
		return
	}
	before := len(l.list)
	f := l.readFile(name, maxManifest)
	said := slices.Clone(l.list[before:])
	l.list = l.list[:before]
	if f == nil {
		m.problem = codeUnreadable.Errorf("cannot read %s", l.prefix+name)
		m.problem.Label, m.problem.Help = "the site is too large", "split the site, or move out what is no part of it"
		if len(said) > 0 {
			m.problem = said[0]
		}
		return
	}
	m.doc = l.document(f, "")
	if m.doc.hcl {
		m.doc.findings = m.doc.syntax
	}
	l.site.documents[f] = m.doc
}

// around lists the files beside one that does not exist.
func (l *loader) around(name string) []string {
	list, err := fs.ReadDir(l.fsys, path.Dir(name))
	if err != nil || len(list) > maxFiles {
		return nil
	}
	var near []string
	for _, e := range list {
		if !e.IsDir() && lang.Known(e.Name()) && !strings.HasPrefix(e.Name(), ".") {
			near = append(near, e.Name())
		}
	}
	return near
}

// sources lists what the modules of a document name as their files.
func (doc *document) sources() []string {
	if doc.named == nil { // of a file that was not read
		return doc.collected()
	}
	doc.named.once.Do(func() { doc.named.list = doc.collected() })
	return doc.named.list
}

func (doc *document) collected() []string {
	if !doc.hcl {
		if doc.unread || !bytes.Contains(doc.file.Text, []byte("modules")) {
			return nil
		}
		doc.parse()
	}
	var out []string
	collectSources(doc.tree, false, &out)
	slices.Sort(out)
	return slices.Compact(out)
}

// collectSources adds the sources of modules below n, which may be one itself.
func collectSources(n *syntax.Node, module bool, out *[]string) {
	if n == nil {
		return
	}
	if s := n.Get("source"); module && s != nil && s.Kind == syntax.String {
		*out = append(*out, s.Text)
	}
	for _, item := range n.Items {
		collectSources(item, module, out)
	}
	for i := range n.Fields {
		collectSources(n.Fields[i].Value, n.Fields[i].Key == "modules", out)
	}
}

// moduleFile finds the file of a module; nil when that was reported.
func (c *compilation) moduleFile(item *syntax.Node, decl *moduleDecl, p *place) *document {
	if s := item.Get("source"); s != nil && s.Kind == syntax.Expr {
		d := c.errorAt(codeModuleSource, s.Range, "the source of module %q is not plain text", decl.name.V)
		d.Label = "files are read before anything is evaluated"
		d.Help = "write the source out; what varies is given as an input"
		return nil
	}
	if !decl.source.ok() {
		return nil
	}
	from := c.here(p).doc.file.Name
	name, why, help := moduleName(from, decl.source.V)
	if name == "" {
		c.badSource(decl, why, help)
		return nil
	}
	m := c.site.modules[name]
	switch {
	case m == nil && len(c.site.modules) >= maxModuleFiles:
		d := c.errorAt(codeModuleMany, decl.source.At, "the site has more than %d module files", maxModuleFiles)
		d.Help = "use fewer"
	case m == nil:
		d := c.errorAt(codeModuleSource, decl.source.At, "the source of module %q is not plain text", decl.name.V)
		d.Label = "files are read before anything is evaluated"
		d.Help = "write the module as a block, with its source as text"
	case m.problem != nil:
		d := *m.problem
		d.Range = decl.source.At
		c.add(&d)
	case m.doc == nil:
		c.noFile(decl, name, m.near)
	case m.doc.unread:
		c.takeOver(m.doc)
	default:
		return m.doc
	}
	return nil
}

func (c *compilation) badSource(decl *moduleDecl, why, help string) {
	d := c.errorAt(codeModuleSource, decl.source.At, "%q is not the source of a module", shortened(decl.source.V))
	d.Label, d.Help = why, help
	if slices.Contains(stdlib.ModuleNames(), decl.source.V) {
		better := libraryPrefix + decl.source.V
		d.Help = fmt.Sprintf("did you mean %q?", better)
		d.Fixes = replace(decl.source.At, better)
	}
}

// noFile reports a source that means no file there is.
func (c *compilation) noFile(decl *moduleDecl, name string, near []string) {
	d := c.errorAt(codeUnknownModule, decl.source.At, "there is no module %s", name)
	d.Help = "write the file, or name another"
	want := path.Base(name)
	if rest, library := strings.CutPrefix(decl.source.V, libraryPrefix); library {
		d.Message = fmt.Sprintf("stdlib has no module %q", rest)
		want = rest
	}
	if len(near) > 0 {
		d.Help = "there is " + enumerate(near)
	}
	if best := diag.Suggest(want, near); best != "" {
		better := strings.TrimSuffix(decl.source.V, want) + best
		d.Help = fmt.Sprintf("did you mean %q?", better)
		if strings.HasSuffix(decl.source.V, want) {
			d.Fixes = replace(decl.source.At, better)
		}
	}
}
