package build

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// drive is a disk besides the first, or a mount point, with its place on the
// guest.
type drive struct {
	*ir.Disk
	slot  string
	fresh bool   // the guest does not have it in that slot
	held  string // fresh: a volume of the guest that is this disk, "" when one is to be made
	from  string // fresh: the slot it is in now, when that is on another bus
}

// slotsOf says how many slots a bus has, and the first one that is for disks.
func slotsOf(bus string) (first, end int) {
	switch bus {
	case "scsi":
		return 2, 31 // scsi0 is the first disk, scsi1 the seed
	case "virtio":
		return 0, 16
	case "sata":
		return 0, 6
	case "mp":
		return 0, 256
	}
	return 0, 0
}

// drives finds a place for each declared disk: the slot of the guest's disk that
// has its serial number, or is mounted where it should be, else the first free one.
func (n *node) drives() []*drive {
	declared := n.Extra().Disks
	if n.placed || len(declared) == 0 {
		n.placed = true
		return n.disks
	}
	n.placed = true
	have := n.have()
	used := map[string]bool{}
	for _, kv := range have {
		used[canon.KeyOf(kv.Key)] = true
	}
	n.disks = make([]*drive, len(declared))
	for i := range declared {
		x := &drive{Disk: &declared[i]}
		n.disks[i] = x
		part, id, bus := ".serial", x.Name.V, cmp.Or(x.Bus.V, "scsi")
		if n.kind() == canon.LXC {
			part, id, bus = ".mp", x.Path.V, "mp"
		}
		for _, slot := range canon.Disks(have) {
			if canon.Get(have, slot+part) != id {
				continue
			}
			if is, _, _ := canon.Slot(slot); is == bus {
				x.slot = slot
			} else {
				x.from, x.held = slot, canon.Volume(have, slot)
			}
			break
		}
		if x.slot != "" {
			continue
		}
		first, end := slotsOf(bus)
		x.fresh = true
		for at := first; at < end && x.slot == ""; at++ {
			if slot := bus + strconv.Itoa(at); !used[slot] {
				x.slot, used[slot] = slot, true
			}
		}
		if x.held == "" {
			x.held = n.lost(x)
		}
	}
	return n.disks
}

// have is the guest's configuration after its next restart, nil when there is no
// guest.
func (n *node) have() []plan.KV {
	if n.match == nil {
		return nil
	}
	return canon.Overlay(n.match.guest.Config, n.match.guest.Pending)
}

// lost is the volume that was this disk when homestak last saw it and that the
// guest still owns, in no slot.
func (n *node) lost(x *drive) string {
	if n.match == nil || n.match.guest.Marker == nil || !n.match.guest.Marker.Authentic {
		return ""
	}
	volume := canon.Get(n.match.guest.Marker.Made, plan.MadeDisk+x.id(n))
	if volume == "" {
		return ""
	}
	have := n.have()
	for _, kv := range have {
		slot := canon.KeyOf(kv.Key)
		if bus, _, _ := canon.Slot(slot); bus == "unused" && canon.Volume(have, slot) == volume {
			return volume
		}
	}
	return ""
}

// id is the name by which the disk is found again: its serial, or where it is
// mounted.
func (x *drive) id(n *node) string {
	if n.kind() == canon.LXC {
		return x.Path.V
	}
	return x.Name.V
}

// undeclared lists the slots of disks and interfaces that homestak gave the guest
// and the manifest no longer has, disks first.
func (n *node) undeclared() (disks, nics []string) {
	if n.match == nil {
		return nil, nil
	}
	have, part, card := n.have(), ".serial", ".macaddr"
	if n.kind() == canon.LXC {
		part, card = ".mp", ".hwaddr"
	}
	for _, slot := range canon.Disks(have) {
		declared := slices.ContainsFunc(n.drives(), func(x *drive) bool { return x.slot == slot || x.from == slot })
		if !declared && n.knows(slot+part) && canon.Get(have, slot+part) != "" {
			disks = append(disks, slot)
		}
	}
	for _, slot := range canon.NICs(have) {
		_, at, _ := canon.Slot(slot)
		declared := at == 0 || slices.ContainsFunc(n.Extra().Interfaces, func(x ir.Interface) bool { return x.Slot == at })
		if !declared && n.knows(slot+card) {
			nics = append(nics, slot)
		}
	}
	return disks, nics
}

// makes is PVE's text for a disk that the guest does not have: how it is made, or
// the volume that is put into the slot, and its options.
func (x *drive) makes(b *builder, n *node, want []plan.KV) string {
	volume := x.held
	if volume == "" {
		volume = b.storageOf(n, x) + ":" + canon.GiB(int64(x.Size.V))
	}
	part := "file"
	if n.kind() == canon.LXC {
		part = "volume"
	}
	parts := []plan.KV{{Key: x.slot + "." + part, Value: volume}}
	for _, kv := range want {
		if canon.KeyOf(kv.Key) == x.slot && kv.Key != x.slot+".size" {
			parts = append(parts, kv)
		}
	}
	return canon.Text(x.slot, nil, parts)
}

// storageOf is where a further disk goes: its own storage, or that of the first
// disk.
func (b *builder) storageOf(n *node, x *drive) string {
	return cmp.Or(x.Storage.V, n.firstStorage())
}

// firstStorage is where the guest's first disk is or goes, and its small ones.
func (n *node) firstStorage() string {
	byHost := n.host.disks
	if n.kind() == canon.LXC {
		byHost = n.host.roots
	}
	return cmp.Or(n.Extra().Storage.V, canon.Get(n.have(), n.root()+"."+canon.Storage), byHost)
}

// makesDisks finds storages for the disks that a change of an existing guest
// makes or moves.
func (b *builder) makesDisks(n *node, attrs []plan.Attr) bool {
	needs := slices.ContainsFunc(attrs, func(a plan.Attr) bool {
		key := canon.KeyOf(a.Name)
		return n.fresh(key) != nil || key == slotVariables || key == slotTPM
	})
	if needs {
		if n.kind() == canon.LXC {
			return b.containerStorages(n.host, n) && b.namedStorages(n)
		}
		return b.storages(n.host, n) && b.namedStorages(n)
	}
	moves := slices.ContainsFunc(attrs, func(a plan.Attr) bool { return strings.HasSuffix(a.Name, "."+canon.Storage) })
	return !moves || b.namedStorages(n)
}

// namedStorages refuses storages of the manifest's own that the host does not
// have, or that take no disks. A host whose storages nobody knows is not asked.
func (b *builder) namedStorages(n *node) bool {
	content, what := contentImages, "disks of guests"
	if n.kind() == canon.LXC {
		content, what = contentRoot, "root file systems of containers"
	}
	ok := true
	check := func(v ir.Value[string]) {
		if v.V == "" || n.host.facts == nil || n.host.facts.Version == "" || takes(n.host.facts, v.V, content) {
			return
		}
		ok = false
		names := make([]string, len(n.host.facts.Storages))
		for i, s := range n.host.facts.Storages {
			names[i] = s.Name
		}
		d := b.fail(codeNoStorage, v.From.Range, n.Decl, "host %q has no storage %q that takes %s, which node %q names", n.host.name, v.V, what, n.Address)
		d.Label = "it has " + strings.Join(names, ", ")
		d.Help = "name one of them with content type " + content + ", or leave it out to have one chosen"
		if best := diag.Suggest(v.V, names); best != "" && best != v.V {
			d.Help = "did you mean " + strconv.Quote(best) + "?"
		}
	}
	check(n.Extra().Storage)
	for _, x := range n.drives() {
		check(x.Storage)
	}
	return ok
}
