package hcl

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// maxJoined bounds the library's work on texts: it joins the lines of a text
// one by one, each time moving all of it, which takes time quadratic in their
// number. A script of 5,000 lines is fine.
const maxJoined = 1 << 30

// piece counts a line, or a stretch of text before a $ or %.
func (s *scanner) piece(top *frame) {
	s.tokens++
	top.pieces++
	s.joined += s.at - top.text + 16*top.pieces
	if s.joined > maxJoined {
		s.fail(codeTooMany, top.open, top.open+1, "shorten it, or split the file", "the texts of this file have too many lines")
	}
}

// heredoc starts a text that ends with its marker, if that is what << is.
func (s *scanner) heredoc(top *frame) {
	rest, _ := lineAt(s.text, s.at+2)
	marker := bytes.TrimSuffix(bytes.TrimPrefix(rest, []byte("-")), []byte("\r"))
	if !isName(marker) {
		s.link(top, 2)
		return
	}
	s.push(inHeredoc, 2+len(rest)+1)
	top = &s.frames[len(s.frames)-1]
	top.marker, top.text = marker, s.at
}

// isName looks at no more than the name, so that a line of << is linear.
func isName(text []byte) bool {
	for i := 0; i < len(text); {
		n := letter(text[i:])
		if n == 0 && text[i] != '-' && !isDigit(text[i]) {
			return false
		}
		i += max(n, 1)
	}
	return len(text) > 0 && hclsyntax.ValidIdentifier(string(text))
}

// template scans text up to the next place where something happens.
func (s *scanner) template(top *frame) {
	if top.kind == inHeredoc && s.endsHeredoc(top) {
		return
	}
	for s.at < len(s.text) && s.found == nil {
		switch c := s.text[s.at]; {
		case c == '\\' && top.kind == inQuotes && s.next() != '\n':
			s.tokens++
			s.at += 2
		case (c == '$' || c == '%') && s.next() == c && s.at+2 < len(s.text) && s.text[s.at+2] == '{':
			s.at += 3
			s.piece(top)
		case (c == '$' || c == '%') && s.next() == '{':
			if c == '%' { // directives nest without brackets
				s.link(top, 0)
			}
			s.push(inInterp, 2)
			return
		case c == '"' && top.kind == inQuotes:
			s.pop()
			s.at++
			return
		case c == '\n':
			if top.kind == inQuotes {
				s.unclosed()
			}
			s.at++
			s.piece(top)
			return
		case c == '$' || c == '%':
			s.at++
			s.piece(top)
		default:
			s.at++
		}
	}
}

// endsHeredoc reports whether a line that ends the text starts here, and stops
// before the end of that line.
func (s *scanner) endsHeredoc(top *frame) bool {
	if s.at == 0 || s.text[s.at-1] != '\n' {
		return false
	}
	line, _ := lineAt(s.text, s.at)
	if !bytes.Equal(bytes.TrimSpace(line), top.marker) {
		return false
	}
	s.at += len(line)
	s.pop()
	return true
}

// unclosed reports the innermost thing that is open.
func (s *scanner) unclosed() {
	top := s.frames[len(s.frames)-1]
	size := 1
	help := "add the closing " + string(closer(top.kind))
	what := "bracket"
	switch top.kind {
	case inQuotes:
		what, help = "quoted text", `add the closing ", or use <<EOT for a text of several lines`
	case inHeredoc:
		what = "text"
		help = "end it with a line that has only " + string(top.marker) + " in it"
		size = 2
	case inInterp:
		what, size = "${ }", 2
	}
	s.fail(codeUnclosed, top.open, top.open+size, help, "the %s is not closed", what).Label = "opened here"
}
