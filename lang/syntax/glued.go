package syntax

import (
	"bytes"
	"strings"
)

// Glued takes a plain text apart that was meant as a field and lacks the space
// after its colon: name:web. It is not said of addresses (https://…), and the
// caller knows that a field is what belongs here.
func Glued(text string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(text, ":")
	if !ok || value == "" || strings.Trim(value[:1], " \t:") == "" || strings.HasPrefix(value, "//") {
		return "", "", false
	}
	for i := range len(key) {
		c := key[i]
		word := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !word && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return "", "", false
		}
	}
	return key, value, key != ""
}

// Glued is the same for a text that was written without quotes.
func (n *Node) Glued() (key, value string, ok bool) {
	if n.Kind != String || n.Range.IsZero() || !bytes.HasPrefix(n.Range.File.Text[n.Range.Start:], []byte(n.Text)) {
		return "", "", false
	}
	return Glued(n.Text)
}
