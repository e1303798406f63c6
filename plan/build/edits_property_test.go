package build_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/homestak/homestak/plan"
)

// drawGuest makes the words of one node: anything a guest can have.
func drawGuest(rt *rapid.T, kind string) string {
	var words []string
	add := func(label string, choices ...string) {
		if w := rapid.SampledFrom(append([]string{""}, choices...)).Draw(rt, label); w != "" {
			words = append(words, w)
		}
	}
	add("cores", "cores=1", "cores=4")
	add("memory", "memory=1024", "memory=4096")
	add("tags", "tags=web", "tags=db,web")
	add("onboot", "onboot")
	add("vlan", "vlan=4", "vlan=7")
	add("card", "card=firewall", "card=mtu=1400,rate=10", "card=firewall,rate=5")
	add("nic1", "nic:1=", "nic:1=vlan=5", "nic:1=bridge=vmbr1,firewall")
	add("nic3", "nic:3=ip=dhcp")
	add("startup", "startup=1", "startup=2/30", "startup=0/0/60")
	add("reboot", "reboot=staged", "reboot=never", "reboot=now")
	add("storage", "storage=ssd", "storage=local-lvm")
	if kind == "ct" {
		words = append(words, "ct")
		add("swap", "swap=0", "swap=1024")
		add("features", "features=nesting", "features=nesting=0")
		add("dns", "dns=1.1.1.1", "dns=9.9.9.9,1.1.1.1")
		add("ip", "ip=10.0.0.5/24")
		for _, name := range []string{"data", "logs"} {
			add(name, "disk:"+name+"=8,path=/"+name, "disk:"+name+"=8,path=/"+name+",storage=ssd,nobackup")
		}
		return strings.Join(words, " ")
	}
	add("model", "card=model=e1000")
	for _, name := range []string{"data", "logs", "more"} {
		add(name, "disk:"+name+"=8", "disk:"+name+"=8,ssd,storage=ssd", "disk:"+name+"=8,bus=virtio,keep", "disk:"+name+"=8,bus=sata,nobackup")
	}
	hardware := []string{}
	for _, w := range []string{"cpu=host", "sockets=2", "numa", "balloon=512", "balloon=0", "bios=ovmf", "tpm", "machine=q35", "vga=virtio", "noserial", "hotplug=disk", "hotplug=disk+network+memory", "scsi=virtio-scsi-pci"} {
		if rapid.IntRange(0, 4).Draw(rt, w) == 0 {
			hardware = append(hardware, w)
		}
	}
	if len(hardware) > 0 {
		words = append(words, "hw="+strings.Join(hardware, ","))
	}
	add("order", "order=disk,network", "order=network,disk")
	return strings.Join(words, " ")
}

// From any guest to any other that PVE can make of it: the plan leads there, and
// the next one is empty; nothing is replaced, and no disk is lost on the way.
func TestAnyEdit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kinds := []string{"vm", "ct", rapid.SampledFrom([]string{"vm", "ct"}).Draw(rt, "third")}
		lines := func(label string) []string {
			var out []string
			for i, kind := range kinds {
				out = append(out, "n"+strconv.Itoa(i)+" "+drawGuest(rt, kind))
			}
			return out
		}
		d := deployment(lines("first")...)
		f := simulate(t, &makePlan(t, d, world(), plan.GoalCreate).Program, world(), -1)
		if p := makePlan(t, d, f, plan.GoalCreate); len(p.Program.Steps) > 0 {
			rt.Fatalf("not done:\n%s", dump(p))
		}
		for range rapid.IntRange(1, 3).Draw(rt, "edits") {
			next := lines("next")
			d = deployment(next...)
			owned := map[uint]int{}
			for _, g := range f.Hosts[0].Guests {
				owned[g.VMID] = len(g.Volumes)
			}
			p := makePlan(t, d, f, plan.GoalCreate)
			for _, c := range p.Program.Changes {
				if c.Action != plan.Update && c.Action != plan.None || len(c.Stake) > 0 {
					rt.Fatalf("%s of %s, %v", c.Action, c.Addr, c.Stake)
				}
			}
			after := simulate(t, &p.Program, f, -1)
			again := makePlan(t, d, after, plan.GoalCreate)
			if findings(p, "HS0721") != "" && len(again.Program.Steps) > 0 {
				// A disk could not move before the restart that this plan brought.
				after = simulate(t, &again.Program, after, -1)
				again = makePlan(t, d, after, plan.GoalCreate)
			}
			if len(again.Program.Steps) > 0 {
				rt.Fatalf("%v\nis not done:\n%s\nafter\n%s", next, dump(again), dump(p))
			}
			for _, g := range after.Hosts[0].Guests {
				if len(g.Volumes) < owned[g.VMID] {
					rt.Fatalf("%s lost a volume: %v", g.Name, g.Volumes)
				}
			}
			f = after
		}
		gone := simulate(t, &makePlan(t, d, f, plan.GoalDestroy).Program, f, -1)
		if len(gone.Hosts[0].Guests) > 0 {
			rt.Fatalf("something is left: %+v", gone)
		}
	})
}
