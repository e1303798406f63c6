package apply

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/plan/program"
)

const codeMalformed diag.Code = "HS0650"

// node is what a plan, or an observation, says about one guest.
type node struct {
	addr        addr.Address
	host        string // name of the host it lives on
	kind        string // vm, ct, pve
	name        string // expected guest name
	uuid        string
	vmid        uint
	mac         string       // of the first NIC
	port        uint         // where the plan makes its sshd listen, 0 = it does not say
	incarnation uint         // of the guest the plan makes; 0 when it makes none
	was         addr.Address // that its marks may still say, "" when the plan renames nothing
	created     *plan.Step
	ready       *plan.Step // the guest.configure that records readiness
	destroyed   bool       // the plan also destroys it
	copies      []plan.KV  // guests that carry marks of it and that the plan leaves alone, vmid → name
	wants       []plan.KV  // attributes the plan's steps give it
	made        []plan.KV  // what its creation fixes, by name, for its marker
}

func (n *node) subject(siteID, manifest string) identity.Subject {
	return identity.Subject{SiteID: siteID, Manifest: manifest, Addr: n.addr, UUID: n.uuid, VMID: n.vmid, MAC: n.mac, Was: n.was}
}

// index finds the parts of a program by name.
type index struct {
	p        *plan.Program
	steps    map[plan.StepID]*plan.Step // undo steps included
	hosts    map[string]*plan.Host
	nodes    map[addr.Address]*node
	programs map[string][]byte
	places   map[place]bool // where the nodes' guests are, or will be
}

// place is a vmid on a host.
type place struct {
	host string
	vmid uint
}

// newIndex also checks what a decoder cannot know to be wrong: that every name
// in the program names something, in the right order.
func newIndex(p *plan.Program) (*index, diag.List) {
	ix := &index{
		p: p, steps: map[plan.StepID]*plan.Step{}, hosts: map[string]*plan.Host{},
		nodes: map[addr.Address]*node{}, programs: map[string][]byte{}, places: map[place]bool{},
	}
	var bad diag.List
	complain := func(format string, args ...any) {
		d := codeMalformed.Errorf("the plan is not well formed")
		d.Label = codeMalformed.Errorf(format, args...).Message
		d.Help = "make the plan again with this version of homestak"
		bad = append(bad, d)
	}
	if p.Format != plan.FormatVersion {
		complain("its format is %d, this version runs format %d", p.Format, plan.FormatVersion)
		return nil, bad
	}
	for i := range p.Hosts {
		ix.hosts[p.Hosts[i].Name] = &p.Hosts[i]
	}
	for _, np := range p.Programs {
		ix.programs[np.Digest] = np.Data
	}
	for _, c := range p.Changes {
		ix.places[place{c.Host, c.VMID}] = true
		ix.nodes[c.Addr] = &node{
			addr: c.Addr, host: c.Host, kind: c.Kind, name: c.Addr.Name(), uuid: c.UUID, vmid: c.VMID, mac: identity.MAC(c.UUID, 0), was: c.Was,
		}
	}
	for i, list := range [][]plan.Step{p.Steps, p.Undo} {
		for k := range list {
			s := &list[k]
			if why := ix.add(s); why != "" {
				complain("step %s (%s %s): %s", s.ID, s.Op, s.Addr, why)
			} else if n := ix.nodes[s.Addr]; n != nil && i == 0 {
				n.learn(s)
				n.port = max(n.port, ix.sshPort(s))
			}
		}
	}
	for i := range p.Hosts {
		if h := &p.Hosts[i]; h.Parent != "" && ix.nodes[h.Parent] == nil {
			complain("host %s is no node of the plan", h.Name)
		}
	}
	undo := map[plan.StepID]bool{}
	for i := range p.Undo {
		undo[p.Undo[i].ID] = true
	}
	for i := range p.Steps {
		for _, id := range p.Steps[i].Undo {
			if !undo[id] {
				complain("step %s names undo step %s, which is not there", p.Steps[i].ID, id)
			}
		}
	}
	return ix, bad
}

// add files one step and returns what is wrong with it.
func (ix *index) add(s *plan.Step) string {
	if _, twice := ix.steps[s.ID]; twice {
		return "its id is used twice"
	}
	for _, id := range s.After {
		if _, ok := ix.steps[id]; !ok {
			return "it comes after " + string(id) + ", which is no earlier step"
		}
	}
	ix.steps[s.ID] = s
	if ix.hosts[s.Host] == nil {
		return "its host " + strconv.Quote(s.Host) + " is not in the plan"
	}
	if digest := s.Text(plan.ArgProgram); digest != "" && ix.programs[digest] == nil {
		return "its node program is not in the plan"
	}
	if s.Addr == "" {
		if s.Op != plan.ImageFetch && s.Op != plan.TemplateBuild {
			return "it names no node"
		}
		return ""
	}
	n := ix.nodes[s.Addr]
	if n == nil {
		return "its node is not among the changes"
	}
	if name := s.Text(plan.ArgSeed); name != "" && identity.SeedOwner(seedVolume(s, "", plan.ArgContent, name)) != n.uuid {
		return strconv.Quote(name) + " is no seed of its node"
	}
	if id := s.Text(plan.ArgVMID); id != "" && s.Op != plan.TemplateBuild && id != strconv.FormatUint(uint64(n.vmid), 10) {
		return "it is about guest " + id + ", the node's is " + strconv.FormatUint(uint64(n.vmid), 10)
	}
	return ""
}

// learn takes from a step what changes do not say.
func (n *node) learn(s *plan.Step) {
	n.wants = append(n.wants, canon.Wants([]plan.Step{*s}, s.Addr)...)
	for _, g := range s.Guards {
		if g.Kind == plan.GuardOurs && len(g.Expect) > 0 {
			n.copies = g.Expect
		}
	}
	if mac := s.Text(plan.ArgMAC); mac != "" {
		n.mac = mac
	}
	if s.Phase == plan.PhaseDestroy && s.Op == plan.GuestDelete && s.Text(plan.ArgIncarnation) == "" {
		n.destroyed = true
	}
	switch s.Op {
	case plan.SeedUpload:
		// "uuid-incarnation"
		instance := s.Text(plan.ArgInstance)
		if i, err := strconv.ParseUint(instance[strings.LastIndexByte(instance, '-')+1:], 10, 32); err == nil {
			n.incarnation = uint(i)
		}
		for _, kv := range s.Made() {
			n.fixed(kv.Key, kv.Value)
		}
	case plan.GuestDelete:
		// A replacement has the next number.
		if before, err := strconv.ParseUint(s.Text(plan.ArgIncarnation), 10, 32); err == nil {
			n.incarnation = uint(before) + 1
		}
	case plan.GuestCreate, plan.CTCreate, plan.GuestClone:
		n.created = s
		n.fixed(plan.MadeImage, s.Text(plan.ArgImageName))
		for _, kv := range s.Made() {
			n.fixed(kv.Key, kv.Value)
		}
		if name := cmp.Or(s.Text("name"), s.Text("hostname")); name != "" {
			n.name = name
		}
	case plan.GuestConfigure:
		if s.Text(plan.ArgProgram) != "" {
			n.ready = s
		}
	}
}

// fixed notes what the creation of the guest fixes; nothing for an empty value.
func (n *node) fixed(name, value string) {
	if value = strings.TrimSpace(value); value != "" {
		n.made = put(n.made, plan.KV{Key: name, Value: value}, true)
	}
}

// sshPort is where the sshd of a step's node listens once its program holds.
func (ix *index) sshPort(s *plan.Step) uint {
	digest := s.Text(plan.ArgProgram)
	if digest == "" {
		return 0
	}
	p, err := program.Decode(ix.programs[digest])
	if err != nil {
		return 0
	}
	return p.SSHPort()
}

// hostNode is the node that is a host, nil for a site host. A node that is to
// become a host has its address for a name, whether or not guests are planned on it.
func (ix *index) hostNode(name string) *node {
	if h := ix.hosts[name]; h != nil {
		return ix.nodes[h.Parent]
	}
	return ix.nodes[addr.Address(name)]
}

// nodeName is the PVE node the plan puts a host's guests on.
func (ix *index) nodeName(name string) string {
	if h := ix.hosts[name]; h != nil {
		return h.Node
	}
	return ""
}

// pin is the certificate the plan pins for a host, "" when it is a late value.
func (ix *index) pin(name string) string {
	if h := ix.hosts[name]; h != nil {
		return h.Fingerprint
	}
	return ""
}

// comesAfter reports whether a step waits for another one, directly or not.
func (ix *index) comesAfter(s, earlier *plan.Step) bool {
	seen := map[plan.StepID]bool{}
	todo := slices.Clone(s.After)
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if id == earlier.ID {
			return true
		}
		if !seen[id] {
			seen[id] = true
			todo = append(todo, ix.steps[id].After...)
		}
	}
	return false
}
