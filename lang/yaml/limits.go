package yaml

// Limits bounds what a file may cost. Beyond a limit is an error, never a
// crash or a wait.
type Limits struct {
	Bytes  int // size of the text
	Depth  int // nesting of collections
	Values int // scalars and collections
}

// DefaultLimits is generous to people and their generators: 100,000 nodes of a
// manifest fit, and reading the worst text within them takes seconds.
func DefaultLimits() Limits {
	return Limits{Bytes: 32 << 20, Depth: 200, Values: 4 << 20}
}
