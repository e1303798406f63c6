package compiler

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeUnknownSpec    diag.Code = "HS0211"
	codeUnknownPosture diag.Code = "HS0212"
	codeUnknownImage   diag.Code = "HS0213"
	codeUnknownPreset  diag.Code = "HS0214"
	codeUnknownHost    diag.Code = "HS0218"
)

// kinds of definitions a name can fail to mean.
var kinds = map[string]struct {
	code diag.Code
	note string
}{
	schema.KindSpec:    {codeUnknownSpec, "specs say what a node becomes; they are files of specs/"},
	schema.KindPosture: {codeUnknownPosture, "postures are security settings; they are files of postures/"},
	schema.KindImage:   {codeUnknownImage, "images are files of images/, and the catalogue of the library"},
	schema.KindPreset:  {codeUnknownPreset, "presets are sizes; specs say what a node becomes"},
	schema.KindHost:    {codeUnknownHost, "hosts are files of hosts/, and lab is always there"},
}

// unknown reports a name that no definition has. who says who refers to it,
// when that is not obvious from the place.
func (c *compilation) unknown(kind string, name opt[string], who ...diag.Note) {
	d := c.errorAt(kinds[kind].code, name.At, "unknown %s %q", kind, name.V)
	d.Label = fmt.Sprintf("no %s of this name in this site or in stdlib", kind)
	d.Help = fmt.Sprintf("write one of this name, or name another %s", kind)
	d.Notes = append(who, diag.Note{Text: kinds[kind].note})
	c.suggestAmong(d, name.V, "names of "+kind, func() []string {
		names := c.site.names(kind)
		if kind == schema.KindHost && !slices.Contains(names, labHost) {
			names = append(names, labHost) // which is there without a file
		}
		return names
	})
}

// definitionName is what definitions may be called: names end up in tags,
// addresses and paths.
var definitionName = regexp.MustCompile(schema.Name.Pattern())

// named refuses a definition whose name could not be used.
func (f *findings) named(d *definition) bool {
	if definitionName.MatchString(d.name) {
		return true
	}
	e := f.errorAt(codeBadName, d.at, "%q cannot be the name of %s", shortened(d.name), article(d.kind))
	e.Label = "letters, digits, and _ . - inside, at most 63"
	e.Help = "rename the file"
	if d.doc.hcl {
		e.Help = "write another label"
	}
	return false
}

// treeOf is the evaluated tree of a definition; nil when its file is beyond
// use, which was reported.
func (c *compilation) treeOf(d *definition) *syntax.Node {
	if d.doc.unread {
		return nil
	}
	c.named(d)
	tree := d.tree
	if !d.doc.hcl {
		d.doc.parse()
		tree = d.doc.tree
	}
	c.takeOver(d.doc)
	if tree == nil || tree.Kind == syntax.Bad {
		return nil
	}
	if !d.doc.hcl && tree.Kind == syntax.Map {
		tree = c.withoutScope(tree)
	}
	tree = c.eval(tree, d.doc)
	if tree.Kind == syntax.Null { // an empty file
		tree = &syntax.Node{Kind: syntax.Map, Range: source.Range{File: d.doc.file}}
	}
	c.sameName(d, tree)
	return tree
}

func (d *definition) where() string { return fmt.Sprintf("%s %q", d.kind, d.name) }

// decoded is the declaration of a name of some kind, made once per
// compilation. It is nil when the name is unknown or its file beyond use.
func decoded[T any](c *compilation, cache *map[string]*T, kind string, name opt[string],
	decode func(*syntax.Node, string) *T, who ...diag.Note) (*T, *definition) {
	d := c.site.find(kind, name.V)
	if d == nil {
		c.unknown(kind, name, who...)
		return nil, nil
	}
	if *cache == nil {
		*cache = map[string]*T{}
	}
	decl, done := (*cache)[name.V]
	if !done {
		if tree := c.treeOf(d); tree != nil {
			decl = decode(tree, d.where())
		}
		(*cache)[name.V] = decl
	}
	return decl, d
}

// decodeUnused decodes a definition that perhaps no manifest uses.
func (c *compilation) decodeUnused(kind, name string) {
	d := c.site.find(kind, name)
	n := opt[string]{V: name, At: d.at, Set: true}
	switch kind {
	case schema.KindSpec:
		c.specNamed(n, nil)
	case schema.KindPreset:
		decoded(c, &c.presets, kind, n, c.findings.preset)
	case schema.KindPosture:
		decoded(c, &c.postures, kind, n, c.findings.posture)
	case schema.KindImage:
		decoded(c, &c.images, kind, n, c.findings.image)
	case schema.KindPolicy:
		decoded(c, &c.policyDecls, kind, n, c.findings.policy)
	}
}
