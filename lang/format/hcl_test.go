package format

import (
	"bytes"
	"regexp"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"pgregory.net/rapid"
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

// ours are the places where hclwrite's rules are not good enough: a minus after
// ${ or =>, the dot after a number, the width of what is not ASCII or has
// several lines.
var ours = regexp.MustCompile(`(?:[$%]\{~?|=>)\s*-|[0-9] \.|[^\x00-\x7f]|/\*`)

// checkHouseStyle compares with hclwrite, the style of every tool around HCL.
func checkHouseStyle(t rapid.TB, out []byte) {
	t.Helper()
	if ours.Match(out) {
		return
	}
	if diff := cmp.Diff(string(hclwrite.Format(out)), string(out)); diff != "" {
		t.Fatalf("hclwrite does it differently:\n%s", diff)
	}
}
