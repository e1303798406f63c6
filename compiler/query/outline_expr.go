package query

import (
	"bytes"
	"strings"

	"github.com/homestak/homestak/lang/syntax"
)

// classify says what an expression is, and reads what is in it.
func (r *hclReader) classify(s span) *node {
	part := r.text[s.start:s.end]
	n := r.node(node{kind: formula, start: s.start, end: s.end})
	switch c := part[0]; {
	case (c == '[' || c == '{') && r.depth < maxOutline && r.spent < again*len(r.text):
		if close := bracketEnd(r.text, s.start, s.end); close < s.end || isLoop(part) {
			return n
		}
		r.depth++
		defer func() { r.depth-- }()
		if c == '[' {
			return r.list(n)
		}
		return r.object(n)
	case c == '"':
		if stringEnd(r.text, s.start) == s.end && !bytes.Contains(part, []byte("${")) && !bytes.Contains(part, []byte("%{")) {
			n.kind, n.quote, n.text = scalar, '"', quotedText(part)
		}
	case bytes.HasPrefix(part, []byte("<<")):
		if !bytes.Contains(part, []byte("${")) && !bytes.Contains(part, []byte("%{")) {
			n.kind, n.quote = scalar, '|'
		}
	default:
		r.simple(n, r.str[s.start:s.end])
	}
	return n
}

// isLoop holds for [for …] and {for …}.
func isLoop(part []byte) bool {
	rest := bytes.TrimLeft(part[1:], " \t\r\n")
	return bytes.HasPrefix(rest, []byte("for")) && len(rest) > 3 && isSpace(rest[3])
}

// simple recognises numbers, words and typed references.
func (r *hclReader) simple(n *node, text string) {
	if strings.Trim(text, "0123456789.eE+-") == "" || text == "true" || text == "false" || text == "null" {
		n.kind, n.text = scalar, text
		return
	}
	root := wordAt(r.text, n.start)
	rootName := r.str[root.start:root.end]
	if !syntax.IsReferenceRoot(rootName) || root.end == n.end {
		if root.end == n.end {
			n.kind, n.text = scalar, text // a word that is being typed
		}
		return
	}
	rest := text[root.end-root.start:]
	switch {
	case rest == ".":
		n.kind, n.ref = scalar, rootName
	case rest[0] == '.' && wordAt(r.text, root.end+1).end == n.end:
		n.kind, n.ref, n.text = scalar, rootName, rest[1:]
	case rest[0] == '[' && strings.Count(rest, "[") == 1 && strings.Contains(rest, `"`) && bracketEnd(r.text, root.end, n.end) == n.end:
		s := lastStep(r.text, span{n.start, n.end})
		n.kind, n.ref, n.text = scalar, rootName, unescaped(r.str[s.start:s.end])
	}
}

// list reads [ … ].
func (r *hclReader) list(n *node) *node {
	n.kind, n.flow = list, true
	at := n.start + 1
	for fresh := true; ; {
		gap := at
		r.at = at
		r.skip()
		at = r.at
		if at >= n.end || strings.IndexByte(",])}", r.text[at]) >= 0 {
			if fresh && r.between(gap, min(at, n.end)) {
				n.items = append(n.items, &node{start: r.cursor, end: r.cursor})
				r.gapped = true
			}
			if at >= n.end || r.text[at] != ',' {
				r.at = n.end
				return n
			}
			at++
			fresh = true
			continue
		}
		item := r.expression(at, true)
		at = max(at+1, item.end)
		n.items = append(n.items, item)
		fresh = false
	}
}

// between reports whether the cursor stands between two offsets, not in a
// comment.
func (r *hclReader) between(from, to int) bool {
	return from <= r.cursor && r.cursor <= to && !bytes.ContainsAny(r.text[from:r.cursor], "#/")
}

// object reads { … } as a value.
func (r *hclReader) object(n *node) *node {
	n.kind, n.flow = mapping, true
	at := n.start + 1
	for fresh := true; ; {
		gap := min(at, n.end) // blanks at the end of the text are not in an object without its brace
		r.at = at
		r.skip()
		at = r.at
		if at >= n.end || strings.IndexByte(",])}", r.text[at]) >= 0 {
			if (fresh || bytes.IndexByte(r.text[gap:min(at, n.end)], '\n') >= 0) && r.between(gap, min(at, n.end)) {
				n.fields = append(n.fields, field{at: span{r.cursor, r.cursor}, value: &node{start: r.cursor, end: r.cursor}})
				r.gapped = true
			}
			if at >= n.end || r.text[at] != ',' {
				r.at = n.end
				return n
			}
			at++
			fresh = true
			continue
		}
		key := wordAt(r.text, at)
		if r.text[at] == '"' {
			key = span{at, stringEnd(r.text, at)}
		}
		if key.end == key.start { // ( … ) or junk
			at = max(at+1, extent(r.text, at))
			continue
		}
		name := unquoted(r.text, key)
		f := r.field(unescaped(r.str[name.start:name.end]), key)
		i := r.blanks(key.end)
		f.sep = i < n.end && (r.text[i] == '=' || r.text[i] == ':')
		if at = max(i, at+1); f.sep {
			f.value = r.expression(i+1, true)
			at = max(at, f.value.end)
			n.end = max(n.end, f.value.end) // a value that is not there yet is at the cursor
		}
		n.fields = append(n.fields, f)
		fresh = false
	}
}
