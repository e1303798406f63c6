package shell

import (
	"fmt"
	"strings"
)

// maxScript bounds a script, in bytes.
const maxScript = 1 << 20

// Script is a parsed command line.
type Script struct{ items []item }

// item is a pipeline with the operator before it: "" for the first and after
// ; or a newline, else "&&" or "||".
type item struct {
	op     string
	negate bool
	stages []command
}

// command is one stage of a pipeline.
type command struct {
	assigns []assign
	words   []word
	redirs  []redirect
}

type assign struct {
	name  string
	value word
}

// word is text with variables to put in.
type word []part

// part is literal text, or a variable when name is not "". Quoted variables
// are not split into fields.
type part struct {
	text   string
	name   string
	quoted bool
}

// redirect sends fd to a file, or to another fd when to is not negative.
type redirect struct {
	fd     int
	op     string // "<", ">", ">>", "&"
	target word
	to     int
}

// SyntaxError is text the shell does not understand.
type SyntaxError struct{ What string }

func (e *SyntaxError) Error() string { return e.What }

// reserved words begin constructs that are not understood.
var reserved = map[string]bool{
	"if": true, "then": true, "else": true, "elif": true, "fi": true, "for": true, "while": true, "until": true,
	"do": true, "done": true, "case": true, "esac": true, "in": false, "{": true, "}": true, "function": true,
}

// Parse reads a script. The error is a *SyntaxError.
func Parse(text string) (*Script, error) {
	if len(text) > maxScript {
		return nil, &SyntaxError{"the script is longer than 1 MiB"}
	}
	p := &parser{in: text}
	s, err := p.script()
	if err != nil {
		return nil, err
	}
	return s, nil
}

type parser struct {
	in  string
	pos int
}

func (p *parser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) has(s string) bool { return strings.HasPrefix(p.in[p.pos:], s) }

// blanks skips spaces, continued lines and comments; with newlines, these too.
func (p *parser) blanks(newlines bool) {
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || newlines && c == '\n':
			p.pos++
		case p.has("\\\n"):
			p.pos += 2
		case c == '#':
			for p.pos < len(p.in) && p.in[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}

func (p *parser) script() (*Script, error) {
	s, op := &Script{}, ""
	for {
		p.blanks(true)
		if p.pos == len(p.in) {
			if op != "" {
				return nil, &SyntaxError{"end of the script after " + op}
			}
			return s, nil
		}
		it, err := p.pipeline()
		if err != nil {
			return nil, err
		}
		it.op = op
		s.items = append(s.items, it)
		op = ""
		p.blanks(false)
		switch {
		case p.has("&&"), p.has("||"):
			op = p.in[p.pos : p.pos+2]
			p.pos += 2
		case p.has(";;"):
			return nil, unsupported(";;")
		case p.peek() == ';', p.peek() == '\n':
			p.pos++
		case p.pos == len(p.in):
		default:
			return nil, unsupported(p.in[p.pos : p.pos+1])
		}
	}
}

func unsupported(what string) error {
	return &SyntaxError{fmt.Sprintf("%q is not understood by the lab's shell", what)}
}

func (p *parser) pipeline() (item, error) {
	var it item
	for p.peek() == '!' && (p.has("! ") || p.has("!\t")) {
		it.negate = !it.negate
		p.pos++
		p.blanks(false)
	}
	for {
		c, err := p.command()
		if err != nil {
			return it, err
		}
		it.stages = append(it.stages, c)
		p.blanks(false)
		if p.peek() != '|' || p.has("||") {
			return it, nil
		}
		p.pos++
		if p.peek() == '&' {
			return it, unsupported("|&")
		}
		p.blanks(true)
	}
}

func (p *parser) command() (command, error) {
	var c command
	for {
		p.blanks(false)
		if p.pos == len(p.in) || strings.IndexByte("\n;|&", p.peek()) >= 0 {
			break
		}
		if strings.IndexByte("()`", p.peek()) >= 0 {
			return c, unsupported(p.in[p.pos : p.pos+1])
		}
		if r, ok, err := p.redirect(); err != nil {
			return c, err
		} else if ok {
			c.redirs = append(c.redirs, r)
			continue
		}
		start := p.pos
		w, err := p.word()
		if err != nil {
			return c, err
		}
		if name, value, ok := assignment(p.in[start:p.pos], w); ok && len(c.words) == 0 {
			c.assigns = append(c.assigns, assign{name, value})
			continue
		}
		if len(c.words) == 0 && reserved[p.in[start:p.pos]] {
			return c, unsupported(p.in[start:p.pos])
		}
		c.words = append(c.words, w)
	}
	if len(c.words) == 0 && len(c.assigns) == 0 && len(c.redirs) == 0 {
		if p.pos == len(p.in) {
			return c, &SyntaxError{"a command is missing at the end"}
		}
		return c, &SyntaxError{fmt.Sprintf("a command is missing before %q", p.in[p.pos:p.pos+1])}
	}
	return c, nil
}

// assignment splits NAME=value when the name and the = are not quoted.
func assignment(raw string, w word) (string, word, bool) {
	name, _, ok := strings.Cut(raw, "=")
	if !ok || !isName(name) || len(w) == 0 || w[0].name != "" {
		return "", nil, false
	}
	value := append(word{{text: strings.TrimPrefix(w[0].text, name+"="), quoted: w[0].quoted}}, w[1:]...)
	return name, value, true
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}

// redirect reads one redirection if there is one here.
func (p *parser) redirect() (redirect, bool, error) {
	r, at := redirect{fd: -1, to: -1}, p.pos
	if c := p.peek(); (c == '1' || c == '2' || c == '0') && at+1 < len(p.in) && (p.in[at+1] == '>' || p.in[at+1] == '<') {
		r.fd = int(c - '0')
		at++
	}
	rest := p.in[at:]
	switch {
	case strings.HasPrefix(rest, "<<"), strings.HasPrefix(rest, "<&"), strings.HasPrefix(rest, "<>"), strings.HasPrefix(rest, ">|"):
		return r, false, unsupported(rest[:2])
	case strings.HasPrefix(rest, ">&"):
		if len(rest) < 3 || rest[2] != '1' && rest[2] != '2' {
			return r, false, unsupported(">&")
		}
		r.op, r.to = "&", int(rest[2]-'0')
		p.pos = at + 3
	case strings.HasPrefix(rest, ">>"):
		r.op = ">>"
		p.pos = at + 2
	case strings.HasPrefix(rest, ">"), strings.HasPrefix(rest, "<"):
		r.op = rest[:1]
		p.pos = at + 1
	default:
		return r, false, nil
	}
	if r.fd < 0 {
		r.fd = 1
		if r.op == "<" {
			r.fd = 0
		}
	}
	if r.op == "&" {
		return r, true, nil
	}
	p.blanks(false)
	w, err := p.word()
	if err != nil {
		return r, false, err
	}
	if w == nil {
		return r, false, &SyntaxError{"a file name is missing after " + r.op}
	}
	r.target = w
	return r, true, nil
}
