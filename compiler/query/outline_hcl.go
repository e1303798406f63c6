package query

import (
	"bytes"
	"slices"

	"github.com/homestak/homestak/lang/hcl"
)

// hclReader outlines HCL by braces. The tree has the shape of lang/hcl's.
type hclReader struct {
	paper
	cursor int
	at     int
	depth  int
	gapped bool // the cursor has its empty key
	spent  int  // bytes that expressions were looked for in, see again
}

// again bounds how often a text is looked through for where expressions end, as
// it is once at each depth of nesting: a hostile one is left a formula.
const again = 32

func outlineHCL(text []byte, cursor int) *node {
	r := &hclReader{paper: newPaper(text), cursor: cursor}
	root := &node{kind: mapping, end: len(text)}
	for r.at < len(text) {
		r.body(root, true) // again after a brace too many
	}
	if len(text) == 0 {
		r.gap(root, 0, 0)
	}
	return root
}

// body reads attributes and blocks up to the closing brace.
func (r *hclReader) body(n *node, top bool) {
	for {
		from := r.at
		r.skip()
		r.gap(n, from, r.at)
		if r.at >= len(r.text) {
			return
		}
		if r.text[r.at] == '}' {
			r.at++
			return
		}
		word := wordAt(r.text, r.at)
		if word.end == word.start {
			r.junk()
			continue
		}
		r.at = word.end
		r.entry(n, word, top)
	}
}

// skip passes over blanks, line ends and comments.
func (r *hclReader) skip() {
	for r.at < len(r.text) {
		c := r.text[r.at]
		if isSpace(c) || r.at == 0 && bytes.HasPrefix(r.text, []byte("\ufeff")) {
			r.at++
			for r.at < len(r.text) && r.at < 3 && r.text[r.at] >= 0x80 {
				r.at++
			}
			continue
		}
		end := commentHCL(r.text, r.at)
		if end == r.at {
			return
		}
		r.at = end
	}
}

// commentHCL is where the comment at an offset ends: the offset itself when
// none begins there. Its line end is not part of one.
func commentHCL(text []byte, at int) int {
	c := text[at]
	two := c == '/' && at+1 < len(text)
	switch {
	case c == '#', two && text[at+1] == '/':
		end, _ := lineEnd(text, at)
		return end
	case two && text[at+1] == '*':
		if i := bytes.Index(text[at+2:], []byte("*/")); i >= 0 {
			return at + 2 + i + 2
		}
		return len(text)
	}
	return at
}

// gap adds an empty key where the cursor stands between entries and an entry
// may be written: on a line of its own, or behind an opening brace.
func (r *hclReader) gap(n *node, from, to int) {
	if r.gapped || r.cursor < from || r.cursor > to || r.cursor > len(r.text) {
		return // or in a body that is not closed, which was read before those around
	}
	if to == r.cursor && to < len(r.text) && wordLetter(r.text[to]) {
		return // it is at the word that follows
	}
	start := max(lineStart(r.text, r.cursor), from)
	before := r.text[start:r.cursor]
	if len(bytes.TrimSpace(before)) > 0 { // a comment
		return
	}
	if start == from && from > 0 && lineStart(r.text, from) < from && r.text[from-1] != '{' && r.text[from-1] != '\n' {
		line := r.text[lineStart(r.text, from):from]
		if len(bytes.TrimSpace(line)) > 0 {
			return // behind another entry
		}
	}
	r.gapped = true
	n.fields = append(n.fields, field{at: span{r.cursor, r.cursor}, value: &node{start: r.cursor, end: r.cursor}})
}

// junk passes over what no entry begins with.
func (r *hclReader) junk() {
	if r.text[r.at] == '"' {
		r.at = stringEnd(r.text, r.at)
		return
	}
	r.at++
}

// entry reads what follows the word that an attribute or a block begins with.
func (r *hclReader) entry(n *node, word span, top bool) {
	key := r.str[word.start:word.end]
	i := r.blanks(r.at)
	if i < len(r.text) && r.text[i] == '=' && (i+1 == len(r.text) || r.text[i+1] != '=') {
		f := r.field(key, word)
		f.value = r.expression(i+1, false)
		r.at = f.value.end
		n.fields = append(n.fields, f)
		return
	}
	label, i := r.labels(i)
	if i < len(r.text) && r.text[i] == '{' || label.end > label.start {
		r.block(n, key, word, label, i, top)
		return
	}
	f := r.field(key, word)
	f.sep = false
	n.fields = append(n.fields, f)
}

func (r *hclReader) blanks(at int) int {
	for at < len(r.text) && isBlank(r.text[at]) {
		at++
	}
	return at
}

// labels reads the first label of a block and passes over more of them.
func (r *hclReader) labels(at int) (first span, next int) {
	for n := 0; at < len(r.text); n++ {
		var l span
		if r.text[at] == '"' {
			end, _ := lineEnd(r.text, at)
			stop := closingQuote(r.text, at, end)
			if stop < 0 {
				stop = trimmed(r.text, at, end) - 1
			}
			l = span{at, stop + 1}
		} else if l = wordAt(r.text, at); l.end == l.start {
			break
		} else if i := r.blanks(l.end); n == 0 && (i >= len(r.text) || r.text[i] != '{') {
			break // two words and no block
		}
		if n == 0 {
			first = l
		}
		at = r.blanks(l.end)
	}
	return first, at
}

// block adds a block to the mapping or list it belongs to and reads its body.
func (r *hclReader) block(n *node, key string, word, label span, brace int, top bool) {
	body := r.node(node{kind: mapping, start: word.start, end: max(word.end, label.end), head: word})
	name := unquoted(r.text, label)
	text := unescaped(r.str[name.start:name.end])
	itemField, _ := hcl.ItemField(key)
	switch {
	case itemField != "" && !(top && label.end == 0):
		l := collector(n, itemField, word, list)
		l.items = append(l.items, body)
		if label.end > label.start {
			body.fields = append(body.fields, field{key: "name", at: label, sep: true, label: true,
				value: r.node(node{kind: scalar, start: label.start, end: label.end, quote: quoteOf(r.text, label), text: text})})
		}
	case slices.Contains(hcl.Defining(), key), top && label.end > label.start:
		l := collector(n, key, word, mapping)
		l.fields = append(l.fields, field{key: text, at: label, sep: true, block: true, label: true, value: body})
	default:
		n.fields = append(n.fields, field{key: key, at: word, sep: true, block: true, value: body})
	}
	r.at = max(r.at, brace)
	if brace >= len(r.text) || r.text[brace] != '{' {
		return
	}
	r.at++
	if r.depth < maxOutline {
		r.depth++
		r.body(body, false)
		r.depth--
	}
	body.end = r.at
}

func quoteOf(text []byte, label span) byte {
	if text[label.start] == '"' {
		return '"'
	}
	return 0
}

// collector is the list or mapping of n that collects blocks.
func collector(n *node, key string, word span, k kind) *node {
	if f := n.get(key); f != nil && f.value.made {
		return f.value
	}
	n.fields = append(n.fields, field{key: key, at: word, sep: true, block: true, value: &node{kind: k, start: word.start, end: word.end, made: true}})
	return n.fields[len(n.fields)-1].value
}

// expression reads the value at an offset. inner says that it is in brackets,
// where a comma ends it.
func (r *hclReader) expression(at int, inner bool) *node {
	start := r.blanks(at)
	limit := extent(r.text, start)
	r.spent += limit - start
	end := trimmed(r.text, start, limit)
	if end < r.cursor && r.cursor <= limit && bracketEnd(r.text, start, end+1) > end {
		end = r.cursor // in a bracket that is not closed
	}
	if start >= end {
		stop, _ := lineEnd(r.text, min(at, len(r.text)))
		if inner {
			stop = start
		}
		return r.node(node{start: at, end: max(at, min(stop, r.blanks(at)))})
	}
	return r.classify(span{start, end})
}
