package yaml

// Limits bounds what a file may cost. Beyond a limit is an error, never a
// crash or a wait.
type Limits struct {
	Bytes  int // size of the text
	Depth  int // nesting of collections
	Values int // scalars and collections, as estimated from the indicators that make them
}

// DefaultLimits is generous to people and their generators: a manifest of
// 100,000 nodes fits. The worst text within them takes seconds, not minutes.
func DefaultLimits() Limits {
	return Limits{Bytes: 32 << 20, Depth: 200, Values: 2 << 20}
}
