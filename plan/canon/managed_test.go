package canon_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// What a change of each attribute takes on a running VM, with its own hotplug
// option and all else that PVE looks at.
func TestClassesOfVM(t *testing.T) {
	base := []string{
		"cores=2", "memory=2048", "scsihw=virtio-scsi-single", "rootless=1",
		"net0=virtio=02:aa:00:00:00:01,bridge=vmbr0", "net1=virtio=02:aa:00:00:00:02,bridge=vmbr0",
		"scsi0=a:vm-1-disk-0,size=8G", "scsi2=a:vm-1-disk-1,serial=data,size=8G", "sata0=a:vm-1-disk-2,serial=old,size=8G",
	}
	for _, c := range []struct {
		with string // further configuration
		attr string // name=from→to
		want plan.Class
	}{
		{"", "cores=2→4", plan.Reboot},
		{"", "memory=2048→4096", plan.Reboot},
		{"hotplug=disk,network,usb,memory numa=1", "memory=2048→4096", plan.Hotplug},
		{"hotplug=disk,network,usb,memory", "memory=2048→4096", plan.Reboot},
		{"numa=1", "memory=2048→4096", plan.Reboot},
		{"", "balloon=→1024", plan.Live},
		{"", "balloon=1024→512", plan.Live},
		{"", "balloon=1024→", plan.Live},
		{"", "balloon=→0", plan.Reboot},
		{"", "balloon=0→1024", plan.Reboot},
		{"", "hotplug=disk,network,usb→network", plan.Live},
		{"", "hotplug=disk,network,usb→cpu,disk,network", plan.Reboot},
		{"", "net0.bridge=vmbr0→vmbr1", plan.Live},
		{"hotplug=0", "net0.bridge=vmbr0→vmbr1", plan.Live},
		{"hotplug=0", "net0.tag=→7", plan.Live},
		{"", "net0.firewall=→1", plan.Live},
		{"", "net0.rate=→10", plan.Live},
		{"", "net0.mtu=→1400", plan.Hotplug},
		{"hotplug=disk", "net0.mtu=→1400", plan.Reboot},
		{"", "net0.model=virtio→e1000", plan.Hotplug},
		{"hotplug=disk", "net0.model=virtio→e1000", plan.Reboot},
		{"", "net2.bridge=→vmbr0", plan.Hotplug},
		{"hotplug=disk", "net2.bridge=→vmbr0", plan.Reboot},
		{"", "net1.macaddr=02:AA:00:00:00:02→", plan.Hotplug},
		{"hotplug=disk", "net1.macaddr=02:AA:00:00:00:02→", plan.Reboot},
		{"", "scsi3.serial=→logs", plan.Hotplug},
		{"hotplug=network", "scsi3.serial=→logs", plan.Reboot},
		{"scsihw=lsi", "scsi3.serial=→logs", plan.Reboot},
		{"", "virtio3.serial=→logs", plan.Hotplug},
		{"", "sata3.serial=→logs", plan.Reboot},
		{"", "scsi2.serial=data→", plan.Hotplug},
		{"", "sata0.serial=old→", plan.Reboot},
		{"", "scsi2.size=8→16", plan.Live},
		{"", "scsi2.storage=a→b", plan.Live},
		{"", "scsi2.backup=→0", plan.Live},
		{"", "scsi2.ssd=→1", plan.Reboot},
		{"", "scsi2.discard=→on", plan.Reboot},
		{"", "bios=seabios→ovmf", plan.Reboot},
		{"", "efidisk0.pre-enrolled-keys=→1", plan.Reboot},
		{"", "tpmstate0.version=→v2.0", plan.Reboot},
		{"", "machine.type=→q35", plan.Reboot},
		{"", "vga.type=→virtio", plan.Reboot},
		{"", "cpu.cputype=→host", plan.Reboot},
		{"", "startup.order=→3", plan.Live},
		{"", "name=a→b", plan.Live},
		{"", "tags=a→b", plan.Live},
		{"", "onboot=0→1", plan.Live},
		{"", "protection=0→1", plan.Live},
	} {
		words := strings.Fields(c.with)
		lines := slices.Concat(words, slices.DeleteFunc(slices.Clone(base), func(l string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(l, w[:strings.Index(w, "=")+1]) })
		}))
		name, values, _ := strings.Cut(c.attr, "=")
		from, to, _ := strings.Cut(values, "→")
		a := plan.Attr{Name: name, From: from, To: to}
		if got := canon.Classify(a, canon.Config(canon.QEMU, kvs(lines...))); got != c.want || !canon.Managed(name) {
			t.Errorf("%s with %q: %s, want %s", c.attr, c.with, got, c.want)
		}
	}
}

func TestClassesOfContainer(t *testing.T) {
	have := canon.Config(canon.LXC, kvs("hostname=a", "rootfs=local:1/vm-1-disk-0.raw,size=4G", "mp0=local:1/vm-1-disk-1.raw,mp=/srv,size=4G",
		"net0=name=eth0,bridge=vmbr0,hwaddr=02:AA:00:00:00:01,ip=dhcp", "unprivileged=1"))
	for attr, want := range map[string]plan.Class{
		"cores=1→2": plan.Live, "memory=512→1024": plan.Live, "swap=512→0": plan.Live, "hostname=a→b": plan.Live,
		"net0.bridge=vmbr0→vmbr1": plan.Live, "net0.ip=dhcp→10.0.0.2/24": plan.Live, "net1.name=→eth1": plan.Live, "net0.hwaddr=a→": plan.Live,
		"rootfs.size=4→8": plan.Live, "mp0.size=4→8": plan.Live, "mp1.mp=→/data": plan.Live, "mp0.mp=/srv→": plan.Reboot, "mp0.backup=→1": plan.Reboot,
		"rootfs.storage=local→b": plan.Reboot, "features.nesting=→1": plan.Reboot, "unprivileged=1→0": plan.Rebuild, "nameserver=→1.1.1.1": plan.Reboot,
		"startup.order=→1": plan.Live, "tags=→a": plan.Live,
	} {
		name, values, _ := strings.Cut(attr, "=")
		from, to, _ := strings.Cut(values, "→")
		if got := canon.Classify(plan.Attr{Name: name, From: from, To: to}, have); got != want || !canon.Managed(name) {
			t.Errorf("%s: %s, want %s", attr, got, want)
		}
	}
}

func TestDevices(t *testing.T) {
	have := canon.Config(canon.QEMU, kvs("net0=virtio=02:aa:00:00:00:01,bridge=vmbr0", "net10=e1000=02:aa:00:00:00:02,bridge=vmbr0", "net2=model=virtio,macaddr=02:aa:00:00:00:03",
		"scsi0=a:x,size=8G", "scsi10=b:y,serial=data", "scsi2=volume=b:z,backup=no", "ide2=local:iso/x.iso,media=cdrom", "ide0=none,media=cdrom", "efidisk0=a:e", "unused0=a:u"))
	if got := canon.NICs(have); !slices.Equal(got, []string{"net0", "net2", "net10"}) {
		t.Error(got)
	}
	if got := canon.Disks(have); !slices.Equal(got, []string{"scsi0", "scsi2", "scsi10"}) {
		t.Error(got)
	}
	if got := canon.Volume(have, "scsi2"); got != "b:z" {
		t.Error(got)
	}
	ct := canon.Config(canon.LXC, kvs("rootfs=local:1/vm-1-disk-0.raw,size=4G", "mp3=/mnt,mp=/bind", "mp1=volume=a:v,mp=/srv,backup=1"))
	if got := canon.Disks(ct); !slices.Equal(got, []string{"mp1", "rootfs"}) {
		t.Error(got)
	}
	if text := canon.Text("mp1", canon.Overlay(ct, nil), kvs("mp1.backup=", "mp1.size=1073741824")); text != "a:v,mp=/srv,size=1G" {
		t.Error(text)
	}
	if text := canon.Text("scsi10", have, kvs("scsi10.ssd=1", "scsi10.size=5")); text != "b:y,serial=data,ssd=1" {
		t.Error(text)
	}
}

// Spellings of what PVE does by itself say nothing.
func TestSpelledOutDefaults(t *testing.T) {
	for kind, pairs := range map[string][][2]string{
		canon.QEMU: {
			{"scsi2=a:x,size=8G", "scsi2=a:x,backup=1,discard=ignore,iothread=0,replicate=yes,size=8192M,ssd=0,ro=off"},
			{"net0=virtio=02:AA:00:00:00:01,bridge=vmbr0,tag=7", "net0=bridge=vmbr0,firewall=0,link_down=0,macaddr=02:aa:00:00:00:01,model=virtio,tag=07"},
			{"agent=1", "agent=enabled=yes,freeze-fs-on-backup=1,fstrim_cloned_disks=0,type=virtio"},
			{"startup=order=3", "startup=3"},
			{"machine=q35", "machine=type=q35"},
			{"sockets=1", "name="},
			{"bios=seabios", "numa=0"},
		},
		canon.LXC: {
			{"net0=name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,ip=dhcp,type=veth", "net0=bridge=vmbr0,firewall=0,hwaddr=bc:24:11:00:00:01,ip=dhcp,name=eth0"},
			{"features=nesting=1,mount=nfs;cifs", "features=mount=cifs;nfs,keyctl=0,nesting=yes"},
			{"swap=512", "unprivileged=0"},
			{"nameserver=1.1.1.1 9.9.9.9", "nameserver=1.1.1.1, 9.9.9.9"},
			{"rootfs=volume=local:x,size=4G", "rootfs=local:x,size=4096M,backup=0,quota=no"},
		},
	} {
		for _, c := range pairs {
			if d := cmp.Diff(canon.Config(kind, kvs(c[0])), canon.Config(kind, kvs(c[1]))); d != "" {
				t.Errorf("%s and %s:\n%s", c[0], c[1], d)
			}
		}
	}
}

// The tables are searched by halves, so they must be sorted; what a marker
// remembers of a key is what homestak holds every guest to, and what was given.
func TestApplied(t *testing.T) {
	given := canon.Settings(canon.QEMU, kvs("net1=virtio=02:aa:00:00:00:02,bridge=vmbr1,firewall=1,queues=4", "scsi2=a:8,serial=data,ssd=1", "balloon=512"))
	want := "balloon=512\nnet1.bridge=vmbr1\nnet1.firewall=1\nnet1.macaddr=02:AA:00:00:00:02\nnet1.model=virtio\nnet1.tag=\nscsi2.serial=data\nscsi2.ssd=1\n"
	if d := cmp.Diff(want, lines(canon.Applied(given))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff("net1.bridge=vmbr1\nnet1.macaddr=02:AA:00:00:00:02\nnet1.model=virtio\nnet1.tag=\n", lines(canon.Core(given))); d != "" {
		t.Error(d)
	}
	ct := canon.Settings(canon.LXC, kvs("hostname=a", "swap=0", "net0=name=eth0,hwaddr=02:aa:00:00:00:02,ip=dhcp,firewall=1"))
	if d := cmp.Diff("hostname=a\nnet0.bridge=\nnet0.firewall=1\nnet0.gw=\nnet0.hwaddr=02:AA:00:00:00:02\nnet0.ip=dhcp\nnet0.name=eth0\nnet0.tag=\nswap=0\n", lines(canon.Applied(ct))); d != "" {
		t.Error(d)
	}
	vm := canon.Config(canon.QEMU, nil)
	for attr, usual := range map[string]string{"balloon": "", "sockets": "1", "net3.firewall": "", "scsi2.ssd": "", "vga.type": ""} {
		if got, is := canon.IsSettled(vm, attr); !is || got != usual {
			t.Errorf("%s: %q %v", attr, got, is)
		}
	}
	for _, attr := range []string{"cores", "net0.queues", "scsi2.size", "scsi2.serial"} {
		if _, is := canon.IsSettled(vm, attr); is {
			t.Errorf("%s goes back", attr)
		}
	}
}
