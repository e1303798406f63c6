package format

import (
	"bytes"
	"strings"

	"github.com/homestak/homestak/lang/syntax"
)

// blockText is a literal or folded text taken apart.
type blockText struct {
	style   byte     // | or >
	chomp   byte     // -, + or 0
	comment span     // beside the header
	lines   [][]byte // without indentation
	end     int      // offset of the line end after the last of them
}

// blockScalar prints a literal or folded text: its lines as they are, in the
// column of house style.
func (p *printer) blockScalar(n *syntax.Node, d int) {
	outer := -1
	if d > 0 {
		outer = p.levels[d-1].from
	}
	b := readBlock(p.text, int(n.Range.Start), outer)
	if b.end == len(p.text) && len(b.lines) > 0 && !strings.HasSuffix(n.Text, "\n") {
		b.chomp = '-' // the file's last line had no end, and gets one
	}
	header := []byte{b.style}
	if b.needsIndicator(d == 0) {
		header = append(header, '0'+indent)
	}
	if b.chomp != 0 {
		header = append(header, b.chomp)
	}
	p.token(header, d)
	if b.comment.length() > 0 {
		p.page.comment(b.comment)
	}
	for _, line := range b.lines {
		p.page.add(row{indent: p.inside(d)})
		p.page.code = append(p.page.code, line...)
	}
	p.pass(b.end)
	p.printed()
	p.open, p.tokenLine = false, -1
	p.levels = p.levels[:max(d, 1)] // a comment further in would be text
}

// needsIndicator reports whether the indentation cannot be read off the first
// line with text: it starts with space, or there is none, and a comment after
// it would be one if the text is the whole file.
func (b *blockText) needsIndicator(root bool) bool {
	for _, line := range b.lines {
		if len(line) > 0 {
			return line[0] == ' '
		}
	}
	return root
}

// readBlock takes the text at start apart. outer is the column of the block
// around it, from which an indentation indicator counts, -1 at the root.
func readBlock(text []byte, start, outer int) blockText {
	header, at := lineAt(text, start)
	b := blockText{style: header[0], end: start + len(header)}
	if i := bytes.IndexByte(header, '#'); i >= 0 {
		b.comment = span{int32(start + i), int32(start + len(trimRight(header)))}
		header = header[:i]
	}
	column := -1
	for _, c := range header[1:] {
		switch {
		case c == '-' || c == '+':
			b.chomp = c
		case c >= '1' && c <= '9':
			column = max(outer, 0) + int(c-'0')
		}
	}
	if column < 0 {
		column = blockColumn(text, at, outer)
	}
	kept := 0
	for at < len(text) {
		line, next := lineAt(text, at)
		spaces := leadingSpaces(line)
		if spaces < len(line) && spaces < column {
			break
		}
		line = line[min(column, len(line)):]
		b.lines = append(b.lines, line)
		if len(line) > 0 || b.chomp == '+' {
			kept, b.end = len(b.lines), min(next-1, len(text))
		}
		at = next
	}
	b.lines = b.lines[:kept]
	return b
}

// blockColumn reads the column of a text off its first line that is not blank,
// and the blank ones before it.
func blockColumn(text []byte, at, outer int) int {
	column := outer + 1
	for at < len(text) {
		line, next := lineAt(text, at)
		spaces := leadingSpaces(line)
		column = max(column, spaces)
		if spaces < len(line) {
			break
		}
		at = next
	}
	return column
}

func leadingSpaces(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// lineAt is the line at an offset without its end, and where the next starts:
// behind the text for the last one that has no end.
func lineAt(text []byte, at int) (line []byte, next int) {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return text[at : at+i], at + i + 1
	}
	return text[at:], len(text) + 1
}
