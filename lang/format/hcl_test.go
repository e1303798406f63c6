package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func hclComments(text []byte) []string {
	var all []string
	tokens, _ := hclsyntax.LexConfig(text, "", hcl.InitialPos)
	for _, t := range tokens {
		if t.Type == hclsyntax.TokenComment {
			all = append(all, string(bytes.TrimRight(t.Bytes, " \t\r\n")))
		}
	}
	return all
}
