package hcl

import (
	"bytes"

	"github.com/homestak/homestak/lang/input"
)

// Limits bounds what a file may cost. Beyond a limit is an error, never a
// crash or a wait.
type Limits struct {
	Bytes  input.Allowance // size of the text
	Depth  int             // nesting of blocks, brackets and templates
	Chain  int             // operators, indexes and branches in one expression, outer ones included
	Tokens input.Allowance // words, numbers, signs, escapes, comments and the lines of texts
}

// DefaultLimits is generous to people and their generators: a manifest of
// 100,000 nodes fits. A token may cost the library a kilobyte.
func DefaultLimits() Limits {
	return Limits{
		Bytes:  input.Allowance{Base: 4 << 20, Node: 2 << 10, Most: 32 << 20},
		Depth:  200,
		Chain:  1000,
		Tokens: input.Allowance{Base: 256 << 10, Node: 128, Most: 8 << 20},
	}
}

// blocks counts what looks like the node blocks of a text.
func blocks(text []byte) int { return bytes.Count(text, []byte("node ")) }
