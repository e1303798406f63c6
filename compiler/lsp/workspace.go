package lsp

import (
	"maps"
	"path/filepath"
	"slices"
	"sync"
)

// workspace is what the editor has open: folders and documents, and the sites
// they are in. It belongs to the goroutine that reads messages.
type workspace struct {
	server  *server
	folders map[string]string    // paths, by URI
	docs    map[string]*document // by URI
	sites   map[string]*site     // by root
	shown   map[string]*shown    // what each site published, by root
}

// shown is what one site published last, by URI.
type shown struct {
	mu    sync.Mutex
	last  map[string]*publishParams
	ended bool
}

func newWorkspace(s *server) *workspace {
	return &workspace{
		server: s, folders: map[string]string{}, docs: map[string]*document{},
		sites: map[string]*site{}, shown: map[string]*shown{},
	}
}

// begin takes the folders of the first request.
func (w *workspace) begin(p initializeParams) {
	for _, f := range p.WorkspaceFolders {
		w.addFolder(f.URI)
	}
	switch {
	case len(w.folders) > 0:
	case p.RootURI != nil:
		w.addFolder(*p.RootURI)
	case p.RootPath != nil && filepath.IsAbs(*p.RootPath):
		w.addFolder(uriOf(*p.RootPath))
	}
	w.arrange()
}

func (w *workspace) addFolder(uri string) {
	if path, ok := pathOf(uri); ok {
		w.folders[uri] = path
	}
}

// changeFolders adds and removes folders.
func (w *workspace) changeFolders(p foldersParams) {
	for _, f := range p.Event.Removed {
		delete(w.folders, f.URI)
	}
	for _, f := range p.Event.Added {
		w.addFolder(f.URI)
	}
	w.arrange()
}

// arrange finds the sites of all folders and documents, begins those that are
// new, ends those that nothing is in any more, and has all of them checked.
func (w *workspace) arrange() {
	wanted := map[string]map[string]*document{}
	roots := map[string]string{} // by directory: documents share theirs
	find := func(dir string) (string, bool) {
		root, known := roots[dir]
		if !known {
			root, _ = w.server.config.Site(dir)
			roots[dir] = root
		}
		if root != "" && wanted[root] == nil {
			wanted[root] = map[string]*document{}
		}
		return root, root != ""
	}
	for _, path := range w.folders {
		find(path)
	}
	for _, uri := range slices.Sorted(maps.Keys(w.docs)) { // two may name one file
		doc := w.docs[uri]
		if doc.path == "" {
			continue
		}
		if root, ok := find(filepath.Dir(doc.path)); ok {
			if rel, err := filepath.Rel(root, doc.path); err == nil {
				wanted[root][filepath.ToSlash(rel)] = doc
			}
		}
	}
	for _, root := range slices.Sorted(maps.Keys(w.sites)) {
		if wanted[root] == nil {
			w.end(root)
		}
	}
	for _, root := range slices.Sorted(maps.Keys(wanted)) {
		if w.sites[root] == nil {
			w.start(root)
		}
		w.sites[root].set(wanted[root])
	}
}

// start begins to check a site whenever it changes.
func (w *workspace) start(root string) {
	s, out := newSite(root), &shown{last: map[string]*publishParams{}}
	w.sites[root], w.shown[root] = s, out
	go func() {
		for {
			select {
			case <-s.done:
				return
			case <-s.wake:
				w.server.diagnose(s, out)
			}
		}
	}()
}

// end takes back what a site published.
func (w *workspace) end(root string) {
	s, out := w.sites[root], w.shown[root]
	delete(w.sites, root)
	delete(w.shown, root)
	s.end()
	s.disk.close()
	out.replace(w.server.conn, nil, true)
}

func (w *workspace) close() {
	for root := range w.sites {
		w.end(root)
	}
}

// put adds a document.
func (w *workspace) put(doc *document) {
	w.docs[doc.uri] = doc
	w.arrange()
}

// replace makes an open document another text. Only its site is checked.
func (w *workspace) replace(doc *document) {
	w.docs[doc.uri] = doc
	if s, name := w.siteOf(doc); s != nil {
		open, _ := s.now()
		open = maps.Clone(open)
		open[name] = doc
		s.set(open)
	}
}

// siteOf is the site a document is in, if it is in one.
func (w *workspace) siteOf(doc *document) (*site, string) {
	for _, s := range w.sites {
		if name, ok := s.name(doc.path); ok && doc.path != "" {
			if open, _ := s.now(); open[name] != nil {
				return s, name
			}
		}
	}
	return nil, ""
}

// diagnose checks a site as it is now, and publishes what there is to say unless
// it changed meanwhile.
func (s *server) diagnose(at *site, out *shown) {
	defer func() {
		if p := recover(); p != nil {
			s.broken("checking "+at.root, p)
		}
	}()
	open, stop := at.now()
	st := at.load(open)
	if st == nil { // the directory is gone, which whoever watches it will say
		out.replace(s.conn, nil, false)
		return
	}
	list, ok := at.check(st, stop)
	if !ok {
		return
	}
	next := teller{st, s.client}.published(list)
	if _, current := at.now(); current != stop {
		return
	}
	out.replace(s.conn, next, false)
}

// replace publishes what is new or different, and takes back what is no longer
// there. After the end nothing is published.
func (o *shown) replace(c *conn, next map[string]*publishParams, end bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	o.ended = end
	for _, uri := range slices.Sorted(maps.Keys(o.last)) {
		if next[uri] == nil && len(o.last[uri].Diagnostics) > 0 {
			c.notify("textDocument/publishDiagnostics", publishParams{URI: uri, Diagnostics: []diagnostic{}})
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(next)) {
		if !equal(o.last[uri], next[uri]) {
			c.notify("textDocument/publishDiagnostics", next[uri])
		}
	}
	o.last = next
}

// equal compares what was published of a file.
func equal(a, b *publishParams) bool {
	if a == nil || b == nil {
		return a == b
	}
	if (a.Version == nil) != (b.Version == nil) || a.Version != nil && *a.Version != *b.Version {
		return false
	}
	return slices.EqualFunc(a.Diagnostics, b.Diagnostics, sameDiagnostic)
}

func sameDiagnostic(a, b diagnostic) bool {
	return a.Range == b.Range && a.Severity == b.Severity && a.Code == b.Code && a.Message == b.Message &&
		slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Related, b.Related)
}
