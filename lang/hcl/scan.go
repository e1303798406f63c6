package hcl

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/input"
	"github.com/homestak/homestak/lang/source"
)

// scan walks the text once, in time linear in it, before the library's parser
// sees it. That parser calls itself for each bracket, operator and branch, and
// evaluation follows the tree it makes: 100,000 of them would end the process.
// So scan knows enough of the lexical grammar (hclsyntax's scan_tokens.rl) to
// tell code from text, keeps the brackets, and stops at the first of: too deep,
// too long a chain, too much, not closed, closed by the wrong bracket.
func scan(f *source.File, l Limits) *diag.Diagnostic { return scanAs(f, l, inBody) }

// scanAs is scan of a text that is a body, or a part of one.
func scanAs(f *source.File, l Limits, kind byte) *diag.Diagnostic {
	if d := input.Check(f, l.Bytes, blocks); d != nil {
		return d
	}
	s := scanner{file: f, text: f.Text, at: input.Mark(f.Text), limits: l}
	s.frames = append(s.frames, frame{kind: kind})
	s.run()
	return s.found
}

func (s *scanner) run() {
	l := s.limits
	for s.at < len(s.text) && s.found == nil {
		if s.tokens > l.Tokens.Base && s.tooMany() {
			break
		}
		switch top := &s.frames[len(s.frames)-1]; top.kind {
		case inQuotes, inHeredoc, inText:
			s.template(top)
		default:
			s.code(top)
		}
	}
	if s.found == nil && len(s.frames) > 1 {
		s.unclosed()
	}
}

// Kinds of frames: what the text at some place is inside of.
const (
	inBody    = byte(0) // the file itself
	inBrace   = byte('{')
	inBracket = byte('[')
	inParen   = byte('(')
	inInterp  = byte('$') // ${ … } and %{ … }
	inQuotes  = byte('"')
	inHeredoc = byte('<')
	inText    = byte('t') // a text that another syntax has taken out of its quotes
	inCode    = byte('e') // a text that is one expression
)

// frame is one thing that is open.
type frame struct {
	kind   byte
	open   int    // where it was opened
	chain  int    // operators and indexes since its last separator
	marker []byte // inHeredoc: the line that ends it
	text   int    // templates: where the text since the last ${ } starts
	pieces int    // and in how many pieces the library reads it
}

type scanner struct {
	file   *source.File
	text   []byte
	at     int
	frames []frame
	weight int // frames, and all their chains: how deep a recursion gets here
	tokens int
	nodes  int // node blocks
	joined int // what joining the pieces of texts costs the library, in bytes moved
	limits Limits
	found  *diag.Diagnostic
}

// tooMany refuses more tokens than the nodes so far account for, and more nodes
// than anybody writes.
func (s *scanner) tooMany() bool {
	here := source.Span(s.file, s.at, s.at)
	if most := s.limits.Tokens.For(s.nodes); s.tokens > most {
		s.found = input.TooMany(s.file, here, most, "words and signs", s.limits.Tokens)
	} else if s.nodes > input.MaxNodes {
		s.found = input.TooMany(s.file, here, input.MaxNodes, "nodes", input.Allowance{})
	}
	return s.found != nil
}

func (s *scanner) fail(code diag.Code, from, to int, help, format string, args ...any) *diag.Diagnostic {
	s.found = code.Errorf(format, args...)
	s.found.Range = source.Span(s.file, from, min(to, len(s.text)))
	s.found.Help = help
	return s.found
}

func (s *scanner) push(kind byte, size int) {
	s.frames = append(s.frames, frame{kind: kind, open: s.at})
	s.weight++
	s.tokens++
	if len(s.frames)-1 > s.limits.Depth {
		s.fail(codeDeep, s.at, s.at+size, "flatten it: use a local for what is nested", "the text is nested more than %d levels deep", s.limits.Depth)
	}
	s.at += size
}

func (s *scanner) pop() {
	s.weight -= 1 + s.frames[len(s.frames)-1].chain
	s.frames = s.frames[:len(s.frames)-1]
	top := &s.frames[len(s.frames)-1]
	top.text, top.pieces = s.at, 0
}

// link counts one operator, index or branch.
func (s *scanner) link(top *frame, size int) {
	top.chain++
	s.weight++
	s.tokens++
	if s.weight > s.limits.Chain {
		s.fail(codeChain, s.at, s.at+size, "split it with locals", "this expression has more than %d operators", s.limits.Chain)
	}
	s.at += size
}

// separate starts a new expression in the frame.
func (s *scanner) separate(top *frame) {
	s.weight -= top.chain
	top.chain = 0
	s.tokens++
	s.at++
}

// code scans one token outside of quotes.
func (s *scanner) code(top *frame) {
	c := s.text[s.at]
	switch {
	case letter(s.text[s.at:]) > 0:
		s.word()
	case isDigit(c):
		s.number()
	case c == ' ' || c == '\t' || c == '\r':
		s.at++
	case c == '\n':
		if top.kind == inBody || top.kind == inBrace {
			s.separate(top)
		} else {
			s.at++
		}
	case c == ',':
		s.separate(top)
	case c == '#' || c == '/' && s.next() == '/':
		_, s.at = lineAt(s.text, s.at)
		s.tokens++
	case c == '/' && s.next() == '*':
		s.comment()
	case c == '"':
		s.push(inQuotes, 1)
		s.frames[len(s.frames)-1].text = s.at
	case c == '<' && s.next() == '<':
		s.heredoc(top)
	case c == '{' || c == '(':
		s.push(c, 1)
	case c == '[':
		s.link(top, 0)
		s.push(c, 1)
	case c == '}' || c == ')' || c == ']':
		s.close(top, c)
	default:
		s.link(top, 1)
	}
}

func (s *scanner) next() byte {
	if s.at+1 < len(s.text) {
		return s.text[s.at+1]
	}
	return 0
}

// word scans a name. Only a name has hyphens in it: a-1 is one, 1-a is not.
func (s *scanner) word() {
	start := s.at
	for s.at < len(s.text) {
		n := letter(s.text[s.at:])
		if n == 0 && s.text[s.at] != '-' && !isDigit(s.text[s.at]) {
			break
		}
		s.at += max(n, 1)
	}
	s.tokens++
	if s.at < len(s.text) && s.text[s.at] == ' ' && string(s.text[start:s.at]) == "node" {
		s.nodes++
	}
}

// letter is the size of the letter text starts with, or 0.
func letter(text []byte) int {
	if c := text[0]; c < utf8.RuneSelf {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' {
			return 1
		}
		return 0
	}
	if r, size := utf8.DecodeRune(text); unicode.In(r, unicode.L, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc) {
		return size
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// maxDigits bounds numbers: reading a longer one takes time quadratic in it.
const maxDigits = 100

func (s *scanner) number() {
	start := s.at
	for s.at < len(s.text) && (isDigit(s.text[s.at]) || s.text[s.at] == '.' && isDigit(s.next())) {
		s.at++
	}
	s.tokens++
	if s.at-start > maxDigits {
		s.fail(codeNumber, start, s.at, "put it into quotes if it is text", "a number has at most %d digits", maxDigits)
	}
}

func (s *scanner) comment() {
	end := bytes.Index(s.text[s.at+2:], []byte("*/"))
	if end < 0 {
		s.fail(codeUnclosed, s.at, s.at+2, "add the closing */", "the comment is not closed").Label = "opened here"
		return
	}
	s.tokens++
	s.at += 2 + end + 2
}

// close ends the frame that c closes.
func (s *scanner) close(top *frame, c byte) {
	want := closer(top.kind)
	if want == c {
		s.pop()
		s.tokens++
		s.at++
		return
	}
	if want == 0 || s.isBlock(top) && !s.isOpen(c) {
		s.fail(codeUnclosed, s.at, s.at+1, "remove it, or put the text into quotes", "%c closes a bracket that is not open", c)
		return
	}
	d := s.fail(codeUnclosed, s.at, s.at+1, "write "+string(want), "a %c where %c belongs", c, want)
	d.Notes = []diag.Note{{Text: "the bracket to close is here", Range: source.Span(s.file, top.open, top.open+1)}}
}

// isOpen reports whether a bracket that c closes is open anywhere.
func (s *scanner) isOpen(c byte) bool {
	for _, f := range s.frames {
		if closer(f.kind) == c {
			return true
		}
	}
	return false
}

// isBlock reports whether a brace follows a kind or a name: it opens a block
// and no mapping, and a bracket in it does not mean to close it.
func (s *scanner) isBlock(f *frame) bool {
	before := bytes.TrimRight(s.text[:f.open], " \t")
	if f.kind != inBrace || len(before) == 0 {
		return false
	}
	last := before[len(before)-1]
	return last == '"' || last == '-' || isDigit(last) || last >= utf8.RuneSelf || letter(before[len(before)-1:]) > 0
}

func closer(kind byte) byte {
	switch kind {
	case inBrace, inInterp:
		return '}'
	case inBracket:
		return ']'
	case inParen:
		return ')'
	}
	return 0
}

// lineAt is the line from an offset on without its line feed, and where the
// next starts.
func lineAt(text []byte, at int) (line []byte, next int) {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return text[at : at+i], at + i + 1
	}
	return text[at:], len(text)
}
