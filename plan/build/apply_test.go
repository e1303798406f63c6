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

func raw(s *plan.Step) []plan.KV {
	var out []plan.KV
	for _, a := range s.Args {
		if a.Value.Late == nil && !strings.Contains(a.Name, ".") {
			out = append(out, plan.KV{Key: a.Name, Value: a.Value.Text})
		}
	}
	return out
}

func (w *model) run(s *plan.Step) {
	w.guards(s)
	h := w.host(s.Host)
	switch s.Op {
	case plan.ImageFetch:
		h.Images = append(h.Images, s.Text(plan.ArgVolume))
	case plan.GuestCreate:
		w.create(s, h)
	case plan.GuestConfigure:
		w.configure(s)
	case plan.GuestGrow:
		set(w.guest(s), "scsi0.size", s.Text(plan.ArgSize))
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
	disk, volume, _ := strings.Cut(s.Text("scsi0"), ":0,import-from=")
	if !slices.Contains(h.Images, volume) {
		w.t.Fatalf("%s is made from %s, which is not there", s.Addr, volume)
	}
	if slices.Contains(h.Taken, c.VMID) {
		w.t.Fatalf("%s is made on vmid %d, which is taken", s.Addr, c.VMID)
	}
	i := slices.IndexFunc(kvs, func(kv plan.KV) bool { return kv.Key == "scsi0" })
	kvs[i].Value = disk + ":vm-" + s.Text("vmid") + "-disk-0,size=2G"
	config := canon.Config(canon.QEMU, kvs)
	h.Taken = append(h.Taken, c.VMID)
	h.Guests = append(h.Guests, plan.GuestFacts{
		VMID: c.VMID, Node: h.Node, Kind: "qemu", Name: s.Text("name"), Power: plan.PowerStopped, Tags: canon.Tags(s.Text("tags")),
		UUID: canon.UUID(config), MACs: canon.MACs(canon.QEMU, kvs), Config: config, Volumes: canon.Volumes(kvs),
		Marker: &plan.MarkerFacts{
			SiteID: w.p.SiteID, Manifest: w.p.Manifest, Addr: s.Addr, UUID: c.UUID, VMID: c.VMID, Incarnation: 1, Authentic: true,
			Test: w.p.Goal == plan.GoalTest, Made: w.made(s), Kind: c.Kind,
		},
	})
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
		if s.Addr != create.Addr || s.Op != plan.SeedUpload {
			continue
		}
		for _, kv := range []plan.KV{
			{Key: plan.MadeDNS, Value: strings.Join(s.List(plan.ArgDNS), ",")}, {Key: plan.MadeDomain, Value: s.Text(plan.ArgDomain)},
			{Key: plan.MadeGateway, Value: s.Text(plan.ArgGateway)}, {Key: plan.MadeImage, Value: create.Text(plan.ArgImageName)},
			{Key: plan.MadeIP, Value: s.Text(plan.ArgIP)},
		} {
			if kv.Value != "" {
				out = append(out, kv)
			}
		}
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
		*g.Marker = plan.MarkerFacts{
			SiteID: w.p.SiteID, Manifest: w.p.Manifest, Addr: s.Addr, UUID: c.UUID, VMID: c.VMID, Incarnation: 1, Authentic: true, Program: digest,
			Made: fixed, Test: test, Secrets: s.Text(plan.ArgSecrets), Kind: kindOf(c.Kind, was),
		}
	}
	if c := w.change(s.Addr); c.Kind == "pve" && s.Text(plan.ArgProgram) != "" {
		w.answers(s) // Observe sees its API from now on
		g = w.guest(s)
	}
	for _, kv := range canon.Settings(canon.QEMU, raw(s)) {
		if g.Power == plan.PowerRunning && canon.Classify(plan.Attr{Name: kv.Key, From: canon.Get(g.Config, kv.Key), To: kv.Value}, g.Config) == plan.Reboot {
			if canon.Get(g.Config, kv.Key) != kv.Value {
				g.Pending = append(g.Pending, kv)
			}
			continue
		}
		set(g, kv.Key, kv.Value)
	}
	slices.SortFunc(g.Config, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
	g.Name = canon.Get(g.Config, "name")
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
		if other.Name == string(s.Addr) && len(other.Guests) > 0 {
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
	h.Storages[i].Content = []string{"images", "import", "iso"}
}
