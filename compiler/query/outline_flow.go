package query

import "strings"

// flowReader outlines YAML in brackets. column is that of the block collection
// around: a line that is no deeper ends brackets that were not closed.
type flowReader struct {
	*paper
	cursor int
	column int
	ended  bool // at such a line
}

// value is the value that begins at an offset. Its end is where reading goes on.
func (r *flowReader) value(at, depth int) *node {
	switch c := r.text[at]; {
	case c == '[' && depth < maxOutline:
		return r.list(at, depth)
	case c == '{' && depth < maxOutline:
		return r.mapping(at, depth)
	case c == '"' || c == '\'':
		return r.quoted(at)
	}
	stop := at
	for stop < len(r.text) && !r.endsPlain(stop) {
		stop++
	}
	if stop == at && stop < len(r.text) && r.text[stop] != '\n' {
		stop++ // an indicator out of place
	}
	stop = max(trimmed(r.text, at, stop), at)
	return r.node(node{kind: scalar, start: at, end: stop, text: r.str[at:stop]})
}

func (r *flowReader) quoted(at int) *node {
	end, _ := lineEnd(r.text, at)
	stop := closingQuote(r.text, at, end)
	if stop < 0 {
		stop = trimmed(r.text, at, end) - 1
	}
	return r.node(node{kind: scalar, start: at, end: stop + 1, quote: r.text[at], text: quotedText(r.text[at : stop+1])})
}

// endsPlain reports whether a plain scalar ends before an offset.
func (r *flowReader) endsPlain(at int) bool {
	switch r.text[at] {
	case ',', '[', ']', '{', '}', '\n':
		return true
	case '#':
		return at > 0 && isSpace(r.text[at-1])
	case ':':
		return r.isColon(at)
	}
	return false
}

// isColon reports whether the colon at an offset ends a key.
func (r *flowReader) isColon(at int) bool {
	return r.text[at] == ':' && (at+1 == len(r.text) || isSpace(r.text[at+1]) || strings.IndexByte(",[]{}", r.text[at+1]) >= 0)
}

// skip passes over blanks, comments and line ends.
func (r *flowReader) skip(at int) int {
	for at < len(r.text) && !r.ended {
		switch c := r.text[at]; {
		case c == '\n':
			at++
			r.ended = r.outside(at)
			if r.ended {
				return at - 1
			}
		case isSpace(c):
			at++
		case c == '#' && at > 0 && isSpace(r.text[at-1]):
			at, _ = lineEnd(r.text, at)
		default:
			return at
		}
	}
	return at
}

// outside reports whether the next line with something on it is none of the
// brackets'.
func (r *flowReader) outside(at int) bool {
	for r.column >= 0 && at < len(r.text) {
		end, next := lineEnd(r.text, at)
		i := at
		for i < end && isBlank(r.text[i]) {
			i++
		}
		if i < end && r.text[i] != '#' {
			return i-at <= r.column && r.text[i] != ']' && r.text[i] != '}'
		}
		if at == next {
			break
		}
		at = next
	}
	return false
}

// here reports whether the cursor stands between two offsets with nothing
// written there.
func (r *flowReader) here(from, to int) bool {
	return from <= r.cursor && r.cursor <= to && !strings.Contains(string(r.text[from:r.cursor]), "#")
}

func (r *flowReader) list(open, depth int) *node {
	n := r.node(node{kind: list, start: open, flow: true})
	at := open + 1
	for fresh := true; ; {
		gap := at
		at = r.skip(at)
		if at >= len(r.text) || r.ended || r.text[at] == ']' || r.text[at] == '}' || r.text[at] == ',' {
			if fresh && r.here(gap, at) {
				n.items = append(n.items, &node{start: r.cursor, end: r.cursor})
			}
			if at < len(r.text) && !r.ended && r.text[at] == ',' {
				at++
				fresh = true
				continue
			}
			n.end = r.after(at)
			return n
		}
		item := r.value(at, depth+1)
		at = item.end
		if i := r.skip(at); i < len(r.text) && !r.ended && item.kind == scalar && r.isColon(i) { // [a: b]
			pair := r.node(node{kind: mapping, start: item.start, flow: true, fields: []field{r.field(item.text, span{item.start, item.end})}})
			at = r.fieldValue(&pair.fields[0], i, depth+1)
			pair.end = at
			item = pair
		}
		n.items = append(n.items, item)
		fresh = false
	}
}

// after is the offset behind a closing bracket, if there is one.
func (r *flowReader) after(at int) int {
	if at < len(r.text) && !r.ended {
		return at + 1
	}
	return min(at, len(r.text))
}

func (r *flowReader) mapping(open, depth int) *node {
	n := r.node(node{kind: mapping, start: open, flow: true})
	at := open + 1
	for fresh := true; ; {
		gap := at
		at = r.skip(at)
		if at >= len(r.text) || r.ended || r.text[at] == ']' || r.text[at] == '}' || r.text[at] == ',' {
			if fresh && r.here(gap, at) {
				n.fields = append(n.fields, field{at: span{r.cursor, r.cursor}, value: &node{start: r.cursor, end: r.cursor}})
			}
			if at < len(r.text) && !r.ended && r.text[at] == ',' {
				at++
				fresh = true
				continue
			}
			n.end = r.after(at)
			return n
		}
		key := r.value(at, depth+1)
		f := r.field(key.text, span{key.start, key.end})
		at = key.end
		i := r.skip(at)
		if f.sep = i < len(r.text) && !r.ended && (r.isColon(i) || key.quote != 0 && r.text[i] == ':'); f.sep {
			at = r.fieldValue(&f, i, depth)
		}
		n.fields = append(n.fields, f)
		fresh = false
	}
}

// fieldValue reads what follows a colon and returns where to go on.
func (r *flowReader) fieldValue(f *field, colon, depth int) int {
	at := r.skip(colon + 1)
	if at >= len(r.text) || r.ended || strings.IndexByte(",]}", r.text[at]) >= 0 {
		f.value.start, f.value.end = colon+1, at
		return at
	}
	f.value = r.value(at, depth+1)
	return f.value.end
}
