package input

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeSize      diag.Code = "HS0001"
	codeTooMany   diag.Code = "HS0003"
	codeEncoding  diag.Code = "HS0004"
	codeCharacter diag.Code = "HS0005"
)

// Allowance is how much of something one file may hold. Only manifests of many
// nodes are large: what is large without them is a mistake, or means harm, and
// is refused while it is cheap.
type Allowance struct {
	Base int // for a file without nodes
	Node int // more for each
	Most int // however many there are
}

// For is the allowance of a file with that many nodes.
func (a Allowance) For(nodes int) int { return min(a.Base+a.Node*nodes, a.Most) }

// Check returns the first reason not to parse f, or nil. nodes, which counts
// the nodes a text may have, is called for large ones only.
func Check(f *source.File, bytes Allowance, nodes func([]byte) int) *diag.Diagnostic {
	if len(f.Text) > bytes.Base {
		if most := bytes.For(nodes(f.Text[:min(len(f.Text), bytes.Most)])); len(f.Text) > most {
			d := codeSize.Errorf("the file is larger than %d MiB", most>>20)
			d.Range = source.Span(f, 0, 0)
			d.Help = SplitHelp
			if most < bytes.Most {
				d.Notes = []diag.Note{{Text: fmt.Sprintf("a manifest may be larger: %d KiB for each of its nodes", bytes.Node>>10)}}
			}
			return d
		}
	}
	return characters(f)
}

// MaxNodes is how many nodes a file may write out: count and for_each make more.
const MaxNodes = 125_000

// TooMany reports a file of more than most of something, which its allowance
// gives it. With more nodes it might have more, unless that is all there is.
func TooMany(f *source.File, at source.Range, most int, what string, a Allowance) *diag.Diagnostic {
	d := codeTooMany.Errorf("the file holds more than %d %s", most, what)
	d.Range = at
	d.Help = SplitHelp
	if most < a.Most {
		d.Notes = []diag.Note{{Text: fmt.Sprintf("a manifest may hold %d more for each of its nodes", a.Node)}}
	}
	return d
}

// SplitHelp is what to do about a file that is too much of something.
const SplitHelp = "split it, or write count and presets instead of repeating"

// Mark is the length of the byte order mark the text starts with, or 0.
func Mark(text []byte) int {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		return len("\ufeff")
	}
	return 0
}

func characters(f *source.File) *diag.Diagnostic {
	text := f.Text
	for i := Mark(text); i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return notText(f, i)
			}
			if !allowed(r) {
				return stray(f, i, size, r)
			}
			i += size
			continue
		}
		switch {
		case c >= ' ' && c != 0x7f, c == '\n', c == '\t':
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
		default:
			return stray(f, i, 1, rune(c))
		}
		i++
	}
	return nil
}

// allowed is YAML's notion of a printable character, without the separators
// U+0085, U+2028 and U+2029: what counts as a line must not depend on who
// reads the file.
func allowed(r rune) bool {
	switch {
	case r < 0xa0, r == 0x2028, r == 0x2029, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

func notText(f *source.File, at int) *diag.Diagnostic {
	d := codeEncoding.Errorf("a byte is not UTF-8 text")
	if !f.Secret {
		d.Message = fmt.Sprintf("byte 0x%02x is not UTF-8 text", f.Text[at])
	}
	d.Range = source.Span(f, at, at+1)
	d.Help = "save the file as UTF-8"
	return d
}

func stray(f *source.File, at, size int, r rune) *diag.Diagnostic {
	d := codeCharacter.Errorf("character U+%04X is not allowed", r)
	d.Range = source.Span(f, at, at+size)
	d.Help = fmt.Sprintf("remove it, or write \"\\u%04x\" in double quotes if you mean it", r)
	if r == '\r' {
		d.Label = "a carriage return that does not end a line"
		d.Help = "save the file with line feeds (or CR LF) at the ends of lines"
	}
	return d
}
