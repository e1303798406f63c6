package format

import (
	"bytes"
	"path"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

func isHCL(name string) bool { return path.Ext(name) == ".hcl" }

// printHCL prints a text that was parsed without an error: the lines are ours
// to choose, what is on them hclwrite's.
func printHCL(text []byte) []byte {
	if len(text) == 0 {
		return text
	}
	if text[len(text)-1] != '\n' {
		text = append(bytes.Clone(text), '\n')
	}
	tokens, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	text = squeeze(text, tokens)
	if len(text) == 0 || gluesNumbers(tokens) {
		return text
	}
	return hclwrite.Format(text)
}

// squeeze leaves one blank line of several, none at the edges of the file and
// of brackets, and no space at the ends of comments.
func squeeze(text []byte, tokens hclsyntax.Tokens) []byte {
	out := make([]byte, 0, len(text))
	at := 0         // everything before is in out, or left out
	edge := true    // nothing but line ends since the start or an opening bracket
	started := true // out is at the start of a line
	blank := false  // a blank line was left out
	for _, t := range tokens {
		space, word := text[at:t.Range.Start.Byte], text[t.Range.Start.Byte:t.Range.End.Byte]
		at = t.Range.End.Byte
		switch {
		case t.Type == hclsyntax.TokenEOF:
			return out
		case t.Type == hclsyntax.TokenNewline && started:
			blank = !edge
			continue
		case t.Type == hclsyntax.TokenNewline:
			out, started = append(out, '\n'), true
			continue
		}
		if blank && !closes(t.Type) {
			out = append(out, '\n')
		}
		out = append(out, space...)
		if started = word[len(word)-1] == '\n' && t.Type == hclsyntax.TokenComment; started {
			out = append(append(out, trimRight(word[:len(word)-1])...), '\n')
		} else {
			out = append(out, word...)
		}
		blank, edge = false, opens(t.Type)
	}
	return out
}

func opens(t hclsyntax.TokenType) bool {
	return t == hclsyntax.TokenOBrace || t == hclsyntax.TokenOBrack || t == hclsyntax.TokenOParen
}

func closes(t hclsyntax.TokenType) bool {
	return t == hclsyntax.TokenCBrace || t == hclsyntax.TokenCBrack || t == hclsyntax.TokenCParen
}

// gluesNumbers reports whether hclwrite would make 1.0 of 1 .0. It means the
// first part of the number 1, which no value has; so it stays as it is.
func gluesNumbers(tokens hclsyntax.Tokens) bool {
	for i := 1; i < len(tokens); i++ {
		if tokens[i-1].Type == hclsyntax.TokenNumberLit && tokens[i].Type == hclsyntax.TokenDot {
			return true
		}
	}
	return false
}
