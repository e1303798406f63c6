package build

import (
	"fmt"
	"slices"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
)

// about remembers which nodes each finding is about. What is found about nodes that
// a partial plan leaves alone is none of its business: they may be broken, on a
// host that does not answer, or nobody's concern today.
type about struct {
	now             *owner            // of what is found from here on; nil = of everybody
	hosts           map[string]*owner // of what is found about a site host
	diags, findings []*owner          // beside builder.diags and builder.findings
}

type owner struct{ nodes []*node }

// concern says whom findings are about from here on, and returns whom they were
// about until now.
func (b *builder) concern(n *node) (before *owner) {
	if b.o.Selection == nil {
		return nil
	}
	return b.concernAll([]*node{n})
}

func (b *builder) concernAll(nodes []*node) (before *owner) {
	before = b.said.now
	b.said.now = &owner{nodes}
	return before
}

// onHost is concern for everybody on a site host, of whom n is one.
func (b *builder) onHost(name string, n *node) (before *owner) {
	before = b.said.now
	if b.o.Selection == nil {
		return before
	}
	if b.said.hosts == nil {
		b.said.hosts = map[string]*owner{}
	}
	o := b.said.hosts[name]
	if o == nil {
		o = &owner{}
		b.said.hosts[name] = o
	}
	o.nodes = append(o.nodes, n)
	b.said.now = o
	return before
}

// limit decides which nodes the plan is about: those selected, and what they
// cannot do without. It drops what was found about the others.
func (b *builder) limit() {
	if b.o.Selection == nil {
		for _, n := range b.nodes {
			n.touched = true
		}
		return
	}
	p := &part{b: b}
	for _, n := range b.nodes {
		if b.o.Selection.chosen[n.index] {
			p.touch(n)
		}
	}
	for _, n := range b.nodes {
		if host := b.dragged[n.Address]; host != nil {
			p.include(n, host, "%s restarts and takes it down")
		}
	}
	for len(p.todo) > 0 {
		n := p.todo[0]
		p.todo = p.todo[1:]
		if b.makes() && !n.adopts && !n.forget {
			p.needed(n)
		}
		if b.removes() {
			p.inside(n)
		}
	}
	for _, n := range b.nodes {
		if n.touched {
			for up := n.parent; up != nil && !up.bears; up = up.parent {
				up.bears = true
			}
		}
	}
	b.diags = keep(b.diags, b.said.diags)
	b.findings = keep(b.findings, b.said.findings)
	b.said = about{}
	if b.goal == plan.GoalDestroy {
		b.unseen()
		b.leftWithout()
	}
}

// unseen refuses to destroy what is in a host that cannot be asked and is not
// destroyed itself: nobody knows whether it is there.
func (b *builder) unseen() {
	said := map[*node]bool{}
	for _, n := range b.nodes {
		if !n.touched {
			continue
		}
		for up := n.parent; up != nil; up = up.parent {
			if up.hosts != nil && up.hosts.lost && !up.touched && !said[up] {
				said[up] = true
				b.parentSilent(up, b.known.hosts[string(up.Address)])
			}
		}
	}
}

// keep is what was found about nodes of the plan, the hosts they are in, and
// about nobody in particular.
func keep[T any](found []T, owners []*owner) []T {
	var out []T
	for i, f := range found {
		if o := owners[i]; o == nil || slices.ContainsFunc(o.nodes, func(n *node) bool { return n.touched || n.bears }) {
			out = append(out, f)
		}
	}
	return out
}

// part closes a selection over what it needs.
type part struct {
	b    *builder
	todo []*node
}

func (p *part) touch(n *node) {
	if !n.touched {
		n.touched = true
		p.todo = append(p.todo, n)
	}
}

// include adds a node that was not selected; why says what by has to do with it.
// One that the user skipped is not added behind his back.
func (p *part) include(n, by *node, why string) {
	if n.touched {
		return
	}
	p.touch(n)
	b := p.b
	defer func(before *owner) { b.said.now = before }(b.concern(n))
	because := fmt.Sprintf(why, by.Address)
	s := b.o.Selection.skipping(n.index)
	if s == nil {
		b.note(findIncluded, n.Address, "included because %s", because)
		return
	}
	d := b.fail(codeSkipped, s.Range(), n.Decl, "node %q cannot be skipped: %s", n.Address, because)
	d.Label = "this takes it away"
	d.Notes = append(d.Notes, diag.Note{Text: "it is declared here", Range: n.Decl})
	d.Help = "do not skip it, or skip " + string(by.Address) + " as well"
}

// needed adds what must be there before the node can be made: the host it is in
// and what it depends on, unless those are there and were ready once.
func (p *part) needed(n *node) {
	if up := n.parent; up != nil && !(up.hosts != nil && (up.hosts.lost || up.hosts.enrolled())) {
		p.include(up, n, "%s is in it")
	}
	for _, need := range n.needs {
		if t := need.node; t.absent() || need.until != "created" && t.proven() == "" {
			p.include(t, n, "%s depends on it")
		}
	}
}

// inside adds what goes with the node's guest.
func (p *part) inside(n *node) {
	for _, c := range n.children {
		if c.match != nil || c.host != nil && c.host.lost && p.b.goal == plan.GoalDestroy {
			p.include(c, n, "it is in %s, which is destroyed")
		}
	}
}

// leftWithout tells who stays behind without what it depends on.
func (b *builder) leftWithout() {
	for _, n := range b.nodes {
		for _, u := range n.usedBy {
			if n.touched && n.match != nil && !u.touched && u.match != nil {
				b.warn(findDependents, u.Address, source.Range{}, "node %q depends on %q, which is destroyed, and stays as it is", u.Address, n.Address).
					Help = "select dependents(" + string(n.Address) + ") as well to destroy it, too"
			}
		}
	}
}

// drags reports whether the plan restarts a host with nodes in it that the plan is
// not about: they go down with it, so they belong into the plan.
func (b *builder) drags() bool {
	if b.o.Selection == nil || b.diags.HasErrors() {
		return false
	}
	more := false
	for _, n := range b.nodes {
		if !n.touched || !n.restarts {
			continue
		}
		for _, c := range descendants(n) {
			if !c.touched && c.match != nil && b.dragged[c.Address] == nil {
				b.dragged[c.Address], more = n, true
			}
		}
	}
	return more
}

// dropOrphans keeps, of our guests that the manifest no longer names, those that
// go with a host that a partial plan destroys. All others are left alone: nobody
// selected them.
func (b *builder) dropOrphans() {
	gone := map[string]bool{}
	for _, n := range b.nodes {
		if n.touched && n.isPVE() && b.goal == plan.GoalDestroy {
			gone[string(n.Address)] = true
		}
	}
	keep := make([]bool, len(b.orphan))
	for more := true; more; {
		more = false
		for i, o := range b.orphan {
			if !keep[i] && gone[o.facts.Name] {
				keep[i], more = true, true
				gone[string(o.guest.Marker.Addr)] = true
			}
		}
	}
	var kept []*orphan
	for i, o := range b.orphan {
		switch {
		case keep[i]:
			kept = append(kept, o)
		case b.goal == plan.GoalReconcile:
			b.warn(findOrphan, o.guest.Marker.Addr, source.Range{}, "%s is node %q, which the manifest no longer names; a partial plan leaves it alone", o.ref, o.guest.Marker.Addr).
				Help = "plan without --only and --skip to remove it"
		}
	}
	b.orphan = kept
}
