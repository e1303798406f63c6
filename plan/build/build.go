package build

import (
	"cmp"
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

// Options are what a plan depends on besides deployment, facts and goal.
type Options struct {
	DefaultHost string           // where root nodes go that name no host (-H)
	Secrets     []plan.SecretRef // the site's secrets.lock; nil when it has none
	OnError     string           // stop, rollback, continue; "" = the manifest's setting
	Selection   *Selection       // which nodes the plan is about, nil for all
	Replace     []addr.Address   // nodes whose guests are to be made anew, though PVE would not need that
	Adopt       []Adoption       // guests that become nodes' own; the plan is about those nodes alone
	Forget      []addr.Address   // nodes whose guests are given up; the plan is about them alone
	Notes       plan.Notes       // Tool, Commit and so on; digests, findings and sources are added
}

// Plan makes the plan. It is nil when, and only when, the list has an error;
// the list is sorted and holds warnings too, which are also findings in the
// plan's notes. Nothing to do is a plan without steps.
func Plan(d *ir.Deployment, f *plan.Facts, goal plan.Goal, o Options) (*plan.Plan, diag.List) {
	dragged := map[addr.Address]*node{}
	if s := o.marksOnly(d); s != nil {
		o.Selection = s
	}
	for {
		b := &builder{d: d, f: f, goal: goal, o: o, dragged: dragged}
		p := b.plan()
		// That a host restarts is known only once its change is: then the plan is
		// made again, with what goes down with the host. Each time there is more.
		if b.drags() {
			continue
		}
		b.diags.Sort()
		if b.diags.HasErrors() {
			return nil, b.diags
		}
		return p, b.diags
	}
}

func (b *builder) plan() *plan.Plan {
	b.indexFacts()
	b.gather()
	b.matchAll()
	b.numberAll()
	b.limit()
	b.keepDeployed()
	if b.diags.HasErrors() {
		return nil
	}
	b.program = plan.Program{
		Format: plan.FormatVersion, Goal: b.goal, SiteID: b.d.SiteID, Manifest: b.d.Manifest, OnError: b.onError(), Partial: b.o.Selection.String(),
	}
	b.forward()
	b.backward()
	b.sweep()
	b.capacity()
	b.notes()
	return b.finish()
}

// builder is one run of Plan.
type builder struct {
	d    *ir.Deployment
	f    *plan.Facts
	goal plan.Goal
	o    Options

	nodes  []*node          // by address, so parents come before their children
	hosts  map[string]*host // nil for a host that was refused
	places []*host          // the others, in the order they were met
	known  index
	orphan []*orphan
	images map[string]*ir.Image
	ids    numbers
	loads  map[string]map[string]int // of hosts that nodes spread over, see spread

	sequence []*node // parents and dependencies first

	program plan.Program
	drafts  drafts
	carried map[string]bool // digests of the node programs in the plan
	secrets []string        // that those programs name, with repeats

	diags    diag.List
	findings []plan.Finding
	said     about                  // what the nodes are that those are about
	dragged  map[addr.Address]*node // what goes down with a host that a partial plan restarts
}

// node is a node of the deployment with what is known of its guest.
type node struct {
	*ir.Node
	index    int // in the deployment
	host     *host
	hosts    *host // the host it is itself, nil when it has no children
	parent   *node
	needs    []need // depends_on
	usedBy   []*node
	peers    []*node
	children []*node

	birth  string // uuid by UUIDv5
	uuid   string // of record
	vmid   uint
	mac    string
	match  *ref      // its guest, nil when absent
	copies []plan.KV // guests that carry marks of it and are left alone, vmid → name
	want   []plan.KV // see desired
	disks  []*drive  // see drives
	placed bool      // disks are found

	incarnation uint  // of the guest that is made
	gone        int32 // the step that took away the guest which this one replaces

	was    addr.Address // what the manifest says it was called, "" = never otherwise
	former bool         // its guest was found under that address
	adopts bool         // its guest is one that the user says is it
	forget bool         // its guest is given up
	away   bool         // its guest is on another node of the cluster than it is pinned to

	digest  string // of its node program
	data    []byte
	secrets []string
	locked  string // digest of those, see plan.SecretsDigest

	change   plan.Change
	touched  bool // the plan is about it
	bears    bool // the plan is about a node in it
	restarts bool // the plan restarts it

	// Positions of steps other nodes wait for, none when the plan has no such step.
	created, ready, last, deleted int32
}

type need struct {
	node  *node
	until string
}

const none = int32(-1)

// absent: no guest is the node.
func (n *node) absent() bool { return n.match == nil }

// proven is the digest of the program the guest was last seen ready with.
func (n *node) proven() string {
	if n.match == nil || n.match.guest.Marker == nil || !n.match.guest.Marker.Authentic {
		return ""
	}
	return n.match.guest.Marker.Program
}

// isPVE reports whether the node is a host: declared as one, or made as one, which
// no other declaration undoes.
func (n *node) isPVE() bool {
	if n.Type.V == ir.PVE || n.match == nil {
		return n.Type.V == ir.PVE
	}
	m := n.match.guest.Marker
	return m != nil && m.Authentic && m.Kind == string(ir.PVE)
}

// rotated reports whether the guest was proven ready with other secrets than its
// program would be given now. One that was never proven has got none yet.
func (n *node) rotated() bool {
	return n.proven() != "" && n.match.guest.Marker.Secrets != n.locked
}

// neverReady is true when the guest says itself that it never was ready; a
// guest without a readable marker says nothing.
func (n *node) neverReady() bool {
	m := n.match.guest.Marker
	return m != nil && m.Authentic && m.Program == ""
}

// gather makes nodes and relates them. Nodes are taken by address, whatever
// their order in the deployment is.
func (b *builder) gather() {
	b.hosts = map[string]*host{}
	b.images = map[string]*ir.Image{}
	for i := range b.d.Images {
		b.images[b.d.Images[i].Name] = &b.d.Images[i]
	}
	byIndex := make([]*node, len(b.d.Nodes))
	for i := range b.d.Nodes {
		n := &node{Node: &b.d.Nodes[i], index: i, created: none, ready: none, last: none, deleted: none, gone: none, incarnation: firstIncarnation}
		n.birth = identity.UUID(b.d.SiteID, b.d.Manifest, n.Address)
		n.uuid = n.birth
		n.vmid = uint(max(n.VMID.V, 0))
		byIndex[i] = n
	}
	b.nodes = slices.Clone(byIndex)
	slices.SortFunc(b.nodes, func(x, y *node) int { return cmp.Compare(x.Address, y.Address) })
	for _, n := range byIndex {
		if n.Node.Parent >= 0 {
			n.parent = byIndex[n.Node.Parent]
		}
	}
	for _, n := range b.nodes {
		if n.parent != nil {
			n.parent.children = append(n.parent.children, n)
		}
		n.was = formerOf(b.d, n.index)
		n.forget = slices.Contains(b.o.Forget, n.Address)
	}
	for _, e := range b.d.Edges {
		from, to := byIndex[e.From], byIndex[e.To]
		switch e.Kind {
		case ir.DependsOn:
			from.needs = append(from.needs, need{to, e.Until})
			to.usedBy = append(to.usedBy, from)
		case ir.PeerOf:
			from.peers = append(from.peers, to)
			to.peers = append(to.peers, from)
		}
	}
	for _, n := range b.nodes {
		slices.SortFunc(n.needs, func(x, y need) int { return cmp.Compare(x.node.Address, y.node.Address) })
		byAddress := func(x, y *node) int { return cmp.Compare(x.Address, y.Address) }
		slices.SortFunc(n.usedBy, byAddress)
		slices.SortFunc(n.peers, byAddress)
	}
}

// onError is what the run does when a step fails. A test cleans up what it made
// unless the manifest or the user says otherwise.
func (b *builder) onError() string {
	switch s := b.d.Settings; {
	case b.o.OnError != "":
		return b.o.OnError
	case b.goal == plan.GoalTest && s.CleanupOnFailure.V:
		return "rollback"
	case s.OnError.V != "":
		return s.OnError.V
	}
	return "stop"
}

// makes reports whether the goal creates and updates guests; removes whether it
// deletes those of the manifest's nodes.
func (b *builder) makes() bool   { return b.goal != plan.GoalDestroy }
func (b *builder) removes() bool { return b.goal == plan.GoalDestroy || b.goal == plan.GoalTest }

func (b *builder) subject(n *node) identity.Subject {
	vmid := n.vmid
	if vmid == 0 {
		vmid, _ = identity.VMID(n.birth, b.first(), b.last(), func(uint) bool { return false })
	}
	return identity.Subject{SiteID: b.d.SiteID, Manifest: b.d.Manifest, Addr: n.Address, UUID: n.birth, VMID: vmid, MAC: n.Network.MAC.V}
}

func (b *builder) first() uint { return uint(max(b.d.VMIDs.First, 0)) }
func (b *builder) last() uint  { return uint(max(b.d.VMIDs.Last, 0)) }
