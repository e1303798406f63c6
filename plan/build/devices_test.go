package build_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
	"github.com/homestak/homestak/plan/canon"
)

// attrs is a change's attributes, "name: from → to (class)", one a line.
func attrs(c plan.Change) string {
	var out []string
	for _, a := range c.Attrs {
		if len(a.From) < 60 && len(a.To) < 60 {
			out = append(out, a.Name+": "+a.From+" → "+a.To+" ("+a.Class.String()+")")
		}
	}
	return strings.Join(out, "\n")
}

func running(t testing.TB, line string) *plan.Facts {
	t.Helper()
	f := made(t, deployment(line))
	if p := makePlan(t, deployment(line), f, plan.GoalCreate); len(p.Program.Steps) > 0 {
		t.Fatalf("%s is not done:\n%s", line, dump(p))
	}
	return f
}

// One edit each, and the least that brings it about: the steps, and the class
// of what changes.
func TestEdits(t *testing.T) {
	const reboot = " guest.await target.push check.ready"
	for name, c := range map[string]struct {
		before, after string
		want          string // steps
		attrs         string // the first attribute
	}{
		"further disk":           {"a", "a disk:data=8", "guest.attach", "scsi2.discard:  → on (hotplug)"},
		"further disk, no plug":  {"a hw=hotplug=network", "a hw=hotplug=network disk:data=8", "guest.attach guest.reboot(scsi2)!" + reboot, "scsi2.discard:  → on (reboot)"},
		"two further disks":      {"a", "a disk:data=8 disk:logs=4", "guest.attach guest.attach", "scsi2.discard:  → on (hotplug)"},
		"a disk before another":  {"a disk:data=8", "a disk:logs=4 disk:data=8", "guest.attach", "scsi3.discard:  → on (hotplug)"},
		"disks in another order": {"a disk:data=8 disk:logs=4", "a disk:logs=4 disk:data=8", "", ""},
		"disk goes":              {"a disk:data=8 disk:logs=4", "a disk:logs=4", "guest.detach!", "scsi2.serial: data →  (hotplug)"},
		"disk grows":             {"a disk:data=8", "a disk:data=16", "guest.grow", "scsi2.size: 8589934592 → 17179869184 (live)"},
		"disk moves":             {"a disk:data=8,storage=local-lvm", "a disk:data=8,storage=ssd", "guest.move", "scsi2.storage: local-lvm → ssd (live)"},
		"first disk moves":       {"a", "a storage=ssd", "guest.move", "scsi0.storage: local-lvm → ssd (live)"},
		"storage is no matter":   {"a storage=ssd", "a", "", ""},
		"disk is an ssd":         {"a disk:data=8", "a disk:data=8,ssd", "guest.configure(scsi2) guest.reboot(scsi2)!" + reboot, "scsi2.ssd:  → 1 (reboot)"},
		"disk without backup":    {"a disk:data=8", "a disk:data=8,nobackup", "guest.configure(scsi2)", "scsi2.backup:  → 0 (live)"},
		"disk on another bus":    {"a disk:data=8", "a disk:data=8,bus=virtio", "guest.detach! guest.attach guest.grow", "virtio0.discard:  → on (hotplug)"},
		"further nic":            {"a", "a nic:1=bridge=vmbr1", "guest.configure(net1)", "net1.bridge:  → vmbr1 (hotplug)"},
		"nic goes":               {"a nic:1=bridge=vmbr1 nic:2=", "a nic:2=", "guest.configure(delete)!", "net1.macaddr: 02:FE:A7:CC:93:5B →  (hotplug)"},
		"nic on another net":     {"a nic:1=", "a nic:1=vlan=7", "guest.configure(net1)!", "net1.tag:  → 7 (live)"},
		"nic model":              {"a", "a card=model=e1000", "guest.configure(net0)!", "net0.model: virtio → e1000 (hotplug)"},
		"firewall":               {"a", "a card=firewall", "guest.configure(net0)", "net0.firewall:  → 1 (live)"},
		"firewall off":           {"a card=firewall", "a card=firewall=0", "guest.configure(net0)", "net0.firewall: 1 →  (live)"},
		"firewall unsaid":        {"a card=firewall", "a", "guest.configure(net0)", "net0.firewall: 1 →  (live)"},
		"mtu":                    {"a", "a card=mtu=1400", "guest.configure(net0)!", "net0.mtu:  → 1400 (hotplug)"},
		"rate":                   {"a", "a card=rate=10", "guest.configure(net0)", "net0.rate:  → 10 (live)"},
		"memory":                 {"a", "a memory=4096", "guest.configure(memory) guest.reboot(memory)!" + reboot, "memory: 2048 → 4096 (reboot)"},
		"memory, plugged":        {"a hw=numa,hotplug=memory+disk", "a hw=numa,hotplug=memory+disk memory=4096", "guest.configure(memory)", "memory: 2048 → 4096 (hotplug)"},
		"balloon":                {"a", "a hw=balloon=512", "guest.configure(balloon)", "balloon:  → 512 (live)"},
		"no balloon":             {"a", "a hw=balloon=0", "guest.configure(balloon) guest.reboot(balloon)!" + reboot, "balloon:  → 0 (reboot)"},
		"balloon unsaid":         {"a hw=balloon=512", "a", "guest.configure(delete)", "balloon: 512 →  (live)"},
		"cpu":                    {"a", "a hw=cpu=host", "guest.configure(cpu) guest.reboot(cpu)!" + reboot, "cpu.cputype:  → host (reboot)"},
		"cpu unsaid":             {"a hw=cpu=host", "a", "guest.configure(delete) guest.reboot(cpu)!" + reboot, "cpu.cputype: host →  (reboot)"},
		"sockets":                {"a", "a hw=sockets=2", "guest.configure(sockets) guest.reboot(sockets)!" + reboot, "sockets: 1 → 2 (reboot)"},
		"sockets unsaid":         {"a hw=sockets=2", "a", "guest.configure(sockets) guest.reboot(sockets)!" + reboot, "sockets: 2 → 1 (reboot)"},
		"firmware":               {"a", "a hw=bios=ovmf", "guest.configure(bios,efidisk0) guest.reboot(bios,efidisk0)!" + reboot, "bios: seabios → ovmf (reboot)"},
		"tpm":                    {"a hw=bios=ovmf", "a hw=bios=ovmf,tpm", "guest.configure(tpmstate0) guest.reboot(tpmstate0)!" + reboot, "tpmstate0.version:  → v2.0 (reboot)"},
		"machine":                {"a", "a hw=machine=q35", "guest.configure(machine) guest.reboot(machine)!" + reboot, "machine.type:  → q35 (reboot)"},
		"vga unsaid":             {"a hw=vga=virtio", "a", "guest.configure(delete) guest.reboot(vga)!" + reboot, "vga.type: virtio →  (reboot)"},
		"no console":             {"a", "a hw=noserial", "guest.configure(delete) guest.reboot(serial0)!" + reboot, "serial0: socket →  (reboot)"},
		"no agent":               {"a ip=10.0.0.5/24", "a ip=10.0.0.5/24 hw=noagent", "guest.configure(agent) guest.reboot(agent)!" + reboot, "agent.enabled: 1 → 0 (reboot)"},
		"hotplug":                {"a", "a hw=hotplug=disk", "guest.configure(hotplug)", "hotplug: disk,network,usb → disk (live)"},
		"hotplug unsaid":         {"a hw=hotplug=disk", "a", "guest.configure(hotplug)", "hotplug: disk → disk,network,usb (live)"},
		"startup":                {"a", "a startup=3/30", "guest.configure(startup)", "startup.order:  → 3 (live)"},
		"startup unsaid":         {"a startup=3/30", "a", "guest.configure(delete)", "startup.order: 3 →  (live)"},
		"boot order":             {"a", "a order=disk,network", "guest.configure(boot) guest.reboot(boot)!" + reboot, "boot.order: scsi0 → scsi0;net0 (reboot)"},
		"staged":                 {"a reboot=staged", "a reboot=staged cores=4", "guest.configure(cores)", "cores: 2 → 4 (reboot)"},
		"never":                  {"a reboot=never", "a reboot=never cores=4", "", ""},
		"never, in part":         {"a reboot=never", "a reboot=never cores=4 onboot", "guest.configure(onboot)", "onboot: 0 → 1 (live)"},
		"window":                 {"a reboot=window,x", "a reboot=window,x cores=4", "guest.configure(cores) guest.reboot(cores)!" + reboot, "cores: 2 → 4 (reboot)"},
		"policy alone":           {"a", "a reboot=never", "", ""},
		"vm becomes ct":          {"a", "a ct", "guest.shutdown! guest.stop! guest.delete! ct.create guest.start guest.await target.push check.ready guest.configure(kind,program,program.secrets)", "type: vm → ct (rebuild)"},

		"ct cores":             {"a ct", "a ct cores=4", "guest.configure(cores,kind)", "cores: 2 → 4 (live)"},
		"ct memory":            {"a ct", "a ct memory=4096", "guest.configure(kind,memory)", "memory: 2048 → 4096 (live)"},
		"ct swap":              {"a ct", "a ct swap=0", "guest.configure(kind,swap)", "swap: 512 → 0 (live)"},
		"ct address":           {"a ct", "a ct ip=10.0.0.5/24 gateway=10.0.0.1", "guest.configure(kind,net0)", "net0.gw:  → 10.0.0.1 (live)"},
		"ct vlan":              {"a ct", "a ct vlan=7", "guest.configure(kind,net0)!", "net0.tag:  → 7 (live)"},
		"ct further nic":       {"a ct", "a ct nic:1=ip=dhcp", "guest.configure(kind,net1)", "net1.bridge:  → vmbr0 (live)"},
		"ct nic goes":          {"a ct nic:1=ip=dhcp", "a ct", "guest.configure(delete,kind)", "net1.hwaddr: 02:FE:A7:CC:93:5B →  (live)"},
		"ct mount point":       {"a ct", "a ct disk:data=8,path=/srv", "guest.attach", "mp0.backup:  → 1 (live)"},
		"ct mount point goes":  {"a ct disk:data=8,path=/srv", "a ct", "guest.detach! guest.reboot(mp0)!" + reboot, "mp0.mp: /srv →  (reboot)"},
		"ct mount point grows": {"a ct disk:data=8,path=/srv", "a ct disk:data=16,path=/srv", "guest.grow", "mp0.size: 8589934592 → 17179869184 (live)"},
		"ct disk grows":        {"a ct", "a ct disk=20", "guest.grow", "rootfs.size: 10737418240 → 21474836480 (live)"},
		"ct moves":             {"a ct", "a ct storage=ssd", "guest.shutdown! guest.stop! guest.move guest.start" + reboot, "rootfs.storage: local-lvm → ssd (reboot)"},
		"ct moves, not now":    {"a ct reboot=staged", "a ct reboot=staged storage=ssd", "", ""},
		"ct nesting":           {"a ct", "a ct features=nesting", "guest.configure(features,kind) guest.reboot(features)!" + reboot, "features.nesting:  → 1 (reboot)"},
		"ct nesting off":       {"a ct features=nesting", "a ct", "guest.configure(delete,kind) guest.reboot(features)!" + reboot, "features.nesting: 1 →  (reboot)"},
		"ct resolvers":         {"a ct", "a ct dns=1.1.1.1,9.9.9.9", "guest.configure(kind,nameserver) guest.reboot(nameserver)!" + reboot, "nameserver:  → 1.1.1.1 9.9.9.9 (reboot)"},
		"ct privileged":        {"a ct", "a ct privileged", "guest.shutdown! guest.stop! guest.delete! ct.create guest.start guest.await target.push check.ready guest.configure(kind,program,program.secrets)", "unprivileged: 1 → 0 (rebuild)"},
		"ct template":          {"a ct", "a ct template=local:vztmpl/other.tar.zst", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := running(t, c.before)
			p := makePlan(t, deployment(c.after), f, plan.GoalCreate)
			if got := steps(p, "m/a"); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			first, _, _ := strings.Cut(attrs(p.Program.Changes[0]), "\n")
			if first != c.attrs {
				t.Errorf("%s\nwant %s", first, c.attrs)
			}
			after := simulate(t, &p.Program, f, -1)
			if again := makePlan(t, deployment(c.after), after, plan.GoalCreate); len(again.Program.Steps) > 0 && !strings.Contains(c.after, "window") {
				t.Errorf("something is left to do:\n%s", dump(again))
			}
		})
	}
}

// A disk that was taken away comes back with what is on it.
func TestDiskComesBack(t *testing.T) {
	f := made(t, deployment("a"))
	f = simulate(t, &makePlan(t, deployment("a disk:data=8"), f, plan.GoalCreate).Program, f, -1)
	volume := canon.Volume(f.Hosts[0].Guests[0].Config, "scsi2")
	p := makePlan(t, deployment("a"), f, plan.GoalCreate)
	if len(p.Program.Changes[0].Stake) > 0 || !strings.Contains(findings(p, "HS0722"), volume) {
		t.Errorf("%v, %s", p.Program.Changes[0].Stake, findings(p, "HS0722"))
	}
	f = simulate(t, &p.Program, f, -1)
	p = makePlan(t, deployment("a disk:data=10"), f, plan.GoalCreate)
	if got := p.Program.Steps[0].Text("scsi2"); got != volume+",discard=on,serial=data" || steps(p, "m/a") != "guest.attach guest.grow" {
		t.Errorf("%s: %s", got, steps(p, "m/a"))
	}
	f = simulate(t, &p.Program, f, -1)
	if g := f.Hosts[0].Guests[0]; canon.Has(g.Config, "unused0") || canon.Get(g.Config, "scsi2.size") != "10737418240" {
		t.Error(g.Config)
	}
}

// What others did to disks and interfaces that are not homestak's stays.
func TestForeignDevices(t *testing.T) {
	f := running(t, "a disk:data=8")
	g := &f.Hosts[0].Guests[0]
	for _, kv := range canon.Settings(canon.QEMU, []plan.KV{
		{Key: "scsi5", Value: "ssd:mine,size=4G,serial=mine"}, {Key: "net4", Value: "virtio=02:00:00:00:00:01,bridge=vmbr9"}, {Key: "vga", Value: "virtio"}, {Key: "balloon", Value: "256"},
	}) {
		set(g, kv.Key, kv.Value)
	}
	f.Sort()
	if p := makePlan(t, deployment("a disk:data=8"), f, plan.GoalCreate); len(p.Program.Steps) > 0 {
		t.Error(dump(p))
	}
	p := makePlan(t, deployment("a disk:data=8 disk:more=1"), f, plan.GoalCreate)
	if steps(p, "m/a") != "guest.attach" {
		t.Error(steps(p, "m/a"))
	}
	// The slot that somebody moved the disk to is its slot from then on.
	for _, kv := range slices.Clone(g.Config) {
		if rest, ok := strings.CutPrefix(kv.Key, "scsi2."); ok {
			set(g, "scsi9."+rest, kv.Value)
		}
	}
	drop(g, "scsi2")
	f.Sort()
	p = makePlan(t, deployment("a disk:data=16"), f, plan.GoalCreate)
	if steps(p, "m/a") != "guest.grow" || p.Program.Steps[0].Text(plan.ArgDisk) != "scsi9" {
		t.Error(dump(p))
	}
	refused(t, deployment("a disk:data=4"), f, plan.GoalCreate, "HS0624")
}

// A guest is made anew when the user says so, and then once: what is on it goes,
// its number and identity stay, and the guests inside come back.
func TestReplaceOnRequest(t *testing.T) {
	lines := []string{"edge pve", "edge/a", "b needs=edge", "c"}
	f := made(t, deployment(lines...))
	o := options
	o.Replace = []addr.Address{"m/edge"}
	p, bad := build.Plan(deployment(lines...), f, plan.GoalCreate, o)
	if bad.HasErrors() {
		t.Fatal(bad)
	}
	actions := map[string]string{}
	for _, c := range p.Program.Changes {
		actions[string(c.Addr)] = c.Action.String()
	}
	if actions["m/edge"] != "replace" || actions["m/edge/a"] != "create" || actions["m/b"] != "none" || actions["m/c"] != "none" {
		t.Error(actions)
	}
	if stake := p.Program.Changes[2].Stake; len(stake) != 2 || !plan.IsGuest(stake[1]) {
		t.Errorf("%s: %v", p.Program.Changes[2].Addr, stake)
	}
	after := simulate(t, &p.Program, f, -1)
	if again := makePlan(t, deployment(lines...), after, plan.GoalCreate); len(again.Program.Steps) > 0 {
		t.Error(dump(again))
	}
	for _, g := range after.Hosts[0].Guests {
		if want := map[addr.Address]uint{"m/edge": 2, "m/b": 1, "m/c": 1}[g.Marker.Addr]; g.Marker.Incarnation != want {
			t.Errorf("%s has incarnation %d", g.Marker.Addr, g.Marker.Incarnation)
		}
	}
}
