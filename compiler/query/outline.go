package query

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// kind of a node of an outline.
type kind uint8

const (
	blank   kind = iota // nothing is written there yet
	scalar              // one text, number, boolean or reference
	list                //
	mapping             //
	formula             // an expression, of which only the words are known
)

// node is a part of an outline: where a value is, or would be.
type node struct {
	kind       kind
	start, end int    // of the value as written; of a blank, where it may be written
	text       string // of a scalar, without quotes
	quote      byte   // ' or " around a scalar, | of a block or heredoc, 0 of a plain one
	ref        string // of a scalar that is a typed reference: spec for spec.base
	flow       bool   // a list or mapping in brackets
	made       bool   // collects blocks: others may stand between its items
	bare       bool   // a blank item whose hyphen is not there yet
	head       span   // the word that begins the block that this mapping is
	items      []*node
	fields     []field
}

// field is an entry of a mapping.
type field struct {
	key   string
	at    span // the key as written, with its quotes
	sep   bool // its colon, equals sign or braces are there
	block bool // written as a block
	label bool // the label of a block
	value *node
}

// span is a half-open range of bytes.
type span struct{ start, end int }

// touches reports whether a cursor at an offset is in or at the end of s.
func (s span) touches(at int) bool { return s.start <= at && at <= s.end && s.end > s.start }

// paper is the text of an outline and the nodes that it is made of: there are
// many, and most of their texts are parts of the one.
type paper struct {
	text []byte
	str  string
	slab []node
}

func newPaper(text []byte) paper { return paper{text: text, str: string(text)} }

// node hands out a node.
func (p *paper) node(n node) *node {
	if len(p.slab) == 0 {
		p.slab = make([]node, 64)
	}
	out := &p.slab[0]
	p.slab = p.slab[1:]
	*out = n
	return out
}

// field makes a field with a key and nothing behind it.
func (p *paper) field(key string, at span) field {
	return field{key: key, at: at, sep: true, value: p.node(node{start: at.end, end: at.end})}
}

// none is the cursor of an outline that nobody types in.
const none = -1

// maxOutline bounds the nesting of outlines: what is deeper has no place.
const maxOutline = 200

// outlineOf reads a text tolerantly. At a cursor where something may be written
// and nothing is, the outline has a blank node or an empty key.
func outlineOf(text []byte, hcl bool, cursor int) *node {
	if hcl {
		return outlineHCL(text, cursor)
	}
	return outlineYAML(text, cursor)
}

// get finds the field of a mapping by key, nil when there is none.
func (n *node) get(key string) *field {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return &n.fields[i]
		}
	}
	return nil
}

// value is the value of a field, nil when there is none.
func (n *node) value(key string) *node {
	if f := n.get(key); f != nil {
		return f.value
	}
	return nil
}

// textOf is the text of a field that is a scalar, else "".
func (n *node) textOf(key string) string {
	if v := n.value(key); v != nil && v.kind == scalar {
		return v.text
	}
	return ""
}

// name is the range of a scalar without quotes and without the kind of a typed
// reference: what a rename replaces.
func (n *node) name(text []byte) span {
	switch {
	case n.ref != "":
		return lastStep(text, span{n.start, n.end})
	case n.quote == '"' || n.quote == '\'':
		return unquoted(text, span{n.start, n.end})
	}
	return span{n.start, n.end}
}

// unquoted is s without the quotes around it, of which the closing one may be
// missing.
func unquoted(text []byte, s span) span {
	if s.start >= s.end || s.end > len(text) || text[s.start] != '"' && text[s.start] != '\'' {
		return s
	}
	q := text[s.start]
	s.start++
	if s.end > s.start && text[s.end-1] == q {
		s.end--
	}
	return s
}

// lastStep is the name in spec.base and image["debian-12.5"].
func lastStep(text []byte, s span) span {
	part := text[s.start:s.end]
	if i := bytes.IndexByte(part, '['); i >= 0 {
		inner := span{s.start + i + 1, s.end}
		if text[inner.end-1] == ']' {
			inner.end--
		}
		for inner.start < inner.end && isBlank(text[inner.start]) {
			inner.start++
		}
		for inner.start < inner.end && isBlank(text[inner.end-1]) {
			inner.end--
		}
		return unquoted(text, inner)
	}
	if i := bytes.LastIndexByte(part, '.'); i >= 0 {
		return span{s.start + i + 1, s.end}
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// lineEnd is where the line of an offset ends, before its line ending, and
// where the next begins.
func lineEnd(text []byte, at int) (end, next int) {
	i := bytes.IndexByte(text[at:], '\n')
	if i < 0 {
		return len(text), len(text)
	}
	end = at + i
	next = end + 1
	if end > at && text[end-1] == '\r' {
		end--
	}
	return end, next
}

// lineStart is where the line of an offset begins.
func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

// trimmed is the end of a line's text between two offsets, without blanks.
func trimmed(text []byte, start, end int) int {
	for end > start && isSpace(text[end-1]) {
		end--
	}
	return end
}

// wordLetter reports whether a name may have this byte. Letters beyond ASCII
// may.
func wordLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c >= utf8.RuneSelf
}

// wordAt is the name that begins at an offset, empty when none does.
func wordAt(text []byte, at int) span {
	if at >= len(text) || !wordLetter(text[at]) || text[at] == '-' || text[at] >= '0' && text[at] <= '9' {
		return span{at, at}
	}
	end := at
	for end < len(text) && wordLetter(text[end]) {
		end++
	}
	return span{at, end}
}

// unescaped is the meaning of a text in double quotes, as near as it is needed:
// names have no escapes.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n", `\t`, "\t").Replace(s)
}
