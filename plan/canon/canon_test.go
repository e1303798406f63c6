package canon_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
)

// kvs reads "key=value" words, the value up to the end of the line.
func kvs(lines ...string) []plan.KV {
	var out []plan.KV
	for _, l := range lines {
		k, v, _ := strings.Cut(l, "=")
		out = append(out, plan.KV{Key: k, Value: v})
	}
	return out
}

func lines(list []plan.KV) string {
	var b strings.Builder
	for _, kv := range list {
		b.WriteString(kv.Key + "=" + kv.Value + "\n")
	}
	return b.String()
}

// A configuration as PVE 9.2 returns it.
var real = kvs(
	"agent=1", "boot=order=scsi0", "cores=2", "description=notes\n", "digest=0123", "memory=2048", "meta=creation-qemu=10.1.2,ctime=1",
	"name=edge", "net0=virtio=02:aa:bb:cc:dd:0e,bridge=vmbr0,firewall=1", "onboot=1", "ostype=l26", "scsihw=virtio-scsi-single",
	"scsi0=local-lvm:vm-9001-disk-0,iothread=1,size=32G", "serial0=socket", "smbios1=uuid=ECC0568F-77EB-581B-B7AA-6F290E0A449C",
	"tags=hs-n1;homestak", "vmgenid=x", "ide2=local:9001/vm-9001-cloudinit.qcow2,media=cdrom", "unused0=local-lvm:vm-9001-disk-3",
)

func TestConfig(t *testing.T) {
	want := `agent.enabled=1
bios=seabios
boot.order=scsi0
cores=2
hotplug=disk,network,usb
ide2.file=local:9001/vm-9001-cloudinit.qcow2
ide2.media=cdrom
ide2.storage=local
memory=2048
name=edge
net0.bridge=vmbr0
net0.firewall=1
net0.macaddr=02:AA:BB:CC:DD:0E
net0.model=virtio
numa=0
onboot=1
ostype=l26
protection=0
scsi0.file=local-lvm:vm-9001-disk-0
scsi0.iothread=1
scsi0.size=34359738368
scsi0.storage=local-lvm
scsihw=virtio-scsi-single
serial0=socket
smbios1.uuid=ecc0568f-77eb-581b-b7aa-6f290e0a449c
sockets=1
tags=homestak,hs-n1
unused0.file=local-lvm:vm-9001-disk-3
unused0.storage=local-lvm
`
	got := canon.Config(canon.QEMU, real)
	if d := cmp.Diff(want, lines(got)); d != "" {
		t.Error(d)
	}
	if u := canon.UUID(got); u != "ecc0568f-77eb-581b-b7aa-6f290e0a449c" {
		t.Error(u)
	}
	if m := canon.MACs(canon.QEMU, real); !slices.Equal(m, []string{"02:AA:BB:CC:DD:0E"}) {
		t.Error(m)
	}
	if v := canon.Volumes(real); !slices.Equal(v, []string{"local-lvm:vm-9001-disk-0", "local-lvm:vm-9001-disk-3"}) {
		t.Error(v)
	}
	if canon.Config("zone", real) != nil {
		t.Error("an unknown kind has a configuration")
	}
}

func TestContainer(t *testing.T) {
	raw := kvs("hostname=ct", "memory=512", "net0=name=eth0,bridge=vmbr0,hwaddr=bc:24:11:00:00:01,ip=dhcp,type=veth", "rootfs=local:200/vm-200-disk-0.raw,size=4G", "tags= ")
	if got := canon.Get(canon.Config(canon.LXC, raw), "net0.hwaddr"); got != "BC:24:11:00:00:01" {
		t.Error(got)
	}
	if m := canon.MACs(canon.LXC, raw); !slices.Equal(m, []string{"BC:24:11:00:00:01"}) {
		t.Error(m)
	}
	if v := canon.Volumes(raw); !slices.Equal(v, []string{"local:200/vm-200-disk-0.raw"}) {
		t.Error(v)
	}
}

// Spellings that mean the same to PVE.
func TestSpellings(t *testing.T) {
	for _, c := range [][]string{
		{"agent=1", "agent=enabled=1", "agent=on"},
		{"agent=enabled=1,fstrim_cloned_disks=1", "agent=1,fstrim_cloned_disks=1"},
		{"memory=2048", "memory=current=2048"},
		{"tags=b;a", "tags=A,b,b", "tags= a  b "},
		{"tags=", "tags= "},
		{"onboot=0", "onboot=no", "name="},
		{"cpu=host", "cpu=cputype=host"},
		{"net0=virtio=02:aa:00:00:00:01,bridge=vmbr0", "net0=bridge=vmbr0,virtio=02:AA:00:00:00:01", "net0=model=virtio,macaddr=02:aa:00:00:00:01,bridge=vmbr0"},
		{"scsi0=local:x,size=1G", "scsi0=file=local:x,size=1024M", "scsi0=size=1048576K,local:x"},
		{"hotplug=1", "hotplug=usb,network,disk", "name="},
		{"hotplug=0", "hotplug=0"},
		{"smbios1=uuid=ABCD", "smbios1=uuid=abcd"},
		{"boot=order=scsi0;net0", "boot= order=scsi0;net0"},
		{"scsihw=lsi", "name="},
	} {
		first := lines(canon.Config(canon.QEMU, kvs(c[0])))
		for _, other := range c[1:] {
			if d := cmp.Diff(first, lines(canon.Config(canon.QEMU, kvs(other)))); d != "" {
				t.Errorf("%s and %s:\n%s", c[0], other, d)
			}
		}
	}
}

func TestDiffAndText(t *testing.T) {
	have := canon.Config(canon.QEMU, real)
	want := kvs("cores=4", "memory=2048", "name=edge", "net0.bridge=vmbr1", "net0.macaddr=02:AA:BB:CC:DD:0E", "net0.model=virtio", "net0.tag=7", "onboot=0", "tags=homestak")
	got := canon.Diff(have, want)
	if d := cmp.Diff([]plan.Attr{
		{Name: "cores", From: "2", To: "4", Class: plan.Reboot},
		{Name: "net0.bridge", From: "vmbr0", To: "vmbr1", Class: plan.Live},
		{Name: "net0.tag", To: "7", Class: plan.Live},
		{Name: "onboot", From: "1", To: "0", Class: plan.Live},
		{Name: "tags", From: "homestak,hs-n1", To: "homestak", Class: plan.Live},
	}, got); d != "" {
		t.Error(d)
	}
	// What is not managed stays.
	if text := canon.Text("net0", have, want); text != "virtio=02:AA:BB:CC:DD:0E,bridge=vmbr1,firewall=1,tag=7" {
		t.Error(text)
	}
	if text := canon.Text("tags", have, kvs("tags=a,b")); text != "a;b" {
		t.Error(text)
	}
	// The key is written whole, so parts that only get in the way are seen too.
	if text := canon.Text("boot", kvs("boot.legacy=cdn"), kvs("boot.order=scsi0")); text != "order=scsi0" {
		t.Error(text)
	}
	if text := canon.Text("smbios1", kvs("smbios1.base64=1", "smbios1.serial=eA==", "smbios1.uuid=b"), kvs("smbios1.uuid=a")); text != "base64=1,serial=eA==,uuid=a" {
		t.Error(text)
	}
	for _, attr := range []string{"boot.order", "scsihw", "serial0", "smbios1.uuid", "ostype", "cpu.cputype", "agent.enabled"} {
		if !canon.Managed(attr) || canon.Classify(plan.Attr{Name: attr}, have) != plan.Reboot {
			t.Errorf("%s", attr)
		}
	}
	given := canon.Applied(canon.Settings(canon.QEMU, kvs("net0=virtio=02:aa:bb:cc:dd:0e,bridge=vmbr0", "scsi0=local:0,import-from=x", "cores=2")))
	if d := cmp.Diff("cores=2\nnet0.bridge=vmbr0\nnet0.macaddr=02:AA:BB:CC:DD:0E\nnet0.model=virtio\nnet0.tag=\n", lines(given)); d != "" {
		t.Error(d)
	}
	if canon.Managed("net0.queues") || !canon.Managed("net0.tag") {
		t.Error("managed attributes")
	}
	for _, kv := range canon.Only(have) {
		if !canon.Managed(kv.Key) {
			t.Errorf("%s is not managed", kv.Key)
		}
	}
}

func TestUnmet(t *testing.T) {
	config := canon.Config(canon.QEMU, real)
	pending := canon.Settings(canon.QEMU, kvs("memory=4096"))
	set := kvs("cores=2", "memory=4096", "onboot=0", "net0=virtio=02:AA:BB:CC:DD:0E,bridge=vmbr0,firewall=1", "tags=hs-n1;homestak;x")
	if got := canon.Unmet(canon.QEMU, set, []string{"onboot", "cpu"}, config, pending); !slices.Equal(got, []string{"onboot", "tags"}) {
		t.Errorf("%v", got)
	}
	if got := canon.Unmet(canon.QEMU, kvs("scsi0=local-lvm:1,iothread=1"), nil, config, nil); len(got) > 0 {
		t.Errorf("a disk that was made is not met: %v", got)
	}
	if got := canon.Unmet(canon.QEMU, kvs("memory=2048"), nil, config, pending); !slices.Equal(got, []string{"memory"}) {
		t.Errorf("a value that will be gone after the restart is met: %v", got)
	}
	gone := canon.Settings(canon.QEMU, kvs("boot=", "serial0="))
	if got := canon.Unmet(canon.QEMU, kvs("boot=order=scsi0", "serial0=socket"), nil, config, gone); !slices.Equal(got, []string{"boot", "serial0"}) {
		t.Errorf("values that the restart removes are met: %v", got)
	}
	if got := canon.Get(canon.Overlay(config, gone), "boot.order"); got != "" {
		t.Errorf("after the restart the boot order is %q", got)
	}
	over := canon.Overlay(config, canon.Settings(canon.QEMU, kvs("net0=virtio=02:AA:BB:CC:DD:0E,bridge=vmbr9")))
	if canon.Get(over, "net0.bridge") != "vmbr9" || canon.Get(over, "net0.firewall") != "" || canon.Get(over, "cores") != "2" {
		t.Errorf("overlay:\n%s", lines(over))
	}
}

// A value that only drops a part is not met while the guest has the part: the
// key is written whole.
func TestUnmetOfDroppedParts(t *testing.T) {
	for _, c := range []struct {
		kind, have, pending, set string
		met                      bool
	}{
		{canon.QEMU, "scsi2=a:x,serial=data,size=8G,ssd=1", "", "scsi2=a:x,serial=data", false},
		{canon.QEMU, "scsi2=a:x,backup=0,serial=data,size=8G", "", "scsi2=a:x,serial=data", false},
		{canon.QEMU, "scsi2=a:x,backup=0,serial=data,size=8G", "", "scsi2=a:x,backup=1,serial=data", false},
		{canon.QEMU, "scsi2=a:x,discard=on,serial=data,size=8G", "", "scsi2=a:x,serial=data", false},
		{canon.QEMU, "scsi2=a:x,cache=none,iothread=1,serial=data,size=8G,ssd=0", "", "scsi2=a:x,serial=data", true},
		{canon.QEMU, "scsi2=a:x,serial=data,size=8G,ssd=1", "scsi2=a:x,serial=data,size=8G", "scsi2=a:x,serial=data", true},
		{canon.QEMU, "scsi2=a:x,serial=data,size=8G", "scsi2=a:x,serial=data,size=8G,ssd=1", "scsi2=a:x,serial=data", false},
		{canon.QEMU, "net0=virtio=02:AA:00:00:00:01,bridge=vmbr0,firewall=1", "", "net0=virtio=02:AA:00:00:00:01,bridge=vmbr0", false},
		{canon.QEMU, "net0=virtio=02:AA:00:00:00:01,bridge=vmbr0,rate=10", "", "net0=virtio=02:AA:00:00:00:01,bridge=vmbr0", false},
		{canon.QEMU, "net0=virtio=02:AA:00:00:00:01,bridge=vmbr0,queues=4", "", "net0=virtio=02:AA:00:00:00:01,bridge=vmbr0", true},
		{canon.QEMU, "startup=order=3,up=10", "", "startup=order=3", false},
		{canon.LXC, "mp0=a:v,mp=/srv,size=1G,backup=1", "", "mp0=a:v,mp=/srv,size=1G", false},
		{canon.LXC, "mp0=a:v,mp=/srv,size=1G", "", "mp0=a:v,mp=/srv", true},
		{canon.LXC, "mp0=a:vm-1-disk-1,mp=/srv,size=8G", "", "mp0=a:8,mp=/srv", true},
		{canon.LXC, "net0=name=eth0,bridge=vmbr0,firewall=1,hwaddr=02:AA:00:00:00:01,ip=dhcp,type=veth", "", "net0=name=eth0,bridge=vmbr0,hwaddr=02:AA:00:00:00:01,ip=dhcp", false},
		{canon.LXC, "features=keyctl=1,nesting=1", "", "features=nesting=1", false},
	} {
		var pending []plan.KV
		if c.pending != "" {
			pending = canon.Settings(c.kind, kvs(c.pending))
		}
		if got := canon.Unmet(c.kind, kvs(c.set), nil, canon.Config(c.kind, kvs(c.have)), pending); (len(got) == 0) != c.met {
			t.Errorf("%s (pending %q), to be %s: unmet %v", c.have, c.pending, c.set, got)
		}
	}
}

func TestGuard(t *testing.T) {
	steps := []plan.Step{
		{Addr: "m/a", Op: plan.GuestConfigure, Args: []plan.Arg{
			{Name: "cores", Value: plan.Value{Text: "4"}}, {Name: "delete", Value: plan.Value{List: []string{"onboot"}}},
			{Name: "description", Value: plan.Value{Late: &plan.Late{Kind: plan.LateMarker}}}, {Name: "vmid", Value: plan.Value{Text: "9001"}},
		}},
		{Addr: "m/a", Op: plan.GuestGrow, Args: []plan.Arg{{Name: "disk", Value: plan.Value{Text: "scsi0"}}, {Name: "size", Value: plan.Value{Text: "7"}}}},
		{Addr: "m/b", Op: plan.GuestConfigure, Args: []plan.Arg{{Name: "memory", Value: plan.Value{Text: "1"}}}},
	}
	wants := canon.Wants(steps, "m/a")
	if got := lines(wants); got != "cores=4\nonboot=0\nscsi0.size=7\n" {
		t.Errorf("wants:\n%s", got)
	}
	expect := kvs("cores=2", "memory=2048", "net0.tag=", "onboot=1", "scsi0.size=6")
	if got := canon.Changed(expect, wants, kvs("cores=4", "memory=2048", "onboot=0", "scsi0.size=7")); len(got) != 0 {
		t.Errorf("what the plan itself did: %v", got)
	}
	got := canon.Changed(expect, wants, kvs("cores=3", "memory=2048", "net0.tag=5", "onboot=1", "scsi0.size=6"))
	if len(got) != 2 || got[0].Name != "cores" || got[1].Name != "net0.tag" {
		t.Errorf("an edit is not seen: %v", got)
	}
}

// Writing a key with the text of its own attributes changes nothing, and the
// canonical form is a fixed point of itself.
func TestCanonicalIsStable(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		raw := kvs(
			"cores="+rapid.StringMatching(`[1-9]`).Draw(rt, "cores"),
			"net0=virtio="+rapid.StringMatching(`0[26](:[0-9A-Fa-f]{2}){5}`).Draw(rt, "mac")+
				rapid.SampledFrom([]string{"", ",bridge=vmbr0", ",tag=4,bridge=vmbr1,firewall=1"}).Draw(rt, "net"),
			"tags="+strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-zA-Z0-9_-]{1,4}`)).Draw(rt, "tags"), rapid.SampledFrom([]string{";", ",", " "}).Draw(rt, "separator")),
			"agent="+rapid.SampledFrom([]string{"1", "0", "enabled=1,type=virtio"}).Draw(rt, "agent"),
			"scsi0=local:x,size="+rapid.StringMatching(`[1-9][0-9]{0,2}[KMGT]?`).Draw(rt, "size"),
		)
		once := canon.Config(canon.QEMU, raw)
		var again []plan.KV
		for _, name := range []string{"agent", "cores", "net0", "scsi0", "tags"} {
			again = append(again, plan.KV{Key: name, Value: canon.Text(name, nil, once)})
		}
		twice := canon.Config(canon.QEMU, again)
		for _, kv := range once {
			if kv.Key != "scsi0.size" && canon.Get(twice, kv.Key) != kv.Value {
				rt.Fatalf("%s: %q, then %q", kv.Key, kv.Value, canon.Get(twice, kv.Key))
			}
		}
		if !slices.IsSortedFunc(once, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) }) {
			rt.Fatal("not sorted")
		}
		if got := canon.Unmet(canon.QEMU, raw, nil, once, nil); len(got) > 0 {
			rt.Fatalf("it does not hold what it was made of: %v", got)
		}
	})
}

func FuzzConfig(f *testing.F) {
	for _, kv := range real {
		f.Add(kv.Key, kv.Value)
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		raw := []plan.KV{{Key: name, Value: value}}
		for _, kind := range []string{canon.QEMU, canon.LXC} {
			canon.Config(kind, raw)
			canon.MACs(kind, raw)
		}
		canon.Volumes(raw)
	})
}
