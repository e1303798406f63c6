package yaml

import "bytes"

// block reads a literal or folded scalar whose header starts at i.
func (c *content) block(i, indent int, folded bool) {
	header, at := cutLine(c.file, i)
	if n := bytes.IndexByte(header, '#'); n >= 0 {
		header = header[:n]
	}
	want := -1
	if n := bytes.IndexAny(header, "123456789"); n >= 0 {
		want = max(indent, 0) + int(header[n]-'0')
	}
	strip, keep := bytes.IndexByte(header, '-') >= 0, bytes.IndexByte(header, '+') >= 0
	b := blockReader{c: c, want: want, least: indent + 1, folded: folded}
	b.breaks(at)
	for b.at < len(c.file) && b.column == b.want {
		if rest := c.file[b.at:]; b.want == 0 && (marker(rest, "---") || marker(rest, "...")) {
			break
		}
		b.line()
	}
	if !strip {
		b.flush(&b.leading)
	}
	if keep {
		b.flush(&b.trailing)
	}
}

// blockReader reads the lines of a block scalar, as the library does.
type blockReader struct {
	c           *content
	at          int
	want, least int // columns the lines are indented by: -1 = as the first that is not blank
	column      int // of at
	folded      bool
	leading     []linebreak // after the last line
	trailing    []linebreak // of the blank lines after it
	blank       bool        // the last line starts with white space
}

type linebreak struct{ at, size int }

// breaks passes indentation and blank lines from at on.
func (b *blockReader) breaks(at int) {
	b.at, b.column = at, 0
	deepest := 0
	for b.at < len(b.c.file) {
		for b.at < len(b.c.file) && (b.want < 0 || b.column < b.want) && b.c.file[b.at] == ' ' {
			b.at, b.column = b.at+1, b.column+1
		}
		deepest = max(deepest, b.column)
		n := b.breakAt(b.at)
		if n == 0 {
			break
		}
		b.trailing = append(b.trailing, linebreak{b.at, n})
		b.at, b.column = b.at+n, 0
	}
	if b.want < 0 {
		b.want = max(deepest, b.least)
	}
}

// breakAt looks beyond the end of the scalar: blank lines after it count.
func (b *blockReader) breakAt(i int) int {
	beyond := content{file: b.c.file, end: len(b.c.file)}
	return beyond.breakAt(i)
}

func (b *blockReader) flush(list *[]linebreak) {
	for _, l := range *list {
		b.c.put(l.at, l.size, '\n')
	}
	*list = (*list)[:0]
}

// line reads one line that is not blank, and what follows it.
func (b *blockReader) line() {
	blank := isBlank(b.c.file[b.at])
	if b.folded && len(b.leading) > 0 && !b.blank && !blank {
		if l := b.leading[0]; len(b.trailing) == 0 {
			b.c.put(l.at, b.at-l.at, ' ')
		}
		b.leading = b.leading[:0]
	} else {
		b.flush(&b.leading)
	}
	b.flush(&b.trailing)
	b.blank = blank
	for b.at < len(b.c.file) && b.breakAt(b.at) == 0 {
		b.c.put(b.at, 1, b.c.file[b.at])
		b.at++
	}
	if n := b.breakAt(b.at); n > 0 {
		b.leading = append(b.leading[:0], linebreak{b.at, n})
		b.breaks(b.at + n)
	} else {
		b.column = 0
	}
}
