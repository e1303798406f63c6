package query

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

var errNoName = errors.New("nothing here has a name that can be changed")

// PrepareRename is the range and text of the name that Rename would change. At
// the beginning of a file that defines something it is the file's name, which
// has no range in it.
// The error says in one line why it cannot be renamed.
func (w *World) PrepareRename(file string, offset int) (at source.Range, name string, err error) {
	d := w.document(file)
	found := w.symbolAt(d, offset)
	if len(found) == 0 {
		return at, "", errNoName
	}
	o := found[0]
	if err := w.renamable(o.symbol); err != nil {
		return at, "", err
	}
	return d.span(o.at), o.name, nil
}

// Rename gives what is at an offset another name, everywhere in the site. files
// maps names of files to their new ones, for definitions that are called by
// their file. Edits are to the files under their old names. The error says in
// one line why it cannot be done.
func (w *World) Rename(file string, offset int, to string) (edits []diag.Edit, files map[string]string, err error) {
	found := w.symbolAt(w.document(file), offset)
	if len(found) == 0 {
		return nil, nil, errNoName
	}
	sym := found[0].symbol
	if err := w.renamable(sym); err != nil {
		return nil, nil, err
	}
	if to == sym.name {
		return nil, nil, nil
	}
	if err := validName(sym.kind, to); err != nil {
		return nil, nil, err
	}
	if err := w.clash(sym, to); err != nil {
		return nil, nil, err
	}
	files = map[string]string{}
	for _, h := range w.hits(sym) {
		switch {
		case h.doc.library():
			return nil, nil, fmt.Errorf("%s %q is mentioned by the library, which cannot change", sym.kind, sym.name)
		case h.how == stem:
			name := h.doc.file.Name
			files[name] = path.Join(path.Dir(name), to+path.Ext(name))
		default:
			edits = append(edits, h.edit(to))
		}
	}
	if err := w.verify(edits, files); err != nil {
		return nil, nil, err
	}
	return edits, files, nil
}

// renamable says why a symbol cannot have another name, nil when it can.
func (w *World) renamable(sym symbol) error {
	var declared, library bool
	var files []string
	for _, h := range w.hits(sym) {
		if h.decl {
			declared = declared || !h.doc.library()
			library = library || h.doc.library()
			files = append(files, h.doc.file.Name)
		}
	}
	switch {
	case sym.kind == kindSecret:
		return errors.New("secrets are renamed in the secrets file and in secrets.lock")
	case sym.kind == kindFile:
		return errors.New("a module is called by its file: move the file")
	case library && !declared:
		return fmt.Errorf("%s %q is the library's", sym.kind, sym.name)
	case library:
		return fmt.Errorf("%s %q replaces the library's, also where nobody names it: under another name it would not", sym.kind, sym.name)
	case !declared:
		return fmt.Errorf("%s %q is not defined", sym.kind, sym.name)
	case len(files) > 1:
		return fmt.Errorf("%s %q is defined more than once: in %s and %s", sym.kind, sym.name, files[0], files[1])
	case sym.kind == schema.KindHost:
		return w.hostRenamable(sym.name)
	}
	return nil
}

// hostRenamable: what a host's file leaves out has the file's name as default.
func (w *World) hostRenamable(name string) error {
	body := w.bodyOf(schema.KindHost, name)
	for _, key := range []string{"node", "token"} {
		if body.get(key) == nil && (key != "token" || body.get("api_token") == nil) {
			return fmt.Errorf("the name of host %q is also its %s: write `%s: %s` into its file first", name, key, key, name)
		}
	}
	return nil
}

// hclName is what may follow var. and local.
var hclName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// validName says why something cannot be called by a name.
func validName(kind, name string) error {
	pattern, form := regexp.MustCompile(schema.Name.Pattern()), "letters, digits, and _ . - inside, at most 63"
	switch kind {
	case kindVariable, kindLocal:
		pattern, form = hclName, "a letter or _, then letters, digits, _ and -"
	case schema.KindNode:
		pattern, form = regexp.MustCompile(schema.Label.Pattern()), "lower-case letters, digits and inner hyphens, at most 63"
	}
	if !pattern.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of %s: %s", name, article(kind), form)
	}
	return nil
}

func article(noun string) string {
	if noun[0] == 'i' {
		return "an " + noun
	}
	return "a " + noun
}

// clash says what a new name would collide with.
func (w *World) clash(sym symbol, to string) error {
	other := sym
	other.name = to
	hits := w.hits(other)
	for _, h := range hits {
		if h.decl {
			return fmt.Errorf("there is a %s %q already, at %s", sym.kind, to, h.place())
		}
	}
	if len(hits) > 0 {
		return fmt.Errorf("%q is mentioned at %s, and would begin to mean this %s", to, hits[0].place(), sym.kind)
	}
	switch sym.kind {
	case schema.KindNode:
		return w.nodeClash(sym, to)
	case schema.KindHost:
		if to == labHost {
			return fmt.Errorf("%q is the embedded lab", to)
		}
	}
	return nil
}

// nodeClash looks at the names of instances, and at globs that would match
// others than before.
func (w *World) nodeClash(sym symbol, to string) error {
	d, self := w.node(sym)
	if self == nil {
		return nil
	}
	was, is := self.instances(sym.name), self.instances(to)
	for _, name := range is {
		if err := validName(schema.KindNode, name); err != nil {
			return err
		}
	}
	all := nodesOf(d.manifest(sym.manifest()))
	for i := range all {
		n := &all[i]
		if n.text() == sym.name {
			continue
		}
		for _, name := range append(slices.Clone(is), to) {
			if n.means(name) || slices.Contains(n.instances(n.text()), name) {
				return fmt.Errorf("%q would be a name of node %q, too, at %s", name, n.text(), d.span(span{n.name.start, n.name.end}))
			}
		}
	}
	for _, g := range w.indexOf(d).globs {
		if g.scope != sym.scope {
			continue
		}
		for i := range was {
			if before, after := g.matches(was[i]), g.matches(is[i]); before != after {
				change := "begin"
				if before {
					change = "cease"
				}
				return fmt.Errorf("%s at %s would %s to match it", g.text, d.span(g.at), change)
			}
		}
	}
	return nil
}

// edit writes another name at an occurrence.
func (h hit) edit(to string) diag.Edit {
	e := diag.Edit{Range: h.doc.span(h.at), New: to}
	switch {
	case h.how == dotted && !hclName.MatchString(to):
		// The dot goes, too.
		e.Range = h.doc.span(span{h.at.start - 1, h.at.end})
		e.New = `["` + to + `"]`
	case h.how == plain && (misread.MatchString(to) || !plainYAML.MatchString(to)) && h.at == h.whole,
		h.how == word && h.decl && !hclName.MatchString(to):
		e.New = `"` + to + `"`
	}
	return e
}
