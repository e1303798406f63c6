package compiler

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

const (
	codeModuleCycle diag.Code = "HS0259"
	codeModuleMany  diag.Code = "HS0260"
)

// Bounds of what modules may multiply to.
const (
	maxModules     = 5_000 // instances in a manifest
	maxModuleDepth = 16    // modules in modules
)

// moduleDecl is a use of a module as it was written.
type moduleDecl struct {
	name   opt[string]
	source opt[string]
	waits  []dependencyDecl
}

// module decodes one use of a module. How often it is there and what it is
// given is expand's business.
func (f *findings) module(n *syntax.Node) *moduleDecl {
	where := "module"
	if name := nameOf(n); name != "" {
		where = fmt.Sprintf("module %q", name)
	}
	r := f.read(n, schema.Module, where)
	for _, later := range []string{"count", "for_each", "with"} {
		r.take(later)
	}
	return &moduleDecl{name: r.text("name"), source: r.text("source"), waits: dependenciesOf(r)}
}

// expandModules adds the nodes of the modules of one list. It returns false
// when there are too many to go on.
func (c *compilation) expandModules(list *syntax.Node, at spot) bool {
	for _, item := range c.mappings(list, at.scope, `"modules"`, "a module") {
		if !c.expandModule(item, at) {
			return false
		}
	}
	return true
}

// expandModule adds the nodes of one module, as often as it says.
func (c *compilation) expandModule(item *syntax.Node, at spot) bool {
	own := without(item, "count", "for_each", "with")
	if at.scope != nil {
		own = c.evalIn(own, at.scope)
	}
	decl := c.module(own)
	lost := rawNode{place: at.place, parent: -1, base: decl.name.V, absent: true, guess: true, at: decl.name.At}
	if !decl.name.ok() || c.moduleTwice(decl.name, at.place) {
		lost.base = ""
		c.raw = append(c.raw, lost)
		return true
	}
	doc := c.moduleFile(item, decl, at.place)
	if doc == nil || c.moduleInItself(doc, decl, at.place) {
		c.raw = append(c.raw, lost)
		return true
	}
	m := c.instances(item, at.scope)
	if m.times == 0 {
		lost.guess, lost.at, lost.why = false, m.at, m.field
	}
	if m.times == 0 || m.guess {
		c.raw = append(c.raw, lost)
	}
	for i := range m.times {
		if !c.roomForModule(decl) {
			return false
		}
		p := at.place.withModule(decl, doc, m.suffix(i))
		given := c.inputs(item, decl, p, c.scopeOfInstance(item, &m, i, at.scope))
		if !c.instantiate(p, given, at) {
			return false
		}
		if i == 0 && c.moduleBody(doc).lost {
			c.raw = append(c.raw, lost)
		}
	}
	return true
}

// instantiate adds the nodes of one instance of a module.
func (c *compilation) instantiate(p *place, given *inputs, at spot) bool {
	before := c.where
	c.where, p.first = p, len(c.raw)
	body := c.moduleBody(p.doc)
	in := spot{place: p, scope: c.moduleScope(p.doc, given), parent: at.parent, depth: at.depth}
	more := c.expandNodes(body.nodes, in) && c.expandModules(body.modules, in)
	c.where, p.last, p.shared = before, len(c.raw), nil
	return more
}

// withModule is the place of an instance of a module that is used in p.
func (p *place) withModule(decl *moduleDecl, doc *document, suffix string) *place {
	q := &place{outer: p, suffix: suffix, base: decl.name.V, doc: doc, at: decl.name.At, waits: decl.waits}
	q.home, q.prefix = q, q.base+p.suffixes()+suffix+"-"
	if p.home != nil {
		q.prefix = p.home.prefix + q.prefix
	}
	q.width = len(q.prefix)
	return q
}

// suffixes are those of the instances that a place is in, up to its module.
func (p *place) suffixes() string {
	text := ""
	for ; p.outer != nil && !p.isModule(); p = p.outer {
		text = p.suffix + text
	}
	return text
}

// moduleTwice reports a name that another module in the place has.
func (c *compilation) moduleTwice(name opt[string], p *place) bool {
	first, twice := p.modules[name.V]
	if !twice {
		if p.modules == nil {
			p.modules = map[string]source.Range{}
		}
		p.modules[name.V] = name.At
		return false
	}
	d := c.errorAt(codeDuplicateNode, name.At, "two modules are called %q", name.V)
	d.Label = "the names of their nodes begin with it"
	d.Help = "rename one of the two; for several alike use `count`"
	d.Notes = []diag.Note{{Text: "the other one", Range: first}}
	return true
}

// moduleInItself reports a module that is used inside itself.
func (c *compilation) moduleInItself(doc *document, decl *moduleDecl, p *place) bool {
	names := []string{doc.file.Name}
	depth := 0
	for q := p; ; q = q.outer {
		if q.doc == nil {
			continue
		}
		depth++
		names = append(names, q.doc.file.Name)
		if q.doc == doc {
			slices.Reverse(names)
			d := c.errorAt(codeModuleCycle, decl.source.At, "a module that is used inside itself: %s", pathText(names, "uses"))
			d.Label = "this closes the circle"
			d.Help = "remove one of these uses; what repeats is written with count or for_each"
			return true
		}
		if q.outer == nil {
			break
		}
	}
	if depth > maxModuleDepth {
		d := c.errorAt(codeModuleMany, decl.source.At, "modules are nested more than %d deep", maxModuleDepth)
		d.Help = "use the inner modules directly"
		return true
	}
	return false
}

// roomForModule says whether one instance more fits, and reports when it does
// not.
func (c *compilation) roomForModule(decl *moduleDecl) bool {
	if c.instantiated++; c.instantiated <= maxModules {
		return true
	}
	d := c.errorAt(codeModuleMany, decl.name.At, "manifest %q has more than %d modules", c.manifest.name, maxModules)
	d.Help = "let a module make more nodes, with count or for_each inside it"
	return false
}

// moduleBody is what a module file holds besides its variables and locals.
type moduleBody struct {
	nodes, modules *syntax.Node
	lost           bool // it could not be read in full: there may be more nodes
}

// moduleBody takes a module file apart, once.
func (c *compilation) moduleBody(doc *document) *moduleBody {
	if b := c.bodies[doc]; b != nil {
		return b
	}
	if c.bodies == nil {
		c.bodies = map[*document]*moduleBody{}
	}
	before := len(c.list)
	c.takeOver(doc)
	b := &moduleBody{lost: doc.tree == nil || doc.tree.Kind == syntax.Bad}
	c.bodies[doc] = b
	switch {
	case b.lost:
	case doc.tree.Kind != syntax.Map:
		b.lost = true
		if doc.tree.Kind == syntax.Null {
			c.noModule(doc, source.Span(doc.file, 0, 0), "%s is empty", doc.file.Name)
		} else {
			c.wrongType(doc.tree, schema.Group, "a module")
		}
	case doc.hcl:
		c.moduleBlocks(doc, b)
	default:
		c.moduleFields(c.withoutScope(doc.tree), doc, b)
	}
	b.lost = b.lost || diag.List(c.list[before:]).HasErrors()
	return b
}

func (c *compilation) noModule(doc *document, at source.Range, format string, args ...any) *diag.Diagnostic {
	d := c.errorAt(codeNoModule, at, format, args...)
	d.Help = "a module is a file with variables, locals, and the nodes of one manifest"
	return d
}

// moduleBlocks reads a module in HCL: blocks of nodes and modules at the top of
// the file, or inside one manifest.
func (c *compilation) moduleBlocks(doc *document, b *moduleBody) {
	for i := range doc.tree.Fields {
		switch f := &doc.tree.Fields[i]; f.Key {
		case "variable", "locals":
		case "nodes":
			b.nodes = f.Value
		case "modules":
			b.modules = f.Value
		case schema.KindManifest:
			if f.Value.Kind != syntax.Map {
				continue
			}
			for k := range f.Value.Fields {
				m := &f.Value.Fields[k]
				if k > 0 {
					c.noModule(doc, m.Range, "%s has two manifests", doc.file.Name).Label = "a module has one"
					continue
				}
				c.moduleFields(m.Value, doc, b)
			}
		default:
			d := c.noModule(doc, f.Range, "a module cannot have %q", f.Key)
			d.Label = "not a block of modules"
			if schema.Of(f.Key) != nil {
				d.Message = fmt.Sprintf("a module cannot define %s", article(f.Key))
				d.Label = "these have one name in the whole site"
				d.Help = fmt.Sprintf("move it into the directory %ss/ of the site", f.Key)
			}
		}
	}
	if doc.tree.Get(schema.KindManifest) != nil {
		for _, f := range doc.tree.Fields {
			if f.Key == "nodes" || f.Key == "modules" {
				c.noModule(doc, f.Range, "%s has %s inside a manifest and beside it", doc.file.Name, f.Key).Help = "move them into the manifest"
			}
		}
		return
	}
	c.moduleHasNodes(doc, b)
}

// ofManifest are the fields that are about a deployment as a whole.
var ofManifest = []string{"pattern", "execution", "settings", "checks"}

// moduleFields reads the fields of a manifest that is a module.
func (c *compilation) moduleFields(tree *syntax.Node, doc *document, b *moduleBody) {
	if tree.Kind != syntax.Map {
		b.lost = true
		if tree.Kind != syntax.Bad {
			c.wrongType(tree, schema.Group, "a manifest")
		}
		return
	}
	for _, key := range ofManifest {
		i := slices.IndexFunc(tree.Fields, func(f syntax.Field) bool { return f.Key == key && f.Value.Kind != syntax.Null })
		if i >= 0 {
			d := c.errorAt(codeModuleField, tree.Fields[i].Range, "%q is not for modules", key)
			d.Label = "it is about a deployment as a whole"
			d.Help = "write it in the manifest that uses the module"
		}
	}
	b.nodes, b.modules = tree.Get("nodes"), tree.Get("modules")
	rest := without(tree, append([]string{"nodes", "modules"}, ofManifest...)...)
	// What is left is text about the file; that it has no nodes is said here.
	rest.Fields = append(rest.Fields, syntax.Field{Key: "nodes", Value: &syntax.Node{Kind: syntax.List}})
	c.read(rest, schema.Manifest, "module "+path.Base(doc.file.Name)).number("schema_version")
	c.moduleHasNodes(doc, b)
}

func (c *compilation) moduleHasNodes(doc *document, b *moduleBody) {
	if hollow(b.nodes) && hollow(b.modules) && !b.lost {
		c.noModule(doc, source.Span(doc.file, 0, 0), "%s has no nodes", doc.file.Name)
	}
}

// moduleScope is what the expressions of an instance of a module see: what it
// was given, and nothing of who uses it.
func (c *compilation) moduleScope(doc *document, given *inputs) *expr.Scope {
	if !c.expressive(doc) {
		given.strays(c, doc, nil)
		return nil
	}
	if c.budget == nil {
		c.budget = expr.NewBudget()
	}
	return c.newScope(doc, given, c.budget)
}

// called is what an instance of a module is called in the manifest.
func (p *place) called() string { return strings.TrimSuffix(p.prefix, "-") }

// instantiatedAt tells of a finding in a module's file where it is used.
func (p *place) instantiatedAt(d *diag.Diagnostic) {
	if d.Range.File != p.doc.file {
		return
	}
	for q := p; q != nil && q.isModule(); q = q.outer.home {
		d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("module %q is instantiated here", q.called()), Range: q.at})
	}
}
