package yaml

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

// scan looks at every byte once, before the library sees any, and finds what
// is wrong with the text as a whole: too large, not text, or not one document.
// Depth is the library's to check: it calls back at each new level, and only a
// real scanner can tell a bracket from a character of prose.
func scan(f *source.File, l Limits) *diag.Diagnostic {
	if len(f.Text) > l.Bytes {
		d := codeSize.Errorf("the file is larger than %d MiB", l.Bytes>>20)
		d.Range = source.Span(f, 0, 0)
		d.Help = "split it, or write count and presets instead of repeating"
		return d
	}
	if d := scanCharacters(f, l); d != nil {
		return d
	}
	return scanDocuments(f)
}

func scanCharacters(f *source.File, l Limits) *diag.Diagnostic {
	text, values := f.Text, 0
	for i := len(bom(text)); i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return notText(f, i)
			}
			if !printable(r) {
				return strayCharacter(f, i, size, r)
			}
			i += size
			continue
		}
		switch c {
		case '[', '{', ',':
			values++
		case ':', '-', '?':
			if i+1 == len(text) || text[i+1] <= ' ' {
				values++
			}
		case '\r':
			if i+1 == len(text) || text[i+1] != '\n' {
				return strayCharacter(f, i, 1, '\r')
			}
		case '\t', '\n':
		default:
			if c < ' ' || c == 0x7f {
				return strayCharacter(f, i, 1, rune(c))
			}
		}
		i++
	}
	if values > l.Values {
		d := codeTooMany.Errorf("the file holds more than %d values", l.Values)
		d.Range = source.Span(f, 0, 0)
		d.Help = "split it, or write count and presets instead of repeating"
		return d
	}
	return nil
}

// printable is YAML's own notion, without the separators U+0085, U+2028 and
// U+2029: what counts as a line must not depend on who reads the file.
func printable(r rune) bool {
	switch {
	case r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

func notText(f *source.File, at int) *diag.Diagnostic {
	d := codeEncoding.Errorf("byte 0x%02x is not UTF-8 text", f.Text[at])
	d.Range = source.Span(f, at, at+1)
	d.Help = "save the file as UTF-8"
	return d
}

func strayCharacter(f *source.File, at, size int, r rune) *diag.Diagnostic {
	d := codeCharacter.Errorf("character U+%04X is not allowed", r)
	d.Range = source.Span(f, at, at+size)
	d.Help = fmt.Sprintf("remove it, or write \"\\u%04x\" in double quotes if you mean it", r)
	if r == '\r' {
		d.Label = "a carriage return that does not end a line"
		d.Help = "save the file with line feeds (or CR LF) at the ends of lines"
	}
	return d
}

func bom(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		return text[:3]
	}
	return nil
}

// scanDocuments allows one document, which may start with --- and end with ….
// A line that begins with either is a marker wherever it stands, so no YAML
// needs to be understood to find them.
func scanDocuments(f *source.File) *diag.Diagnostic {
	started, marked, ended := false, false, false
	at := len(bom(f.Text))
	for at < len(f.Text) {
		end := len(f.Text)
		if i := bytes.IndexByte(f.Text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		line := f.Text[at:end]
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
			return secondDocument(f, at, at+len(bytes.TrimRight(line, " \t\r\n")))
		case line[0] == '%' && !started && !marked:
			d := codeDirective.Errorf("directives are not supported")
			d.Range = source.Span(f, at, at+len(bytes.TrimRight(line, " \t\r\n")))
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
