package syntax

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/source"
)

// Kind of a node.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
	Expr // an unevaluated expression
	Bad  // an error was reported here; checks stay silent about it
)

var kindNames = [...]string{"null", "boolean", "whole number", "number with a fraction or exponent", "string", "list", "mapping", "expression", "error"}

func (k Kind) String() string { return kindNames[k] }

// Node is one value of a source file.
type Node struct {
	Kind   Kind
	Range  source.Range
	Text   string               // scalars: the text after unquoting; Bool: "true" or "false"; numbers: as written; Null: ""
	Ref    string               // String from a typed reference: "spec" for spec.base (Text is "base")
	Items  []*Node              // List
	Fields []Field              // Map, in source order, keys unique
	Expr   hclsyntax.Expression // Expr
}

// Field is one entry of a map.
type Field struct {
	Key   string
	Range source.Range // of the key
	Value *Node
}

// Get finds a field of a map, nil when n is not a map or has none.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return n.Fields[i].Value
		}
	}
	return nil
}
