package query

import (
	"bytes"
	"strings"
)

// goOn adds a line to a plain scalar.
func (r *yamlReader) goOn(n *node, at, end int) {
	if n.kind != scalar || n.quote != 0 {
		return
	}
	if i := comment(r.text[at:end]); i >= 0 {
		end = at + i
	}
	end = trimmed(r.text, at, end)
	n.text += " " + r.str[at:end]
	n.end = end
}

// value reads the value at an offset into n. column is that of the collection it
// is in. It returns where the next line starts.
func (r *yamlReader) value(n *node, at, column, end, next int) int {
	before := at
	for at < end && isBlank(r.text[at]) {
		at++
	}
	if at == end || r.text[at] == '#' {
		n.start, n.end = r.gap(before, end)
		return next
	}
	switch c := r.text[at]; c {
	case '|', '>':
		*n = node{kind: scalar, start: at, end: end, quote: '|'}
		return r.block(n, column, end, next)
	case '{', '[':
		f := flowReader{paper: &r.paper, cursor: r.cursor, column: column}
		*n = *f.value(at, 0)
		_, next = lineEnd(r.text, min(n.end, len(r.text)))
		return next
	case '"', '\'':
		stop := r.quoted(at, column, end)
		*n = node{kind: scalar, start: at, end: stop, quote: c, text: quotedText(r.text[at:stop])}
		_, next = lineEnd(r.text, stop)
		return next
	}
	stop := end
	if i := comment(r.text[at:end]); i >= 0 {
		stop = at + i
	}
	stop = trimmed(r.text, at, stop)
	*n = node{kind: scalar, start: at, end: stop, text: r.str[at:stop]}
	return next
}

// block is a scalar of whole lines, those deeper than column.
func (r *yamlReader) block(n *node, column, end, next int) int {
	first := next
	for next < len(r.text) {
		stop, after := lineEnd(r.text, next)
		at := next
		for at < stop && isBlank(r.text[at]) {
			at++
		}
		if at < stop && at-next <= column {
			break
		}
		if at < stop {
			n.end = stop
		}
		next = after
	}
	if n.end > end {
		n.text = r.str[first:n.end]
	}
	return next
}

// quoted is where a text in quotes ends. One that is not closed ends with its
// line.
func (r *yamlReader) quoted(at, column, end int) int {
	if stop := closingQuote(r.text, at, end); stop >= 0 {
		return stop + 1
	}
	limit := end
	for limit < len(r.text) { // lines that are deeper may be its own
		_, next := lineEnd(r.text, limit)
		stop, _ := lineEnd(r.text, next)
		i := next
		for i < stop && isBlank(r.text[i]) {
			i++
		}
		if next == limit || i < stop && i-next <= column {
			break
		}
		if limit = stop; i < stop && bytes.IndexByte(r.text[i:stop], r.text[at]) >= 0 {
			break
		}
	}
	if stop := closingQuote(r.text, at, limit); stop >= 0 {
		return stop + 1
	}
	return trimmed(r.text, at, end)
}

// quotedText is the meaning of a text in quotes of which one may be missing.
func quotedText(s []byte) string {
	if len(s) < 2 || s[len(s)-1] != s[0] {
		return string(s[1:])
	}
	return unquote(s)
}

// closingQuote is where the quote at an offset is closed, -1 when it is not
// before end.
func closingQuote(text []byte, at, end int) int {
	q := text[at]
	for i := at + 1; i < end; i++ {
		switch {
		case text[i] == '\\' && q == '"':
			i++
		case text[i] != q:
		case q == '\'' && i+1 < end && text[i+1] == q:
			i++
		default:
			return i
		}
	}
	return -1
}

// unquote is the meaning of a text in quotes.
func unquote(s []byte) string {
	inner := string(s[1 : len(s)-1])
	if s[0] == '\'' {
		return strings.ReplaceAll(inner, "''", "'")
	}
	return unescaped(inner)
}
