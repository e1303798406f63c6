package lsp

import (
	"sort"
	"strings"
)

// encoding says what a column counts, in the protocol's words.
type encoding string

const (
	utf16 encoding = "utf-16"
	utf8  encoding = "utf-8"
)

// text is an immutable text with its lines. Lines end as the protocol says: with
// LF, CR LF or CR.
type text struct {
	body  string
	lines []int32 // offset of the first byte of each line
	units []int32 // UTF-16 units before each block of unitBlock bytes
	skip  int     // bytes at the beginning that take no column: a byte order mark of a file
}

// unitBlock is how much of a line a column costs to count: lines may be as long
// as texts, and findings as many as values.
const unitBlock = 512

const byteOrderMark = "\ufeff"

func newText(body string) *text {
	t := &text{body: body, lines: []int32{0}, units: make([]int32, 0, len(body)/unitBlock+1)}
	units := int32(0)
	for i := 0; i < len(body); i++ {
		if i%unitBlock == 0 {
			t.units = append(t.units, units)
		}
		b := body[i]
		units += unitsOf(b)
		if b == '\n' || b == '\r' && (i+1 == len(body) || body[i+1] != '\n') {
			t.lines = append(t.lines, int32(i+1))
		}
	}
	return t
}

// newFileText is the text of a file that the editor does not have open: it would
// not show its byte order mark.
func newFileText(body string) *text {
	t := newText(body)
	if strings.HasPrefix(body, byteOrderMark) {
		t.skip = len(byteOrderMark)
	}
	return t
}

// unitsOf is how many UTF-16 units a code point takes that begins with this
// byte; 0 when none begins.
func unitsOf(b byte) int32 {
	switch {
	case b >= 0xf0:
		return 2
	case b&0xc0 == 0x80:
		return 0
	}
	return 1
}

// unitsBefore counts the UTF-16 units of the code points that begin before an
// offset.
func (t *text) unitsBefore(offset int) int {
	if offset == 0 {
		return 0
	}
	block := (offset - 1) / unitBlock
	n := t.units[block]
	for i := block * unitBlock; i < offset; i++ {
		n += unitsOf(t.body[i])
	}
	return int(n)
}

// line is the bounds of a line without its end.
func (t *text) line(n int) (start, end int) {
	start, end = int(t.lines[n]), len(t.body)
	if n+1 < len(t.lines) {
		end = int(t.lines[n+1]) - 1
		if t.body[end] == '\n' && end > start && t.body[end-1] == '\r' {
			end--
		}
	}
	if n == 0 {
		start = max(start, t.skip)
	}
	return start, end
}

// offset is the byte at a position. One after the end of a line is the line's
// end, one after the last line the end of the text, and one inside a code point
// its beginning.
func (t *text) offset(p position, e encoding) int {
	if p.Line >= uint32(len(t.lines)) {
		return len(t.body)
	}
	start, end := t.line(int(p.Line))
	column := int(min(p.Character, 1<<30))
	at := min(start+column, end)
	if e == utf16 {
		at = t.afterUnits(start, end, column)
	}
	for at > start && at < len(t.body) && t.body[at]&0xc0 == 0x80 {
		at--
	}
	return at
}

// afterUnits is the last offset in start…end with at most that many units
// between start and it.
func (t *text) afterUnits(start, end, units int) int {
	goal := t.unitsBefore(start) + units
	block := sort.Search(len(t.units), func(i int) bool { return int(t.units[i]) > goal }) - 1
	at := max(start, min(end, block*unitBlock))
	for n := t.unitsBefore(at); at < end; at++ {
		if n += int(unitsOf(t.body[at])); n > goal {
			break
		}
	}
	return at
}

// position is the place of a byte. Inside the end of a line it is before it,
// inside a code point at its beginning.
func (t *text) position(offset int, e encoding) position {
	offset = max(0, min(offset, len(t.body)))
	n := sort.Search(len(t.lines), func(i int) bool { return int(t.lines[i]) > offset }) - 1
	start, end := t.line(n)
	offset = max(start, min(offset, end))
	for offset > start && offset < len(t.body) && t.body[offset]&0xc0 == 0x80 {
		offset--
	}
	column := offset - start
	if e == utf16 {
		column = t.unitsBefore(offset) - t.unitsBefore(start)
	}
	return position{uint32(n), uint32(column)}
}

// span is a half-open range of bytes as lines and columns.
func (t *text) span(start, end int, e encoding) span {
	return span{t.position(start, e), t.position(max(start, end), e)}
}

// replaced is the text with a part of it changed.
func (t *text) replaced(start, end int, by string) *text {
	return newText(t.body[:start] + by + t.body[max(start, end):])
}
