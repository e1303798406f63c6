package diag

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/homestak/homestak/lang/source"
)

// Widths in terminal cells.
const (
	tabCells  = 4   // a tab, wherever it stands
	lineCells = 110 // the longest piece of a source line that is shown
	leadCells = 40  // what stays visible left of a mark in a longer line
	// windowBytes is what cut looks at on each side of a range: enough for a
	// window of four-byte characters, so that the cost of a finding does not
	// depend on the length of its line.
	windowBytes = 4 * lineCells
)

// snippet is one line of source ready to print, with the place of its mark.
type snippet struct {
	text   string
	indent int // cells before the mark
	width  int // cells of the mark, at least one
}

// cut takes the first line of r and keeps the part around r that fits.
func cut(r source.Range) snippet {
	line, from, to := window(r)
	var cells []cell
	indent, width := 0, 0
	for at := 0; at < len(line.text); {
		c, size := glyph(line.text[at:])
		switch {
		case at < from:
			indent += c.width
		case at < to:
			width += c.width
		}
		cells = append(cells, c)
		at += size
	}
	s := snippet{indent: indent, width: max(1, width)}
	cells, s = clip(cells, s, line.cutLeft, line.cutRight)
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(c.text)
	}
	s.text = b.String()
	return s
}

// fragment is a stretch of one line of source.
type fragment struct {
	text              []byte
	cutLeft, cutRight bool // the line goes on beyond it
}

// window returns the stretch of r's first line that cut works on, and where r
// starts and ends in it.
func window(r source.Range) (f fragment, from, to int) {
	// The line is found by searching around the range and not through Pos,
	// which walks it.
	text := r.File.Text
	start := max(0, min(int(r.Start), len(text)))
	lo := max(0, start-windowBytes)
	if i := bytes.LastIndexByte(text[lo:start], '\n'); i >= 0 {
		lo += i + 1
	} else if lo > 0 {
		f.cutLeft = true
		for lo < start && !utf8.RuneStart(text[lo]) {
			lo++
		}
	}
	hi := min(len(text), start+windowBytes)
	if i := bytes.IndexByte(text[start:hi], '\n'); i >= 0 {
		hi = start + i
	} else if hi < len(text) {
		f.cutRight = true
		for hi > start && !utf8.RuneStart(text[hi]) {
			hi--
		}
	}
	f.text = bytes.TrimSuffix(text[lo:hi], []byte("\r"))
	end := min(int(r.End), lo+len(f.text))
	return f, start - lo, max(start, end) - lo
}

// clip keeps lineCells of a line, with the mark inside and an ellipsis where
// something is left out.
func clip(cells []cell, s snippet, left, right bool) ([]cell, snippet) {
	total := 0
	for _, c := range cells {
		total += c.width
	}
	skip := 0
	if s.indent+min(s.width, leadCells) > lineCells || left {
		skip = max(0, s.indent-leadCells)
		left = left || skip > 0
	}
	var kept []cell
	at, used := 0, 0
	for _, c := range cells {
		if at >= skip {
			if used+c.width > lineCells {
				right = true
				break
			}
			kept = append(kept, c)
			used += c.width
		} else if at+c.width > skip { // a wide character across the cut
			skip = at + c.width
		}
		at += c.width
	}
	s.indent -= skip
	s.width = max(1, min(s.width, used-s.indent))
	if left {
		kept = append([]cell{{"…", 1}}, kept...)
		s.indent++
	}
	if right {
		kept = append(kept, cell{"…", 1})
	}
	return kept, s
}

// cell is a character as printed, with the terminal columns it takes.
type cell struct {
	text  string
	width int
}

// glyph makes the first character of text safe to print.
func glyph(text []byte) (cell, int) {
	r, size := utf8.DecodeRune(text)
	switch {
	case r == '\t':
		return cell{strings.Repeat(" ", tabCells), tabCells}, size
	case r == utf8.RuneError && size == 1:
		return cell{"�", 1}, size
	case r == '\ufeff':
		return cell{"", 0}, size
	case unicode.In(r, unicode.Mn, unicode.Me):
		return cell{string(r), 0}, size
	}
	if s := visible(r); s != r {
		return cell{string(s), 1}, size
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return cell{string(r), 2}, size
	}
	return cell{string(r), 1}, size
}

// visible replaces a character that would not show, or would change how others
// show (control characters, text direction), by one that does.
func visible(r rune) rune {
	switch {
	case r < 0x20:
		return 0x2400 + r // the control pictures
	case r == 0x7f:
		return 0x2421
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r), !unicode.IsGraphic(r):
		return '�'
	}
	return r
}

// messageRunes bounds a message that quotes something long.
const messageRunes = 2000

// clean makes a message safe to print on one line.
func clean(s string) string {
	n := 0
	for at := range s {
		if n++; n > messageRunes {
			return cleanRunes(s[:at]) + "…"
		}
	}
	return cleanRunes(s)
}

func cleanRunes(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return visible(r)
	}, s)
}
