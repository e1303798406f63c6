package format

import (
	"bytes"

	"github.com/homestak/homestak/lang/syntax"
)

// scalar prints the inline value n, which starts here, as code of the level d.
func (p *printer) scalar(n *syntax.Node, d int) {
	text := p.text[n.Range.Start:n.Range.End]
	switch {
	case p.bracketed(n):
		p.brackets(n, d)
		return
	case text[0] == '|' || text[0] == '>':
		p.blockScalar(n, d)
		return
	}
	line, rest, more := bytes.Cut(spelled(text), []byte("\n"))
	p.token(trimFolded(line, text[0]), d)
	for more {
		line, rest, more = bytes.Cut(rest, []byte("\n"))
		p.page.add(row{indent: p.inside(d), group: int32(p.levels[d].to)})
		p.page.code = append(p.page.code, trimFolded(bytes.TrimLeft(line, " \t"), text[0])...)
	}
	p.pass(int(n.Range.End))
	p.printed()
}

// inside is the column of what goes on below the row where a value of the level
// d starts.
func (p *printer) inside(d int) int32 { return int32(max(p.levels[d].to, indent)) }

// trimFolded drops the space at the end of a line of a text with this quote,
// which is not part of the text unless it is escaped.
func trimFolded(line []byte, quote byte) []byte {
	trimmed := trimRight(line)
	if len(trimmed) == len(line) || quote != '"' {
		return trimmed
	}
	slashes := len(trimmed) - len(bytes.TrimRight(trimmed, `\`))
	return line[:len(trimmed)+slashes%2]
}

// spelled is a plain or quoted text with the quotes of house style. Plain text
// that reads as punctuation where it is moved to gets some.
func spelled(text []byte) []byte {
	switch text[0] {
	case '\'':
		if bytes.ContainsAny(text, `"\`) {
			return text
		}
		inner := bytes.ReplaceAll(text[1:len(text)-1], []byte("''"), []byte("'"))
		return quoted(inner)
	case '"':
		return text
	}
	if readsAsPunctuation(text) {
		return quoted(bytes.ReplaceAll(bytes.ReplaceAll(text, []byte(`\`), []byte(`\\`)), []byte(`"`), []byte(`\"`)))
	}
	return text
}

// readsAsPunctuation finds plain text that is one only between brackets, or not
// at the start of a line: -, a marker, lines that end with a colon.
func readsAsPunctuation(text []byte) bool {
	return len(text) == 1 && bytes.ContainsAny(text, "-?:") || isMarker(text) || text[len(text)-1] == ':' || bytes.Contains(text, []byte(":\n"))
}

func quoted(inner []byte) []byte {
	out := make([]byte, 0, len(inner)+2)
	return append(append(append(out, '"'), inner...), '"')
}

// brackets prints a collection on one line. Only an empty one may have further
// lines, with comments: they end up beside it.
func (p *printer) brackets(n *syntax.Node, d int) {
	if len(n.Items)+len(n.Fields) > 0 {
		var out []byte
		p.token(p.flow(out, n), d)
		p.pass(int(n.Range.End))
		p.printed()
		return
	}
	p.token([]byte{p.text[p.at], p.text[n.Range.End-1]}, d)
	p.openBracket()
	for p.at < int(n.Range.End) {
		p.tokenLine = p.line
		if p.text[p.at] == '#' {
			p.comment(d)
			continue
		}
		p.pass(p.at + 1)
	}
	open := p.open
	p.printed()
	p.open = open
}

// flow appends the form of n that is on one line.
func (p *printer) flow(out []byte, n *syntax.Node) []byte {
	switch n.Kind {
	case syntax.List:
		out = append(out, '[')
		for i, item := range n.Items {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = p.flow(out, item)
		}
		return append(out, ']')
	case syntax.Map:
		out = append(out, '{')
		for i, f := range n.Fields {
			if i > 0 {
				out = append(out, ", "...)
			}
			out = p.flowField(out, f)
		}
		return append(out, '}')
	}
	return append(out, spelled(p.text[n.Range.Start:n.Range.End])...)
}

func (p *printer) flowField(out []byte, f syntax.Field) []byte {
	key := p.text[f.Range.Start:f.Range.End]
	if len(key) >= maxKey {
		out = append(out, "? "...)
	}
	out = append(append(out, spelled(key)...), ':')
	if p.absent(f.Value) {
		return out
	}
	return p.flow(append(out, ' '), f.Value)
}
