package build

import (
	"cmp"
	"slices"

	"github.com/homestak/homestak/plan"
)

// drafts are steps before they have ids: they name each other by position, and
// finish turns positions into ids once every step is known. A plan has a million
// steps as easily as ten, so what belongs to all of them is kept in a few long
// lists rather than in many short ones.
type drafts struct {
	steps, undo []plan.Step
	keys        []plan.StepKey // of steps, then of undo once finish joins them
	undoKeys    []plan.StepKey
	waits       []int32  // positions steps wait for, those of one step together
	waitsEnd    []int    // per step, where its waits end
	undone      []undone // by position of the step
	late        []lateStep
}

// undone says which undo steps, from first up to end, belong to a step.
type undone struct {
	step       int32
	first, end int
}

// lateStep remembers which step a late value comes from.
type lateStep struct {
	late *plan.Late
	from int32
}

// reserve makes room for what n new nodes need.
func (d *drafts) reserve(n int) {
	d.steps = make([]plan.Step, 0, n*11)
	d.keys = make([]plan.StepKey, 0, n*14)
	d.waits = make([]int32, 0, n*13)
	d.waitsEnd = make([]int, 0, n*11)
	d.undo = make([]plan.Step, 0, n*3)
	d.undoKeys = make([]plan.StepKey, 0, n*3)
	d.undone = make([]undone, 0, n*2)
	d.late = make([]lateStep, 0, n*4)
}

// add appends a step that waits for the given ones; none among them is ignored.
func (d *drafts) add(s plan.Step, ordinal string, after ...int32) int32 {
	slices.SortFunc(s.Args, func(a, b plan.Arg) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(s.Locks, func(a, b plan.Lock) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Of, b.Of)) })
	first := len(d.waits)
	for _, a := range after {
		if a != none && !slices.Contains(d.waits[first:], a) {
			d.waits = append(d.waits, a)
		}
	}
	d.waitsEnd = append(d.waitsEnd, len(d.waits))
	d.steps = append(d.steps, s)
	d.keys = append(d.keys, plan.StepKey{Addr: s.Addr, Op: s.Op, Ordinal: ordinal})
	return int32(len(d.steps) - 1)
}

// addUndo appends undo steps, in the order they run, for a step.
func (d *drafts) addUndo(of int32, steps ...plan.Step) {
	u := undone{step: of, first: len(d.undo)}
	for _, s := range steps {
		slices.SortFunc(s.Args, func(a, b plan.Arg) int { return cmp.Compare(a.Name, b.Name) })
		d.undo = append(d.undo, s)
		d.undoKeys = append(d.undoKeys, plan.StepKey{Addr: s.Addr, Op: s.Op, Ordinal: "undo"})
	}
	u.end = len(d.undo)
	d.undone = append(d.undone, u)
}

// from makes a late value that a step produces.
func (d *drafts) from(kind plan.LateKind, of string, step int32) plan.Value {
	l := &plan.Late{Kind: kind, Of: of}
	d.late = append(d.late, lateStep{l, step})
	return plan.Value{Late: l}
}

// finish names the steps and resolves positions.
func (d *drafts) finish(p *plan.Program) {
	ids := plan.StepIDs(append(d.keys, d.undoKeys...))
	undoIDs := ids[len(d.steps):]
	after := make([]plan.StepID, len(d.waits))
	for i, at := range d.waits {
		after[i] = ids[at]
	}
	first := 0
	for i := range d.steps {
		d.steps[i].ID = ids[i]
		if end := d.waitsEnd[i]; end > first {
			d.steps[i].After = after[first:end:end]
			slices.Sort(d.steps[i].After)
			first = end
		}
	}
	for i := range d.undo {
		d.undo[i].ID = undoIDs[i]
	}
	for _, u := range d.undone {
		d.steps[u.step].Undo = undoIDs[u.first:u.end:u.end]
	}
	for _, l := range d.late {
		l.late.Step = ids[l.from]
	}
	p.Steps, p.Undo = d.steps, d.undo
}

// finish completes the program and the notes.
func (b *builder) finish() *plan.Plan {
	p := &b.program
	b.drafts.finish(p)
	for _, h := range b.places {
		if h.used {
			p.Hosts = append(p.Hosts, h.entry())
		}
	}
	slices.SortFunc(p.Hosts, func(x, y plan.Host) int {
		site := func(h plan.Host) int { return min(len(h.Parent), 1) }
		return cmp.Or(cmp.Compare(site(x), site(y)), cmp.Compare(x.Name, y.Name))
	})
	slices.SortFunc(p.Programs, func(x, y plan.NodeProgram) int { return cmp.Compare(x.Digest, y.Digest) })
	b.secretRefs()
	n := b.o.Notes
	n.Findings = append(slices.Clone(n.Findings), b.findings...)
	sortFindings(n.Findings)
	return &plan.Plan{Program: *p, Notes: n}
}

// secretRefs names the secrets that the plan's node programs need.
func (b *builder) secretRefs() {
	slices.Sort(b.secrets)
	names := slices.Compact(b.secrets)
	b.missingLock(names)
	for _, name := range names {
		ref := plan.SecretRef{Name: name}
		if i := slices.IndexFunc(b.o.Secrets, func(s plan.SecretRef) bool { return s.Name == name }); i >= 0 {
			ref.Digest = b.o.Secrets[i].Digest
		}
		b.program.Secrets = append(b.program.Secrets, ref)
	}
}

// entry is the host as the plan names it. A host that does not exist yet is
// named after the node that will be it; its certificate is late.
func (h *host) entry() plan.Host {
	e := plan.Host{Name: h.name, Node: h.name, IOWidth: usualIOWidth}
	if h.node != nil {
		e.Parent, e.Node = h.node.Address, hostname(h.node)
	}
	if f := h.facts; f != nil {
		e.Cluster, e.Fingerprint = f.Cluster, f.Fingerprint
		if f.Node != "" {
			e.Node = f.Node
		}
		if f.IOWidth > 0 {
			e.IOWidth = f.IOWidth
		}
	}
	return e
}

func hostname(n *node) string {
	if n.Becomes.Hostname.V != "" {
		return n.Becomes.Hostname.V
	}
	return n.Name
}
