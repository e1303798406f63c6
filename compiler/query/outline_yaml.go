package query

import (
	"bytes"
	"strings"
)

// yamlReader outlines YAML by indentation. Each open collection has the column
// that its entries begin at.
type yamlReader struct {
	paper
	cursor int
	root   *node
	open   []frame
}

// frame is an open collection and its column. The first is the root, a slot at
// column -1.
type frame struct {
	n      *node
	column int
}

func outlineYAML(text []byte, cursor int) *node {
	r := &yamlReader{paper: newPaper(text), cursor: cursor, root: &node{}}
	r.open = []frame{{r.root, -1}}
	at := 0
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		at = 3
	}
	for at < len(text) {
		at = r.line(at)
	}
	if len(text) == cursor && (at == 0 || text[at-1] == '\n') {
		r.typed(at, 0, at, at)
		r.grow(at)
	}
	return r.root
}

// line reads the line that starts at an offset, and what belongs to its last
// value, and returns where the next starts.
func (r *yamlReader) line(start int) int {
	end, next := lineEnd(r.text, start)
	at := start
	for at < end && isBlank(r.text[at]) {
		at++
	}
	switch {
	case at == end:
		if start <= r.cursor && r.cursor <= end {
			r.typed(r.cursor, r.cursor-start, r.cursor, end)
			r.grow(next)
		}
		return next
	case r.text[at] == '#':
		return next
	case at == start && isMarker(r.text[start:end]):
		return next
	}
	if at == start && bytes.HasPrefix(r.text[start:end], []byte("--- ")) {
		for at += len("---"); at < end && isBlank(r.text[at]); {
			at++
		}
		if at == end {
			return next
		}
	}
	for {
		column := at - start
		if r.text[at] == '-' && (at+1 == end || isBlank(r.text[at+1])) {
			item := r.item(at, column, end)
			for at++; at < end && isBlank(r.text[at]); {
				at++
			}
			if at == end || r.text[at] == '#' {
				item.start, item.end = r.gap(item.start, end)
				return r.grow(next)
			}
			continue
		}
		if f, colon := r.key(at, end); colon >= 0 {
			m := r.mapping(at, column)
			m.fields = append(m.fields, f)
			return r.grow(r.value(f.value, colon+1, column, end, next))
		}
		return r.grow(r.typed(at, column, at, end))
	}
}

// isMarker holds for --- and ... alone on a line.
func isMarker(line []byte) bool {
	t := string(bytes.TrimRight(line, " \t"))
	return t == "---" || t == "..."
}

// gap is where a value may be written on the rest of a line: before a comment.
func (r *yamlReader) gap(start, end int) (from, to int) {
	if i := comment(r.text[start:end]); i >= 0 {
		end = start + i
	}
	return start, end
}

// comment is where a comment begins in part of a line, -1 when none does.
func comment(part []byte) int {
	for i, c := range part {
		if c == '#' && (i == 0 || isBlank(part[i-1])) {
			return i
		}
	}
	return -1
}

// key finds the key that begins at an offset. colon is -1 when there is none.
func (r *yamlReader) key(at, end int) (f field, colon int) {
	if q := r.text[at]; q == '"' || q == '\'' {
		stop := closingQuote(r.text, at, end)
		if stop < 0 {
			return f, -1
		}
		i := stop + 1
		for i < end && isBlank(r.text[i]) {
			i++
		}
		if i == end || r.text[i] != ':' || i+1 < end && !isBlank(r.text[i+1]) {
			return f, -1
		}
		return r.field(unquote(r.text[at:stop+1]), span{at, stop + 1}), i
	}
	if strings.IndexByte("[{|>#", r.text[at]) >= 0 {
		return f, -1
	}
	for i := at; i < end; i++ {
		switch c := r.text[i]; {
		case c == '#' && i > at && isBlank(r.text[i-1]):
			return f, -1
		case c == ':' && (i+1 == end || isBlank(r.text[i+1])):
			stop := trimmed(r.text, at, i)
			return r.field(r.str[at:stop], span{at, stop}), i
		}
	}
	return f, -1
}

// top is the innermost open collection.
func (r *yamlReader) top() *frame { return &r.open[len(r.open)-1] }

// slot is the blank that what is written deeper than the innermost collection
// fills, nil when it has none.
func (r *yamlReader) slot() *node {
	n := r.top().n
	switch {
	case n == r.root && n.kind == blank:
		return n
	case n.kind == mapping && len(n.fields) > 0:
		if f := &n.fields[len(n.fields)-1]; f.value.kind == blank && f.sep {
			return f.value
		}
	case n.kind == list && len(n.items) > 0:
		if last := n.items[len(n.items)-1]; last.kind == blank {
			return last
		}
	}
	return nil
}

// close ends the collections that a line at a column is not in. dash says that
// the line is an item: it may be in a list at its column.
func (r *yamlReader) close(column int, dash bool) {
	for len(r.open) > 1 {
		top := r.top()
		if top.column < column || top.column == column && (dash || top.n.kind == mapping) {
			return
		}
		r.open = r.open[:len(r.open)-1]
	}
}

// push opens a collection at a column: in the slot there is, else as a part of
// nothing.
func (r *yamlReader) push(k kind, at, column int) *node {
	n := r.slot()
	if n == nil {
		n = r.node(node{})
	}
	*n = node{kind: k, start: at, end: at}
	if len(r.open) < maxOutline {
		r.open = append(r.open, frame{n, column})
	}
	return n
}

// item adds an item to the list at a column.
func (r *yamlReader) item(at, column, end int) *node {
	r.close(column, true)
	top := r.top()
	if top.n.kind == mapping && top.column == column && r.slot() == nil {
		r.open = r.open[:len(r.open)-1] // an item where a key belongs: of nothing
		top = r.top()
	}
	l := top.n
	if l.kind != list || top.column != column {
		l = r.push(list, at, column)
	}
	item := r.node(node{start: at + 1, end: end})
	l.items = append(l.items, item)
	return item
}

// mapping is the one whose keys are at a column.
func (r *yamlReader) mapping(at, column int) *node {
	r.close(column, false)
	top := r.top()
	if top.n.kind == mapping && (top.column == column || r.slot() == nil) {
		return top.n
	}
	return r.push(mapping, at, column)
}

// typed takes what is on a line and is no key: an unfinished one, a value on a
// line of its own, or what goes on from the line before. start is the text's,
// or where the cursor stands alone.
func (r *yamlReader) typed(at, column, start, end int) int {
	_, next := lineEnd(r.text, at)
	alone := at == r.cursor && start == at && (at == len(r.text) || at == end || isSpace(r.text[at]))
	top := r.top()
	if top.n.kind == list && r.slot() != nil && !alone && top.n.items[len(top.n.items)-1].start <= at &&
		lineStart(r.text, top.n.items[len(top.n.items)-1].start) == lineStart(r.text, at) {
		return r.value(r.slot(), at, top.column, end, next) // - item
	}
	if alone && r.another(at, column) {
		return next
	}
	r.close(column, false)
	top = r.top()
	slot := r.slot()
	switch {
	case slot != nil && top.column < column:
		if alone {
			*slot = node{start: at, end: at}
			return next
		}
		return r.value(slot, at, top.column, end, next)
	case top.n.kind == mapping && top.column == column:
		stop := end
		if alone {
			stop = at
		} else if i := comment(r.text[at:end]); i >= 0 {
			stop = at + i
		}
		stop = trimmed(r.text, at, stop)
		f := r.field(r.str[at:stop], span{at, stop})
		f.sep = false
		top.n.fields = append(top.n.fields, f)
	case alone:
		// Nothing can be written at this column.
	case top.n.kind == mapping && len(top.n.fields) > 0:
		r.goOn(top.n.fields[len(top.n.fields)-1].value, at, end)
	case top.n.kind == list && len(top.n.items) > 0:
		r.goOn(top.n.items[len(top.n.items)-1], at, end)
	}
	return next
}

// another adds an item that has no hyphen yet, when the cursor is at the column
// of a list and of no mapping.
func (r *yamlReader) another(at, column int) bool {
	var l *node
	for _, f := range r.open {
		if f.column == column && f.n.kind == mapping {
			return false
		}
		if f.column == column && f.n.kind == list {
			l = f.n
		}
	}
	if l == nil {
		return false
	}
	r.close(column, true)
	l.items = append(l.items, r.node(node{start: at, end: at, bare: true}))
	return true
}

// grow makes the open collections end where their last entries do.
func (r *yamlReader) grow(next int) int {
	for i := len(r.open) - 1; i > 0; i-- {
		n := r.open[i].n
		switch {
		case n.kind == mapping && len(n.fields) > 0:
			f := &n.fields[len(n.fields)-1]
			n.end = max(n.end, f.at.end, f.value.end)
		case n.kind == list && len(n.items) > 0:
			n.end = max(n.end, n.items[len(n.items)-1].end)
		}
	}
	return next
}
