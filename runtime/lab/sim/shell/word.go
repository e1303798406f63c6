package shell

import "strings"

// word reads one word, nil when none begins here.
func (p *parser) word() (word, error) {
	var w word
	var text strings.Builder
	seen := false
	flush := func(quoted bool) {
		if text.Len() > 0 || quoted {
			w = append(w, part{text: text.String(), quoted: quoted})
			text.Reset()
		}
	}
	for p.pos < len(p.in) {
		switch c := p.peek(); {
		case strings.IndexByte(" \t\r\n;|&<>", c) >= 0:
			flush(false)
			return w, nil
		case strings.IndexByte("()`*?[", c) >= 0 && !(c == '[' && !seen && p.alone("[")):
			return nil, unsupported(string(c))
		case c == '~' && !seen:
			p.pos++
			if n := p.peek(); n != 0 && strings.IndexByte("/ \t\n;|&", n) < 0 {
				return nil, unsupported("~" + string(n))
			}
			w = append(w, part{name: "HOME", quoted: true})
		case c == '\\':
			p.pos++
			if p.peek() == '\n' {
				p.pos++
				continue
			}
			if p.pos == len(p.in) {
				return nil, &SyntaxError{"nothing after the last \\"}
			}
			text.WriteByte(p.peek())
			p.pos++
		case c == '\'':
			end := strings.IndexByte(p.in[p.pos+1:], '\'')
			if end < 0 {
				return nil, &SyntaxError{"unterminated quoted string"}
			}
			flush(false)
			text.WriteString(p.in[p.pos+1 : p.pos+1+end])
			flush(true)
			p.pos += end + 2
		case c == '"':
			flush(false)
			parts, err := p.quoted()
			if err != nil {
				return nil, err
			}
			w = append(w, parts...)
		case c == '$':
			name, err := p.variable()
			if err != nil {
				return nil, err
			}
			if name == "" {
				text.WriteByte('$')
				break
			}
			flush(false)
			w = append(w, part{name: name})
		default:
			text.WriteByte(c)
			p.pos++
		}
		seen = true
	}
	flush(false)
	return w, nil
}

// alone is true when s stands here as a word of its own.
func (p *parser) alone(s string) bool {
	rest, ok := strings.CutPrefix(p.in[p.pos:], s)
	return ok && (rest == "" || strings.IndexByte(" \t\n", rest[0]) >= 0)
}

// quoted reads "…".
func (p *parser) quoted() ([]part, error) {
	var parts []part
	var text strings.Builder
	p.pos++
	for p.pos < len(p.in) {
		switch c := p.peek(); c {
		case '"':
			p.pos++
			return append(parts, part{text: text.String(), quoted: true}), nil
		case '`':
			return nil, unsupported("`")
		case '\\':
			p.pos++
			switch n := p.peek(); n {
			case '$', '`', '"', '\\':
				text.WriteByte(n)
				p.pos++
			case '\n':
				p.pos++
			default:
				text.WriteByte('\\')
			}
		case '$':
			name, err := p.variable()
			if err != nil {
				return nil, err
			}
			if name == "" {
				text.WriteByte('$')
				continue
			}
			parts = append(parts, part{text: text.String(), quoted: true}, part{name: name, quoted: true})
			text.Reset()
		default:
			text.WriteByte(c)
			p.pos++
		}
	}
	return nil, &SyntaxError{"unterminated quoted string"}
}

// variable reads $NAME, ${NAME} or $?; the name is "" for a plain $.
func (p *parser) variable() (string, error) {
	p.pos++ // $
	switch c := p.peek(); {
	case c == '?':
		p.pos++
		return "?", nil
	case c == '(':
		return "", unsupported("$(")
	case c == '{':
		end := strings.IndexByte(p.in[p.pos:], '}')
		if end < 0 || !isName(p.in[p.pos+1:p.pos+end]) {
			return "", unsupported("${")
		}
		name := p.in[p.pos+1 : p.pos+end]
		p.pos += end + 1
		return name, nil
	}
	start := p.pos
	for p.pos < len(p.in) && isName(p.in[start:p.pos+1]) {
		p.pos++
	}
	if start == p.pos && strings.IndexByte("@*#$!-0123456789", p.peek()) >= 0 && p.peek() != 0 {
		return "", unsupported("$" + string(p.peek()))
	}
	return p.in[start:p.pos], nil
}

// fields expands a word. Unquoted variables split at blanks and may give no
// field at all, as in sh.
func (w word) fields(get func(string) string) []string {
	var out []string
	var cur strings.Builder
	open := false
	for _, pt := range w {
		text := pt.text
		if pt.name != "" {
			text = get(pt.name)
			if !pt.quoted {
				parts := strings.Fields(text)
				for i, f := range parts {
					if i > 0 || open && strings.IndexByte(" \t\n", text[0]) >= 0 {
						if open {
							out = append(out, cur.String())
							cur.Reset()
						}
					}
					cur.WriteString(f)
					open = true
				}
				if open && text != "" && strings.IndexByte(" \t\n", text[len(text)-1]) >= 0 {
					out = append(out, cur.String())
					cur.Reset()
					open = false
				}
				continue
			}
		}
		cur.WriteString(text)
		open = open || pt.quoted || text != ""
	}
	if open {
		out = append(out, cur.String())
	}
	return out
}

// join expands a word to one string, as assignments and redirections do.
func (w word) join(get func(string) string) string {
	var b strings.Builder
	for _, pt := range w {
		if pt.name != "" {
			b.WriteString(get(pt.name))
		} else {
			b.WriteString(pt.text)
		}
	}
	return b.String()
}
