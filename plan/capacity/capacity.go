package capacity

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/unit"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// Shortage is something a host has too little of.
type Shortage struct {
	Host    string
	Addr    addr.Address // whose need it is, "" when it is that of all together
	What    string       // "of space on storage local-lvm", "of memory", "processors"
	Needs   string       // with its unit
	Has     string
	Certain bool
}

// String is a sentence without a full stop.
func (s Shortage) String() string {
	who := "the plan"
	if s.Addr != "" {
		who = string(s.Addr)
	}
	return fmt.Sprintf("%s needs %s %s, and host %s has %s", who, s.Needs, s.What, s.Host, s.Has)
}

// Check finds the shortages of a host, were its steps run now: certain ones first,
// then by what is short. Facts that are zero are not known, and nothing is said of
// them, except that with now a storage without free space is full: then the facts
// were made this moment, and for this.
func Check(h *plan.HostFacts, steps []*plan.Step, now bool) []Shortage {
	t := tally{
		facts: h, now: now, guests: map[string]*plan.GuestFacts{}, sizes: map[disk]uint64{}, places: map[disk]string{},
		space: map[string]*space{}, memory: map[addr.Address]uint64{},
	}
	for i := range h.Guests {
		t.guests[strconv.FormatUint(uint64(h.Guests[i].VMID), 10)] = &h.Guests[i]
	}
	for _, s := range steps {
		if s.Host == h.Name {
			t.count(s)
		}
	}
	out := slices.Concat(t.storage(), t.ram())
	out = append(out, t.cpus...)
	slices.SortStableFunc(out, func(a, b Shortage) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.What, b.What), cmp.Compare(a.Addr, b.Addr))
	})
	return out
}

func order(s Shortage) int {
	if s.Certain {
		return 0
	}
	return 1
}

// disk is a slot of a guest.
type disk struct{ vmid, slot string }

// space is what a plan takes of a storage.
type space struct {
	total uint64 // bytes, when every new disk is full
	least uint64 // bytes that are written while it is made
	freed uint64 // bytes of guests that go away
}

type tally struct {
	facts  *plan.HostFacts
	now    bool
	guests map[string]*plan.GuestFacts // by vmid
	sizes  map[disk]uint64             // reached so far, of disks that steps make or change
	places map[disk]string             // storages of disks that steps make
	space  map[string]*space
	memory map[addr.Address]uint64 // bytes that new guests take
	cpus   []Shortage
}

// written is what making a disk writes at the least: a file system's beginning, a
// seed, the table of a volume.
const written = 1 << 20

func (t *tally) count(s *plan.Step) {
	vmid := s.Text(plan.ArgVMID)
	switch s.Op {
	case plan.GuestCreate, plan.GuestClone, plan.CTCreate, plan.TemplateBuild:
		t.drives(s, vmid)
		if s.Op != plan.TemplateBuild {
			t.compute(s, true)
		}
		if s.Text(plan.ArgSeedStorage) != "" {
			storage, _, _ := strings.Cut(s.Text(plan.SlotRoot), ":")
			t.take(storage, written, written)
		}
	case plan.GuestAttach:
		t.drives(s, vmid)
	case plan.GuestConfigure:
		t.compute(s, false)
	case plan.GuestGrow:
		size, _ := strconv.ParseUint(s.Text(plan.ArgSize), 10, 64)
		d := disk{vmid, s.Text(plan.ArgDisk)}
		t.grow(d, cmp.Or(s.Text(plan.ArgStorage), t.storageOf(d)), size)
	case plan.GuestMove:
		if s.Text(plan.ArgWhat) == plan.WhatDisk {
			size := t.sizeNow(disk{vmid, s.Text(plan.ArgDisk)})
			t.take(s.Text(plan.ArgStorage), size, min(size, written))
		}
	case plan.ImageFetch, plan.SeedUpload:
		t.take(s.Text(plan.ArgStorage), written, written)
	case plan.GuestDelete:
		t.free(vmid)
	}
}

func (t *tally) take(storage string, total, least uint64) {
	if storage == "" {
		return
	}
	sp := t.space[storage]
	if sp == nil {
		sp = &space{}
		t.space[storage] = sp
	}
	sp.total += total
	sp.least += least
}

// drives takes the space of the disks that a step makes: "STORAGE:GIB,…", where 0
// is a copy of what stands in import-from, of unknown size.
func (t *tally) drives(s *plan.Step, vmid string) {
	for _, a := range s.Args {
		bus, _, numbered := canon.Slot(a.Name)
		if a.Name != "rootfs" && (!numbered || !isDisk(bus)) {
			continue
		}
		volume, _, _ := strings.Cut(a.Value.Text, ",")
		storage, size, ok := strings.Cut(strings.TrimPrefix(volume, "file="), ":")
		gib, err := strconv.ParseFloat(size, 64)
		if !ok || err != nil || gib < 0 || gib > 1<<20 {
			continue
		}
		bytes := uint64(gib * (1 << 30))
		t.sizes[disk{vmid, a.Name}], t.places[disk{vmid, a.Name}] = bytes, storage
		t.take(storage, bytes, written)
	}
	// A clone has the disks of its template, on a storage of its own when it says so.
	if s.Op == plan.GuestClone {
		if storage := s.Text(plan.ArgStorage); storage != "" {
			t.places[disk{vmid, plan.SlotRoot}] = storage
			t.take(storage, written, written)
		}
	}
}

func (t *tally) storageOf(d disk) string {
	if storage := t.places[d]; storage != "" {
		return storage
	}
	if g := t.guests[d.vmid]; g != nil {
		return canon.Get(g.Config, d.slot+"."+canon.Storage)
	}
	return ""
}

// grow takes what a disk gains.
func (t *tally) grow(d disk, storage string, size uint64) {
	now := t.sizeNow(d)
	if size > now {
		t.take(storage, size-now, 0)
		t.sizes[d] = size
	}
}

func (t *tally) sizeNow(d disk) uint64 {
	if size, ok := t.sizes[d]; ok {
		return size
	}
	if g := t.guests[d.vmid]; g != nil {
		size, _ := strconv.ParseUint(canon.Get(g.Config, d.slot+".size"), 10, 64)
		return size
	}
	return 0
}

// free gives back what a guest that goes away had.
func (t *tally) free(vmid string) {
	g := t.guests[vmid]
	if g == nil {
		return
	}
	for _, slot := range canon.Disks(g.Config) {
		storage := canon.Get(g.Config, slot+"."+canon.Storage)
		size, _ := strconv.ParseUint(canon.Get(g.Config, slot+".size"), 10, 64)
		t.take(storage, 0, 0)
		if sp := t.space[storage]; sp != nil {
			sp.freed += size
		}
	}
}

// storage are the shortages of space.
func (t *tally) storage() (out []Shortage) {
	for _, s := range t.facts.Storages {
		sp := t.space[s.Name]
		if sp == nil || s.Available == 0 && !t.now || sp.total <= s.Available+sp.freed {
			continue
		}
		out = append(out, Shortage{
			Host: t.facts.Name, What: "of space on storage " + s.Name, Needs: bytes(sp.total), Has: bytes(s.Available),
			Certain: allocatesAtOnce(s.Type) || sp.least > s.Available+sp.freed,
		})
	}
	return out
}

// allocatesAtOnce reports whether a type of storage takes a disk's whole size when
// the disk is made. The others do so only if somebody set them up that way.
func allocatesAtOnce(kind string) bool {
	return kind == "lvm" || kind == "iscsi" || kind == "iscsidirect"
}

// compute looks at processors and memory of a guest that a step makes or changes.
func (t *tally) compute(s *plan.Step, isNew bool) {
	number := func(name string) uint64 {
		n, _ := strconv.ParseUint(s.Text(name), 10, 32)
		return n
	}
	container := s.Op == plan.CTCreate || s.Text(plan.ArgKind) == canon.LXC
	if cores := number("cores") * max(number("sockets"), 1); !container && t.facts.CPUs > 0 && cores > uint64(t.facts.CPUs) {
		t.cpus = append(t.cpus, Shortage{
			Host: t.facts.Name, Addr: s.Addr, What: "processors", Needs: strconv.FormatUint(cores, 10), Has: strconv.Itoa(int(t.facts.CPUs)), Certain: true,
		})
	}
	memory := number("memory") << 20
	if t.facts.Memory > 0 && memory > t.facts.Memory {
		t.cpus = append(t.cpus, Shortage{
			Host: t.facts.Name, Addr: s.Addr, What: "of memory", Needs: bytes(memory), Has: bytes(t.facts.Memory), Certain: !container,
		})
		return
	}
	if isNew {
		t.memory[s.Addr] += memory
	}
}

// ram is the shortage of memory of all new guests together.
func (t *tally) ram() []Shortage {
	var sum uint64
	for _, m := range t.memory {
		sum += m
	}
	if t.facts.Memory == 0 || sum <= t.facts.Free {
		return nil
	}
	return []Shortage{{Host: t.facts.Name, What: "of memory", Needs: bytes(sum), Has: bytes(t.facts.Free) + " free"}}
}

func isDisk(bus string) bool {
	switch bus {
	case "scsi", "virtio", "sata", "ide", "efidisk", "tpmstate", "mp":
		return true
	}
	return false
}

// bytes is a size rounded so that people can read it.
func bytes(n uint64) string {
	switch {
	case n >= 10<<30:
		return strconv.FormatUint(n>>30, 10) + "GiB"
	case n >= 10<<20 && n%(1<<30) != 0:
		return strconv.FormatUint(n>>20, 10) + "MiB"
	}
	return unit.Size(n).String()
}
