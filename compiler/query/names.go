package query

import "bytes"

// mention is a name in an expression: var.workers, spec.base, a function.
type mention struct {
	root  span
	step  span // its first step, without quotes; empty when it has none
	whole span // root and first step
	index bool // the step is written in brackets
	call  bool // it is called
}

// mentions lists the names in a value: in an expression or, when it is text, in
// what is filled in there. Names that a `for` binds are left out.
func mentions(d *document, v *node) []mention {
	text, at := content(d, v)
	m := mentioner{text: text}
	m.read(0, len(text), !d.hcl)
	var out []mention
	for _, x := range m.found {
		if m.isBound(string(text[x.root.start:x.root.end]), x.root.start) {
			continue
		}
		for _, s := range []*span{&x.root, &x.step, &x.whole} {
			s.start, s.end = at(s.start), at(s.end)
		}
		out = append(out, x)
	}
	return out
}

// inCode reports whether the end of the beginning of a value is in an
// expression.
func inCode(part []byte, asText bool) bool {
	m := mentioner{text: part}
	return m.read(0, len(part), asText)
}

// content is what a value means to the language of expressions, and where an
// offset in it is in the file.
func content(d *document, v *node) (text []byte, at func(int) int) {
	in := span{v.start, v.end}
	if !d.hcl {
		in = unquoted(d.file.Text, in)
	}
	text, at = d.file.Text[in.start:in.end], func(i int) int { return in.start + i }
	if d.hcl || v.quote != '"' || bytes.IndexByte(text, '\\') < 0 {
		return text, at
	}
	// YAML's escapes are undone: \" is a quote.
	plain := make([]byte, 0, len(text))
	from := make([]int, 0, len(text)+1)
	for i := 0; i < len(text); i++ {
		c := text[i]
		from = append(from, in.start+i)
		if c == '\\' && i+1 < len(text) {
			i++
			if c = text[i]; c != '"' && c != '\\' {
				c = ' '
			}
		}
		plain = append(plain, c)
	}
	from = append(from, in.end)
	return plain, func(i int) int { return from[i] }
}

type mentioner struct {
	text  []byte
	found []mention
	bound []binding
}

// binding is a name of a loop, from where it means the loop's.
type binding struct {
	name string
	from int
}

func (m *mentioner) isBound(name string, at int) bool {
	for _, b := range m.bound {
		if b.name == name && b.from <= at {
			return true
		}
	}
	return false
}

// read goes through a part of code and texts. open has a brace for code and a
// quote for text, innermost last. In the outermost text a backslash is one. It
// reports whether the end is in code.
func (m *mentioner) read(at, end int, asText bool) bool {
	text := m.text[:end]
	open := []byte{'{'}
	if asText {
		open[0] = '"'
	}
	for at < end {
		c := text[at]
		if open[len(open)-1] == '"' {
			switch {
			case c == '\\' && len(open) > 1:
				at++
			case (c == '$' || c == '%') && at+2 < end && text[at+1] == c && text[at+2] == '{':
				at += 2
			case (c == '$' || c == '%') && at+1 < end && text[at+1] == '{':
				open = append(open, '{')
				at++
			case c == '"' && len(open) > 1:
				open = open[:len(open)-1]
			}
			at++
			continue
		}
		switch {
		case c == '"':
			open = append(open, '"')
		case c == '{':
			open = append(open, '{')
		case c == '}' && len(open) > 1:
			open = open[:len(open)-1]
		case c == '<' && isHeredoc(text, at):
			stop := heredocEnd(text, at)
			code := m.read(at, stop, true)
			if at = stop; at == end {
				return code
			}
			continue
		case c == '#' || c == '/':
			if stop := commentHCL(text, at); stop > at {
				at = stop
				continue
			}
		case wordAt(text, at).end > at:
			at = m.word(text, at)
			continue
		}
		at++
	}
	return open[len(open)-1] == '{'
}

// word reads the name at an offset and its first step, and returns where it
// ends.
func (m *mentioner) word(text []byte, at int) int {
	end := len(text)
	root := wordAt(text, at)
	if at > 0 && (text[at-1] == '.' || wordLetter(text[at-1])) {
		return root.end // a further step
	}
	name := string(text[root.start:root.end])
	if name == "for" {
		return m.bind(text, root.end)
	}
	x := mention{root: root, whole: root}
	switch {
	case root.end < end && text[root.end] == '.':
		x.step = wordAt(text, root.end+1)
		x.whole.end = max(x.step.end, root.end+1)
	case root.end+1 < end && text[root.end] == '[' && text[root.end+1] == '"':
		stop := closingQuote(text, root.end+1, end)
		if stop < 0 || stop+1 >= end || text[stop+1] != ']' {
			break
		}
		x.step, x.index = span{root.end + 2, stop}, true
		x.whole.end = stop + 2
	case root.end < end && text[root.end] == '(':
		x.call = true
	}
	m.found = append(m.found, x)
	return x.whole.end
}

// bind takes the names between `for` and `in` for those of the loop: what it
// loops over, up to the colon, does not see them.
func (m *mentioner) bind(text []byte, at int) int {
	first := len(m.bound)
	for at < len(text) {
		for at < len(text) && (isSpace(text[at]) || text[at] == ',') {
			at++
		}
		w := wordAt(text, at)
		if w.end == w.start {
			return at
		}
		at = w.end
		name := string(text[w.start:w.end])
		if name == "in" {
			from := colonAfter(text, at)
			for i := first; i < len(m.bound); i++ {
				m.bound[i].from = from
			}
			return at
		}
		m.bound = append(m.bound, binding{name, len(text)})
	}
	return at
}

// colonAfter is where the colon is that ends what a loop loops over.
func colonAfter(text []byte, at int) int {
	depth, branches := 0, 0
	for at < len(text) {
		switch c := text[at]; {
		case c == '"':
			at = max(at+1, stringEnd(text, at))
			continue
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == '?':
			branches++
		case c == ':' && depth == 0 && branches > 0:
			branches--
		case c == ':' && depth == 0:
			return at
		}
		at++
	}
	return at
}
