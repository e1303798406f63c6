package yaml

import (
	"bytes"

	"github.com/homestak/homestak/lang/input"
)

// Limits bounds what a file may cost. Beyond a limit is an error, never a
// crash or a wait.
type Limits struct {
	Bytes  input.Allowance // size of the text
	Depth  int             // nesting of collections
	Values input.Allowance // scalars, collections and comments, as estimated from the indicators that make them
}

// DefaultLimits is generous to people and their generators: a manifest of
// 100,000 nodes fits.
func DefaultLimits() Limits {
	return Limits{
		Bytes:  input.Allowance{Base: 4 << 20, Node: 2 << 10, Most: 32 << 20},
		Depth:  200,
		Values: input.Allowance{Base: 256 << 10, Node: 64, Most: 2 << 20},
	}
}

// names counts what looks like the names of nodes: every node has one.
func names(text []byte) int {
	n := 0
	for rest := text; ; {
		i := bytes.Index(rest, []byte("name:"))
		if i < 0 {
			return n
		}
		if i == 0 || bytes.IndexByte([]byte(" \n{,-"), rest[i-1]) >= 0 {
			n++
		}
		rest = rest[i+len("name:"):]
	}
}
