package build

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// container is what only a container has. PVE writes its name, addresses and
// resolvers into it at each start, so they are no business of a seed.
func (d *desired) container() {
	n, ct := d.n, &d.n.Extra().Container
	d.set("cores", strconv.Itoa(max(n.Cores.V, 1)))
	d.set("hostname", hostname(n))
	d.veth(0, &n.Network, &n.Extra().Card, n.mac)
	for i := range n.Extra().Interfaces {
		x := &n.Extra().Interfaces[i]
		d.veth(x.Slot, &x.Network, &x.Card, n.macOf(x))
	}
	dns, domain := strings.Join(n.Network.DNS.V, " "), strings.ToLower(n.Network.Domain.V)
	d.may("nameserver", dns, dns != "")
	d.may("searchdomain", domain, domain != "")
	d.may("swap", canon.MiB(int64(ct.Swap.V)), ct.Swap.V > 0 || said(ct.Swap.From))
	if n.absent() || said(ct.Unprivileged.From) || n.knows("unprivileged") {
		d.set("unprivileged", digit(ct.Unprivileged.V))
	}
	for _, f := range []struct {
		name string
		on   ir.Value[bool]
	}{{"fuse", ct.FUSE}, {"keyctl", ct.Keyctl}, {"mknod", ct.Mknod}, {"nesting", ct.Nesting}} {
		d.may("features."+f.name, onlyOn(f.on.V), f.on.V || said(f.on.From))
	}
	mount := strings.Join(ct.Mount.V, ";")
	d.may("features.mount", mount, mount != "")
	d.disk(plan.SlotRootFS)
}

// veth is a container's interface in a slot.
func (d *desired) veth(slot int, net *ir.Network, card *ir.Card, mac string) {
	at := strconv.Itoa(slot)
	name := "net" + at
	ip := net.IP.V
	if slot == 0 {
		ip = cmp.Or(ip, "dhcp")
	}
	d.set(name+".name", "eth"+at)
	d.set(name+".bridge", cmp.Or(net.Bridge.V, bridge(d.n.Node)))
	d.set(name+".hwaddr", mac)
	d.set(name+".ip", ip)
	d.set(name+".gw", net.Gateway.V)
	d.wire(name, net, card)
}

// createContainer makes a container that does not exist. It has no seed: PVE
// writes name and addresses into it, and the driver's way in is a certificate
// that the site's SSH user CA signs.
//
//	image.fetch ─ ct.create ─ guest.start ─ guest.await ─ …
func (b *builder) createContainer(n *node) plan.Change {
	refused := plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent}
	if n.host.lost || !b.containerStorages(n.host, n) || !b.namedStorages(n) {
		return refused
	}
	b.checkBridge(n)
	b.grantable(n, b.featuresOf(n), true)
	s := b.stepsOf(n, plan.ReasonAbsent)
	gates := append(b.gates(n), n.gone)
	template, fetch := n.Extra().Container.Template.V, none
	if !strings.Contains(template, ":") {
		if template, fetch = b.fetchTemplate(n, template); template == "" {
			return refused
		}
	}
	args := append(s.settings(), s.marker(), text(plan.ArgImageName, n.imageName()), text("ostemplate", template),
		text(plan.SlotRootFS, n.firstStorage()+":"+canon.GiB(int64(n.Disk.V))), plan.Arg{Name: plan.ArgVMID, Value: s.vmid})
	n.created = s.made(s.step(plan.CTCreate, copyTime(n.Disk.V), args...), append(gates, fetch)...)
	start := s.add(s.onGuest(plan.GuestStart, powerDeadline), "", s.publish(n.created)...)
	s.finish(tail{await: true, push: true, mark: true}, start)
	b.note(findFirstUse, n.Address, "the SSH host key that the container shows at the first login is trusted and remembered in its notes: a container has no seed that could bring one")
	return b.creation(n)
}

// imageName is what the marker remembers of what the guest was made from.
func (n *node) imageName() string {
	if n.kind() == canon.LXC {
		return n.Extra().Container.Template.V
	}
	return n.Image.V
}

// fetchTemplate makes sure, once per host, that a container template of the
// catalogue is there.
func (b *builder) fetchTemplate(n *node, name string) (volume string, step int32) {
	return b.fetch(n, name, n.Extra().Container.Template.From.Range, n.host.templates, contentTemplate)
}

// containerStorages picks, once per host, where root file systems and templates go.
func (b *builder) containerStorages(h *host, n *node) (ok bool) {
	if h.pickedCT {
		return h.roots != "" && h.templates != ""
	}
	h.pickedCT = true
	if h.facts == nil {
		h.roots, h.templates = freshStorage, freshStorage
		return true
	}
	if h.node != nil && (!takes(h.facts, "", contentRoot) || !takes(h.facts, "", contentTemplate)) {
		h.roots, h.templates = freshStorage, freshStorage
		return true
	}
	prefer := h.facts.Default
	if prefer != "" && !takes(h.facts, prefer, contentRoot) {
		prefer = ""
	}
	h.roots = b.storage(h, n, prefer, contentRoot, "root file systems of containers")
	if prefer = h.facts.Import; prefer != "" && !takes(h.facts, prefer, contentTemplate) {
		prefer = ""
	}
	h.templates = b.storage(h, n, prefer, contentTemplate, "container templates")
	return h.roots != "" && h.templates != ""
}
