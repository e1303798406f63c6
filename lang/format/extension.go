package format

import (
	"regexp"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Extension is ".hcl" or ".yaml", by what a text without a name reads as. Only
// comments read as both, and look the same in both.
func Extension(text []byte) string {
	if _, found := lang.ParseText(source.NewFile("text.hcl", text)); !found.HasErrors() {
		return ".hcl"
	}
	tree, _ := lang.ParseText(source.NewFile("text.yaml", text))
	if (tree == nil || tree.Kind == syntax.String) && looksHCL.Match(text) {
		return ".hcl"
	}
	return ".yaml"
}

// looksHCL finds a line that starts a block or an attribute, so that a broken
// text gets the findings of its own syntax. To YAML it is often prose.
var looksHCL = regexp.MustCompile(`(?m)^[ \t]*[\w-]+(([ \t]+("[^"\n]*"|[\w-]+))*[ \t]*\{[ \t]*$|[ \t]*=)`)
