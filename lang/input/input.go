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
	codeEncoding  diag.Code = "HS0004"
	codeCharacter diag.Code = "HS0005"
)

// Check returns the first reason not to parse f, or nil.
func Check(f *source.File, maxBytes int) *diag.Diagnostic {
	if len(f.Text) > maxBytes {
		d := codeSize.Errorf("the file is larger than %d MiB", maxBytes>>20)
		d.Range = source.Span(f, 0, 0)
		d.Help = SplitHelp
		return d
	}
	return characters(f)
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
