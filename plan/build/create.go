package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// makeNode lays out the steps that bring one node to its declared form.
func (b *builder) makeNode(n *node) plan.Change {
	switch {
	case n.adopts:
		return b.adopt(n)
	case n.forget:
		return b.giveUp(n)
	case n.absent():
		return b.create(n)
	}
	if why := b.rebuilds(n); why != nil {
		return b.replace(n, why)
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
	if n.kind() == canon.LXC {
		return b.createContainer(n)
	}
	if n.host.lost || !b.storages(n.host, n) || !b.namedStorages(n) {
		return plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent}
	}
	b.checkBridge(n)
	s := b.stepsOf(n, plan.ReasonAbsent)
	gates := append(b.gates(n), n.gone)
	volume, fetch := b.fetchImage(n)
	if volume == "" {
		return plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent}
	}
	seed, ok := s.bringSeed(gates)
	if !ok {
		return plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent}
	}
	if n.Extra().Clone.V != "" {
		n.created = s.cloneGuest(volume, fetch, &seed, append(slices.Clone(gates), seed.step)...)
	} else {
		n.created = s.createGuest(volume, &seed, append(slices.Clone(gates), fetch, seed.step)...)
	}
	at := n.created
	if seed.content == "" {
		at = s.dropUpload(&seed, at)
	}
	if n.Disk.V > 0 {
		at = s.add(s.grow(plan.SlotRoot, n.Disk.V), "", at)
	}
	start := s.add(s.onGuest(plan.GuestStart, powerDeadline), "", s.publish(at)...)
	s.finish(tail{await: true, unseed: true, seed: &seed, push: true, mark: true, enroll: len(n.children) > 0}, start)

	c := b.creation(n)
	if carrier := map[string]string{plan.ContentISO: "cdrom", plan.ContentPVE: "pve"}[seed.content]; carrier != "" {
		c.Attrs = append(c.Attrs, plan.Attr{Name: "seed", To: carrier})
		slices.SortFunc(c.Attrs, func(x, y plan.Attr) int { return strings.Compare(x.Name, y.Name) })
	}
	return c
}

// creation is the change of a guest that is made: all its attributes.
func (b *builder) creation(n *node) plan.Change {
	want := b.desired(n)
	c := plan.Change{Action: plan.Create, Reason: plan.ReasonAbsent, Attrs: make([]plan.Attr, 0, len(want)+1)}
	c.Attrs = append(c.Attrs, plan.Attr{Name: "image", To: n.imageName()})
	for _, kv := range want {
		if kv.Value != "" {
			c.Attrs = append(c.Attrs, plan.Attr{Name: kv.Key, To: kv.Value})
		}
	}
	slices.SortFunc(c.Attrs, func(x, y plan.Attr) int { return strings.Compare(x.Name, y.Name) })
	return c
}

// fetchImage makes sure, once per host and image, that the image is there.
func (b *builder) fetchImage(n *node) (volume string, step int32) {
	return b.fetch(n, n.Image.V, n.Image.From.Range, n.host.imports, contentImport)
}

// fetch brings an image to a storage under a content type. The volume's name holds
// the digest, so a name that is listed is the right bytes.
func (b *builder) fetch(n *node, name string, at source.Range, storage, content string) (volume string, step int32) {
	img := b.images[name]
	if img == nil || img.Checksum.V == "" {
		b.fail(codeImage, at, n.Decl, "image %q of node %q has no checksum", name, n.Address).
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
	volume = storage + ":" + content + "/" + img.Name + "-" + sum[:min(len(sum), 12)] + "." + format
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
			text(plan.ArgStorage, storage), text(plan.ArgVolume, volume),
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

// createGuest is the one call that makes the guest with all its marks.
func (s nodeSteps) createGuest(volume string, seed *seed, after ...int32) int32 {
	b, n := s.b, s.n
	args := append(s.settings(), s.marker(), text(plan.ArgImageName, n.Image.V),
		text(plan.SlotRoot, n.firstStorage()+":0,import-from="+volume),
		plan.Arg{Name: plan.ArgVMID, Value: s.vmid})
	args = append(args, seed.drive(n)...)
	step := s.step(plan.GuestCreate, copyTime(max(n.Disk.V, b.images[n.Image.V].MinDisk.V)), args...)
	return s.made(step, after...)
}

// made adds a step that makes the guest.
func (s nodeSteps) made(step plan.Step, after ...int32) int32 {
	step.Locks = s.copies
	step.Guards = []plan.Guard{{Kind: plan.GuardAbsent, VMID: s.n.vmid, UUID: s.n.uuid}}
	at := s.add(step, "", after...)
	s.b.drafts.addUndo(at, s.unmake()...)
	return at
}

// settings are PVE's own parameters of a guest that is made: everything it is
// held to, but for its first disk.
func (s nodeSteps) settings() []plan.Arg {
	n, want := s.n, s.b.desired(s.n)
	args := make([]plan.Arg, 0, len(want))
	last := ""
	for _, kv := range want {
		key := canon.KeyOf(kv.Key)
		if key == last || key == n.root() {
			continue
		}
		last = key
		if value := s.b.valueOf(n, key, nil, want); value != "" {
			args = append(args, text(key, value))
		}
	}
	if n.Pool.V != "" {
		args = append(args, text("pool", n.Pool.V))
	}
	return args
}

// valueOf is PVE's text of a key that is to be as wanted; disks that the guest
// does not have are made by it.
func (b *builder) valueOf(n *node, key string, have, want []plan.KV) string {
	for _, x := range n.drives() {
		if x.slot == key && x.fresh {
			return x.makes(b, n, want)
		}
	}
	switch key {
	case slotVariables, slotTPM:
		parts := []plan.KV{{Key: key + ".file", Value: n.firstStorage() + ":1"}}
		for _, kv := range want {
			if canon.KeyOf(kv.Key) == key {
				parts = append(parts, kv)
			}
		}
		return canon.Text(key, nil, parts)
	}
	return canon.Text(key, have, want)
}

// The small disks of the firmware's variables and of the TPM's state.
const (
	slotVariables = "efidisk0"
	slotTPM       = "tpmstate0"
)

// root is the slot of the guest's first disk.
func (n *node) root() string {
	if n.kind() == canon.LXC {
		return plan.SlotRootFS
	}
	return plan.SlotRoot
}

// slots are those of all disks that making the guest gives it.
func (n *node) slots() []string {
	out := []string{n.root()}
	if n.kind() == canon.QEMU {
		out = append(out, plan.SlotSeed)
		if n.Extra().Hardware.BIOS.V == "ovmf" {
			out = append(out, slotVariables)
		}
		if n.Extra().Hardware.TPM.V {
			out = append(out, slotTPM)
		}
	}
	for _, x := range n.drives() {
		out = append(out, x.slot)
	}
	return out
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
	remove.Guards = append(slices.Clone(s.ours), owning(plan.Guard{Kind: plan.GuardUnchanged, VMID: s.n.vmid, UUID: s.n.uuid}, s.n.slots()))
	steps = append(steps, remove)
	for i := range steps {
		steps[i].Phase = plan.PhaseDestroy
	}
	return steps
}

func (s nodeSteps) grow(slot string, size unit.Size) plan.Step {
	step := s.onGuest(plan.GuestGrow, powerDeadline, s.located(slot, text(plan.ArgDisk, slot), text(plan.ArgSize, strconv.FormatInt(int64(size), 10)))...)
	step.Locks = s.copies
	return step
}
