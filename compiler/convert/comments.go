package convert

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// found is a comment in the text.
type found struct {
	at    int
	lines []string
}

// place gives every comment to the entry it belongs to: the outermost that
// starts on its line before it, or for one on a line of its own the next one
// of the collection it stands in; after the last, to the collection.
func (r *reader) place() {
	for _, c := range r.comments() {
		blank := r.blankAbove(c.at)
		remarks := make([]comment, len(c.lines))
		for i, line := range c.lines {
			remarks[i] = comment{text: line, blank: blank && i == 0}
		}
		line := r.lineStart(c.at)
		next := sort.Search(len(r.anchors), func(i int) bool { return r.anchors[i].start > c.at })
		if own := len(bytes.TrimLeft(r.text[line:c.at], " \t")) == 0; !own && r.besides(remarks, line, c.at, next) {
			continue
		}
		r.above(remarks, c.at, next)
	}
}

// besides places a comment that has text before it on its line.
func (r *reader) besides(c []comment, line, at, next int) bool {
	first := sort.Search(len(r.anchors), func(i int) bool { return r.anchors[i].start >= line })
	if first < next {
		e := r.anchors[first].entry
		e.beside = append(e.beside, c...)
		return true
	}
	var last *anchor
	for a := r.before(next); a != nil; a = a.up {
		if a.end > line && a.end <= at {
			last = a
		}
	}
	switch {
	case last == nil:
		return false
	case last.entry.value.container():
		last.entry.value.tail = append(last.entry.value.tail, c...)
	default:
		last.entry.beside = append(last.entry.beside, c...)
	}
	return true
}

// before is the last anchor that starts before anchor next.
func (r *reader) before(next int) *anchor {
	if next == 0 {
		return nil
	}
	return r.anchors[next-1]
}

// above places a comment on a line of its own.
func (r *reader) above(c []comment, at, next int) {
	var following *anchor
	if next < len(r.anchors) {
		following = r.anchors[next]
	}
	column := at - r.lineStart(at)
	for a := r.before(next); a != nil; a = a.up {
		v := a.entry.value
		if !v.container() {
			continue
		}
		inside := at < a.end
		bracket := r.hcl || v.at.Start < v.at.End && (r.text[v.at.Start] == '[' || r.text[v.at.Start] == '{')
		switch {
		case bracket && !inside:
		case following != nil && (following.up == a || inside && following.start < a.end):
			following.entry.lead = append(following.entry.lead, c...)
			return
		case bracket || r.deeper(v, column, following):
			v.tail = append(v.tail, c...)
			return
		}
	}
	if following != nil {
		following.entry.lead = append(following.entry.lead, c...)
		return
	}
	r.root.tail = append(r.root.tail, c...)
}

// deeper reports whether a comment in this column belongs to the block v that
// has ended, and not to what follows further out.
func (r *reader) deeper(v *value, column int, following *anchor) bool {
	if len(v.entries) == 0 {
		return false
	}
	outer := 0
	if following != nil {
		outer = r.column(following)
	}
	start := int(v.entries[0].at.Start)
	own := start - r.lineStart(start)
	if v.kind == syntax.List {
		own = r.dash(start)
	}
	return column > outer && column >= own
}

func (r *reader) column(a *anchor) int {
	if a.entry.key == "" {
		return r.dash(a.start)
	}
	return a.start - r.lineStart(a.start)
}

// dash is the column of the dash of the item that starts there.
func (r *reader) dash(start int) int {
	line := r.lineStart(start)
	if i := bytes.LastIndexByte(r.text[line:start], '-'); i >= 0 {
		return i
	}
	return max(0, start-line-2)
}

// comments finds all of them: in HCL they are tokens, in YAML what follows a #
// between two scalars or in the header of a block text.
func (r *reader) comments() []found {
	if r.hcl {
		return r.tokens()
	}
	var all []found
	at := 0
	until := func(end int) {
		for at < end {
			i := bytes.IndexByte(r.text[at:end], '#')
			if i < 0 {
				break
			}
			line, _, _ := bytes.Cut(r.text[at+i:], []byte("\n"))
			all = append(all, found{at + i, []string{strings.TrimRight(string(line[1:]), " \t\r")}})
			at += i + len(line)
		}
		at = max(at, end)
	}
	for _, s := range r.scalars() {
		start := int(s.Start)
		until(start)
		if c := r.text[start]; c == '|' || c == '>' {
			header, _, _ := bytes.Cut(r.text[start:], []byte("\n"))
			until(start + len(header))
		}
		at = max(at, int(s.End))
	}
	until(len(r.text))
	return all
}

// scalars are the places of all keys and scalars, in order.
func (r *reader) scalars() []source.Range {
	var all []source.Range
	add := func(s source.Range) {
		if s.Start < s.End {
			all = append(all, s)
		}
	}
	var walk func(n *syntax.Node)
	walk = func(n *syntax.Node) {
		if n.Kind != syntax.List && n.Kind != syntax.Map {
			add(n.Range)
		}
		for _, item := range n.Items {
			walk(item)
		}
		for _, f := range n.Fields {
			add(f.Range)
			walk(f.Value)
		}
	}
	walk(r.raw)
	slices.SortFunc(all, func(a, b source.Range) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

// ofExpression reports whether a comment stands inside an expression.
func (r *reader) ofExpression(at int) bool {
	i := sort.Search(len(r.inside), func(i int) bool { return int(r.inside[i].End) > at })
	return i < len(r.inside) && int(r.inside[i].Start) <= at
}

func (r *reader) tokens() []found {
	slices.SortFunc(r.inside, func(a, b source.Range) int { return cmp.Compare(a.Start, b.Start) })
	var all []found
	words, _ := hclsyntax.LexConfig(r.text, "", hcl.InitialPos)
	for _, w := range words {
		if w.Type != hclsyntax.TokenComment {
			continue
		}
		c := found{at: w.Range.Start.Byte}
		if r.ofExpression(c.at) {
			continue
		}
		s := strings.TrimRight(string(w.Bytes), " \t\r\n")
		switch {
		case strings.HasPrefix(s, "/*"):
			s = strings.TrimSuffix(s[2:], "*/")
			for line := range strings.SplitSeq(strings.Trim(s, "\n"), "\n") {
				c.lines = append(c.lines, strings.TrimRight(" "+strings.TrimSpace(line), " "))
			}
		case strings.HasPrefix(s, "//"):
			c.lines = []string{s[2:]}
		default:
			c.lines = []string{s[1:]}
		}
		all = append(all, c)
	}
	return all
}
