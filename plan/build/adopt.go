package build

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/selector"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// Adoption says that a guest which carries no marks is a node.
type Adoption struct {
	Addr addr.Address
	VMID uint
}

// Adopting adds to what is to be looked for the guests that are to be adopted.
func Adopting(w plan.WantedSet, list []Adoption) plan.WantedSet {
	w.Nodes = slices.Clone(w.Nodes)
	for _, a := range list {
		for i := range w.Nodes {
			if w.Nodes[i].Addr == a.Addr {
				w.Nodes[i].Adopt = a.VMID
			}
		}
	}
	return w
}

// marksOnly selects the nodes whose marks alone the plan is about, nil when it is
// about more than marks.
func (o Options) marksOnly(d *ir.Deployment) *Selection {
	var texts []string
	for _, a := range o.Adopt {
		texts = append(texts, string(a.Addr))
	}
	for _, a := range o.Forget {
		texts = append(texts, string(a))
	}
	if len(texts) == 0 {
		return nil
	}
	slices.Sort(texts)
	var list []*selector.Selector
	for _, t := range slices.Compact(texts) {
		s, _ := selector.Parse(source.NewFile("marks", []byte(t)))
		list = append(list, s)
	}
	s := &Selection{text: selector.Combine(list, nil).String(), chosen: make([]bool, len(d.Nodes))}
	for i := range d.Nodes {
		s.chosen[i] = slices.Contains(texts, string(d.Nodes[i].Address))
	}
	return s
}

func (b *builder) adoption(n *node) *Adoption {
	for i := range b.o.Adopt {
		if b.o.Adopt[i].Addr == n.Address {
			return &b.o.Adopt[i]
		}
	}
	return nil
}

// adoptable is the guest that the user says is the node, or none and the reason
// why it cannot be. own are those that carry its marks already.
func (b *builder) adoptable(n *node, vmid uint, own []*ref) []*ref {
	refuse := func(label, help, format string, args ...any) []*ref {
		d := b.fail(codeAdopt, n.Decl, source.Range{}, format, args...)
		d.Label, d.Help = label, help
		return nil
	}
	r := b.known.vmid[place{n.host.cluster, vmid}]
	if len(own) > 0 && own[0] != r {
		return refuse("", "forget that one first: homestak plan -M "+b.d.Manifest+" --forget "+string(n.Address),
			"node %q is %s already", n.Address, own[0])
	}
	if r == nil {
		return refuse("", "write the number of a guest on that host, as Proxmox VE shows it", "there is no guest %d on %s", vmid, n.host.name)
	}
	m := r.guest.Marker
	foreign := m != nil && m.SiteID != "" && m.SiteID != b.d.SiteID && !m.Forgotten
	switch {
	case len(own) > 0:
		return own // it is the node's: nothing is to be adopted
	case (n.Type.V == ir.CT) != (r.guest.Kind == canon.LXC):
		return refuse("", "declare the node as what it is: type vm or ct", "%s cannot be node %q, which is declared as %s", r, n.Address, n.Type.V)
	case r.guest.Template:
		return refuse("a template never runs", "adopt a guest that was cloned from it", "%s cannot be node %q", r, n.Address)
	case m != nil && m.Authentic && !m.Forgotten:
		return refuse("", "forget it there first, or adopt another guest", "%s is node %q already", r, m.Addr)
	case foreign:
		return refuse("its notes say it is "+string(m.Addr)+" of site "+m.SiteID, "let that site forget it, or remove the homestak block from its notes",
			"%s belongs to another site", r)
	}
	n.adopts = true
	return []*ref{r}
}

// recordOf is the uuid by which an adopted guest is known from now on: its own,
// which cannot be another without a restart. One that it shares with others, or
// lacks, makes it nobody, so it gets the node's.
func (b *builder) recordOf(n *node, r *ref) string {
	own := strings.ToLower(r.guest.UUID)
	if own == "" || len(b.known.uuid[own]) > 1 {
		return n.birth
	}
	return own
}

// adopt writes the node's marks on a guest, and nothing else: what would have to
// change is for the next plan to say.
func (b *builder) adopt(n *node) plan.Change {
	g := n.match.guest
	s := b.stepsOf(n, plan.ReasonAdopt)
	tags := canon.Set(strings.Join(append(slices.Clone(g.Tags), identity.ManagedTag, identity.Tag(b.d.Manifest)), ","))
	step := s.onGuest(plan.GuestAdopt, quickDeadline, s.marker(), text("tags", strings.ReplaceAll(tags, ",", ";")))
	known := []string{"name", "net0.macaddr", markUUID}
	if g.Kind == canon.LXC {
		known = []string{"hostname", "net0.hwaddr"}
	}
	var expect []plan.KV
	for _, key := range known {
		expect = append(expect, plan.KV{Key: key, Value: canon.Get(g.Config, key)})
	}
	step.Guards = []plan.Guard{{Kind: plan.GuardGiven, VMID: n.vmid, UUID: n.uuid, Expect: withMarker(expect, g)}}
	at := s.add(step, "")
	n.ready, n.last = at, at
	c := plan.Change{Action: plan.Adopt, Reason: plan.ReasonAdopt, Attrs: []plan.Attr{{Name: plan.MarkerKey, From: g.Marker.State(), To: string(n.Address)}}}
	if from := canon.Get(g.Config, "tags"); from != tags {
		c.Attrs = append(c.Attrs, plan.Attr{Name: "tags", From: from, To: tags})
	}
	b.tellAdopted(n)
	return c
}

// tellAdopted says what the manifest wants to be otherwise with a guest that is
// adopted.
func (b *builder) tellAdopted(n *node) {
	have := canon.Overlay(n.match.guest.Config, n.match.guest.Pending)
	var differs []string
	for _, a := range canon.Diff(have, b.desired(n)) {
		if a.Name != "tags" {
			differs = append(differs, a.Name+" is "+orNone(a.From)+", wanted "+orNone(a.To))
		}
	}
	if len(differs) == 0 {
		return
	}
	b.warn(findAdopted, n.Address, n.Decl, "%s is not as node %q declares: %s; adopting changes none of it, the next plan would", n.match, n.Address, strings.Join(differs, "; ")).
		Help = "declare what it is, or look at the next plan before you apply it"
}

// giveUp takes the node's marks from its guest.
func (b *builder) giveUp(n *node) plan.Change {
	if n.absent() {
		b.fail(codeForget, n.Decl, source.Range{}, "node %q has no guest to forget", n.Address).
			Help = "take the node out of the manifest; there is nothing else to do"
		return plan.Change{Action: plan.None, Reason: plan.ReasonAbsent}
	}
	for _, c := range n.children {
		if c.match != nil && !c.forget {
			b.fail(codeForget, n.Decl, source.Range{}, "node %q cannot be forgotten while %s is in it", n.Address, c.Address).
				Help = "forget what is in it first, or with it: --forget " + string(c.Address)
			break
		}
	}
	b.warn(findForgotten, n.Address, n.Decl, "node %q is still in the manifest; plans that make it are refused until it is taken out, or the guest is adopted again", n.Address).
		Help = "take the node out of the manifest"
	return b.forgetting(n)
}

// forgetting is the step and the change that give a guest up.
func (b *builder) forgetting(n *node) plan.Change {
	s := b.stepsOf(n, plan.ReasonForget)
	step := s.onGuest(plan.GuestForget, quickDeadline)
	step.Guards = slices.Clone(s.ours)
	at := s.add(step, "")
	n.ready, n.last = at, at
	return plan.Change{Action: plan.Forget, Reason: plan.ReasonForget, Attrs: []plan.Attr{{Name: plan.MarkerKey, From: n.match.guest.Marker.State(), To: "forgotten"}}}
}

// nearest asks whether another address was meant than one that is nobody's.
func (b *builder) nearest(a addr.Address) string {
	var known []string
	for _, n := range b.nodes {
		known = append(known, string(n.Address))
	}
	for _, o := range b.orphan {
		known = append(known, string(o.guest.Marker.Addr))
	}
	if s := diag.Suggest(string(a), known); s != "" {
		return "did you mean " + s + "? "
	}
	return ""
}

// forgetOrphans gives up guests that the manifest no longer names, and says which
// of the addresses to forget are nobody's.
func (b *builder) forgetOrphans() {
	for _, a := range b.o.Forget {
		if slices.ContainsFunc(b.nodes, func(n *node) bool { return n.Address == a }) {
			continue
		}
		i := slices.IndexFunc(b.orphan, func(o *orphan) bool { return o.guest.Marker.Addr == a })
		if i < 0 {
			b.fail(codeForget, source.Range{}, source.Range{}, "no guest that could be seen is %q", a).
				Help = b.nearest(a) + "homestak status -M " + b.d.Manifest + " lists those that are"
			continue
		}
		o := b.orphan[i]
		b.orphan = slices.Delete(b.orphan, i, i+1)
		if o.host = b.hostOfOrphan(o); o.host == nil {
			continue
		}
		o.host.used = true
		n := o.node()
		c := b.forgetting(n)
		c.Addr, c.Host, c.VMID, c.UUID, c.Kind = a, o.host.name, n.vmid, n.uuid, string(n.Type.V)
		b.program.Changes = append(b.program.Changes, c)
	}
}

// hardware is the address of the node's first interface: the declared one, else
// the one that an adopted guest came with, else its own.
func (n *node) hardware() string {
	if n.Network.MAC.V == "" && n.wasAdopted() && len(n.match.guest.MACs) > 0 {
		return n.match.guest.MACs[0]
	}
	return macOf(n.Node, n.uuid)
}
