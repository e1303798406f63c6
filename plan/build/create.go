package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// makeNode lays out the steps that bring one node to its declared form.
func (b *builder) makeNode(n *node) plan.Change {
	if n.absent() {
		return b.create(n)
	}
	return b.update(n)
}

// firstIncarnation is what a guest gets that replaces nobody.
const firstIncarnation = 1

// create makes a guest that does not exist:
//
//	image.fetch ─┐
//	seed.upload ─┴ guest.create ─ seed.remove ─ guest.grow ─ guest.start ─ …
func (b *builder) create(n *node) plan.Change {
	if n.host.lost || !b.storages(n.host, n) {
		return plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent}
	}
	b.checkBridge(n)
	s := b.stepsOf(n, plan.ReasonAbsent)
	gates := b.gates(n)
	volume, fetch := b.fetchImage(n)
	if volume == "" {
		return plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent}
	}
	seed := s.uploadSeed(gates)
	n.created = s.createGuest(volume, seed, append(slices.Clone(gates), fetch, seed)...)
	at := s.add(s.step(plan.SeedRemove, quickDeadline, text(plan.ArgWhat, plan.WhatUpload), text(plan.ArgStorage, n.host.imports),
		plan.Arg{Name: plan.ArgSeed, Value: b.drafts.from(plan.LateSeedName, string(n.Address), seed)}), plan.WhatUpload, n.created)
	if n.Disk.V > 0 {
		at = s.add(s.grow(), "", at)
	}
	start := s.add(s.onGuest(plan.GuestStart, powerDeadline), "", s.publish(at)...)
	s.finish(tail{await: true, unseed: true, push: true, mark: true, enroll: len(n.children) > 0}, start)

	want := b.desired(n)
	c := plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent, Attrs: make([]plan.Attr, 0, len(want)+1)}
	c.Attrs = append(c.Attrs, plan.Attr{Name: "image", To: n.Image.V})
	for _, kv := range want {
		if kv.Value != "" {
			c.Attrs = append(c.Attrs, plan.Attr{Name: kv.Key, To: kv.Value})
		}
	}
	slices.SortFunc(c.Attrs, func(x, y plan.Attr) int { return strings.Compare(x.Name, y.Name) })
	return c
}

// fetchImage makes sure, once per host and image, that the image is there. The
// volume's name holds the digest, so a name that is listed is the right bytes.
func (b *builder) fetchImage(n *node) (volume string, step int32) {
	img := b.images[n.Image.V]
	if img == nil || img.Checksum.V == "" {
		b.fail(codeImage, n.Image.From.Range, n.Decl, "image %q of node %q has no checksum", n.Image.V, n.Address).
			Help = "write one in images/: only bytes that are known beforehand are fetched"
		return "", none
	}
	h := n.host
	b.checkBuiltin(n, img)
	_, sum, _ := strings.Cut(img.Checksum.V, ":")
	format := img.Format.V
	if format == "" {
		format = "qcow2"
	}
	volume = h.imports + ":import/" + img.Name + "-" + sum[:min(len(sum), 12)] + "." + format
	if at, ok := h.fetched[img.Name]; ok {
		return volume, at
	}
	if h.facts != nil && slices.Contains(h.facts.Images, volume) {
		h.fetched[img.Name] = none
		return volume, none
	}
	s := plan.Step{
		Host: h.name, Op: plan.ImageFetch, Phase: plan.PhaseCreate, Executor: plan.ExecutorDriver,
		Args: []plan.Arg{
			text(plan.ArgChecksum, img.Checksum.V), text(plan.ArgImage, img.Name), text(plan.ArgSource, img.Source.V),
			text(plan.ArgStorage, h.imports), text(plan.ArgVolume, volume),
		},
		Locks:  []plan.Lock{{Kind: plan.LockHostIO, Of: h.name}, {Kind: plan.LockImage, Of: h.name + "/" + img.Name}},
		Reason: plan.ReasonAbsent, Deadline: b.deadline(copyTime(img.MinDisk.V)),
	}
	if h.node != nil {
		s.Addr = h.node.Address
	}
	h.fetched[img.Name] = b.drafts.add(s, h.name+"/"+img.Name, h.enroll)
	return volume, h.fetched[img.Name]
}

// checkBuiltin keeps the lab's tiny images away from real hosts. A host that
// does not exist yet is of the kind of the one it is made on.
func (b *builder) checkBuiltin(n *node, img *ir.Image) {
	if !strings.HasPrefix(img.Source.V, "builtin:") {
		return
	}
	h := n.host
	for h.facts == nil {
		h = h.node.host
	}
	switch {
	case h.facts.Version == "":
		if !h.assumed {
			h.assumed = true
			b.warn(findUnknownHost, "", n.Decl, "nothing is known about host %q: its storages are assumed, and images that only the lab has are taken to be fine", h.name).
				Help = "plan against facts of the real host before you apply"
		}
	case !strings.HasSuffix(h.facts.Version, "/lab"):
		d := b.fail(codeImage, n.Image.From.Range, n.Decl, "image %q exists in the lab only, and host %q is not one", img.Name, n.host.name)
		d.Label = "its source is " + img.Source.V
		d.Help = "add images/" + img.Name + ".yaml with an https source and its checksum"
	}
}

func (s nodeSteps) uploadSeed(gates []int32) int32 {
	n := s.n
	step := s.step(plan.SeedUpload, quickDeadline,
		list(plan.ArgDNS, n.Network.DNS.V...),
		text(plan.ArgDomain, n.Network.Domain.V), text(plan.ArgGateway, n.Network.Gateway.V),
		plan.Arg{Name: plan.ArgHostKey, Value: plan.Value{Late: &plan.Late{Kind: plan.LateHostKey, Of: string(n.Address)}}},
		text(plan.ArgHostname, hostname(n)), text(plan.ArgInstance, identity.Instance(n.uuid, firstIncarnation)),
		text(plan.ArgIP, seedIP(n)), text(plan.ArgMAC, n.mac), text(plan.ArgStorage, n.host.imports))
	step.Locks = s.copies[:1]
	at := s.add(step, "", gates...)
	undo := s.step(plan.SeedRemove, quickDeadline, text(plan.ArgWhat, plan.WhatUpload), text(plan.ArgStorage, n.host.imports),
		plan.Arg{Name: plan.ArgSeed, Value: s.b.drafts.from(plan.LateSeedName, string(n.Address), at)})
	undo.Phase = plan.PhaseDestroy
	s.b.drafts.addUndo(at, undo)
	return at
}

// createGuest is the one call that makes the guest with all its marks.
func (s nodeSteps) createGuest(volume string, seed int32, after ...int32) int32 {
	b, n := s.b, s.n
	want := b.desired(n)
	args := make([]plan.Arg, 0, 21)
	args = append(args, text("agent", "1"), text("boot", canon.Text("boot", nil, want)), text("cores", canon.Get(want, "cores")))
	if n.Type.V == ir.PVE {
		args = append(args, text("cpu", "host"))
	}
	args = append(args, s.marker(), text(plan.ArgImageName, n.Image.V),
		text("memory", canon.Get(want, "memory")), text("name", n.Name), text("net0", canon.Text("net0", nil, want)),
		text("onboot", canon.Get(want, "onboot")), text("ostype", canon.Get(want, "ostype")))
	if n.Pool.V != "" {
		args = append(args, text("pool", n.Pool.V))
	}
	args = append(args,
		text("protection", canon.Get(want, "protection")), text(plan.SlotRoot, n.host.disks+":0,import-from="+volume),
		text("scsihw", canon.Get(want, "scsihw")),
		plan.Arg{Name: plan.ArgSeedName, Value: b.drafts.from(plan.LateSeedName, string(n.Address), seed)},
		text(plan.ArgSeedStorage, n.host.imports), text("serial0", canon.Get(want, "serial0")), text("smbios1", canon.Text("smbios1", nil, want)),
		text("tags", canon.Text("tags", nil, want)), plan.Arg{Name: plan.ArgVMID, Value: s.vmid})
	step := s.step(plan.GuestCreate, copyTime(max(n.Disk.V, b.images[n.Image.V].MinDisk.V)), args...)
	step.Locks = s.copies
	step.Guards = []plan.Guard{{Kind: plan.GuardAbsent, VMID: n.vmid, UUID: n.uuid}}
	at := s.add(step, "", after...)
	b.drafts.addUndo(at, s.unmake()...)
	return at
}

// unmake is what a rollback does to a guest that this run made.
func (s nodeSteps) unmake() []plan.Step {
	stop := s.onGuest(plan.GuestStop, quickDeadline)
	stop.Risk = plan.Downtime
	stop.Guards = append(slices.Clone(s.ours), s.b.holds(s.n)...)
	steps := []plan.Step{stop}
	if s.n.Protect.V {
		steps = append(steps, s.onGuest(plan.GuestConfigure, quickDeadline, s.marker(), text("protection", "0")))
	}
	remove := s.onGuest(plan.GuestDelete, copyDeadline)
	remove.Locks, remove.Risk = s.copies, plan.DataLoss
	remove.Guards = append(slices.Clone(s.ours), owning(plan.Guard{Kind: plan.GuardUnchanged, VMID: s.n.vmid, UUID: s.n.uuid}, []string{plan.SlotRoot, plan.SlotSeed}))
	steps = append(steps, remove)
	for i := range steps {
		steps[i].Phase = plan.PhaseDestroy
	}
	return steps
}

func (s nodeSteps) grow() plan.Step {
	step := s.onGuest(plan.GuestGrow, powerDeadline, text(plan.ArgDisk, plan.SlotRoot), text(plan.ArgSize, strconv.FormatInt(int64(s.n.Disk.V), 10)))
	step.Locks = s.copies
	return step
}

// desired is the node's canonical configuration: the attributes homestak holds
// its guest to. An empty value says the attribute must not be there.
func (b *builder) desired(n *node) []plan.KV {
	if n.want != nil {
		return n.want
	}
	tags := append([]string{identity.ManagedTag, identity.Tag(b.d.Manifest)}, n.Tags.V...)
	vlan := ""
	if n.Network.VLAN.V > 0 {
		vlan = strconv.Itoa(n.Network.VLAN.V)
	}
	want := make([]plan.KV, 0, 18)
	want = append(want, []plan.KV{
		{Key: "agent.enabled", Value: "1"},
		{Key: "boot.order", Value: plan.SlotRoot},
		{Key: "cores", Value: strconv.Itoa(max(n.Cores.V, 1))},
		{Key: "memory", Value: canon.MiB(int64(n.Memory.V))},
		{Key: "name", Value: n.Name},
		{Key: "net0.bridge", Value: bridge(n.Node)},
		{Key: "net0.macaddr", Value: n.mac},
		{Key: "net0.model", Value: "virtio"},
		{Key: "net0.tag", Value: vlan},
		{Key: "onboot", Value: digit(n.OnBoot.V)},
		{Key: "ostype", Value: "l26"},
		{Key: "protection", Value: digit(n.Protect.V)},
		{Key: "scsihw", Value: "virtio-scsi-single"},
		{Key: "serial0", Value: "socket"},
		{Key: markUUID, Value: strings.ToLower(n.uuid)},
		{Key: "tags", Value: canon.Set(strings.Join(tags, ","))},
	}...)
	if n.Type.V == ir.PVE {
		want = append(want, plan.KV{Key: "cpu.cputype", Value: "host"})
	}
	if n.Disk.V > 0 {
		want = append(want, plan.KV{Key: "scsi0.size", Value: strconv.FormatInt(int64(n.Disk.V), 10)})
	}
	slices.SortFunc(want, func(x, y plan.KV) int { return strings.Compare(x.Key, y.Key) })
	n.want = want
	return want
}

// markUUID is the attribute that is the third mark.
const markUUID = "smbios1.uuid"

func digit(is bool) string {
	if is {
		return "1"
	}
	return "0"
}
