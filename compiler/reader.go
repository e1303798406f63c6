package compiler

import (
	"fmt"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeUnknownField   diag.Code = "HS0201"
	codeMissingField   diag.Code = "HS0202"
	codeRenamedField   diag.Code = "HS0203"
	codeGoneField      diag.Code = "HS0204"
	codeRetiredField   diag.Code = "HS0205"
	codeIgnoredField   diag.Code = "HS0206"
	codeWrongType      diag.Code = "HS0301"
	codeNotYet         diag.Code = "HS0940"
	codeFieldTwice     diag.Code = "HS0207"
	codeWrongReference diag.Code = "HS0221"
)

// opt is a decoded value: absent, bad (something was reported about it, so
// nothing else will be), or set.
type opt[T any] struct {
	V   T
	At  source.Range
	Set bool // written down, bad or not
	Bad bool
}

// ok reports a value that can be used.
func (o opt[T]) ok() bool { return o.Set && !o.Bad }

// entry is a field of a mapping that the schema knows.
type entry struct {
	schema *schema.Field
	key    source.Range
	node   *syntax.Node
}

// reader decodes one mapping by its schema. Making it reports everything that
// is wrong with the keys; taking a value reports what is wrong with the value.
// What is never taken would never be checked, so decoders take every field, and
// a test over the schema proves it.
type reader struct {
	f       *findings
	object  *schema.Object
	tree    *syntax.Node // the mapping, nil when there is none
	slips   []string     // fields that misspelt keys were meant as
	at      source.Range
	bad     bool // the mapping itself is wrong: nothing is missing from it
	entries []entry
}

// read begins to decode n, which may be nil. where names the mapping in
// messages, as in `node "edge"`.
func (f *findings) read(n *syntax.Node, o *schema.Object, where string) *reader {
	r := &reader{f: f, object: o}
	switch {
	case n == nil:
		r.bad = true
		return r
	case n.Kind == syntax.Bad:
		r.at, r.bad = n.Range, true
		return r
	case n.Kind != syntax.Map:
		r.at, r.bad = n.Range, true
		f.wrongType(n, schema.Group, o.Name)
		return r
	}
	r.tree, r.at = n, n.Range
	r.entries = make([]entry, 0, len(n.Fields))
	for i := range n.Fields {
		r.field(&n.Fields[i], where)
	}
	r.missing(where)
	r.oneOf(where)
	return r
}

// missing reports all the fields that a mapping has to have and has not.
func (r *reader) missing(where string) {
	var names []string
	var notes []diag.Note
	for i := range r.object.Fields {
		if s := &r.object.Fields[i]; s.Required && r.find(s.Key) == nil && !slices.Contains(r.slips, s.Key) {
			names = append(names, s.Key)
			notes = append(notes, diag.Note{Text: s.Key + ": " + s.Doc})
		}
	}
	if len(names) > 0 {
		d := r.f.errorAt(codeMissingField, firstLine(r.at), "%s has no %s", where, enumerate(names))
		d.Label, d.Notes = "required here", notes
		d.Help = "add " + enumerate(names)
	}
}

// field sorts one key into known, renamed, gone and unknown.
func (r *reader) field(field *syntax.Field, where string) {
	s := r.object.Field(field.Key)
	switch {
	case s == nil && r.object.Open:
		d := r.f.warnAt(codeIgnoredField, field.Range, "homestak does not act on %s.%s", r.object.Name, field.Key)
		d.Help = "remove it"
		r.meant(d, field.Key)
		return
	case s == nil:
		d := r.f.errorAt(codeUnknownField, field.Range, "unknown field %q", field.Key)
		d.Label = fmt.Sprintf("%s has no field of this name", where)
		d.Help = "remove it"
		r.meant(d, field.Key)
		return
	case s.Gone != "":
		d := r.f.errorAt(codeGoneField, field.Range, "%q is no field of %s any more", field.Key, article(r.object.Name))
		d.Help = s.Gone
		return
	case s.Top:
		r.topOfFile(s, field, where)
		return
	}
	if s.Renamed != "" {
		d := r.f.warnAt(codeRenamedField, field.Range, "%q is now called %q", field.Key, s.Renamed)
		d.Help = fmt.Sprintf("write %q", s.Renamed)
		d.Fixes = replace(field.Range, s.Renamed)
		s = r.object.Field(s.Renamed)
	}
	if old := r.find(s.Key); old != nil {
		d := r.f.errorAt(codeFieldTwice, field.Range, "%q is given twice", s.Key)
		d.Help = "keep one of the two"
		d.Notes = []diag.Note{{Text: "first given here", Range: old.key}}
		return
	}
	if field.Value == nil || field.Value.Kind == syntax.Null {
		return // null is the same as absent, as upstream has it
	}
	if r.object.Blanks && field.Value.Kind == syntax.String && field.Value.Text == "" {
		return
	}
	r.use(s, field)
	r.entries = append(r.entries, entry{schema: s, key: field.Range, node: field.Value})
}

// use says so when homestak will not act on a field.
func (r *reader) use(s *schema.Field, field *syntax.Field) {
	n := field.Value
	switch {
	case n.Kind == syntax.Bad, s.Default != "" && n.Text == s.Default:
		// Reported already, or what holds anyway.
	case s.Use == schema.Later:
		d := r.f.warnAt(codeNotYet, field.Range, "%s.%s is not supported in this version", r.object.Name, s.Key)
		d.Label = "has no effect yet"
		d.Help = "remove it, unless the site has to work with upstream homestak as well"
		if s.New {
			// Upstream never had it, so whoever writes it counts on its effect.
			d.Severity = diag.Error
			d.Help = "remove it; a later version will act on it"
		}
		d.Notes = []diag.Note{{Text: s.Key + ": " + s.Doc}}
	case s.Use == schema.Retired && !blank(n):
		d := r.f.warnAt(codeRetiredField, field.Range, "%s.%s has no effect", r.object.Name, s.Key)
		d.Label = "accepted because upstream homestak has it"
		d.Help = "remove it, unless the site has to work with upstream homestak as well"
		d.Notes = []diag.Note{{Text: s.Doc}}
	}
}

// blank values are there to be filled in.
func blank(n *syntax.Node) bool {
	switch n.Kind {
	case syntax.List:
		return len(n.Items) == 0
	case syntax.Map:
		return len(n.Fields) == 0
	}
	return n.Text == ""
}

func (r *reader) find(key string) *entry {
	for i := range r.entries {
		if r.entries[i].schema.Key == key {
			return &r.entries[i]
		}
	}
	return nil
}

// take finds the entry of a key for a decoder; nil when absent.
func (r *reader) take(key string) *entry {
	if r.f.taken != nil {
		r.f.taken[r.object.Field(key)] = true
	}
	return r.find(key)
}

// wrongType reports a value of the wrong kind.
func (f *findings) wrongType(n *syntax.Node, want schema.Type, what string) {
	d := f.errorAt(codeWrongType, n.Range, "%s has to be %s, not %s", what, want, describeKind(n.Kind))
	d.Help = formOf(want)
	if f.unread(n) {
		f.unevaluated(n, len(f.list)-1)
	}
	if key, value, ok := n.Glued(); ok && (want == schema.Group || want == schema.Table) && !n.Range.File.Secret {
		d.Help = fmt.Sprintf("write %q: a space follows the colon", key+": "+value)
		d.Fixes = put(n.Range, key+": "+value)
	}
	if want == schema.String && n.Range.File != nil && !n.Range.File.Secret {
		switch n.Kind {
		case syntax.Int, syntax.Float, syntax.Bool:
			d.Help = "put it in quotes"
			d.Fixes = put(n.Range, `"`+n.Text+`"`)
		}
	}
}

// formOf says how a value of a type is written.
func formOf(t schema.Type) string {
	switch t {
	case schema.String:
		return "write one text, in quotes if it looks like anything else"
	case schema.Bool:
		return "write true or false, without quotes"
	case schema.Int:
		return "write a whole number, without quotes"
	case schema.Size:
		return "write a size, as in 64GiB"
	case schema.Duration:
		return "write a duration, as in 90s or 20m"
	case schema.List:
		return "write a list: items in brackets, or one a line after a hyphen"
	}
	return "write a mapping: NAME: VALUE lines below it, or a block in HCL"
}

func describeKind(k syntax.Kind) string {
	switch k {
	case syntax.String:
		return "text"
	case syntax.Bool:
		return "true or false"
	case syntax.Null:
		return "null"
	}
	return article(k.String())
}

func article(noun string) string {
	if noun != "" && (noun[0] == 'a' || noun[0] == 'e' || noun[0] == 'i' || noun[0] == 'o') {
		return "an " + noun
	}
	return "a " + noun
}

// meant says which field an unknown key was perhaps meant as: one of the
// mapping, which is then not missing, or one of a mapping inside it. When it is
// there already, to write it again is no fix.
func (r *reader) meant(d *diag.Diagnostic, key string) {
	best := r.f.suggestAmong(d, key, fmt.Sprintf("fields of %p", r.object), func() []string { return keys(r.object) })
	if best == "" {
		if inside := r.inside(key); inside != "" {
			d.Help = fmt.Sprintf("write it in %q: %s.%s", inside, inside, key)
		}
		return
	}
	r.slips = append(r.slips, best)
	for _, f := range r.tree.Fields {
		if f.Key == best {
			d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("%q is here already", best), Range: f.Range})
			d.Fixes = nil
		}
	}
}

// inside is the field below which a key belongs, "" when it does below none.
func (r *reader) inside(key string) string {
	for i := range r.object.Fields {
		if s := &r.object.Fields[i]; s.Type == schema.Group && s.Object != nil && !s.Object.Open && s.Object.Field(key) != nil {
			return s.Key
		}
	}
	return ""
}

func keys(o *schema.Object) []string {
	var names []string
	for i := range o.Fields {
		if s := &o.Fields[i]; s.Renamed == "" && s.Gone == "" {
			names = append(names, s.Key)
		}
	}
	return names
}

// firstLine cuts a range that spans lines to its first: a caret under a whole
// mapping points at nothing.
func firstLine(r source.Range) source.Range {
	if r.File == nil {
		return r
	}
	for i := r.Start; i < r.End; i++ {
		if r.File.Text[i] == '\n' {
			r.End = i
			break
		}
	}
	return r
}
