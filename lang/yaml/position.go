package yaml

import (
	"bytes"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/homestak/homestak/lang/source"
)

// The library tells where a value starts, as a line and a column that counts
// code points, and not where it ends. The functions here find byte offsets of
// both in the text, each in time linear in the part it walks.

// cursor turns the library's places into offsets. Places come in the order of
// the text, so it walks on from the last one and never a line twice.
type cursor struct {
	line, col, offset int
}

func (c *cursor) seek(f *source.File, line, col int) int {
	if line != c.line || col < c.col {
		c.line, c.col, c.offset = line, 1, f.Offset(source.Pos{Line: line, Col: 1})
	}
	for c.col < col && c.offset < len(f.Text) && f.Text[c.offset] != '\n' {
		c.offset++
		for c.offset < len(f.Text) && f.Text[c.offset]&0xc0 == 0x80 {
			c.offset++
		}
		c.col++
	}
	return c.offset
}

// scalarEnd is the offset after the scalar n that starts at start. indent is
// the column (from 0) of the collection around it, -1 at the top.
func scalarEnd(text []byte, start int, n *yaml.Node, indent int) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return doubleEnd(text, start)
	case n.Style&yaml.SingleQuotedStyle != 0:
		return singleEnd(text, start)
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return blockEnd(text, start, indent)
	}
	return plainEnd(text, start, n.Value)
}

func doubleEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func singleEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); i++ {
		if text[i] != '\'' {
			continue
		}
		if i+1 == len(text) || text[i+1] != '\'' {
			return i + 1
		}
		i++
	}
	return len(text)
}

// plainEnd walks value and text together. A plain scalar has no escapes: they
// differ only where lines were folded, in white space.
func plainEnd(text []byte, start int, value string) int {
	i := start
	for v := 0; v < len(value) && i < len(text); {
		if c := value[v]; c != ' ' && c != '\n' && c != '\t' {
			i, v = i+1, v+1
			continue
		}
		v = skipSpace(value, v)
		i = skipSpace(text, i)
	}
	return i
}

func skipSpace[T string | []byte](text T, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n') {
		i++
	}
	return i
}

// blockEnd finds the end of a literal or folded scalar: its last line that is
// not blank, of those indented as the header or the first line say.
func blockEnd(text []byte, start, indent int) int {
	header, at := cutLine(text, start)
	if i := bytes.IndexByte(header, '#'); i >= 0 {
		header = header[:i]
	}
	header = bytes.TrimRight(header, " \t")
	end := start + len(header)
	want := -1 // not known yet; a text that is the whole file may stand in column 0
	if i := bytes.IndexAny(header, "123456789"); i >= 0 {
		want = max(indent, 0) + int(header[i]-'0')
	}
	for at < len(text) {
		line, next := cutLine(text, at)
		have := len(line) - len(bytes.TrimLeft(line, " "))
		if have < len(line) {
			if want < 0 {
				want = max(have, indent+1)
			}
			if have < want || have == 0 && (marker(line, "---") || marker(line, "...")) {
				break
			}
			end = at + len(line)
		}
		at = next
	}
	return end
}

// cutLine is the line at an offset, without its end, and where the next starts.
func cutLine(text []byte, at int) (line []byte, next int) {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return bytes.TrimSuffix(text[at:at+i], []byte("\r")), at + i + 1
	}
	return text[at:], len(text)
}

// flowEnd is the offset after the bracket that closes a flow collection whose
// last entry ends at i.
func flowEnd(text []byte, i int) int {
	for i < len(text) {
		switch c := text[i]; {
		case c == ']' || c == '}':
			return i + 1
		case c == '#':
			_, i = cutLine(text, i)
		default:
			i++
		}
	}
	return len(text)
}

// colonAfter is the offset after the colon that follows a key, or i when the
// key has none ("? key" without a value). A colon that does not touch the key
// starts the next one unless something ends it: a blank, or in flow style a
// bracket or comma.
func colonAfter(text []byte, i int, flow bool) int {
	at := skipBlank(text, i)
	if at == len(text) || text[at] != ':' {
		return i
	}
	if at > i && at+1 < len(text) {
		next := text[at+1]
		if next > ' ' && !(flow && strings.ContainsRune(",[]{}", rune(next))) {
			return i
		}
	}
	return at + 1
}

// skipBlank skips white space and comments.
func skipBlank(text []byte, i int) int {
	for {
		i = skipSpace(text, i)
		if i == len(text) || text[i] != '#' {
			return i
		}
		_, i = cutLine(text, i)
	}
}

// property is the end of an anchor, alias or tag that starts at i, or i.
func property(text []byte, i int) int {
	if i == len(text) || !strings.ContainsRune("&*!", rune(text[i])) {
		return i
	}
	if bytes.HasPrefix(text[i:], []byte("!<")) {
		if n := bytes.IndexByte(text[i:], '>'); n > 0 {
			return i + n + 1
		}
	}
	for i < len(text) && text[i] > ' ' && !strings.ContainsRune(",[]{}", rune(text[i])) {
		i++
	}
	return i
}
