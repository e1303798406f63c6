package compiler

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Check compiles every manifest and decodes every definition and host, used or
// not: what `validate` does without -M.
func (s *Site) Check() diag.List {
	list, _ := new(Checks).Check(s, nil)
	return list
}

// Checks repeats Check while a site is being edited. What it found about a
// manifest it keeps for as long as neither the manifest nor anything else that
// manifests are made of changes, so that a keystroke in one manifest costs one
// compilation. The zero value is ready; it is not for concurrent use.
type Checks struct {
	basis       []part
	definitions diag.List
	manifests   map[string]checked
}

// checked is what was found about a manifest made of one file and a basis.
type checked struct {
	own  *source.File
	list diag.List
}

// part is a file that manifests may depend on, and what it defines.
type part struct {
	name string
	file *source.File // nil when it could not be read
}

// Check is what Site.Check says of s; Reload makes it cheap. ok is false, and
// the list incomplete, when stop was closed before the end.
func (k *Checks) Check(s *Site, stop <-chan struct{}) (list diag.List, ok bool) {
	basis := s.basis()
	if k.manifests == nil || !slices.Equal(basis, k.basis) {
		k.basis, k.manifests = basis, map[string]checked{}
		k.definitions = s.checkDefinitions()
	}
	now := make(map[string]checked, len(k.manifests))
	var f findings
	for _, name := range s.Manifests() {
		if closed(stop) {
			return nil, false
		}
		doc := s.find(schema.KindManifest, name).doc
		if s.onlyAsModule[doc.file] {
			continue // what it is, depends on what it is given
		}
		c, known := k.manifests[name]
		if !known || doc.unread || c.own != doc.file {
			c.own = doc.file
			if c.list, ok = s.checkManifest(name, stop); !ok {
				return nil, false
			}
			k.manifests[name] = c // kept also when this run is given up
		}
		now[name] = c
		f.list = append(f.list, c.list...)
	}
	k.manifests = now
	f.list = append(f.list, k.definitions...)
	return s.allowedOf(f), true
}

// checkManifest is Compile for its findings alone.
func (s *Site) checkManifest(name string, stop <-chan struct{}) (list diag.List, ok bool) {
	c := &compilation{site: s, options: Options{Manifest: name}, reported: map[*document]bool{}}
	ok = c.run(stop)
	return c.done(), ok
}

// checkDefinitions decodes every definition and host, used or not.
func (s *Site) checkDefinitions() diag.List {
	c := &compilation{site: s, reported: map[*document]bool{}}
	for _, kind := range []string{schema.KindSpec, schema.KindPreset, schema.KindPosture, schema.KindImage, schema.KindPolicy} {
		for _, name := range s.names(kind) {
			c.decodeUnused(kind, name)
		}
	}
	c.everyHost()
	return c.list
}

// basis lists everything but the files that hold one manifest and nothing else.
func (s *Site) basis() []part {
	var parts []part
	for _, f := range s.files {
		if doc := s.documents[f]; doc == nil || !doc.private || s.usedAsModule[doc.file] {
			parts = append(parts, part{f.Name, f})
		}
	}
	for kind, named := range s.definitions {
		for name, list := range named {
			for _, d := range list {
				if d.doc.unread {
					parts = append(parts, part{kind + " " + name + " " + d.doc.file.Name, nil})
				}
			}
		}
	}
	for name, m := range s.modules {
		if m.doc == nil { // then what lies beside it is said
			parts = append(parts, part{"module " + name + " " + strings.Join(m.near, " "), nil})
		}
		if m.problem != nil {
			parts = append(parts, part{"module " + name + ": " + m.problem.Message + m.problem.Label, nil})
		}
	}
	if !s.secrets.known { // which is said by a file that is not read
		parts = append(parts, part{"the names of secrets", nil})
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
	return parts
}

// closed says whether a channel is; a nil channel never is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// remember makes files and documents of an earlier load available to this one.
func (l *loader) remember(last *Site) {
	if last == nil {
		return
	}
	l.lastDocs = last.documents
	l.lastFiles = make(map[string]*source.File, len(last.files))
	for _, f := range last.files {
		l.lastFiles[f.Name] = f
	}
}

// document is a new one for a file that was read, or the one that the last load
// has of it. A tree of HCL is taken over, but not who says its findings.
func (l *loader) document(f *source.File, kind string) *document {
	old := l.lastDocs[f]
	doc := &document{file: f, hcl: path.Ext(f.Name) == ".hcl", named: &sources{}}
	switch {
	case !doc.hcl && old != nil:
		return old
	case !doc.hcl:
		doc.private = kind == schema.KindManifest
		return doc
	case old != nil:
		doc.tree, doc.syntax, doc.named = old.tree, old.syntax, old.named
	default:
		doc.tree, doc.syntax = lang.Parse(f)
	}
	doc.private = onlyManifests(doc.tree) || doc.tree == nil && kind == schema.KindManifest && !slices.ContainsFunc(lost(doc), (*definition).useful)
	return doc
}

// onlyManifests says whether a file of HCL defines manifests and nothing that
// another file could refer to.
func onlyManifests(tree *syntax.Node) bool {
	if tree == nil || tree.Kind != syntax.Map {
		return false
	}
	return !slices.ContainsFunc(tree.Fields, func(f syntax.Field) bool {
		return f.Key != schema.KindManifest && f.Key != "variable" && f.Key != "locals"
	})
}

// Same reports whether two loads of a site gave the same: one was a Reload of the
// other, and nothing had changed.
func (s *Site) Same(o *Site) bool {
	return slices.Equal(s.files, o.files) && slices.Equal(s.basis(), o.basis())
}

// WithText is the site with another text in one file of HCL that holds manifests
// and nothing else, for tools that ask what has which name before the file is
// parsed: its manifests are still those of the text before. ok is false for
// other files.
func (s *Site) WithText(f *source.File) (changed *Site, ok bool) {
	at := slices.IndexFunc(s.files, func(o *source.File) bool { return o.Name == f.Name })
	if at < 0 {
		return nil, false
	}
	old := s.documents[s.files[at]]
	if old == nil || !old.hcl || !old.private || s.usedAsModule[old.file] {
		return nil, false
	}
	changed = newSite()
	changed.modules, changed.usedAsModule, changed.onlyAsModule = s.modules, s.usedAsModule, s.onlyAsModule
	changed.own, changed.secrets, changed.lock = s.own, s.secrets, s.lock
	changed.files = slices.Clone(s.files)
	changed.files[at] = f
	doc := &document{file: f, hcl: true, private: true, named: &sources{}}
	maps.Copy(changed.documents, s.documents)
	delete(changed.documents, old.file)
	changed.documents[f] = doc
	maps.Copy(changed.definitions, s.definitions)
	manifests := maps.Clone(s.definitions[schema.KindManifest])
	for name, list := range manifests {
		list = slices.Clone(list)
		for i, d := range list {
			if d.doc == old {
				list[i] = &definition{kind: d.kind, name: d.name, doc: doc, at: source.Span(f, 0, 0), layer: d.layer}
			}
		}
		manifests[name] = list
	}
	changed.definitions[schema.KindManifest] = manifests
	return changed, true
}
