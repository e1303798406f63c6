package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// spaceBefore decides whether a space stands before word i > 0 of a line.
func spaceBefore(words hclsyntax.Tokens, i int) bool {
	last, word := words[i-1], words[i]
	switch {
	case last.Type == hclsyntax.TokenNumberLit && word.Type == hclsyntax.TokenDot:
		return true // 1 .0 is not 1.0
	case joins(last.Type, word.Type), isText(last, word):
		return false
	case last.Type == hclsyntax.TokenComma:
		return true
	case word.Type == hclsyntax.TokenOBrack && isIndexed(words[:i]):
		return false
	case last.Type == hclsyntax.TokenMinus:
		return i > 1 && !negates(words[i-2])
	case last.Type == hclsyntax.TokenOBrace:
		return word.Type != hclsyntax.TokenCBrace
	case word.Type == hclsyntax.TokenCBrace:
		return true
	case isTemplate(last.Type) && word.Type == hclsyntax.TokenOBrace, last.Type == hclsyntax.TokenCBrace && word.Type == hclsyntax.TokenTemplateSeqEnd:
		return true // ${ { and } } are not ${{ and }}
	}
	return bracket(last) <= 0 && bracket(word) >= 0
}

// joins reports whether no space stands between words of these types, whatever
// is around them.
func joins(last, word hclsyntax.TokenType) bool {
	switch last {
	case hclsyntax.TokenDot, hclsyntax.TokenDoubleColon, hclsyntax.TokenBang:
		return true
	case hclsyntax.TokenIdent:
		if word == hclsyntax.TokenOParen {
			return true // a call
		}
	case hclsyntax.TokenTemplateSeqEnd:
		if isTemplate(word) {
			return true
		}
	}
	switch word {
	case hclsyntax.TokenDot, hclsyntax.TokenDoubleColon, hclsyntax.TokenComma, hclsyntax.TokenEllipsis:
		return true
	}
	return false
}

func isTemplate(t hclsyntax.TokenType) bool {
	return t == hclsyntax.TokenTemplateInterp || t == hclsyntax.TokenTemplateControl
}

// isText reports whether the place between two words is inside of quotes or a
// heredoc, where space is text.
func isText(last, word hclsyntax.Token) bool {
	switch last.Type {
	case hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit:
		return true
	}
	switch word.Type {
	case hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit:
		return true
	}
	return false
}

// isIndexed reports whether a [ after these words is an index. After the in of
// a for expression it starts a list.
func isIndexed(words hclsyntax.Tokens) bool {
	n := len(words)
	switch last := words[n-1]; last.Type {
	case hclsyntax.TokenIdent:
		return !bytes.Equal(last.Bytes, []byte("in")) || n < 2 || words[n-2].Type != hclsyntax.TokenIdent
	case hclsyntax.TokenNumberLit:
		return true
	default:
		return bracket(last) < 0
	}
}

// negates reports whether a minus after this word is a sign and no operator.
func negates(word hclsyntax.Token) bool {
	switch word.Type {
	case hclsyntax.TokenEqual, hclsyntax.TokenColon, hclsyntax.TokenComma, hclsyntax.TokenQuestion, hclsyntax.TokenFatArrow,
		hclsyntax.TokenPlus, hclsyntax.TokenMinus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent,
		hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenAnd, hclsyntax.TokenOr, hclsyntax.TokenBang:
		return true
	}
	return bracket(word) > 0
}
