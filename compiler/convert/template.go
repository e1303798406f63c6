package convert

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	langhcl "github.com/homestak/homestak/lang/hcl"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// An outline has an expression as the content of a template: what a text of
// YAML holds when its quotes are taken away. There ${…} is filled in, and $${
// is ${. HCL has the same between double quotes, with escapes around it; or the
// expression alone.

// contentOf is the template that says the same as an expression of HCL.
func contentOf(expression string) string {
	words, found := hclsyntax.LexExpression([]byte(expression), "", hcl.InitialPos)
	n := len(words)
	if found.HasErrors() || n < 3 || words[0].Type != hclsyntax.TokenOQuote || closes(words) != n-2 {
		if strings.HasPrefix(expression, "<<") {
			return "${" + expression + "\n}"
		}
		return "${" + expression + "}"
	}
	var b strings.Builder
	at, depth := words[0].Range.End.Byte, 0
	for _, w := range words[1 : n-2] {
		switch w.Type {
		case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenQuotedLit:
			if depth == 0 {
				b.WriteString(expression[at:w.Range.Start.Byte])
				b.WriteString(unquoted(string(w.Bytes)))
				at = w.Range.End.Byte
			}
		}
	}
	b.WriteString(expression[at:words[n-2].Range.Start.Byte])
	return b.String()
}

// closes is the place of the token that closes the quotes of the first, -1 for
// none.
func closes(words hclsyntax.Tokens) int {
	depth := 0
	for i, w := range words {
		switch w.Type {
		case hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// unquoted takes the escapes out of a stretch of quoted text. One that makes a
// $ or % of the start of a template doubles it.
func unquoted(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u', 'U':
			end := min(i+1+map[byte]int{'u': 4, 'U': 8}[c], len(s))
			r, _ := strconv.ParseUint(s[i+1:end], 16, 32)
			b.WriteRune(rune(r))
			if (r == '$' || r == '%') && strings.HasPrefix(s[end:], "{") {
				b.WriteRune(rune(r))
			}
			i = end - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// expressionOf is the expression of HCL that says the same as a template.
func expressionOf(content string) string {
	words, _ := hclsyntax.LexTemplate([]byte(content), "", hcl.InitialPos)
	if inner, ok := alone(content, words); ok {
		return inner
	}
	var b strings.Builder
	at, depth := 0, 0
	for _, w := range words {
		switch w.Type {
		case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenTemplateSeqEnd:
			depth--
		case hclsyntax.TokenStringLit:
			if depth == 0 {
				b.WriteString(content[at:w.Range.Start.Byte])
				b.WriteString(escaped(string(w.Bytes)))
				at = w.Range.End.Byte
			}
		}
	}
	return `"` + b.String() + content[at:] + `"`
}

// escaped is a stretch of a template between quotes.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		escape(&b, r)
	}
	return b.String()
}

// alone is what a template fills in when it has nothing else and HCL reads that
// as an expression, too, without ${ } around it.
func alone(content string, words hclsyntax.Tokens) (string, bool) {
	if !strings.HasPrefix(content, "${") || strings.HasPrefix(content, "${~") || !strings.HasSuffix(content, "}") ||
		len(words) < 3 || closes(words) != len(words)-2 || strings.HasSuffix(content, "~}") {
		return "", false
	}
	inner := strings.Trim(content[2:len(content)-1], " \t\n")
	for _, w := range words {
		if w.Type == hclsyntax.TokenComment {
			return "", false
		}
	}
	if strings.Contains(inner, "\n") && !strings.HasPrefix(inner, "<<") {
		return "", false
	}
	tree, found := langhcl.Parse(source.NewFile("one.hcl", []byte("a = "+inner+"\n")))
	if found.HasErrors() || tree == nil || len(tree.Fields) != 1 || tree.Fields[0].Value.Kind != syntax.Expr {
		return "", false
	}
	return inner, true
}

// plainTemplate is a template without what only lays it out.
func plainTemplate(content string) string {
	words, _ := hclsyntax.LexTemplate([]byte(content), "", hcl.InitialPos)
	var b strings.Builder
	for _, w := range words {
		switch w.Type {
		case hclsyntax.TokenNewline, hclsyntax.TokenEOF, hclsyntax.TokenComment:
			continue
		}
		b.Write(bytes.TrimRight(w.Bytes, "\n"))
		b.WriteByte(0)
	}
	return b.String()
}
