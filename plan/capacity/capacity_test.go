package capacity_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/capacity"
)

const gib = uint64(1) << 30

func facts() *plan.HostFacts {
	return &plan.HostFacts{
		Name: "h", CPUs: 8, Memory: 32 * gib, Free: 20 * gib,
		Storages: []plan.StorageFacts{{Name: "thick", Type: "lvm", Available: 100 * gib}, {Name: "thin", Type: "lvmthin", Available: 100 * gib}},
		Guests: []plan.GuestFacts{{VMID: 100, Kind: "qemu", Config: []plan.KV{
			{Key: "scsi0.size", Value: "53687091200"}, {Key: "scsi0.storage", Value: "thick"}, // 50 GiB
		}}},
	}
}

func step(op plan.Op, args ...string) *plan.Step {
	s := &plan.Step{Op: op, Host: "h", Addr: "m/a"}
	for i := 0; i < len(args); i += 2 {
		s.Args = append(s.Args, plan.Arg{Name: args[i], Value: plan.Value{Text: args[i+1]}})
	}
	slices.SortFunc(s.Args, func(a, b plan.Arg) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func TestCheck(t *testing.T) {
	grow := func(vmid, slot, bytes string) *plan.Step {
		return step(plan.GuestGrow, "vmid", vmid, "disk", slot, "size", bytes)
	}
	const b60, b120, b149, b151 = "64424509440", "128849018880", "159987539968", "162135023616"
	for _, tc := range []struct {
		name  string
		steps []*plan.Step
		want  string
	}{
		{"fits", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "scsi0", "thick:0,import-from=x:import/y", "cores", "8", "memory", "1024"), grow("1", "scsi0", b60)}, ""},
		{"a new disk that grows is counted once", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "scsi0", "thick:60"), grow("1", "scsi0", b60)}, ""},
		{"thick", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "scsi0", "thick:0,import-from=x:import/y"), grow("1", "scsi0", b120)},
			"certain: the plan needs 120GiB of space on storage thick, and host h has 100GiB"},
		{"thin", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "scsi0", "thin:120")}, "the plan needs 120GiB of space on storage thin, and host h has 100GiB"},
		{"all disks together", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "scsi0", "thick:40", "scsi2", "thick:40"), step(plan.CTCreate, "vmid", "2", "rootfs", "thick:8", "mp0", "thick:20,mp=/x")},
			"certain: the plan needs 108GiB of space on storage thick, and host h has 100GiB"},
		{"only what a disk gains", []*plan.Step{grow("100", "scsi0", b149)}, ""},
		{"more than what is left", []*plan.Step{grow("100", "scsi0", b151)}, "certain: the plan needs 101GiB of space on storage thick, and host h has 100GiB"},
		{"what goes makes room", []*plan.Step{step(plan.GuestDelete, "vmid", "100"), step(plan.GuestCreate, "vmid", "1", "scsi0", "thick:120")}, ""},
		{"a disk that moves", []*plan.Step{step(plan.GuestAttach, "vmid", "1", "disk", "scsi2", "scsi2", "thick:60"), step(plan.GuestMove, "vmid", "100", "what", "disk", "disk", "scsi0", "storage", "thick")},
			"certain: the plan needs 110GiB of space on storage thick, and host h has 100GiB"},
		{"a cloud-init drive and a CD take nothing", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "ide2", "thick:cloudinit", "ide0", "thick:iso/x.iso,media=cdrom")}, ""},
		{"processors", []*plan.Step{step(plan.GuestConfigure, "vmid", "1", "cores", "5", "sockets", "2")}, "certain: m/a needs 10 processors, and host h has 8"},
		{"a container takes what there is", []*plan.Step{step(plan.CTCreate, "vmid", "1", "cores", "10")}, ""},
		{"memory of one", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "memory", "65536")}, "certain: m/a needs 64GiB of memory, and host h has 32GiB"},
		{"memory of all", []*plan.Step{step(plan.GuestCreate, "vmid", "1", "memory", "16384"), {Op: plan.GuestCreate, Host: "h", Addr: "m/b", Args: []plan.Arg{{Name: "memory", Value: plan.Value{Text: "16384"}}}}},
			"the plan needs 32GiB of memory, and host h has 20GiB free"},
		{"other hosts", []*plan.Step{{Op: plan.GuestCreate, Host: "other", Args: []plan.Arg{{Name: "memory", Value: plan.Value{Text: "999999"}}}}}, ""},
	} {
		var got []string
		for _, s := range capacity.Check(facts(), tc.steps, false) {
			text := s.String()
			if s.Certain {
				text = "certain: " + text
			}
			got = append(got, text)
		}
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// Facts that say nothing of a host are no shortage; a storage that is seen to be
// full this moment is.
func TestUnknownAndFull(t *testing.T) {
	f := &plan.HostFacts{Name: "h", Storages: []plan.StorageFacts{{Name: "s", Type: "dir"}}}
	steps := []*plan.Step{step(plan.GuestCreate, "vmid", "1", "scsi0", "s:1", "memory", "999999", "cores", "99")}
	if got := capacity.Check(f, steps, false); len(got) != 0 {
		t.Errorf("of nothing known: %v", got)
	}
	if got := capacity.Check(f, steps, true); len(got) != 1 || !got[0].Certain {
		t.Errorf("of a full storage: %v", got)
	}
}
