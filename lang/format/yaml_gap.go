package format

import "bytes"

// gap prints the comments between here and the offset to, where an entry of
// the level next starts, and closes the levels that are further in.
func (p *printer) gap(to, next int) { p.skip(to, next, 0) }

// skip is gap; it also ends after the first mark.
func (p *printer) skip(to, next int, mark byte) {
	for p.at < to {
		c := p.text[p.at]
		switch {
		case c == ' ' || c == '\t':
			p.at++
			continue
		case c == '\n':
			p.at++
			p.line, p.lineStart = p.line+1, p.at
			if p.breaks++; p.breaks > 1 {
				p.blank = true
			}
			continue
		case c == '#':
			p.comment(next)
			continue
		case p.marker():
			p.open = false
			p.page.add(row{blank: p.blank})
			p.page.code = append(p.page.code, p.text[p.at:p.at+3]...)
			p.at += 3
			p.printed()
			p.open = false
			continue
		case c == ']' || c == '}':
			p.closeBracket(next)
		}
		p.at++
		p.breaks = 0
		if c == mark {
			break
		}
	}
	p.levels = p.levels[:next+1]
}

// marker reports whether --- or ... starts here.
func (p *printer) marker() bool {
	return p.at == p.lineStart && isMarker(p.text[p.at:])
}

// isMarker reports whether a line starts with a document marker.
func isMarker(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("---")) && !bytes.HasPrefix(line, []byte("...")) {
		return false
	}
	return len(line) == 3 || line[3] <= ' '
}

// closeBracket closes the levels inside of a bracket. No blank line is kept
// before it.
func (p *printer) closeBracket(next int) {
	p.blank = false
	for i := len(p.levels) - 1; i > next; i-- {
		if p.levels[i].bracket {
			p.levels = p.levels[:i]
			return
		}
	}
}

// comment prints a comment: beside the token that it is beside in the source,
// below such a comment that it continues, or on a row of its own.
func (p *printer) comment(next int) {
	start := p.at
	end := len(p.text)
	if i := bytes.IndexByte(p.text[start:], '\n'); i >= 0 {
		end = start + i
	}
	text := span{int32(start), int32(start + len(trimRight(p.text[start:end])))}
	column := p.column(start)
	if p.line == p.tokenLine || p.continues(column) {
		p.page.comment(text)
		p.beside.line, p.beside.column = p.line, column
	} else {
		p.page.add(row{indent: int32(p.levels[p.levelAt(column, next)].to), comment: text, blank: p.blank})
	}
	p.at, p.breaks, p.blank, p.open = end, 0, false, false
}

// continues reports whether a comment in this column is meant to be read with
// the one above it, which is beside code.
func (p *printer) continues(column int) bool {
	if p.beside.line != p.line-1 || p.beside.column != column {
		return false
	}
	for _, l := range p.levels {
		if l.from >= column {
			return false
		}
	}
	return true
}

// levelAt is the level of a comment in this column before an entry of the level
// next. In brackets it is that of the innermost. Else it is next, or if the
// comment is further in, the innermost level that starts at or before it.
func (p *printer) levelAt(column, next int) int {
	for i := len(p.levels) - 1; i >= 0; i-- {
		if p.levels[i].bracket {
			return max(i, next)
		}
	}
	found := next
	if column > p.levels[next].from {
		for i := next + 1; i < len(p.levels); i++ {
			if p.levels[i].from <= column {
				found = i
			}
		}
	}
	return found
}
