package compiler

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeUnknownManifest diag.Code = "HS0210"
	codeSchemaVersion   diag.Code = "HS0208"
	codeSchemaOne       diag.Code = "HS0209"
)

// open finds the manifest and its tree.
func (c *compilation) open() bool {
	c.manifest = c.site.find(schema.KindManifest, c.options.Manifest)
	if c.manifest == nil {
		d := c.errorAt(codeUnknownManifest, source.Range{}, "there is no manifest %q", c.options.Manifest)
		d.Help = "write one into the directory manifests/"
		c.suggest(d, c.options.Manifest, c.site.Manifests())
		return false
	}
	if doc := c.manifest.doc; doc.unread {
		if c.takeOver(doc); !c.list.HasErrors() {
			d := c.errorAt(codeSiteLarge, source.Range{}, "%s was not read", doc.file.Name)
			d.Label, d.Help = "the site is too large", "split the site, or move out what is no part of it"
		}
		return false
	}
	if !c.named(c.manifest) {
		return false
	}
	switch doc := c.manifest.doc; {
	case doc.hcl:
		c.tree = c.manifest.tree
		c.takeOver(doc)
	case doc.tree != nil: // it was looked through for modules
		c.tree = doc.tree
		c.takeOver(doc)
	default: // its tree is large: not kept
		var list diag.List
		c.tree, list = lang.Parse(doc.file)
		c.whole = c.tree
		c.list = append(c.list, list...)
	}
	if c.tree == nil || c.tree.Kind == syntax.Bad {
		return false
	}
	if c.tree.Kind != syntax.Map {
		c.wrongType(c.tree, schema.Group, "a manifest")
		return false
	}
	if !c.manifest.doc.hcl {
		c.tree = c.withoutScope(c.tree)
	}
	return c.version() && c.sameName(c.manifest, c.tree)
}

// version refuses what is not schema v2.
func (c *compilation) version() bool {
	v := c.tree.Get("schema_version")
	switch {
	case c.tree.Get("levels") != nil, v != nil && v.Text == "1":
		c.refuseSchemaOne(v)
		return false
	case v == nil && c.manifest.doc.hcl:
		return true
	case v == nil:
		c.noVersion(c.manifest, c.tree, "2")
		return true
	case v.Kind == syntax.Bad, v.Kind == syntax.Int && v.Text == "2", v.Kind == syntax.Expr:
		return true
	}
	d := c.errorAt(codeSchemaVersion, v.Range, "%q is not a schema version of manifests", v.Text)
	d.Label, d.Help = "always 2", "write `schema_version: 2`"
	return true
}

// noVersion reports a YAML file that does not say which schema it is written in.
func (f *findings) noVersion(def *definition, tree *syntax.Node, version string) {
	at := source.Span(def.doc.file, 0, 0)
	if len(tree.Fields) > 0 {
		at = tree.Fields[0].Range
	}
	line := "schema_version: " + version
	d := f.errorAt(codeMissingField, at, "%s has no schema_version", def.where())
	d.Help = "add `" + line + "`"
	if tree.Kind == syntax.Map && bytes.HasPrefix(def.doc.file.Text[tree.Range.Start:], []byte("{")) {
		return // one line more is no fix there
	}
	start := source.Range{File: at.File, Start: at.Start, End: at.Start}
	d.Fixes = []diag.Fix{{Title: "add " + line, Edits: []diag.Edit{{Range: start, New: line + "\n"}}}}
}

// refuseSchemaOne says how each level of a v1 manifest is written today.
func (c *compilation) refuseSchemaOne(v *syntax.Node) {
	at := source.Span(c.manifest.doc.file, 0, 0)
	for _, f := range c.tree.Fields {
		if f.Key == "levels" {
			at = f.Range
		}
	}
	what := "manifest %q is written in schema v1"
	switch {
	case v != nil && v.Text == "2": // it says so, and the field is what is old
		what = "manifest %q has levels, which schema v2 has not"
	case v != nil:
		at = v.Range
	}
	d := c.errorAt(codeSchemaOne, at, what, c.manifest.name)
	d.Label = "homestak reads schema v2: a graph of nodes in place of levels"
	d.Help = "write `schema_version: 2`, and `nodes:` in place of `levels:`, each node with the one above it as `parent`"
	levels := c.tree.Get("levels")
	if levels == nil || levels.Kind != syntax.List {
		return
	}
	parent := ""
	for _, level := range levels.Items {
		d.Notes = append(d.Notes, diag.Note{Text: "in v2: " + levelAsNode(level, parent), Range: firstLine(level.Range)})
		if name := level.Get("name"); name != nil {
			parent = name.Text
		}
	}
}

// levelAsNode is one level in the flow syntax of a v2 node.
func levelAsNode(level *syntax.Node, parent string) string {
	text := func(key string) string {
		if n := level.Get(key); n != nil {
			return n.Text
		}
		return ""
	}
	host := text("post_scenario") == "pve-setup"
	fields := []string{"name: " + text("name")}
	if host {
		fields = append(fields, "type: pve", "spec: pve")
	} else {
		fields = append(fields, "type: vm", "spec: base")
	}
	for _, f := range []struct{ key, format string }{
		{"vm_preset", "preset: vm-%s"}, {"image", "image: %s"}, {"vmid", "vmid: %s"},
	} {
		if v := text(f.key); v != "" {
			fields = append(fields, fmt.Sprintf(f.format, v))
		}
	}
	if parent != "" {
		fields = append(fields, "parent: "+parent)
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// sameName refuses an inner name that is not the definition's.
func (f *findings) sameName(d *definition, tree *syntax.Node) bool {
	n := tree.Get("name")
	if n == nil || n.Kind != syntax.String || n.Text == d.name {
		return true
	}
	where := "the file's name"
	if d.doc.hcl {
		where = "the block's label"
	}
	e := f.errorAt(codeOtherName, n.Range, "the %s is called %q and says it is %q", d.kind, d.name, n.Text)
	e.Label = "the name is " + where
	e.Help = fmt.Sprintf("leave the field out, or write %q", d.name)
	e.Fixes = replace(n.Range, d.name)
	return true
}
