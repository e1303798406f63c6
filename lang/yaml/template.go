package yaml

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/syntax"
)

const codeKeyTemplate diag.Code = "HS0290"

// IsTemplate reports whether a text has what HCL's templates act on.
func IsTemplate(text string) bool {
	return strings.Contains(text, "${") || strings.Contains(text, "%{")
}

// Templates reads every text below root that looks like a template as one, in
// place: ${…} becomes an expression whose places are exact to the column of
// this file, and $${ a text with ${ in it. Keys stay text, with a warning.
func Templates(root *syntax.Node) diag.List {
	var t templates
	t.walk(root, -1)
	return t.found.list
}

type templates struct {
	reader hcl.Templates
	found  findings
}

// walk reads the texts below n. indent is the column (from 0) of the block
// collection around it, -1 at the top.
func (t *templates) walk(n *syntax.Node, indent int) {
	switch n.Kind {
	case syntax.String:
		if IsTemplate(n.Text) {
			t.text(n, indent)
		}
	case syntax.List, syntax.Map:
		inside := n.Range.Pos().Col - 1
		for _, item := range n.Items {
			t.walk(item, inside)
		}
		for i := range n.Fields {
			if IsTemplate(n.Fields[i].Key) {
				t.key(&n.Fields[i])
			}
			t.walk(n.Fields[i].Value, inside)
		}
	}
}

// key warns of a key that looks like a template, and stays text.
func (t *templates) key(f *syntax.Field) {
	d := codeKeyTemplate.Warnf("a key that looks like an expression")
	d.Range = f.Range
	d.Label = "keys are plain text"
	d.Help = "make the mapping by an expression: ${{ for k, v in … : k => v }}"
	t.found.add(d)
}

func (t *templates) text(n *syntax.Node, indent int) {
	x := hcl.Text{Whole: n.Range}
	c, ok := contentOf(n, indent)
	if x.Content = c.text; ok {
		x.Place = c.place
	} else {
		x.Content = []byte(n.Text)
	}
	read, list := t.reader.Read(x)
	for _, d := range list {
		t.found.add(d)
	}
	*n = *read
}

// contentOf is what a text of a YAML file holds, as bytes, and the offset in the
// file of each of them. ok is false for what is no text, and where the two
// cannot be told exactly.
func contentOf(n *syntax.Node, indent int) (c *content, ok bool) {
	f := n.Range.File
	c = &content{file: f.Text, end: int(n.Range.End)}
	start := int(n.Range.Start)
	if start == c.end {
		return c, false
	}
	switch f.Text[start] {
	case '"':
		c.double(start + 1)
	case '\'':
		c.single(start + 1)
	case '|':
		c.block(start, indent, false)
	case '>':
		c.block(start, indent, true)
	default:
		c.plain(start)
	}
	c.runs = append(c.runs, run{len(c.text), c.last})
	return c, norm.NFC.String(string(c.text)) == n.Text
}

// content collects what a text holds, with where in the file each byte is from.
type content struct {
	file []byte
	end  int // of the text in the file
	text []byte
	runs []run
	last int // the offset in the file after what the last byte is from
}

// run says that the bytes from at on are those of the file from raw on, up to
// the next run.
type run struct{ at, raw int }

// put adds bytes that n bytes of the file at raw stand for.
func (c *content) put(raw, n int, s ...byte) {
	k := len(c.runs)
	if k == 0 || c.runs[k-1].raw+len(c.text)-c.runs[k-1].at != raw {
		c.runs = append(c.runs, run{len(c.text), raw})
	}
	c.text = append(c.text, s...)
	c.last = raw + n
}

// place is the offset in the file of an offset in the content.
func (c *content) place(offset int) int {
	low, high := 0, len(c.runs)
	for high-low > 1 {
		if mid := (low + high) / 2; c.runs[mid].at <= offset {
			low = mid
		} else {
			high = mid
		}
	}
	if len(c.runs) == 0 {
		return c.end
	}
	return min(c.runs[low].raw+offset-c.runs[low].at, c.end)
}

// breakAt is the size of the end of a line at i, 0 when none is there.
func (c *content) breakAt(i int) int {
	switch {
	case i >= c.end:
		return 0
	case c.file[i] == '\n':
		return 1
	case c.file[i] == '\r' && i+1 < c.end && c.file[i+1] == '\n':
		return 2
	}
	return 0
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// fold passes white space from i on. Within a line it stays; the end of a line
// is a space, each further one a line feed, and the white space around them is
// nothing.
func (c *content) fold(i int) int {
	start, first := i, -1
	for i < c.end && isBlank(c.file[i]) {
		i++
	}
	if c.breakAt(i) == 0 {
		for ; start < i; start++ {
			c.put(start, 1, c.file[start])
		}
		return i
	}
	further := 0
	for {
		n := c.breakAt(i)
		if n == 0 {
			break
		}
		if first < 0 {
			first = i
		} else {
			further++
			c.put(i, n, '\n')
		}
		i += n
		for i < c.end && isBlank(c.file[i]) {
			i++
		}
	}
	if further == 0 {
		c.put(first, i-first, ' ')
	}
	return i
}

func (c *content) plain(i int) {
	for i < c.end {
		if isBlank(c.file[i]) || c.breakAt(i) > 0 {
			i = c.fold(i)
			continue
		}
		c.put(i, 1, c.file[i])
		i++
	}
}

func (c *content) single(i int) {
	for i < c.end-1 {
		switch b := c.file[i]; {
		case isBlank(b) || c.breakAt(i) > 0:
			i = c.fold(i)
		case b == '\'':
			c.put(i, 2, '\'')
			i += 2
		default:
			c.put(i, 1, b)
			i++
		}
	}
}

func (c *content) double(i int) {
	for i < c.end-1 {
		switch b := c.file[i]; {
		case isBlank(b) || c.breakAt(i) > 0:
			i = c.fold(i)
		case b == '\\':
			i = c.escape(i)
		default:
			c.put(i, 1, b)
			i++
		}
	}
}

// escapes of one letter.
var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': "\"", '/': "/", '\\': "\\", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape reads what a backslash begins.
func (c *content) escape(i int) int {
	if n := c.breakAt(i + 1); n > 0 { // the line goes on in the next
		i += 1 + n
		for {
			for i < c.end && isBlank(c.file[i]) {
				i++
			}
			if n = c.breakAt(i); n == 0 {
				return i
			}
			c.put(i, n, '\n')
			i += n
		}
	}
	letter := c.file[i+1]
	if s, ok := escapes[letter]; ok {
		c.put(i, 2, []byte(s)...)
		return i + 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[letter]
	from := min(i+2, c.end)
	to := min(from+digits, c.end)
	r, err := strconv.ParseUint(string(c.file[from:to]), 16, 32)
	if err != nil {
		r = utf8.RuneError // the parser would not have come this far
	}
	c.put(i, to-i, []byte(string(rune(r)))...)
	return to
}
