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
	text    []byte
	hcl     bool
	root    *value
	anchors []*anchor
	lines   []int // where they start
}

// outline is the tree of f with its comments.
func outline(f *source.File, tree *syntax.Node, hcl bool) *value {
	r := &reader{text: f.Text, hcl: hcl, lines: []int{0}}
	for i, b := range f.Text {
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
	r.place(f)
	return r.root
}

func (r *reader) value(n *syntax.Node, up *anchor) *value {
	v := &value{kind: n.Kind, text: n.Text, at: n.Range}
	if !v.container() {
		return v
	}
	start, end := int(n.Range.Start), int(n.Range.End)
	v.wide = bytes.IndexByte(r.text[start:end], '\n') >= 0 || !r.bracketed(n)
	for _, item := range n.Items {
		a := r.anchor(int(item.Range.Start), int(item.Range.End), up)
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
	if !r.hcl || f.Value.Kind != syntax.List && !(top && f.Value.Kind == syntax.Map) || !r.isBlock(f) {
		a := r.anchor(int(f.Range.Start), max(int(f.Range.End), int(f.Value.Range.End)), up)
		a.entry.key, a.entry.at, a.entry.value = f.Key, f.Range, r.value(f.Value, a)
		return a.entry
	}
	v := &value{kind: f.Value.Kind, at: f.Value.Range, wide: true}
	for _, item := range f.Value.Items {
		a := r.anchor(int(item.Range.Start), int(item.Range.End), up)
		a.entry.at, a.entry.value = item.Range, r.value(item, a)
		a.entry.value.wide = true
		v.entries = append(v.entries, a.entry)
	}
	for _, g := range f.Value.Fields {
		a := r.anchor(int(g.Value.Range.Start), int(g.Value.Range.End), up)
		a.entry.key, a.entry.at, a.entry.value = g.Key, g.Range, r.value(g.Value, a)
		v.entries = append(v.entries, a.entry)
	}
	// Blocks have a blank line around them, and so has the list of the nodes.
	return &entry{key: f.Key, at: f.Range, value: v, blank: f.Key == "nodes"}
}

// isBlock reports whether a field is what labelled or repeated blocks make.
func (r *reader) isBlock(f syntax.Field) bool {
	if f.Value.Kind == syntax.List {
		word := string(r.text[f.Range.Start:f.Range.End])
		return blocks[f.Key] != "" && blocks[f.Key] == word
	}
	return len(f.Value.Fields) > 0 && f.Value.Fields[0].Range.Start < f.Value.Fields[0].Value.Range.End &&
		f.Value.Fields[0].Range.Start > f.Value.Fields[0].Value.Range.Start
}

func (r *reader) anchor(start, end int, up *anchor) *anchor {
	a := &anchor{start: start, end: end, entry: &entry{}, up: up}
	if up != nil {
		a.depth = up.depth + 1
	}
	r.anchors = append(r.anchors, a)
	return a
}

// bracketed reports whether a collection has brackets: in YAML those of its
// flow style, in HCL all but the file have.
func (r *reader) bracketed(n *syntax.Node) bool {
	if r.hcl || n.Range.Start == n.Range.End {
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
