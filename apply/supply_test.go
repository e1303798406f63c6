package apply

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
)

// Every op that names something of a host has it looked for: further interfaces,
// further disks, containers, clones and disks that move included.
func TestSuppliesFor(t *testing.T) {
	for _, tc := range []struct {
		op   plan.Op
		args string
		want string
	}{
		{plan.ImageFetch, "storage=local volume=local:import/x.qcow2", "local/import"},
		{plan.ImageFetch, "storage=local volume=local:vztmpl/x.tar.zst", "local/vztmpl"},
		{plan.SeedUpload, "storage=local", "local/import"},
		{plan.SeedUpload, "storage=cds content=iso", "cds/iso"},
		{plan.GuestCreate, "vmid=1 scsi0=a:0,import-from=local:import/x.qcow2 scsi2=b:10,serial=data net0=virtio,bridge=vmbr0 net1=virtio,bridge=vmbr1,tag=3 ide2=a:cloudinit efidisk0=a:1 tags=x seed.storage=local",
			"a/images a/images a/images b/images local/import:local:import/x.qcow2 vmbr0 vmbr1"},
		{plan.CTCreate, "vmid=1 ostemplate=local:vztmpl/d.tar.zst rootfs=a:8 mp0=b:4,mp=/srv net0=name=eth0,bridge=vmbr0",
			"a/rootdir b/rootdir local/vztmpl:local:vztmpl/d.tar.zst vmbr0"},
		{plan.GuestClone, "vmid=1 source=2 mode=full storage=a net0=virtio,bridge=vmbr2", "a/images vmbr2"},
		{plan.GuestConfigure, "vmid=1 net0=virtio=AA:BB:CC:DD:EE:FF,bridge=vmbr9 ide0=none,media=cdrom", "vmbr9"},
		{plan.GuestConfigure, "vmid=1 ide0=local:iso/x.iso,media=cdrom", "local/iso:local:iso/x.iso"},
		{plan.GuestAttach, "vmid=1 disk=scsi3 scsi3=a:5,serial=x", "a/images"},
		{plan.GuestAttach, "vmid=1 kind=lxc disk=mp1 mp1=a:5,mp=/x", "a/rootdir"},
		{plan.GuestMove, "vmid=1 what=disk disk=scsi0 storage=z", "z/images"},
		{plan.GuestMove, "vmid=1 what=guest target=other", ""},
		{plan.GuestStart, "vmid=1", ""},
	} {
		s := &plan.Step{Op: tc.op}
		for _, word := range strings.Fields(tc.args) {
			name, value, _ := strings.Cut(word, "=")
			s.Args = append(s.Args, plan.Arg{Name: name, Value: plan.Value{Text: value}})
		}
		slices.SortFunc(s.Args, func(a, b plan.Arg) int { return strings.Compare(a.Name, b.Name) })
		var got []string
		for _, w := range suppliesFor(s) {
			text := w.bridge
			if w.storage != "" {
				text = fmt.Sprintf("%s/%s", w.storage, w.content)
			}
			if w.file != "" {
				text += ":" + w.file
			}
			got = append(got, text)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s %s: %s\nwant %s", tc.op, tc.args, strings.Join(got, " "), tc.want)
		}
	}
}
