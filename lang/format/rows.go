package format

import (
	"bytes"
	"unicode/utf8"
)

// row is one line being made. Its code is the part of page.code from where it
// starts to where the next row's starts. Rows are small: a file has millions.
type row struct {
	start   int32
	indent  int32
	group   int32 // column of the block its code belongs to
	comment span  // with its #
	beside  bool  // continues the comment of the row above, in its column
	blank   bool  // a blank line stands above
}

// span is a part of page.source.
type span struct{ from, to int32 }

func (s span) length() int { return int(s.to - s.from) }

// page is the rows of a file from the top. Only the last one grows.
type page struct {
	source []byte
	code   []byte
	rows   []row
}

func (p *page) add(r row) *row {
	r.start = int32(len(p.code))
	r.blank = r.blank && len(p.rows) > 0
	p.rows = append(p.rows, r)
	return &p.rows[len(p.rows)-1]
}

func (p *page) last() *row { return &p.rows[len(p.rows)-1] }

// comment adds a comment to the last row, or in the column of the comment that
// is there already, to a row of its own.
func (p *page) comment(text span) {
	if r := p.last(); r.comment.length() == 0 && !r.beside {
		r.comment = text
		return
	}
	p.add(row{comment: text, group: p.last().group, beside: true})
}

func (p *page) text(i int) []byte {
	end := int32(len(p.code))
	if i+1 < len(p.rows) {
		end = p.rows[i+1].start
	}
	return p.code[p.rows[i].start:end]
}

// between is how far the longest line is from its trailing comment.
const between = 2

// bytes puts the rows together, or returns nil if they are more bytes than most.
func (p *page) bytes(most int) []byte {
	least := len(p.code)
	for _, r := range p.rows {
		least += int(r.indent) + r.comment.length()
	}
	if least > most {
		return nil
	}
	out := make([]byte, 0, least+4*len(p.rows))
	column, until := 0, 0
	for i, r := range p.rows {
		if r.blank {
			out = append(out, '\n')
		}
		start := len(out)
		code := p.text(i)
		if len(code) > 0 {
			out = append(pad(out, int(r.indent)), code...)
		}
		if r.comment.length() > 0 {
			if p.trails(i) {
				if i >= until {
					column, until = p.align(i)
				}
				out = pad(out, column-utf8.RuneCount(out[start:]))
			} else {
				out = pad(out, int(r.indent))
			}
			out = append(out, p.source[r.comment.from:r.comment.to]...)
		}
		out = append(out, '\n')
	}
	return out
}

// trails reports whether the row's comment is one beside code.
func (p *page) trails(i int) bool { return p.rows[i].beside || len(p.text(i)) > 0 }

// align is the column of the comments that start at row i, and the row where
// they end: the rows of one block that follow each other, all with comments.
func (p *page) align(i int) (column, until int) {
	until = i
	for ; until < len(p.rows); until++ {
		r := p.rows[until]
		if until > i && (r.comment.length() == 0 || r.blank || !p.trails(until) || r.group != p.rows[i].group) {
			break
		}
		if code := p.text(until); len(code) > 0 {
			column = max(column, int(r.indent)+utf8.RuneCount(code)+between)
		}
	}
	return column, until
}

func pad(out []byte, n int) []byte {
	const spaces = "                                "
	for ; n > len(spaces); n -= len(spaces) {
		out = append(out, spaces...)
	}
	return append(out, spaces[:max(n, 0)]...)
}

func trimRight(line []byte) []byte { return bytes.TrimRight(line, " \t") }
