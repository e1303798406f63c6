package format

import (
	"bytes"
	"math"
	"unicode/utf8"

	"github.com/homestak/homestak/lang/syntax"
)

// indent is how much further in a block's content stands than the block.
const indent = 2

// printer walks the tree and the text together: the tree says what the values
// are and where, the gaps between them hold the comments and blank lines.
type printer struct {
	text []byte
	page page

	at        int // everything before is printed
	line      int // of at, from 0
	lineStart int // offset of that line
	tokenLine int // line of the last token printed, -1 when no comment can be beside it
	breaks    int // line ends since the last token or comment
	blank     bool
	open      bool // the last row takes more code

	beside struct{ line, column int } // of the last comment beside code
	levels []level
}

// level is an open block.
type level struct {
	from    int  // column of its entries in the source
	to      int  // column they are printed in
	bracket bool // has a closing bracket in the source
}

// printYAML prints the text whose tree is n. It has line feeds only and no
// byte order mark, and was parsed without an error. The result is nil when it
// would be longer than most.
func printYAML(text []byte, n *syntax.Node, most int) []byte {
	p := printer{text: text, page: page{source: text}, tokenLine: -1}
	p.beside.line = -1
	p.root(n)
	p.gap(len(text), 0)
	return p.page.bytes(most)
}

func (p *printer) root(n *syntax.Node) {
	start := int(n.Range.Start)
	if p.absent(n) {
		p.levels = []level{{}}
		return
	}
	p.levels = []level{{from: p.indentation(start)}}
	p.gap(start, 0)
	switch {
	case p.inline(n):
		p.scalar(n, 0)
	case p.bracketed(n):
		p.levels[0] = level{bracket: true}
		p.openBracket()
		p.block(n, 0)
	default:
		p.block(n, 0)
	}
}

// absent reports whether n is a null of no text.
func (p *printer) absent(n *syntax.Node) bool {
	return n.Kind == syntax.Null && n.Range.Start == n.Range.End
}

// bracketed reports whether n is a collection in brackets or braces.
func (p *printer) bracketed(n *syntax.Node) bool {
	return n.Kind == syntax.List && p.text[n.Range.Start] == '[' || n.Kind == syntax.Map && p.text[n.Range.Start] == '{'
}

// inline reports whether n is printed beside its key: scalars, and collections
// in brackets that are on one line or empty.
func (p *printer) inline(n *syntax.Node) bool {
	switch {
	case n.Kind != syntax.List && n.Kind != syntax.Map:
		return true
	case !p.bracketed(n):
		return false
	}
	return len(n.Items)+len(n.Fields) == 0 || bytes.IndexByte(p.text[n.Range.Start:n.Range.End], '\n') < 0
}

// block prints the entries of a collection, each on rows of its own, into the
// level d. The first may go on in a row that is open.
func (p *printer) block(n *syntax.Node, d int) {
	dashes := n.Kind == syntax.List && !p.bracketed(n)
	for i, item := range n.Items {
		p.open = p.open && i == 0
		if dashes {
			p.skip(len(p.text), d, '-')
		} else {
			p.gap(int(item.Range.Start), d)
		}
		p.token([]byte("-"), d)
		p.value(item, d)
	}
	for i, f := range n.Fields {
		p.open = p.open && i == 0
		p.gap(int(f.Range.Start), d)
		if key := p.text[f.Range.Start:f.Range.End]; simple(key) {
			p.pass(int(f.Range.End))
			p.token(spelled(key), d)
			p.page.code = append(p.page.code, ':')
			p.open = p.open && p.inline(f.Value)
		} else {
			p.explicitKey(f, d)
		}
		p.value(f.Value, d)
	}
}

// maxKey is the length from which keys are marked with a ?; YAML wants to find
// the colon within 1024 characters.
const maxKey = 1000

// simple reports whether a key needs no ? before it.
func simple(key []byte) bool {
	return len(key) < maxKey && bytes.IndexByte(key, '\n') < 0 && key[0] != '|' && key[0] != '>'
}

func (p *printer) explicitKey(f syntax.Field, d int) {
	p.token([]byte("?"), d)
	p.inner(d)
	p.scalar(&syntax.Node{Kind: syntax.String, Range: f.Range, Text: f.Key}, d+1)
	p.open = false
	p.skip(int(f.Value.Range.Start), d, ':')
	p.token([]byte(":"), d)
}

// value prints what belongs to the entry of level d that was begun.
func (p *printer) value(n *syntax.Node, d int) {
	switch {
	case p.absent(n):
		p.inner(d)
	case p.inline(n):
		p.inner(d)
		p.gap(int(n.Range.Start), d+1)
		p.scalar(n, d+1)
	case p.bracketed(n):
		p.inner(d)
		p.gap(int(n.Range.Start), d+1)
		p.levels[d+1].bracket = true
		p.openBracket()
		p.block(n, d+1)
	default:
		p.inner(d)
		if !p.levels[d].bracket { // else it is the a: b of [a: b]
			p.levels[d+1].from = p.indentation(int(n.Range.Start))
		}
		p.block(n, d+1)
	}
}

// indentation is the column of a block that starts there.
func (p *printer) indentation(start int) int {
	return start - bytes.LastIndexByte(p.text[:start], '\n') - 1
}

// inner opens the level of what belongs to an entry of level d. When nothing
// does, comments may.
func (p *printer) inner(d int) {
	outer := p.levels[d]
	p.levels = append(p.levels[:d+1], level{from: outer.from + 1, to: outer.to + indent})
}

// openBracket passes a bracket; no blank line is kept behind it.
func (p *printer) openBracket() {
	p.at++
	p.blank, p.breaks = false, math.MinInt32
}

// token prints code of the level d, in the open row or one of its own.
func (p *printer) token(code []byte, d int) {
	to := int32(p.levels[d].to)
	if p.open {
		p.page.code = append(p.page.code, ' ')
	} else {
		p.page.add(row{indent: to, blank: p.blank})
	}
	p.page.code = append(p.page.code, code...)
	p.page.last().group = to
	p.printed()
}

// printed notes that the text before at is printed, and the row takes more.
func (p *printer) printed() {
	p.open, p.blank, p.breaks, p.tokenLine = true, false, 0, p.line
}

// pass moves over text that is printed.
func (p *printer) pass(to int) {
	for p.at < to {
		i := bytes.IndexByte(p.text[p.at:to], '\n')
		if i < 0 {
			break
		}
		p.at += i + 1
		p.line, p.lineStart = p.line+1, p.at
	}
	p.at = to
}

func (p *printer) column(at int) int { return utf8.RuneCount(p.text[p.lineStart:at]) }
