package jsonschema

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/manual"
	"github.com/homestak/homestak/lang/schema"
)

// describe writes what a field means: for every tool, and with more of it for
// those that show Markdown.
func describe(n *node, f *schema.Field) {
	remark := ""
	switch f.Use {
	case schema.Later:
		remark = " No effect in this version."
	case schema.Retired:
		n.Deprecated = true
		remark = " No effect."
	case schema.Record:
		remark = " Nothing acts on it."
	}
	n.Description, n.Default = plain(f.Doc)+remark, value(f, f.Default)
	n.Markdown = f.Doc + remark
	takes, example := takes(f)
	if takes != "" && (f.Type != schema.String || f.Enum != nil) {
		n.Markdown += "\n\nTakes " + takes + "."
	}
	if f.Default != "" {
		n.Markdown += fmt.Sprintf("\n\nDefault: `%s`.", f.Default)
	}
	if example != "" && f.Default == "" && f.Type != schema.UUID {
		n.Examples = []any{example}
	}
	complain(n, f)
}

// complain words what an editor says about a value that is wrong. What every
// tool says anyway of lists and mappings is left to it.
func complain(n *node, f *schema.Field) {
	takes, example := takes(f)
	if takes == "" {
		return
	}
	if f.Type == schema.Ref && n.Enum != nil {
		takes = "the name of a " + f.Of + " of this site"
	}
	if example != "" {
		takes += fmt.Sprintf(", as in %s", example)
	}
	n.Refusal = "expected " + takes
	if n.Pattern != "" {
		n.BadPattern = n.Refusal
	}
}

// takes says what a field of a scalar type accepts, "" for the others and for
// text that may be anything.
func takes(f *schema.Field) (text, example string) {
	switch f.Type {
	case schema.Any, schema.List, schema.Group, schema.Table:
		return "", ""
	case schema.Ref:
		if f.Object != nil {
			return "", ""
		}
	}
	return manual.Takes(f)
}

// notYet accepts what says nothing: null, and what holds anyway.
func notYet(f *schema.Field) *node {
	n := &node{Description: "Not supported in this version. " + plain(f.Doc), Type: types{"null"},
		Refusal: f.Key + " is not supported in this version", DoNotSuggest: true}
	if v := value(f, f.Default); v != nil {
		n.Type, n.Enum = nil, []any{v, nil}
	}
	return n
}

// plain is text of the tables without its marks for code.
func plain(doc string) string { return strings.ReplaceAll(doc, "`", "") }
