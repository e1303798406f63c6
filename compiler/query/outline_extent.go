package query

import "bytes"

// extent is where the expression that begins at an offset ends: at the end of
// its line, at a comma, at a bracket that is not its own, at a comment. Inside
// brackets lines go on, unless the next begins like an entry of a body: then a
// bracket was not closed.
func extent(text []byte, at int) int {
	var open []byte
	for at < len(text) {
		c := text[at]
		switch {
		case c == '\n' && len(open) == 0, c == ',' && len(open) == 0:
			return at
		case c == '\n' && beginsEntry(text, at+1, open[len(open)-1]):
			return at
		case c == '"':
			at = stringEnd(text, at)
			continue
		case c == '<' && isHeredoc(text, at):
			at = heredocEnd(text, at)
			continue
		case c == '[' || c == '(' || c == '{':
			open = append(open, c)
		case c == ']' || c == ')' || c == '}':
			if len(open) == 0 || closerOf(open[len(open)-1]) != c {
				return at
			}
			open = open[:len(open)-1]
		case c == '#' || c == '/':
			if end := commentHCL(text, at); end > at {
				if len(open) == 0 {
					return at
				}
				at = end
				continue
			}
		}
		at++
	}
	return len(text)
}

func closerOf(c byte) byte {
	switch c {
	case '[':
		return ']'
	case '(':
		return ')'
	}
	return '}'
}

// beginsEntry reports whether a line begins like an attribute or a block: what
// is in the brackets that opened with open does not.
func beginsEntry(text []byte, at int, open byte) bool {
	for at < len(text) && isBlank(text[at]) {
		at++
	}
	word := wordAt(text, at)
	if word.end == word.start {
		return false
	}
	i := word.end
	for i < len(text) && isBlank(text[i]) {
		i++
	}
	if i >= len(text) {
		return false
	}
	switch text[i] {
	case '=':
		return open != '{' && (i+1 == len(text) || text[i+1] != '=' && text[i+1] != '>')
	case '{':
		return true
	case '"':
		end, _ := lineEnd(text, i)
		return bytes.HasSuffix(bytes.TrimRight(text[i:end], " \t"), []byte("{"))
	}
	return false
}

// bracketEnd is where the bracket at an offset is closed, behind the closing
// one; the limit when it is not.
func bracketEnd(text []byte, at, limit int) int {
	depth := 0
	for at < limit {
		switch c := text[at]; c {
		case '"':
			at = stringEnd(text, at)
			continue
		case '<':
			if isHeredoc(text, at) {
				at = heredocEnd(text, at)
				continue
			}
		case '[', '(', '{':
			depth++
		case ']', ')', '}':
			if depth--; depth == 0 {
				return at + 1
			}
		case '#', '/':
			if end := commentHCL(text, at); end > at {
				at = end
				continue
			}
		}
		at++
	}
	return limit
}

// stringEnd is where the text in double quotes at an offset ends, behind its
// closing quote: at the end of its line when it is not closed.
func stringEnd(text []byte, at int) int {
	var open []byte // " of a text, { of what is filled in and of braces in there
	for ; at < len(text) && text[at] != '\n'; at++ {
		c := text[at]
		inText := len(open) > 0 && open[len(open)-1] == '"'
		switch {
		case c == '"' && inText:
			if open = open[:len(open)-1]; len(open) == 0 {
				return at + 1
			}
		case c == '"':
			open = append(open, c)
		case c == '\\' && inText:
			at++
		case (c == '$' || c == '%') && inText && at+2 < len(text) && text[at+1] == c && text[at+2] == '{':
			at += 2 // $${ is text
		case (c == '$' || c == '%') && inText && at+1 < len(text) && text[at+1] == '{':
			open = append(open, '{')
			at++
		case c == '{' && !inText:
			open = append(open, c)
		case c == '}' && !inText && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	return trimmed(text, 0, min(at, len(text)))
}

func isHeredoc(text []byte, at int) bool {
	rest := bytes.TrimPrefix(text[at:], []byte("<<"))
	if len(rest) == len(text)-at {
		return false
	}
	rest = bytes.TrimPrefix(rest, []byte("-"))
	return len(rest) > 0 && wordLetter(rest[0])
}

// heredocEnd is where the heredoc at an offset ends: behind the word that closes
// it, or at the end of the text.
func heredocEnd(text []byte, at int) int {
	word := at + 2
	if text[word] == '-' {
		word++
	}
	end, next := lineEnd(text, word)
	tag := bytes.TrimSpace(text[word:end])
	for next < len(text) {
		stop, after := lineEnd(text, next)
		if bytes.Equal(bytes.TrimSpace(text[next:stop]), tag) {
			return stop
		}
		next = after
	}
	return len(text)
}
