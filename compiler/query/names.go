package query

// mention is a name in an expression: var.workers, spec.base, a function.
type mention struct {
	root  span
	step  span // its first step, without quotes; empty when it has none
	whole span // root and first step
	index bool // the step is written in brackets
	call  bool // it is called
}

// mentions lists the names in the part of a text that is an expression or, when
// it begins as text, in what is filled in there. Names that a `for` binds are
// left out.
func mentions(text []byte, in span, asText bool) []mention {
	m := mentioner{text: text, end: in.end, bound: map[string]bool{}}
	m.read(in.start, asText)
	var out []mention
	for _, x := range m.found {
		if !m.bound[string(text[x.root.start:x.root.end])] {
			out = append(out, x)
		}
	}
	return out
}

type mentioner struct {
	text  []byte
	end   int
	found []mention
	bound map[string]bool
}

// read goes through code and texts. open has a brace for code and a quote for
// text, innermost last.
func (m *mentioner) read(at int, asText bool) {
	open := []byte{'{'}
	if asText {
		open[0] = '"'
	}
	for at < m.end {
		c := m.text[at]
		if open[len(open)-1] == '"' {
			switch {
			case c == '\\':
				at++
			case (c == '$' || c == '%') && at+1 < m.end && m.text[at+1] == c:
				at++
			case (c == '$' || c == '%') && at+1 < m.end && m.text[at+1] == '{':
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
		case c == '#' || c == '/':
			if end := commentHCL(m.text[:m.end], at); end > at {
				at = end
				continue
			}
		case wordAt(m.text[:m.end], at).end > at:
			at = m.word(at)
			continue
		}
		at++
	}
}

// word reads the name at an offset and its first step, and returns where it
// ends.
func (m *mentioner) word(at int) int {
	text := m.text[:m.end]
	root := wordAt(text, at)
	if at > 0 && (text[at-1] == '.' || wordLetter(text[at-1])) {
		return root.end // a further step
	}
	name := string(text[root.start:root.end])
	if name == "for" {
		return m.bind(root.end)
	}
	x := mention{root: root, whole: root}
	switch {
	case root.end < m.end && text[root.end] == '.':
		x.step = wordAt(text, root.end+1)
		x.whole.end = max(x.step.end, root.end+1)
	case root.end+1 < m.end && text[root.end] == '[' && text[root.end+1] == '"':
		stop := closingQuote(text, root.end+1, m.end)
		if stop < 0 || stop+1 >= m.end || text[stop+1] != ']' {
			break
		}
		x.step, x.index = span{root.end + 2, stop}, true
		x.whole.end = stop + 2
	case root.end < m.end && text[root.end] == '(':
		x.call = true
	}
	m.found = append(m.found, x)
	return x.whole.end
}

// bind takes the names between `for` and `in` for those of the loop.
func (m *mentioner) bind(at int) int {
	text := m.text[:m.end]
	for at < m.end {
		for at < m.end && (isSpace(text[at]) || text[at] == ',') {
			at++
		}
		w := wordAt(text, at)
		if w.end == w.start {
			return at
		}
		at = w.end
		name := string(text[w.start:w.end])
		if name == "in" {
			return at
		}
		m.bound[name] = true
	}
	return at
}
