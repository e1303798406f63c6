package format

import (
	"bytes"
	"path"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func isHCL(name string) bool { return path.Ext(name) == ".hcl" }

// printHCL prints a text that was parsed without an error: its words on the
// lines they are on, indented, spaced and aligned. The result is nil when it
// would be longer than most.
func printHCL(text []byte, most int) []byte {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(bytes.Clone(text), '\n')
	}
	words, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	lines := hclLines(words)
	indentHCL(lines)
	alignHCL(lines)
	least := 0
	for i := range lines {
		least += lines[i].indent
	}
	if least > most {
		return nil
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for i := range lines {
		out = lines[i].print(out)
	}
	return out
}

// hclLine is what stands between two line ends that count; the text of a
// heredoc is part of the line it starts on.
type hclLine struct {
	words   hclsyntax.Tokens
	comment []byte // one that ends the line, when there are words before it
	blank   bool   // a blank line stands above
	indent  int
	equals  int // which word is the = of an assignment that ends on the line, or 0
	column  int // of that =
	end     int // column of the comment
}

// hclLines cuts the words into lines. Of several blank lines one is left, of
// those at the edges of the file and of brackets none.
func hclLines(words hclsyntax.Tokens) []hclLine {
	var lines []hclLine
	edge, blank := true, false
	for from, i := 0, 0; i < len(words); i++ {
		word := words[i]
		comment := word.Type == hclsyntax.TokenComment && bytes.HasSuffix(word.Bytes, []byte("\n"))
		if !comment && word.Type != hclsyntax.TokenNewline {
			continue
		}
		line := hclLine{words: words[from:i]}
		from = i + 1
		switch {
		case comment:
			line.comment = trimRight(word.Bytes[:len(word.Bytes)-1])
		case len(line.words) == 0:
			blank = !edge
			continue
		}
		line.blank = blank && (len(line.words) == 0 || bracket(line.words[0]) >= 0)
		lines = append(lines, line)
		edge, blank = len(line.words) > 0 && bracket(line.words[len(line.words)-1]) > 0, false
	}
	return lines
}

// bracket is 1 for a word that opens, -1 for one that closes.
func bracket(word hclsyntax.Token) int {
	switch word.Type {
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateControl, hclsyntax.TokenTemplateInterp:
		return 1
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
		return -1
	}
	return 0
}

// net is how many more brackets open than close.
func net(words hclsyntax.Tokens) int {
	n := 0
	for _, word := range words {
		n += bracket(word)
	}
	return n
}

// indentHCL indents what a line leaves open by one step, however many brackets
// that is.
func indentHCL(lines []hclLine) {
	var open []int // brackets, by the line that opened them
	for i := range lines {
		n := net(lines[i].words)
		for n < 0 && len(open) > 0 {
			if top := &open[len(open)-1]; -n < *top {
				*top += n
				n = 0
			} else {
				n += *top
				open = open[:len(open)-1]
			}
		}
		lines[i].indent = indent * len(open)
		if n > 0 {
			open = append(open, n)
		}
	}
}

// alignHCL puts the equals signs of lines that follow each other into one
// column, and then their comments.
func alignHCL(lines []hclLine) {
	for i := range lines {
		lines[i].equals = equals(lines[i].words)
	}
	chains(lines, func(l *hclLine) bool { return l.equals > 0 }, func(l *hclLine) int {
		return width(l.indent, l.words[:l.equals])
	}, func(l *hclLine, column int) { l.column = column + 1 })
	chains(lines, func(l *hclLine) bool { return l.comment != nil && len(l.words) > 0 }, func(l *hclLine) int {
		if l.equals > 0 {
			return width(l.column, l.words[l.equals:])
		}
		return width(l.indent, l.words)
	}, func(l *hclLine, column int) { l.end = column + 1 })
}

// equals finds the = of an assignment that opens no bracket it does not close.
func equals(words hclsyntax.Tokens) int {
	for i, word := range words {
		if word.Type != hclsyntax.TokenEqual || i == 0 {
			continue
		}
		if net(words[i:]) != 0 {
			return 0
		}
		return i
	}
	return 0
}

// chains gives each run of lines that are in it the largest of their columns.
func chains(lines []hclLine, in func(*hclLine) bool, column func(*hclLine) int, set func(*hclLine, int)) {
	for from := 0; from < len(lines); {
		until, widest := from, 0
		for until < len(lines) && in(&lines[until]) && (until == from || !lines[until].blank) {
			widest = max(widest, column(&lines[until]))
			until++
		}
		for i := from; i < until; i++ {
			set(&lines[i], widest)
		}
		from = max(until, from+1)
	}
}

// width is the column after words that start in one.
func width(column int, words hclsyntax.Tokens) int {
	for i, word := range words {
		if i > 0 && spaceBefore(words, i) {
			column++
		}
		if line := bytes.LastIndexByte(word.Bytes, '\n'); line >= 0 {
			column, word.Bytes = 0, word.Bytes[line+1:]
		}
		column += utf8.RuneCount(word.Bytes)
	}
	return column
}

func (l *hclLine) print(out []byte) []byte {
	if l.blank {
		out = append(out, '\n')
	}
	start := len(out)
	out = pad(out, l.indent)
	for i, word := range l.words {
		switch {
		case i > 0 && i == l.equals:
			out = pad(out, l.column-utf8.RuneCount(out[start:]))
		case i > 0 && spaceBefore(l.words, i):
			out = append(out, ' ')
		}
		out = append(out, word.Bytes...)
	}
	if l.comment != nil {
		if len(l.words) > 0 {
			out = pad(out, l.end-utf8.RuneCount(out[max(start, bytes.LastIndexByte(out, '\n')+1):]))
		}
		out = append(out, l.comment...)
	}
	return append(out, '\n')
}
