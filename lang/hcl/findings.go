package hcl

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// maxFindings is more than anyone reads.
const maxFindings = 1000

func (c *converter) report(d *diag.Diagnostic) {
	if len(c.found) < maxFindings {
		c.found = append(c.found, d)
	}
}

func (c *converter) duplicate(key string, r, first source.Range) {
	c.report(duplicateKey(key, r, first))
}

func duplicateKey(key string, r, first source.Range) *diag.Diagnostic {
	d := codeDuplicate.Errorf("duplicate key %q", key)
	d.Range = r
	d.Label = "a mapping has each key once"
	if !first.IsZero() {
		d.Notes = []diag.Note{{Text: "first written here", Range: first}}
	}
	d.Help = "remove one of the two"
	return d
}

func (c *converter) numberKey(r source.Range) {
	number := string(r.File.Text[r.Start:r.End])
	kind := syntax.Int
	if strings.ContainsAny(number, ".eE") {
		kind = syntax.Float
	}
	d := codeKey.Errorf("a key must be text, and this is a %s", kind)
	d.Range = r
	text := `"` + number + `"`
	d.Help = "write " + text
	d.Fixes = []diag.Fix{{Title: "quote the key", Edits: []diag.Edit{{Range: r, New: text}}}}
	c.report(d)
}

// unknown reports a block with a name of a kind that does not exist, and
// returns the kind that was meant: it is read as that, so that nothing else is
// wrong for its want.
func (c *converter) unknown(b *hclsyntax.Block) string {
	d := codeUnknown.Errorf("unknown block %q", b.Type)
	d.Range = c.span(b.TypeRange)
	d.Help = "remove it: the blocks with a name here are " + strings.Join(named, ", ")
	meant := diag.Suggest(b.Type, named)
	if meant != "" {
		d.Help = fmt.Sprintf("did you mean %q?", meant)
		d.Fixes = []diag.Fix{{Title: "write " + meant, Edits: []diag.Edit{{Range: d.Range, New: meant}}}}
	}
	c.report(d)
	return meant
}

// labels checks how many labels a block has. Without what it needs, a block of
// the top level cannot be placed in the tree.
func (c *converter) labels(b *hclsyntax.Block, use labelUse) bool {
	var d *diag.Diagnostic
	_, item := items[b.Type]
	switch n := len(b.Labels); {
	case n == 0 && use == required && item && b.Body.Attributes["name"] == nil:
		// The same code as of an item without the field in YAML.
		d = codeMissing.Errorf("%s has no name", b.Type)
		d.Range, d.Label = c.span(b.TypeRange), "required here"
		d.Help = "write " + b.Type + ` "NAME" {`
	case n == 0 && use == required:
		d = codeLabel.Errorf("%s blocks need a name", b.Type)
		d.Range = c.span(b.TypeRange)
		d.Help = "write " + b.Type + ` "NAME" {`
	case n > 0 && use == forbidden:
		d = codeLabel.Errorf("%s blocks have no name", b.Type)
		d.Range = c.span(b.LabelRanges[0])
		d.Help = "remove the name"
	case n > 1:
		d = codeLabel.Errorf("%s blocks have one name", b.Type)
		d.Range = c.span(b.LabelRanges[1])
		d.Help = "remove the further ones"
	case n == 1 && !item && strings.TrimSpace(b.Labels[0]) == "":
		d = codeLabel.Errorf("the name of this %s block is empty", b.Type)
		d.Range = c.span(b.LabelRanges[0])
		d.Help = "write a name between the quotes"
	default:
		return true
	}
	c.report(d)
	return false
}
