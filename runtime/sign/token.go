package sign

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
)

// tokenPrefix says what a token is to whoever finds one.
const tokenPrefix = "hs1."

// maxToken bounds the text of a token.
const maxToken = 2048

// SealToken is the text of a token.
func SealToken(key ed25519.PrivateKey, t Token) string {
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(Seal(key, t))
}

// OpenToken checks the text of a token; not whether it has expired.
func OpenToken(trust Trust, text string) (Token, error) {
	data, ok := unwrap(text)
	if !ok {
		return Token{}, ErrMalformed
	}
	return Open[Token](trust, data)
}

// PeekToken reads a token without believing it: for showing what it says, and
// which key it claims.
func PeekToken(text string) (t Token, key string, err error) {
	var e envelope
	data, ok := unwrap(text)
	if !ok || !decode(data, &e) || Kind(e.Kind) != KindToken || !decode(e.Statement, &t) {
		return Token{}, "", ErrMalformed
	}
	return t, e.Key, nil
}

func unwrap(text string) ([]byte, bool) {
	body, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok || len(text) > maxToken {
		return nil, false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(body)
	return data, err == nil
}
