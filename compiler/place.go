package compiler

import (
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/syntax"
)

// place is where nodes are declared, and names mean something: the manifest,
// one instance of a multiplied node, which its children are in, or one instance
// of a module. A name is looked for in its place first and then further out,
// but never out of a module.
//
//	node "a" {           the manifest   a-1 a-2, a: both; b-1 b-2, b: both
//	  count = 2            a-1          b: the one in a-1
//	  node "b" {}          a-2          b: the one in a-2
//	}
//	module "x" { … }       x            c, a node of its file
//	                     the manifest   x-c, and x: all nodes of the module
type place struct {
	outer  *place // nil for the manifest
	suffix string // "-1": what tells this instance from the others
	guess  bool   // how many there are like it could not be read
	width  int    // bytes that names of nodes in here have besides their own

	// home is the nearest module that this place is in, or is; nil in none.
	home *place
	// Of a module:
	base   string // its name in the source
	doc    *document
	at     source.Range // where it is used
	waits  []dependencyDecl
	prefix string // of the names of its nodes, as in "x-"

	first, last int // the nodes declared in here, all the way down
	names       *names
	modules     map[string]source.Range       // used in here, by name
	shared      map[*syntax.Node]*syntax.Node // trees that are alike in all instances
}

// isModule says whether a place is one of a module.
func (p *place) isModule() bool { return p.home == p && p.outer != nil }

// within is the place of one instance of a node in p; p itself is that of the
// children of a node that is alone.
func (p *place) within(suffix string, guess bool) *place {
	return &place{outer: p, suffix: suffix, guess: guess, width: p.width + len(suffix), home: p.home}
}

// inside says whether a place is q, or somewhere in it.
func (p *place) inside(q *place) bool {
	for ; p != nil; p = p.outer {
		if p == q {
			return true
		}
	}
	return false
}

// label is what a node is called, seen from some place.
type label struct {
	base     string   // in the source
	suffixes []string // of what it is an instance of, the outermost first
	tail     string   // for base the name of a module: "-" and the name in it
	groups   []string // the same of the groups in it; "" for all of it
	guess    bool     // there may be more with this base
}

// labelAt is what a node is called at a place that it is declared in.
func (r *rawNode) labelAt(p *place) label {
	l := label{base: r.base, guess: r.guess}
	if r.suffix != "" {
		l.suffixes = append(l.suffixes, r.suffix)
	}
	for q := r.place; q != p; q = q.outer {
		guess := l.guess || q.guess
		if !q.isModule() {
			l.suffixes = append([]string{q.suffix}, l.suffixes...)
			l.guess = guess
			continue
		}
		groups := []string{""}
		for _, g := range l.groupNames() {
			groups = append(groups, "-"+g)
		}
		l = label{base: q.base, tail: "-" + l.name(), groups: groups, guess: guess}
		if q.suffix != "" {
			l.suffixes = append(l.suffixes, q.suffix)
		}
	}
	return l
}

// name is the name of the node alone.
func (l *label) name() string { return l.base + strings.Join(l.suffixes, "") + l.tail }

// groupNames are the names that mean the node and its like together.
func (l *label) groupNames() []string {
	if len(l.suffixes) == 0 && len(l.groups) == 0 {
		return nil
	}
	var out []string
	whole := l.base + strings.Join(l.suffixes, "")
	for _, g := range l.groups {
		out = append(out, whole+g)
	}
	name := l.base
	for _, s := range l.suffixes {
		out = append(out, name)
		name += s
	}
	return out
}
