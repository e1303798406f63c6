package build

import (
	"strconv"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/plan"
)

// Selection is which nodes of a deployment a partial plan is about. A nil
// Selection is all of them.
type Selection struct {
	text   string // canonical
	chosen []bool // by position in the deployment
	skips  []skip
	roots  []string // site host of each node
	reach  []bool   // what a plan about the chosen nodes may have to know
}

// skip is one --skip, to say which one is in the way.
type skip struct {
	*selector.Selector
	takes []bool
}

// Select evaluates selectors: everything that one of only selects (all nodes when
// there is none) and none of skip does. defaultHost is where root nodes are that
// name no host. Without any selector the Selection is nil; it is nil as well when
// the list has an error.
func Select(d *ir.Deployment, defaultHost string, only, skips []*selector.Selector) (*Selection, diag.List) {
	all := selector.Combine(only, skips)
	if all == nil {
		return nil, nil
	}
	w := newWorld(d, defaultHost)
	s := &Selection{text: all.String(), roots: w.hosts}
	var list diag.List
	union := func(of []*selector.Selector, each func(*selector.Selector, []bool)) []bool {
		out := make([]bool, len(d.Nodes))
		for _, x := range of {
			set, found := x.Eval(w)
			list = append(list, found...)
			each(x, set)
			for i, in := range set {
				out[i] = out[i] || in
			}
		}
		return out
	}
	s.chosen = union(only, func(*selector.Selector, []bool) {})
	gone := union(skips, func(x *selector.Selector, set []bool) { s.skips = append(s.skips, skip{x, set}) })
	some := false
	for i := range s.chosen {
		s.chosen[i] = (s.chosen[i] || len(only) == 0) && !gone[i]
		some = some || s.chosen[i]
	}
	if !some && !list.HasErrors() {
		d := codeNoneLeft.Errorf("no node is left to plan for")
		d.Range = skips[0].Range()
		d.Label = "this skips all of them"
		d.Help = "skip fewer nodes"
		list = append(list, d)
	}
	list.Sort()
	if list.HasErrors() {
		return nil, list
	}
	s.reachOut(w)
	return s, list
}

// String is the canonical selector.
func (s *Selection) String() string {
	if s == nil {
		return ""
	}
	return s.text
}

// Selects reports whether the node at position i of the deployment was selected.
func (s *Selection) Selects(i int) bool { return s == nil || s.chosen[i] }

// skipping is the --skip that takes a node away, nil if none does.
func (s *Selection) skipping(i int) *skip {
	for k := range s.skips {
		if s.skips[k].takes[i] {
			return &s.skips[k]
		}
	}
	return nil
}

// reachOut finds the nodes that may come into the plan: what the chosen ones are
// in and need, what is in them and needs them to be there, and so on.
func (s *Selection) reachOut(w *world) {
	s.reach = make([]bool, w.Len())
	var todo []int
	add := func(i int) {
		if i >= 0 && !s.reach[i] {
			s.reach[i] = true
			todo = append(todo, i)
		}
	}
	for i, in := range s.chosen {
		if in {
			add(i)
		}
	}
	children := make([][]int, w.Len())
	for i := range w.Len() {
		if p := w.Parent(i); p >= 0 {
			children[p] = append(children[p], i)
		}
	}
	down := append([]bool(nil), s.chosen...) // what is in these may go down or away with them
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		add(w.Parent(i))
		for _, n := range w.Needs(i) {
			add(n)
		}
		if down[i] {
			for _, c := range children[i] {
				if !down[c] || !s.reach[c] {
					down[c], s.reach[c] = true, true
					todo = append(todo, c)
				}
			}
		}
	}
}

// Narrow leaves out of what is to be looked for the hosts that no node of the
// plan can come to need, with everything on them.
func (s *Selection) Narrow(w plan.WantedSet) plan.WantedSet {
	if s == nil {
		return w
	}
	hosts := map[string]bool{}
	for i, in := range s.reach {
		if in {
			hosts[s.roots[i]] = true
			for _, h := range w.Nodes[i].Others {
				hosts[h] = true
			}
		}
	}
	out := w
	out.Hosts, out.Nodes = nil, nil
	for _, h := range w.Hosts {
		if hosts[h] {
			out.Hosts = append(out.Hosts, h)
		}
	}
	for i, n := range w.Nodes { // in the order of the deployment's
		if hosts[s.roots[i]] {
			out.Nodes = append(out.Nodes, n)
		}
	}
	return out
}

// Reaches reports whether a plan about the selection may come to need the node
// at position i of the deployment.
func (s *Selection) Reaches(i int) bool { return s == nil || s.reach[i] }

// world is a deployment as selectors see it.
type world struct {
	d            *ir.Deployment
	hosts        []string // the site's host that each node is on in the end
	needs, peers [][]int
}

func newWorld(d *ir.Deployment, defaultHost string) *world {
	w := &world{d: d, hosts: make([]string, len(d.Nodes)), needs: make([][]int, len(d.Nodes)), peers: make([][]int, len(d.Nodes))}
	for i := range d.Nodes {
		switch n := &d.Nodes[i]; {
		case n.Parent >= 0:
			w.hosts[i] = w.hosts[n.Parent]
		case n.Host.V != "":
			w.hosts[i] = n.Host.V
		case len(n.Extra().Placement.Hosts.V) > 0:
			w.hosts[i] = n.Extra().Placement.Hosts.V[0]
		default:
			w.hosts[i] = defaultHost
		}
	}
	for _, e := range d.Edges {
		switch e.Kind {
		case ir.DependsOn:
			w.needs[e.From] = append(w.needs[e.From], e.To)
		case ir.PeerOf:
			w.peers[e.From] = append(w.peers[e.From], e.To)
			w.peers[e.To] = append(w.peers[e.To], e.From)
		}
	}
	return w
}

func (w *world) Len() int                   { return len(w.d.Nodes) }
func (w *world) Address(i int) addr.Address { return w.d.Nodes[i].Address }
func (w *world) Parent(i int) int           { return w.d.Nodes[i].Parent }
func (w *world) Needs(i int) []int          { return w.needs[i] }
func (w *world) Peers(i int) []int          { return w.peers[i] }

func (w *world) Texts(to []string, i int, attribute string) []string {
	n := &w.d.Nodes[i]
	one := ""
	switch attribute {
	case "host":
		one = w.hosts[i]
	case "type":
		one = string(n.Type.V)
	case "spec":
		one = n.Spec.V
	case "preset":
		one = n.Preset.V
	case "posture":
		one = n.Posture.V
	case "image":
		one = n.Image.V
	case "mode":
		one = string(n.Modes[ir.Config].V)
	case "run":
		one = string(n.Modes[ir.Run].V)
	case "pool":
		one = n.Pool.V
	case "bridge":
		one = bridge(n)
	case "protect":
		one = strconv.FormatBool(n.Protect.V)
	case "tag":
		return append(to, n.Tags.V...)
	}
	if one == "" {
		return to
	}
	return append(to, one)
}

func (w *world) Number(i int, attribute string) int64 {
	n := &w.d.Nodes[i]
	switch attribute {
	case "vlan":
		return int64(n.Network.VLAN.V)
	case "vmid":
		return int64(n.VMID.V)
	case "cores":
		return int64(n.Cores.V)
	case "memory":
		return int64(n.Memory.V)
	case "disk":
		return int64(n.Disk.V)
	}
	return 0
}
