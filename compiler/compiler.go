package compiler

import (
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/expr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// Options say what to compile.
type Options struct {
	Manifest string            // name of the manifest
	Mode     string            // push, pull or hybrid overrides every node's config and run mode; "" leaves them
	Vars     map[string]string // values for variables of the manifest's file: text, or an expression where the type has parts
	VarFiles []*source.File    // files of such values, in YAML, JSON or HCL; the last one counts, and Vars over all
}

// stages are everything Compile does, in order. A stage that cannot leave
// anything for the next ones to work with returns false; all others go on, so
// that one run reports everything there is to report.
var stages = []func(*compilation) bool{
	(*compilation).open,    // find the manifest's tree, refuse other schema versions
	(*compilation).expand,  // evaluate, multiply, put in modules, un-nest
	(*compilation).name,    // what every node is called, from where
	(*compilation).bound,   // refuse more relations than anybody means
	(*compilation).decode,  // declarations, names
	(*compilation).arrange, // parents, dependencies, peers, cycles; the order of nodes
	(*compilation).effect,  // definitions and layers become effective values
	(*compilation).check,   // what no single field can be wrong about
}

// Compile makes the deployment of one manifest. It is nil when, and only when,
// the list has an error. The list is sorted and holds warnings too.
func Compile(s *Site, o Options) (*ir.Deployment, diag.List) {
	c := &compilation{site: s, options: o, reported: map[*document]bool{}}
	c.run(nil)
	list := c.silenced()
	if list.HasErrors() {
		return nil, list
	}
	return c.lower(), list
}

// run goes through the stages; false means that stop was closed meanwhile.
func (c *compilation) run(stop <-chan struct{}) bool {
	for _, stage := range stages {
		if closed(stop) {
			return false
		}
		if !stage(c) {
			break
		}
	}
	return true
}

// compilation is the state the stages share.
type compilation struct {
	findings
	site          *Site
	options       Options
	reported      map[*document]bool // documents whose syntax findings were taken over
	scopes        map[*document]*scope
	variableDecls map[*syntax.Field]*variableDecl

	manifest *definition
	whole    *syntax.Node // of the manifest's file, when that is YAML
	tree     *syntax.Node // of the manifest, less what belongs to its scope
	decl     manifestDecl
	pattern  ir.Value[ir.Pattern]

	root         *place
	raw          []rawNode
	asking       map[*syntax.Node]bool // whether nodes ask which instance they are
	bodies       map[*document]*moduleBody
	instantiated int          // modules
	budget       *expr.Budget // of the expressions in all of them
	made         []node       // those of raw
	nodes        []*node      // in the order of the source, then of the deployment

	edges     []edge
	globs     map[glob][]*node      // what a glob of peers matched
	unmatched map[source.Range]bool // globs that were reported
	full      bool                  // the bound on edges was reported

	specs       map[string]*specEffect
	specDecls   map[string]*specDecl
	presets     map[string]*presetDecl
	postures    map[string]*postureDecl
	images      map[string]*imageDecl
	policyDecls map[string]*struct{}
	hosts       map[string]hostDecl
	guests      map[guestKey]*ir.Guest
	noGuest     guestDecl          // of nodes that say nothing of it
	allKeys     []ir.Value[string] // see everyKey
}

// node is one instance on its way through the stages.
type node struct {
	decl     *nodeDecl
	raw      *rawNode
	name     string
	group    string // of one of several: what they are called together
	bad      bool   // it has no usable name or place: nothing that follows is reported
	circular bool   // it is its own ancestor

	up    *node // parent
	upAt  source.Range
	below []*node // children, by name
	depth int     // 1 for a root node
	index int     // in the deployment

	known    bool // what it is (type, spec) was not wrong
	spec     *specEffect
	image    *imageDecl // of a ct its template
	imageDef *definition
	preset   *presetDecl
	// The layer of the preset.
	presetLayer ir.Layer
	out         ir.Node
}

// edge is a dependency or a peering between nodes.
type edge struct {
	kind     ir.EdgeKind
	from, to *node
	until    string
	at       source.Range
}

// takeOver adds the syntax findings of a document, once. They are copies, for a
// compilation adds notes of its own to what it says.
func (c *compilation) takeOver(doc *document) {
	if c.reported[doc] {
		return
	}
	c.reported[doc] = true
	list := make(diag.List, len(doc.findings))
	for i, d := range doc.findings {
		own := *d
		own.Notes = slices.Clip(d.Notes)
		list[i] = &own
	}
	c.adopt(list)
}
