package lsp

import (
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/homestak/homestak/compiler"
	"github.com/homestak/homestak/compiler/query"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// site is one site that the editor shows something of.
type site struct {
	root string
	disk *disk

	wake chan struct{} // has room for one: something changed
	done chan struct{} // closed when nobody shows the site any more

	mu   sync.Mutex
	open map[string]*document // by name in the site; replaced as a whole
	stop chan struct{}        // closed when what is being checked is no longer what there is

	loading sync.Mutex // held while last is replaced
	last    atomic.Pointer[state]

	checking chan struct{} // full while checks works
	checks   compiler.Checks
}

// state is a site at one moment. It is immutable but for what is made when it is
// first asked for.
type state struct {
	root  string
	site  *compiler.Site
	found diag.List // by loading it
	open  map[string]*document
	world *query.World
	news  bool // something is not as it was when it was last looked at

	mu    sync.Mutex
	texts map[*source.File]*text
	all   diag.List // everything there is to say, when checked
	whole bool      // all is known
}

func newSite(root string) *site {
	return &site{
		root: root, disk: newDisk(root), open: map[string]*document{},
		wake: make(chan struct{}, 1), done: make(chan struct{}), stop: make(chan struct{}), checking: make(chan struct{}, 1),
	}
}

// set says what is open now, and that something changed: here or on disk.
func (s *site) set(open map[string]*document) {
	s.mu.Lock()
	s.open = open
	close(s.stop)
	s.stop = make(chan struct{})
	s.mu.Unlock()
	s.nudge()
}

// nudge has the site looked at again, when what is being done is done.
func (s *site) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// now is what is open, and a channel that is closed when that changes.
func (s *site) now() (map[string]*document, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open, s.stop
}

// end closes done, and ends what is being checked.
func (s *site) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.stop)
	s.stop = make(chan struct{})
	close(s.done)
}

// load is the site as it is on disk at this moment, with these documents open.
// It is nil when its directory is gone.
func (s *site) load(open map[string]*document) *state {
	s.loading.Lock()
	defer s.loading.Unlock()
	v, err := s.disk.view(open)
	if err != nil {
		return nil
	}
	last := s.last.Load()
	var before *compiler.Site
	if last != nil {
		before = last.site
	}
	loaded, found := compiler.Reload(before, v)
	s.disk.forget(v)
	st := &state{root: s.root, site: loaded, found: found, open: open, texts: map[*source.File]*text{}}
	st.news = last == nil || !loaded.Same(before)
	// The world reads files beside those of the site too: modules that nobody
	// uses yet.
	if !st.news && maps.EqualFunc(open, last.open, func(a, b *document) bool { return a.text == b.text }) {
		st.site, st.world = before, last.world
	} else {
		st.world = query.New(loaded, v)
	}
	s.last.Store(st)
	return st
}

// sketch is load for who needs names and not what they mean: it does not wait
// until a large file of HCL is parsed again after each keystroke. A state of it
// cannot be checked.
func (s *site) sketch(open map[string]*document) *state {
	last := s.last.Load()
	if last == nil || len(open) != len(last.open) {
		return s.load(open)
	}
	site := last.site
	for name, doc := range open {
		before := last.open[name]
		if before != nil && before.text == doc.text {
			continue
		}
		var ok bool
		if site, ok = site.WithText(source.NewFile(name, []byte(doc.text.body))); !ok || before == nil {
			return s.load(open)
		}
	}
	if site == last.site {
		return s.load(open)
	}
	v, err := s.disk.view(open)
	if err != nil {
		return nil
	}
	return &state{root: s.root, site: site, open: open, texts: map[*source.File]*text{}, world: query.New(site, v)}
}

// check completes a state with everything there is to say about it. ok is false
// when stop was closed before that.
func (s *site) check(st *state, stop <-chan struct{}) (list diag.List, ok bool) {
	select {
	case s.checking <- struct{}{}:
		defer func() { <-s.checking }()
	case <-stop:
		return nil, false
	}
	st.mu.Lock()
	list, ok = st.all, st.whole
	st.mu.Unlock()
	if ok {
		return list, true
	}
	checked, ok := s.checks.Check(st.site, stop)
	if !ok {
		return nil, false
	}
	list = append(append(diag.List(nil), st.found...), checked...)
	list.Sort()
	st.mu.Lock()
	st.all, st.whole = list, true
	st.mu.Unlock()
	return list, true
}

// name is what the site calls a file below it; ok is false for other files.
func (s *site) name(path string) (name string, ok bool) {
	rel, err := filepath.Rel(s.root, path)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// text is that of a file of the site, with its lines.
func (st *state) text(f *source.File) *text {
	if doc := st.open[f.Name]; doc != nil && doc.text.body == string(f.Text) {
		return doc.text
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	t := st.texts[f]
	if t == nil {
		t = newFileText(string(f.Text))
		st.texts[f] = t
	}
	return t
}

// span is a range in the protocol's terms.
func (st *state) span(r source.Range, e encoding) span {
	return st.text(r.File).span(int(r.Start), int(r.End), e)
}

// textNamed is the text of a file of the site that is not open, nil when it has
// none of this name.
func (st *state) textNamed(name string) *text {
	for _, f := range st.site.Files() {
		if f.Name == name {
			return st.text(f)
		}
	}
	return nil
}
