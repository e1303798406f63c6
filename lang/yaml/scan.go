package yaml

import (
	"bytes"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/input"
	"github.com/homestak/homestak/lang/source"
)

// scan looks at the bytes before the library sees any, and finds what is wrong
// with the text as a whole: not fit to read, too much, or not one document.
// Depth is the library's to check: it calls back at each new level, and only a
// real scanner can tell a bracket from a character of prose.
func scan(f *source.File, l Limits) *diag.Diagnostic {
	if d := input.Check(f, l.Bytes, names); d != nil {
		return d
	}
	if n := indicators(f.Text); n > l.Values.Base {
		nodes := names(f.Text)
		switch most := l.Values.For(nodes); {
		case n > most:
			return input.TooMany(f, source.Span(f, 0, 0), most, "values", l.Values)
		case nodes > input.MaxNodes:
			return input.TooMany(f, source.Span(f, 0, 0), input.MaxNodes, "nodes", input.Allowance{})
		}
	}
	return scanDocuments(f)
}

// indicators counts what may make a value, and comments. It also counts such
// characters in prose, which only large files of prose would notice.
func indicators(text []byte) int {
	n := 0
	for i, c := range text {
		switch c {
		case '[', '{', ',', '#', '&', '*', '!', '\\':
			n++
		case ':', '-', '?':
			if i+1 == len(text) || text[i+1] <= ' ' {
				n++
			}
		}
	}
	return n
}

// scanDocuments allows one document, which may start with --- and end with ....
// A line that begins with either is a marker wherever it stands, so no YAML
// needs to be understood to find them.
func scanDocuments(f *source.File) *diag.Diagnostic {
	started, marked, ended := false, false, false
	for at := input.Mark(f.Text); at < len(f.Text); {
		end := len(f.Text)
		if i := bytes.IndexByte(f.Text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := f.Text[at:end]
		content := bytes.TrimRight(line, " \t\r\n")
		switch {
		case marker(line, "---"):
			if started || marked || ended {
				return secondDocument(f, at, at+3)
			}
			marked = true
			started = !blank(line[3:])
		case marker(line, "..."):
			ended = started || marked
		case blank(line):
		case ended:
			return secondDocument(f, at, at+len(content))
		case line[0] == '%' && !started && !marked:
			d := codeDirective.Errorf("directives are not supported")
			d.Range = source.Span(f, at, at+len(content))
			d.Help = "remove this line: files are YAML 1.2 without it"
			return d
		default:
			started = true
		}
		at = end
	}
	return nil
}

func marker(line []byte, m string) bool {
	return bytes.HasPrefix(line, []byte(m)) && (len(line) == 3 || line[3] <= ' ')
}

// blank lines have nothing but space and comments.
func blank(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) == 0 || line[0] == '#'
}

func secondDocument(f *source.File, from, to int) *diag.Diagnostic {
	d := codeDocuments.Errorf("a file holds one document")
	d.Range = source.Span(f, from, to)
	d.Label = "a second one starts here"
	d.Help = "put each document into a file of its own"
	return d
}
