package build

import (
	"container/heap"
	"slices"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/program"
	"github.com/homestak/homestak/plan/program/lower"
)

// ranks is a heap of positions in builder.nodes.
type ranks []int

func (r ranks) Len() int           { return len(r) }
func (r ranks) Less(i, j int) bool { return r[i] < r[j] }
func (r ranks) Swap(i, j int)      { r[i], r[j] = r[j], r[i] }
func (r *ranks) Push(x any)        { *r = append(*r, x.(int)) }
func (r *ranks) Pop() any {
	old := *r
	x := old[len(old)-1]
	*r = old[:len(old)-1]
	return x
}

// order lists the nodes so that parents and what a node depends on come first;
// among those that may come next, the first by address does.
func (b *builder) order() []*node {
	rank := make(map[*node]int, len(b.nodes))
	for i, n := range b.nodes {
		rank[n] = i
	}
	waits := make([]int, len(b.nodes))
	ready := &ranks{}
	for i, n := range b.nodes {
		waits[i] = len(n.needs)
		if n.parent != nil {
			waits[i]++
		}
		if waits[i] == 0 {
			*ready = append(*ready, i) // ascending, so a heap already
		}
	}
	list := make([]*node, 0, len(b.nodes))
	for ready.Len() > 0 {
		n := b.nodes[heap.Pop(ready).(int)]
		list = append(list, n)
		for _, next := range [][]*node{n.children, n.usedBy} {
			for _, m := range next {
				at := rank[m]
				if waits[at]--; waits[at] == 0 {
					heap.Push(ready, at)
				}
			}
		}
	}
	if len(list) < len(b.nodes) {
		b.circle(waits)
	}
	return list
}

// circle names the nodes that wait for each other, or for one that does.
func (b *builder) circle(waits []int) {
	var stuck []*node
	for i, n := range b.nodes {
		if waits[i] > 0 {
			stuck = append(stuck, n)
		}
	}
	b.fail(codeCircle, stuck[0].Decl, source.Range{}, "these nodes wait for each other: %s", listed(stuck)).
		Help = "remove one depends_on; a parent never waits for its own child"
}

// forward lays out what makes and updates guests; it also works out what the
// plan says about each node.
func (b *builder) forward() {
	absent := 0
	for _, n := range b.nodes {
		if n.touched && n.absent() {
			absent++
		}
	}
	if b.makes() {
		b.drafts.reserve(absent)
	}
	b.program.Changes = make([]plan.Change, 0, len(b.nodes)+len(b.orphan))
	b.carried = map[string]bool{}
	b.sequence = b.order()
	for _, n := range b.sequence {
		if n.touched && b.makes() {
			b.lower(n)
			n.change = b.makeNode(n)
		}
	}
	for _, n := range b.nodes {
		switch {
		case !n.touched && !n.bears:
			continue
		case !n.touched:
			n.change = plan.Change{Action: plan.None, Reason: plan.ReasonContext}
		case b.removes():
			n.change = b.removal(n, n.change)
		}
		b.program.Changes = append(b.program.Changes, b.identify(n.change, n))
	}
	b.orphans()
}

// identify fills in what a change says of every node.
func (b *builder) identify(c plan.Change, n *node) plan.Change {
	n.host.used = true
	c.Addr, c.Host, c.VMID, c.UUID, c.Kind = n.Address, n.host.name, n.vmid, n.uuid, string(n.Type.V)
	if n.former {
		c.Was = n.was
	}
	if b.goal == plan.GoalDestroy && n.isPVE() {
		c.Kind = "pve" // what goes, whatever it is declared as now
	}
	return c
}

// lower makes the node's program.
func (b *builder) lower(n *node) {
	p := lower.Node(b.d, n.index)
	data, err := program.Encode(p)
	if err != nil {
		d := b.fail(codeProgram, n.Becomes.Hostname.From.Range, n.Decl, "node %q cannot become what its spec says", n.Address)
		d.Label = err.Error()
		d.Help = "correct the spec; names of users, packages and services follow the rules of the target's system"
		return
	}
	n.data, n.digest, n.secrets = data, program.Digest(data), p.Secrets()
	n.locked = plan.SecretsDigest(n.secrets, b.o.Secrets)
}

// carry puts the node's program into the plan and returns the argument for it.
func (b *builder) carry(n *node) plan.Value {
	if !b.carried[n.digest] {
		b.carried[n.digest] = true
		b.program.Programs = append(b.program.Programs, plan.NodeProgram{Digest: n.digest, Data: n.data})
		b.secrets = append(b.secrets, n.secrets...)
	}
	return plan.Value{Text: n.digest}
}

// gates are the steps a node's first step waits for: its host, and what it
// depends on.
func (b *builder) gates(n *node) []int32 {
	var gates []int32
	if n.parent != nil {
		gates = append(gates, n.parent.last) // host.enroll, if it becomes a host only now
	}
	for _, need := range n.needs {
		if need.until == "created" {
			gates = append(gates, need.node.created)
		} else {
			gates = append(gates, need.node.ready)
		}
	}
	return slices.DeleteFunc(gates, func(at int32) bool { return at == none })
}
