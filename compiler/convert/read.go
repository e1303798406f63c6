package convert

import (
	"bytes"
	"cmp"
	"slices"
	"sort"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// anchor is the place of an entry.
type anchor struct {
	start, end int
	entry      *entry
	up         *anchor // nil for entries of the root
	depth      int
}

// reader makes an outline of a tree.
type reader struct {
	file    *source.File
	text    []byte
	raw     *syntax.Node    // a YAML file as it is written
	used    map[[3]int]bool // anchors there are; nil: a tree of one text has each once
	hcl     bool
	root    *value
	anchors []*anchor
	lines   []int                   // where they start
	inside  []source.Range          // of expressions, whose comments are theirs
	content map[*syntax.Node]string // of YAML's templates
}

// outline is the tree of f with its comments. raw is the same tree of a YAML
// file with its templates as text, nil for HCL.
func outline(f *source.File, tree, raw *syntax.Node) *value {
	r := &reader{file: f, text: f.Text, raw: raw, hcl: raw == nil, lines: []int{0}}
	if raw != tree {
		r.content = map[*syntax.Node]string{}
		r.contents(tree, raw)
	}
	return r.outline(tree)
}

// outlineOfData is the outline of data that was made of f: parts of it may be
// from elsewhere, or be made of one part several times. The first has its
// comments.
func outlineOfData(f *source.File, data, raw *syntax.Node) *value {
	r := &reader{file: f, text: f.Text, raw: raw, hcl: raw == nil, lines: []int{0}, used: map[[3]int]bool{}}
	return r.outline(data)
}

func (r *reader) outline(tree *syntax.Node) *value {
	for i, b := range r.text {
		if b == '\n' {
			r.lines = append(r.lines, i+1)
		}
	}
	r.root = r.value(tree, nil)
	slices.SortStableFunc(r.anchors, func(a, b *anchor) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.depth, b.depth))
	})
	for _, a := range r.anchors {
		a.entry.blank = r.blankAbove(a.start)
	}
	r.place()
	return r.root
}

// contents notes the texts that templates were.
func (r *reader) contents(n, raw *syntax.Node) {
	if raw == nil {
		return
	}
	if n.Kind == syntax.Expr {
		r.content[n] = raw.Text
	}
	for i, item := range n.Items {
		r.contents(item, raw.Items[i])
	}
	for i, f := range n.Fields {
		r.contents(f.Value, raw.Fields[i].Value)
	}
}

func (r *reader) value(n *syntax.Node, up *anchor) *value {
	v := &value{kind: n.Kind, text: n.Text, at: n.Range}
	if n.Kind == syntax.Expr {
		if v.text = r.content[n]; r.hcl {
			v.text = contentOf(string(r.text[n.Range.Start:n.Range.End]))
			r.inside = append(r.inside, n.Range)
		}
	}
	if !v.container() {
		return v
	}
	start, end := int(n.Range.Start), int(n.Range.End)
	if v.wide = n.Kind == syntax.Map; n.Range.File == r.file {
		v.wide = bytes.IndexByte(r.text[start:end], '\n') >= 0 || !r.bracketed(n)
	}
	for _, item := range n.Items {
		a := r.anchor(item.Range, int(item.Range.End), up)
		a.entry.at, a.entry.value = item.Range, r.value(item, a)
		v.entries = append(v.entries, a.entry)
	}
	for _, f := range n.Fields {
		v.entries = append(v.entries, r.field(f, up, up == nil))
	}
	return v
}

// field makes an entry of a field. In HCL the field of several blocks, and that
// of the definitions of one kind, is in many places: it has no anchor of its
// own, and its blocks belong to what is around it.
func (r *reader) field(f syntax.Field, up *anchor, top bool) *entry {
	made := f.Range.File == nil && f.Key == "nodes" // of many places, none of which is its own
	if !made && (!r.hcl || f.Value.Kind != syntax.List && !(top && f.Value.Kind == syntax.Map) || !r.isBlock(f)) {
		a := r.anchor(f.Range, max(int(f.Range.End), int(f.Value.Range.End)), up)
		a.entry.key, a.entry.at, a.entry.value = f.Key, f.Range, r.value(f.Value, a)
		return a.entry
	}
	v := &value{kind: f.Value.Kind, at: f.Value.Range, wide: true}
	for _, item := range f.Value.Items {
		a := r.anchor(item.Range, int(item.Range.End), up)
		a.entry.at, a.entry.value = item.Range, r.value(item, a)
		a.entry.value.wide = true
		v.entries = append(v.entries, a.entry)
	}
	for _, g := range f.Value.Fields {
		a := r.anchor(g.Value.Range, int(g.Value.Range.End), up)
		a.entry.key, a.entry.at, a.entry.value = g.Key, g.Range, r.value(g.Value, a)
		v.entries = append(v.entries, a.entry)
	}
	// Blocks have a blank line around them, and so has the list of the nodes.
	return &entry{key: f.Key, at: f.Range, value: v, blank: f.Key == "nodes"}
}

// isBlock reports whether a field is what labelled or repeated blocks make.
func (r *reader) isBlock(f syntax.Field) bool {
	if f.Range.File != r.file {
		return false
	}
	if f.Value.Kind == syntax.List {
		word := string(r.text[f.Range.Start:f.Range.End])
		return blocks[f.Key] != "" && blocks[f.Key] == word
	}
	return len(f.Value.Fields) > 0 && f.Value.Fields[0].Range.Start < f.Value.Fields[0].Value.Range.End &&
		f.Value.Fields[0].Range.Start > f.Value.Fields[0].Value.Range.Start
}

func (r *reader) anchor(at source.Range, end int, up *anchor) *anchor {
	a := &anchor{start: int(at.Start), end: end, entry: &entry{}, up: up}
	if up != nil {
		a.depth = up.depth + 1
	}
	if r.used != nil {
		place := [3]int{a.start, a.end, a.depth}
		if at.File != r.file || r.used[place] {
			return a
		}
		r.used[place] = true
	}
	r.anchors = append(r.anchors, a)
	return a
}

// bracketed reports whether a collection has brackets: in YAML those of its
// flow style, in HCL all but the file have.
func (r *reader) bracketed(n *syntax.Node) bool {
	if r.hcl || n.Range.File != r.file || n.Range.Start == n.Range.End {
		return true
	}
	c := r.text[n.Range.Start]
	return n.Kind == syntax.List && c == '[' || n.Kind == syntax.Map && c == '{'
}

// maxBlank is how long a line may be and still be blank.
const maxBlank = 1000

// blankAbove reports whether the line above that of an offset is blank, or the
// marker between a file's head and its document.
func (r *reader) blankAbove(at int) bool {
	line := r.lineStart(at)
	if line == 0 {
		return false
	}
	above := r.text[r.lineStart(line-1) : line-1]
	if len(above) > maxBlank {
		return false
	}
	above = bytes.TrimSpace(above)
	return len(above) == 0 || !r.hcl && string(above) == "---"
}

// lineStart is where the line of an offset starts.
func (r *reader) lineStart(at int) int {
	return r.lines[sort.Search(len(r.lines), func(i int) bool { return r.lines[i] > at })-1]
}
