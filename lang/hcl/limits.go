package hcl

// Limits bounds what a file may cost. Beyond a limit is an error, never a
// crash or a wait.
type Limits struct {
	Bytes  int // size of the text
	Depth  int // nesting of blocks, brackets and templates
	Chain  int // operators, indexes and branches in one expression, outer ones included
	Tokens int // words, numbers and signs
}

// DefaultLimits is generous to people and their generators.
func DefaultLimits() Limits {
	return Limits{Bytes: 32 << 20, Depth: 200, Chain: 1000, Tokens: 4 << 20}
}
