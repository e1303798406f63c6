package expr

import "github.com/zclconf/go-cty/cty"

// Func is one pure function of the language.
type Func struct {
	Name   string
	Params []Param
	// Rest allows more arguments, each like the last parameter.
	Rest bool
	Doc  string // one sentence, for docs/reference and editors
	// Call gets arguments that match Params. Its error is one lower-case line.
	Call func(args []cty.Value, b *Budget) (cty.Value, error)
}

// Param is one parameter. Type is cty.DynamicPseudoType when any will do.
type Param struct {
	Name     string
	Type     cty.Type
	Optional bool
}

// Functions is the built-in table, by name.
func Functions() map[string]*Func { return nil }
