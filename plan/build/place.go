package build

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// host is a place where nodes of the deployment live.
type host struct {
	name    string
	cluster string          // space of vmids
	node    *node           // the node that is this host, nil for a site host
	facts   *plan.HostFacts // nil for a host that does not exist yet
	lost    bool            // it exists and cannot be asked; only a plan that removes it goes on

	used    bool // a change names it
	enroll  int32
	fetched map[string]int32    // image → image.fetch
	cloned  map[string]template // image → where clones of it come from
	assumed bool                // it was said that nothing is known about it

	picked  bool
	disks   string // storage for guest disks
	imports string // storage for images and seeds

	pickedCT  bool
	roots     string // storage for root file systems of containers
	templates string // storage for container templates
}

// usualIOWidth is the width of a host's I/O lane when the facts do not say: as
// many copies at once as one ordinary disk takes well.
const usualIOWidth = 4

// siteHost finds or makes the entry of a site host; nil, with a diagnostic the
// first time, when the plan cannot be made without more facts.
func (b *builder) siteHost(name string, n *node) *host {
	if h, ok := b.hosts[name]; ok {
		if h == nil {
			b.said.now = b.onHost(name, n)
		}
		return h
	}
	defer func(before *owner) { b.said.now = before }(b.onHost(name, n))
	f := b.known.hosts[name]
	b.hosts[name] = nil
	switch {
	case name == "":
		b.fail(codeNoHost, n.Decl, source.Range{}, "node %q names no host", n.Address).Help = "name one with -H, or write host: in the manifest"
		return nil
	case f == nil:
		b.fail(codeNoHost, n.Host.From.Range, n.Decl, "the facts say nothing about host %q", name).
			Help = "observe it: leave out --facts, or make them again with homestak facts"
		return nil
	case f.Presence != plan.Present:
		d := b.fail(codeHostSilent, n.Host.From.Range, n.Decl, "host %q could not be asked", name)
		d.Label = f.Error
		d.Help = "nothing is planned for a host that cannot be seen; see that it answers and plan again"
		return nil
	}
	h := &host{name: name, cluster: cluster(f), facts: f, enroll: none, fetched: map[string]int32{}, cloned: map[string]template{}}
	b.hosts[name] = h
	b.places = append(b.places, h)
	return h
}

// hostFor is the host of a node. For a child it depends on the parent's guest:
// no guest, or one that never was ready, has no children yet.
func (b *builder) hostFor(n *node) *host {
	if n.parent == nil {
		switch {
		case n.Host.V != "":
			return b.siteHost(n.Host.V, n)
		case len(n.Extra().Placement.Hosts.V) > 0:
			return b.choose(n)
		}
		return b.siteHost(b.o.DefaultHost, n)
	}
	return b.nodeAsHost(n.parent)
}

// nodeAsHost is the host that a node is.
func (b *builder) nodeAsHost(p *node) *host {
	if p.hosts != nil || p.host == nil { // without a host of its own: said already
		return p.hosts
	}
	name := string(p.Address)
	h := &host{name: name, cluster: name, node: p, enroll: none, fetched: map[string]int32{}, cloned: map[string]template{}}
	if f := b.known.hosts[name]; b.rebuilds(p) != nil {
		// It is made anew, and so is everyone on it.
	} else if !p.absent() && f != nil && f.Presence == plan.Present {
		h.facts = f
	} else if !p.absent() && !p.neverReady() {
		h.lost = true
		if b.makes() {
			before := b.concernAll(p.children)
			b.parentSilent(p, f)
			b.said.now = before
		}
	}
	p.hosts = h
	b.places = append(b.places, h)
	return h
}

// parentSilent refuses to plan for children nobody can see. Planning them as
// absent could make every one of them twice.
func (b *builder) parentSilent(p *node, f *plan.HostFacts) {
	d := b.fail(codeParent, p.Decl, source.Range{}, "node %q is %s and was ready once, and cannot be asked about its guests", p.Address, p.match)
	switch {
	case p.match.guest.Power == plan.PowerStopped:
		d.Label = "the guest is stopped"
		d.Help = fmt.Sprintf("start VM %d on %s (on that host: qm start %d) and plan again, or run homestak destroy -M %s, which removes its children with it, and create anew",
			p.match.guest.VMID, p.match.facts.Name, p.match.guest.VMID, b.d.Manifest)
	case f != nil && f.Error != "":
		d.Label = f.Error
		fallthrough
	default:
		d.Help = "see that its API and its sshd answer and plan again, or run homestak destroy -M " + b.d.Manifest + ", which removes its children with it, and create anew"
	}
}

// orphan is a guest of ours whose node the manifest no longer has.
type orphan struct {
	*ref
	host    *host
	deleted int32
}

// Storage content types.
const (
	contentImages = "images"
	contentImport = "import"

	contentRoot     = "rootdir"
	contentTemplate = "vztmpl"
)

// storages picks, once per host, where disks and images go: what the host entry
// names, else the first by name that takes them. A host without facts will have
// what host.enroll prepares.
func (b *builder) storages(h *host, n *node) (ok bool) {
	if h.picked {
		return h.disks != "" && h.imports != ""
	}
	h.picked = true
	if h.facts == nil {
		h.disks, h.imports = freshStorage, freshStorage
		return true
	}
	if h.node != nil && (!takes(h.facts, "", contentImages) || !takes(h.facts, "", contentImport)) {
		// It was enrolled halfway, or somebody took the content types away.
		h.disks, h.imports = freshStorage, freshStorage
		return true
	}
	h.disks = b.storage(h, n, h.facts.Default, contentImages, "disks of guests")
	prefer := h.facts.Import
	if prefer == "" && takes(h.facts, h.disks, contentImport) {
		prefer = h.disks
	}
	h.imports = b.storage(h, n, prefer, contentImport, "images and seeds")
	return h.disks != "" && h.imports != ""
}

// enrolled reports whether a host that is a node can take its guests as it is.
func (h *host) enrolled() bool {
	if h.facts == nil || !takes(h.facts, "", contentImages) || !takes(h.facts, "", contentImport) {
		return false
	}
	containers := slices.ContainsFunc(h.node.children, func(c *node) bool { return c.kind() == canon.LXC })
	return !containers || takes(h.facts, "", contentRoot) && takes(h.facts, "", contentTemplate)
}

// takes reports whether the storage of this name, or any if "", has a content type.
func takes(f *plan.HostFacts, name, content string) bool {
	return slices.ContainsFunc(f.Storages, func(s plan.StorageFacts) bool {
		return (name == "" || s.Name == name) && slices.Contains(s.Content, content)
	})
}

func (b *builder) storage(h *host, n *node, named, content, what string) string {
	if named != "" {
		if takes(h.facts, named, content) {
			return named
		}
		if !slices.ContainsFunc(h.facts.Storages, func(s plan.StorageFacts) bool { return s.Name == named }) {
			b.missingStorage(h, n, named)
			return ""
		}
		d := b.fail(codeNoStorage, n.Host.From.Range, n.Decl, "storage %q of host %q takes no %s", named, h.name, what)
		d.Label = "its content types lack " + content
		d.Help = "on that host: pvesm set " + named + " --content … with " + content + " among them, or name another storage in the host entry"
		return ""
	}
	for _, s := range h.facts.Storages {
		if slices.Contains(s.Content, content) {
			return s.Name
		}
	}
	d := b.fail(codeNoStorage, n.Host.From.Range, n.Decl, "host %q has no storage for %s", h.name, what)
	d.Label = "no storage that can be seen has content type " + content
	d.Help = "enable it on one (Datacenter, Storage, Content; a directory storage takes all), and see that the token has Datastore.Audit there"
	return ""
}

// missingStorage refuses a host entry that names a storage nobody can see.
func (b *builder) missingStorage(h *host, n *node, named string) {
	d := b.fail(codeNoStorage, n.Host.From.Range, n.Decl, "host %q has no storage %q, which its host entry names", h.name, named)
	names := make([]string, len(h.facts.Storages))
	for i := range h.facts.Storages {
		names[i] = h.facts.Storages[i].Name
	}
	switch best := diag.Suggest(named, names); {
	case len(names) == 0:
		d.Label = "no storage of it can be seen"
		d.Help = "see that the token has Datastore.Audit on the host's storages"
	case best != "":
		d.Label = "it has " + strings.Join(names, ", ")
		d.Help = "did you mean " + strconv.Quote(best) + "? Correct datastore or image_datastore in the host entry"
	default:
		d.Label = "it has " + strings.Join(names, ", ")
		d.Help = "name one of them in the host entry (datastore, image_datastore), or leave it out to have one chosen; a storage without Datastore.Audit for the token is not seen"
	}
}

// checkBridge refuses a bridge that would only fail when the guest starts. A
// host whose bridges are unknown is not held to it.
func (b *builder) checkBridge(n *node) {
	if n.host.facts == nil || len(n.host.facts.Bridges) == 0 || slices.Contains(n.host.facts.Bridges, bridge(n.Node)) {
		return
	}
	d := b.fail(codeNoBridge, n.Network.Bridge.From.Range, n.Decl, "host %q has no bridge %q", n.host.name, bridge(n.Node))
	d.Label = "it has " + strings.Join(n.host.facts.Bridges, ", ")
	if s := diag.Suggest(bridge(n.Node), n.host.facts.Bridges); s != "" {
		d.Help = "did you mean " + s + "?"
	} else {
		d.Help = "write one of those as network.bridge, or make it on the host"
	}
}

// usualBridge is what the Proxmox VE installer makes.
const usualBridge = "vmbr0"

func bridge(n *ir.Node) string {
	if n.Network.Bridge.V == "" {
		return usualBridge
	}
	return n.Network.Bridge.V
}

// numbers keeps track of vmids: those the world holds and those the plan gave.
type numbers struct {
	taken map[string]map[uint]bool
	given map[place]*node
}

// numberAll gives each absent node its vmid. What is declared and what exists
// goes first, so that a hashed number never pushes those away.
func (b *builder) numberAll() {
	b.ids = numbers{taken: map[string]map[uint]bool{}, given: make(map[place]*node, len(b.nodes))}
	for i := range b.f.Hosts {
		f := &b.f.Hosts[i]
		c := cluster(f)
		if b.ids.taken[c] == nil {
			b.ids.taken[c] = make(map[uint]bool, len(f.Taken))
		}
		for _, id := range f.Taken {
			b.ids.taken[c][id] = true
		}
		for j := range f.Guests {
			b.ids.taken[c][f.Guests[j].VMID] = true
		}
	}
	for _, n := range b.nodes {
		if !b.makes() && n.vmid == 0 {
			n.vmid = b.subject(n).VMID // nothing is made, so nobody can be in the way
		}
		if n.host == nil || n.vmid == 0 {
			continue
		}
		at := place{n.host.cluster, n.vmid}
		b.concern(n)
		if n.absent() && b.makes() {
			b.declaredVMID(n, at)
		}
		b.ids.given[at] = n
	}
	for _, n := range b.nodes {
		if n.host != nil && n.vmid == 0 {
			b.concern(n)
			b.hashedVMID(n)
		}
	}
}

func (b *builder) declaredVMID(n *node, at place) {
	if other := b.ids.given[at]; other != nil {
		b.fail(codeVMIDHeld, n.VMID.From.Range, n.Decl, "vmid %d of node %q belongs to node %q", at.vmid, n.Address, other.Address).
			Help = "declare another vmid, or none"
		return
	}
	if !b.ids.taken[at.cluster][at.vmid] {
		return
	}
	d := b.fail(codeVMIDHeld, n.VMID.From.Range, n.Decl, "vmid %d of node %q is taken on %s", at.vmid, n.Address, n.host.name)
	d.Label = "by a guest that is not ours"
	if r := b.known.vmid[at]; r != nil {
		d.Label = "by " + r.String() + ", which is not ours"
		if m := r.guest.Marker; m != nil && m.Authentic && !m.Forgotten && m.SiteID == b.d.SiteID {
			d.Label = "by " + r.String() + ", which is node \"" + string(m.Addr) + "\""
		}
	}
	d.Help = "declare another vmid, or none to let the plan choose; homestak never touches a guest without its marks"
}

func (b *builder) hashedVMID(n *node) {
	c := n.host.cluster
	probes := 0
	vmid, ok := identity.VMID(n.birth, b.first(), b.last(), func(id uint) bool {
		held := b.ids.taken[c][id] || b.ids.given[place{c, id}] != nil
		if held {
			probes++
		}
		return held
	})
	if !ok {
		b.fail(codeVMIDsGone, n.Decl, source.Range{}, "no vmid from %d to %d is free on %s for node %q", b.first(), b.last(), n.host.name, n.Address).
			Help = "widen the site's vmid range, or declare a vmid"
		return
	}
	if probes > 0 {
		b.note(findProbed, n.Address, "the first choice of vmid is taken, %d was the next free one", vmid)
	}
	n.vmid = vmid
	b.ids.given[place{c, vmid}] = n
}
