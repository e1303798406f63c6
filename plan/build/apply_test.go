package build_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// simulate is what a run of the plan makes of the world: a pure model of PVE
// and of Observe, step by step in the plan's order. It stops before the step at
// position stop; a negative one runs all.
func simulate(t testing.TB, p *plan.Program, before *plan.Facts, stop int) *plan.Facts {
	t.Helper()
	w := &model{t: t, p: p, f: clone(t, before)}
	for i := range p.Steps {
		if i == stop {
			break
		}
		w.run(&p.Steps[i])
	}
	w.f.Sort()
	if _, err := plan.EncodeFacts(w.f); err != nil {
		t.Fatal(err)
	}
	return w.f
}

func clone(t testing.TB, f *plan.Facts) *plan.Facts {
	data, err := plan.EncodeFacts(f)
	if err != nil {
		t.Fatal(err)
	}
	g, err := plan.DecodeFacts(data)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

type model struct {
	t testing.TB
	p *plan.Program
	f *plan.Facts
}

func (w *model) host(name string) *plan.HostFacts {
	for i := range w.f.Hosts {
		if w.f.Hosts[i].Name == name {
			return &w.f.Hosts[i]
		}
	}
	w.t.Fatalf("the plan works on host %q, which is not there", name)
	return nil
}

func (w *model) change(a addr.Address) plan.Change {
	i := slices.IndexFunc(w.p.Changes, func(c plan.Change) bool { return c.Addr == a })
	return w.p.Changes[i]
}

func (w *model) guest(s *plan.Step) *plan.GuestFacts {
	h := w.host(s.Host)
	vmid, _ := strconv.ParseUint(s.Text(plan.ArgVMID), 10, 32)
	i := slices.IndexFunc(h.Guests, func(g plan.GuestFacts) bool { return g.VMID == uint(vmid) })
	if i < 0 {
		w.t.Fatalf("%s %s works on VM %d of %s, which is not there", s.ID, s.Op, vmid, s.Host)
	}
	return &h.Guests[i]
}

func (w *model) guards(s *plan.Step) {
	h := w.host(s.Host)
	for _, g := range s.Guards {
		c := w.change(s.Addr)
		i := slices.IndexFunc(h.Guests, func(x plan.GuestFacts) bool { return x.VMID == g.VMID })
		if (g.Kind == plan.GuardAbsent) != (i < 0) {
			w.t.Fatalf("%s %s: guard %s of %d", s.Addr, s.Op, g.Kind, g.VMID)
		}
		if i < 0 {
			continue
		}
		guest := &h.Guests[i]
		switch g.Kind {
		case plan.GuardOurs:
			subject := identity.Subject{SiteID: w.p.SiteID, Manifest: w.p.Manifest, Addr: s.Addr, UUID: c.UUID, VMID: c.VMID}
			if !identity.MarksOf(guest, subject).Ours() {
				w.t.Fatalf("%s %s: VM %d is not ours", s.Addr, s.Op, g.VMID)
			}
		case plan.GuardUnchanged:
			if bad := canon.Changed(g.Expect, canon.Wants(w.p.Steps, s.Addr), canon.Overlay(guest.Config, guest.Pending)); len(bad) > 0 {
				w.t.Fatalf("%s %s: changed: %v", s.Addr, s.Op, bad)
			}
		case plan.GuardPower:
			if g.Expect[0] != (plan.KV{Key: plan.PowerKey, Value: guest.Power}) {
				w.t.Fatalf("%s %s: power is %s, expected %v", s.Addr, s.Op, guest.Power, g.Expect)
			}
		}
	}
}

func raw(s *plan.Step) []plan.KV { return canon.Params(s) }

func (w *model) run(s *plan.Step) {
	w.guards(s)
	h := w.host(s.Host)
	switch s.Op {
	case plan.ImageFetch:
		h.Images = append(h.Images, s.Text(plan.ArgVolume))
	case plan.GuestCreate, plan.CTCreate:
		w.create(s, h)
	case plan.GuestAttach:
		w.attach(s)
	case plan.GuestDetach:
		w.detach(s)
	case plan.GuestMove:
		set(w.guest(s), s.Text(plan.ArgDisk)+".storage", s.Text(plan.ArgStorage))
	case plan.GuestConfigure:
		w.configure(s)
	case plan.GuestGrow:
		set(w.guest(s), s.Text(plan.ArgDisk)+".size", s.Text(plan.ArgSize))
	case plan.GuestStart:
		w.power(s, plan.PowerRunning)
	case plan.GuestReboot:
		g := w.guest(s)
		g.Config, g.Pending = canon.Overlay(g.Config, g.Pending), nil
		w.down(s.Addr)
	case plan.GuestShutdown, plan.GuestStop:
		w.power(s, plan.PowerStopped)
	case plan.GuestAwait:
		if w.guest(s).Power != plan.PowerRunning {
			w.t.Fatalf("%s waits for a guest that is off", s.Addr)
		}
	case plan.GuestDelete:
		w.delete(s, h)
	case plan.HostEnroll:
		w.enroll(s)
	case plan.SeedRemove:
		if name := s.Text(plan.ArgSeed); name != "" {
			h.Seeds = slices.DeleteFunc(h.Seeds, func(v string) bool { return v == s.Text(plan.ArgStorage)+":import/"+name })
		}
	}
}

func (w *model) create(s *plan.Step, h *plan.HostFacts) {
	c := w.change(s.Addr)
	kvs := raw(s)
	if disk, volume, imports := strings.Cut(s.Text("scsi0"), ":0,import-from="); imports {
		if !slices.Contains(h.Images, volume) {
			w.t.Fatalf("%s is made from %s, which is not there", s.Addr, volume)
		}
		i := slices.IndexFunc(kvs, func(kv plan.KV) bool { return kv.Key == "scsi0" })
		kvs[i].Value = disk + ":vm-" + s.Text("vmid") + "-disk-0,size=2G"
	}
	if slices.Contains(h.Taken, c.VMID) {
		w.t.Fatalf("%s is made on vmid %d, which is taken", s.Addr, c.VMID)
	}
	for i := range kvs {
		kvs[i].Value = allocate(kvs[i].Key, kvs[i].Value, s.Text("vmid"), i)
	}
	kind := canon.KindOf(s)
	config := canon.Config(kind, kvs)
	name := s.Text("name")
	if kind == canon.LXC {
		name = s.Text("hostname")
	}
	h.Taken = append(h.Taken, c.VMID)
	h.Guests = append(h.Guests, plan.GuestFacts{
		VMID: c.VMID, Node: h.Node, Kind: kind, Name: name, Power: plan.PowerStopped, Tags: canon.Tags(s.Text("tags")),
		UUID: canon.UUID(config), MACs: canon.MACs(kind, kvs), Config: config, Volumes: canon.Volumes(kvs),
		Marker: &plan.MarkerFacts{
			SiteID: w.p.SiteID, Manifest: w.p.Manifest, Addr: s.Addr, UUID: c.UUID, VMID: c.VMID, Incarnation: w.incarnation(s), Authentic: true,
			Test: w.p.Goal == plan.GoalTest, Made: w.made(s), Kind: c.Kind,
		},
	})
	learn(&h.Guests[len(h.Guests)-1], canon.Settings(kind, raw(s)))
}

// allocate makes the volume of "storage:8,…".
func allocate(key, value, vmid string, at int) string {
	bus, _, _ := canon.Slot(key)
	file, rest, _ := strings.Cut(value, ",")
	storage, size, isDisk := strings.Cut(file, ":")
	if n, err := strconv.ParseFloat(size, 64); isDisk && err == nil && (key == "rootfs" || slices.Contains([]string{"scsi", "virtio", "sata", "mp", "efidisk", "tpmstate"}, bus)) {
		value = storage + ":vm-" + vmid + "-" + key + "-" + strconv.Itoa(at) + "," + rest + ",size=" + strconv.FormatInt(int64(n*1024), 10) + "M"
	}
	return strings.ReplaceAll(strings.TrimSuffix(value, ","), ",,", ",")
}

// learn makes the marker know what was applied.
func learn(g *plan.GuestFacts, settings []plan.KV) {
	if g.Marker == nil {
		return
	}
	for _, kv := range canon.Applied(settings) {
		g.Marker.Unchanged = append(g.Marker.Unchanged, kv.Key)
	}
}

// incarnation is what the plan makes of a guest: the next one when it replaces.
func (w *model) incarnation(create *plan.Step) uint {
	for i := range w.p.Steps {
		if s := &w.p.Steps[i]; s.Addr == create.Addr && s.Op == plan.GuestDelete && s.Text(plan.ArgIncarnation) != "" {
			n, _ := strconv.ParseUint(s.Text(plan.ArgIncarnation), 10, 32)
			return uint(n) + 1
		}
	}
	return 1
}

func (w *model) attach(s *plan.Step) {
	g, slot := w.guest(s), s.Text(plan.ArgDisk)
	if canon.Has(g.Config, slot) {
		w.t.Fatalf("%s: %s is in use", s.Addr, slot)
	}
	text := allocate(slot, s.Text(slot), s.Text(plan.ArgVMID), 100+len(g.Volumes))
	settings := canon.Settings(g.Kind, []plan.KV{{Key: slot, Value: text}})
	if volume := canon.Volume(settings, slot); !slices.Contains(g.Volumes, volume) {
		g.Volumes = append(g.Volumes, volume)
	} else { // it was unused
		settings = append(settings, plan.KV{Key: slot + ".size", Value: s.Text(plan.ArgSize)})
		for _, kv := range slices.Clone(g.Config) {
			if bus, _, _ := canon.Slot(canon.KeyOf(kv.Key)); bus == "unused" && kv.Value == volume {
				drop(g, canon.KeyOf(kv.Key))
			}
		}
	}
	w.apply(g, slot, settings)
	learn(g, settings)
	if g.Marker != nil {
		id := canon.Get(settings, slot+".serial") + canon.Get(settings, slot+".mp")
		g.Marker.Made = append(g.Marker.Made, plan.KV{Key: plan.MadeDisk + id, Value: canon.Volume(settings, slot)})
		slices.SortFunc(g.Marker.Made, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
		g.Marker.Made = slices.CompactFunc(g.Marker.Made, func(a, b plan.KV) bool { return a.Key == b.Key })
	}
}

// apply gives a guest settings of one key, at once or with its next restart.
func (w *model) apply(g *plan.GuestFacts, key string, settings []plan.KV) {
	waits := false
	for _, kv := range settings {
		a := plan.Attr{Name: kv.Key, From: canon.Get(g.Config, kv.Key), To: kv.Value}
		waits = waits || g.Power == plan.PowerRunning && a.From != a.To && canon.Managed(kv.Key) && canon.Classify(a, g.Config) == plan.Reboot
	}
	g.Pending = slices.DeleteFunc(g.Pending, func(kv plan.KV) bool { return canon.KeyOf(kv.Key) == key })
	if waits {
		g.Pending = append(g.Pending, settings...)
		return
	}
	for _, kv := range settings {
		set(g, kv.Key, kv.Value)
	}
}

func drop(g *plan.GuestFacts, key string) {
	g.Config = slices.DeleteFunc(g.Config, func(kv plan.KV) bool { return canon.KeyOf(kv.Key) == key })
}

func (w *model) detach(s *plan.Step) {
	g, slot := w.guest(s), s.Text(plan.ArgDisk)
	volume := canon.Volume(canon.Overlay(g.Config, g.Pending), slot)
	if volume != s.Text(plan.ArgVolume) {
		w.t.Fatalf("%s: %s holds %s", s.Addr, slot, volume)
	}
	w.remove(g, slot)
	unused := 0
	for canon.Has(g.Config, "unused"+strconv.Itoa(unused)) {
		unused++
	}
	set(g, "unused"+strconv.Itoa(unused)+".file", volume)
}

// remove takes a key away, at once or with the next restart.
func (w *model) remove(g *plan.GuestFacts, key string) {
	if g.Marker != nil {
		g.Marker.Unchanged = slices.DeleteFunc(g.Marker.Unchanged, func(a string) bool { return canon.KeyOf(a) == key })
	}
	usual := canon.Get(canon.Config(g.Kind, nil), key)
	g.Pending = slices.DeleteFunc(g.Pending, func(kv plan.KV) bool { return canon.KeyOf(kv.Key) == key })
	bus, _, isSlot := canon.Slot(key)
	for _, kv := range g.Config {
		a := plan.Attr{Name: kv.Key, From: kv.Value}
		if isSlot && (bus == "net" || bus == "scsi") && !strings.HasSuffix(kv.Key, ".serial") && !strings.HasSuffix(kv.Key, ".macaddr") && !strings.HasSuffix(kv.Key, ".hwaddr") {
			continue // what happens to the device decides
		}
		if canon.KeyOf(kv.Key) == key && g.Power == plan.PowerRunning && canon.Managed(kv.Key) && canon.Classify(a, g.Config) == plan.Reboot {
			g.Pending = append(g.Pending, plan.KV{Key: key, Value: usual})
			return
		}
	}
	drop(g, key)
	if usual != "" {
		set(g, key, usual)
	}
}

// kindOf is what the marker says of a node that is declared as this: Proxmox VE
// never goes again.
func kindOf(declared, was string) string {
	if was == "pve" {
		return was
	}
	return declared
}

// made is what the marker remembers of a guest's creation.
func (w *model) made(create *plan.Step) []plan.KV {
	var out []plan.KV
	for i := range w.p.Steps {
		s := &w.p.Steps[i]
		if s.Addr == create.Addr && s.Op == plan.CTCreate {
			return []plan.KV{{Key: plan.MadeImage, Value: s.Text(plan.ArgImageName)}}
		}
		if s.Addr != create.Addr || s.Op != plan.SeedUpload {
			continue
		}
		out = append(s.Made(), plan.KV{Key: plan.MadeImage, Value: create.Text(plan.ArgImageName)})
		slices.SortFunc(out, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
	}
	return out
}

// configure changes what is live at once and leaves the rest pending while the
// guest runs, as PVE does.
func (w *model) configure(s *plan.Step) {
	g := w.guest(s)
	if digest := s.Text(plan.ArgProgram); digest != "" {
		if g.Marker == nil {
			g.Marker = &plan.MarkerFacts{}
		}
		c, fixed, was, test := w.change(s.Addr), g.Marker.Made, g.Marker.Kind, g.Marker.Test && w.p.Goal == plan.GoalTest
		known, lives := g.Marker.Unchanged, max(g.Marker.Incarnation, 1)
		*g.Marker = plan.MarkerFacts{
			SiteID: w.p.SiteID, Manifest: w.p.Manifest, Addr: s.Addr, UUID: c.UUID, VMID: c.VMID, Incarnation: lives, Authentic: true, Program: digest,
			Unchanged: known, Made: fixed, Test: test, Secrets: s.Text(plan.ArgSecrets), Kind: kindOf(c.Kind, was),
		}
	}
	if c := w.change(s.Addr); c.Kind == "pve" && s.Text(plan.ArgProgram) != "" {
		w.answers(s) // Observe sees its API from now on
		g = w.guest(s)
	}
	for _, kv := range raw(s) {
		if canon.KindOf(s) != g.Kind {
			w.t.Fatalf("%s %s takes a %s for a %s", s.Addr, s.Op, g.Kind, canon.KindOf(s))
		}
		kv.Value = allocate(kv.Key, kv.Value, s.Text(plan.ArgVMID), 100+len(g.Volumes))
		settings := canon.Settings(g.Kind, []plan.KV{kv})
		if len(settings) == 0 {
			continue
		}
		for _, had := range g.Config { // the key is written whole
			if canon.KeyOf(had.Key) != kv.Key || canon.Get(settings, had.Key) != "" {
				continue
			}
			if strings.HasSuffix(had.Key, ".size") && canon.Volume(settings, kv.Key) == canon.Volume(g.Config, kv.Key) {
				settings = append(settings, had) // PVE knows it
				continue
			}
			settings = append(settings, plan.KV{Key: had.Key})
		}
		if volume := canon.Volume(settings, kv.Key); volume != "" && !slices.Contains(g.Volumes, volume) {
			g.Volumes = append(g.Volumes, volume)
		}
		w.apply(g, kv.Key, settings)
		if g.Marker != nil {
			g.Marker.Unchanged = slices.DeleteFunc(g.Marker.Unchanged, func(a string) bool { return canon.KeyOf(a) == kv.Key })
		}
		learn(g, settings)
	}
	for _, key := range s.List(plan.ArgDelete) {
		w.remove(g, key)
	}
	slices.SortFunc(g.Config, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
	if g.Kind == canon.QEMU {
		g.Name = canon.Get(g.Config, "name")
	}
}

func set(g *plan.GuestFacts, key, value string) {
	i := slices.IndexFunc(g.Config, func(kv plan.KV) bool { return kv.Key == key })
	if i < 0 {
		g.Config = append(g.Config, plan.KV{Key: key})
		i = len(g.Config) - 1
	}
	g.Config[i].Value = value
	g.Pending = slices.DeleteFunc(g.Pending, func(kv plan.KV) bool { return kv.Key == key })
}

func (w *model) power(s *plan.Step, power string) {
	g := w.guest(s)
	g.Power = power
	if power == plan.PowerRunning {
		g.Config, g.Pending = canon.Overlay(g.Config, g.Pending), nil
	}
}

// down is what a host's restart does to the guests on it, and to those on these:
// only what has onboot comes up again.
func (w *model) down(host addr.Address) {
	for i := range w.f.Hosts {
		if w.f.Hosts[i].Name != string(host) {
			continue
		}
		for j := range w.f.Hosts[i].Guests {
			g := &w.f.Hosts[i].Guests[j]
			g.Config, g.Pending = canon.Overlay(g.Config, g.Pending), nil
			if canon.Get(g.Config, "onboot") != "1" {
				g.Power = plan.PowerStopped
			}
			if g.Marker != nil {
				w.down(g.Marker.Addr)
			}
		}
	}
}

func (w *model) delete(s *plan.Step, h *plan.HostFacts) {
	g := w.guest(s)
	if g.Power != plan.PowerStopped {
		w.t.Fatalf("%s is deleted while it runs", s.Addr)
	}
	for _, other := range w.f.Hosts {
		if other.Name == string(s.Addr) && len(other.Guests) > 0 && s.Text(plan.ArgIncarnation) == "" {
			w.t.Fatalf("%s is deleted with %d guests inside", s.Addr, len(other.Guests))
		}
	}
	h.Taken = slices.DeleteFunc(h.Taken, func(id uint) bool { return id == g.VMID })
	vmid := g.VMID
	h.Guests = slices.DeleteFunc(h.Guests, func(x plan.GuestFacts) bool { return x.VMID == vmid })
	w.f.Hosts = slices.DeleteFunc(w.f.Hosts, func(x plan.HostFacts) bool { return x.Name == string(s.Addr) })
}

// answers makes a node that is ready visible as a host, as it was installed.
func (w *model) answers(s *plan.Step) {
	for _, h := range w.f.Hosts {
		if h.Name == string(s.Addr) {
			return
		}
	}
	w.f.Hosts = append(w.f.Hosts, plan.HostFacts{
		Name: string(s.Addr), Presence: plan.Present, Node: s.Addr.Name(), Version: "9.2.11/lab", Fingerprint: "CC:DD", IOWidth: 64,
		Storages: []plan.StorageFacts{{Name: "local", Type: "dir", Content: []string{"iso"}}},
		Bridges:  []string{"vmbr0"},
	})
}

func (w *model) enroll(s *plan.Step) {
	w.answers(s)
	h := w.host(string(s.Addr))
	i := slices.IndexFunc(h.Storages, func(x plan.StorageFacts) bool { return x.Name == s.Text(plan.ArgStorage) })
	h.Storages[i].Content = []string{"images", "import", "iso", "rootdir", "vztmpl"}
}
