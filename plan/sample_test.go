package plan_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/homestak/homestak/plan"
)

const uuid = "5f0c1f5e-6f5a-5c6e-9a1b-0c1d2e3f4a5b"

// sample is a plan with something in every field.
func sample() *plan.Plan {
	data := []byte("a node program")
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	ids := plan.StepIDs([]plan.StepKey{
		{Addr: "m/a", Op: plan.SeedUpload}, {Addr: "m/a", Op: plan.GuestCreate}, {Addr: "m/a", Op: plan.TargetPush},
		{Addr: "m/a", Op: plan.GuestDelete, Ordinal: "undo"},
	})
	step := func(i int, op plan.Op, args ...plan.Arg) plan.Step {
		return plan.Step{
			ID: ids[i], Addr: "m/a", Host: "father", Op: op, Phase: plan.PhaseCreate, Executor: plan.ExecutorDriver,
			Args: args, Reason: plan.ReasonAbsent, Deadline: 60,
		}
	}
	upload := step(0, plan.SeedUpload, plan.Arg{Name: "dns", Value: plan.Value{List: []string{"10.0.0.1"}}}, plan.Arg{Name: "gateway"})
	create := step(1, plan.GuestCreate,
		plan.Arg{Name: "seed.name", Value: plan.Value{Late: &plan.Late{Kind: plan.LateSeedName, Of: "m/a", Step: ids[0]}}},
		plan.Arg{Name: "vmid", Value: plan.Value{Text: "9001"}})
	create.After = []plan.StepID{ids[0]}
	create.Guards = []plan.Guard{
		{Kind: plan.GuardAbsent, VMID: 9001, UUID: uuid},
		{Kind: plan.GuardUnchanged, VMID: 9001, Expect: []plan.KV{{Key: "cores", Value: "2"}, {Key: "name", Value: "a"}}},
	}
	create.Locks = []plan.Lock{{Kind: plan.LockHostIO, Of: "father"}, {Kind: plan.LockGuest, Of: "father/9001"}}
	create.Undo = []plan.StepID{ids[3]}
	push := step(2, plan.TargetPush, plan.Arg{Name: "program", Value: plan.Value{Text: digest}})
	push.Phase, push.Mode, push.After = plan.PhaseConfig, "push", []plan.StepID{ids[1]}
	undo := step(3, plan.GuestDelete)
	undo.Phase, undo.Risk = plan.PhaseDestroy, plan.DataLoss
	return &plan.Plan{
		Program: plan.Program{
			Format: plan.FormatVersion, Goal: plan.GoalCreate, SiteID: "s", Manifest: "m", Partial: "spec=base and not web-*", OnError: "stop",
			Hosts: []plan.Host{
				{Name: "father", Cluster: "home", Node: "father", Fingerprint: "AA:BB", IOWidth: 4},
				{Name: "m/a", Parent: "m/a", Node: "a", IOWidth: 4},
			},
			Changes: []plan.Change{{
				Addr: "m/a", Host: "father", VMID: 9001, UUID: uuid, Kind: "pve", Action: plan.Create, Reason: plan.ReasonAbsent,
				Attrs: []plan.Attr{{Name: "cores", From: "1", To: "2", Class: plan.Reboot}}, Stake: []string{"local:9001/disk-0"}, Was: "m/b",
			}},
			Steps: []plan.Step{upload, create, push}, Undo: []plan.Step{undo},
			Programs: []plan.NodeProgram{{Digest: digest, Data: data}},
			Secrets:  []plan.SecretRef{{Name: "passwords.vm_root", Digest: "00ff"}, {Name: "ssh_keys.a"}},
		},
		Notes: plan.Notes{
			Tool: "1.0", Commit: "abc", IR: "aa", Facts: "bb",
			Findings: []plan.Finding{{Code: "HS0702", Level: "warning", Addr: "m/a", Message: "text"}},
			Sources:  []plan.Source{{Addr: "m/a", At: "manifests/m.yaml:1:1"}},
		},
	}
}

// sampleFacts has something in every field.
func sampleFacts() *plan.Facts {
	return &plan.Facts{Format: plan.FactsVersion, Hosts: []plan.HostFacts{
		{
			Name: "father", Presence: plan.Present, Node: "father", Cluster: "home", Version: "9.2.11/lab", Fingerprint: "AA:BB", IOWidth: 64,
			Storages: []plan.StorageFacts{{Name: "local", Type: "dir", Content: []string{"images", "import"}, Available: 1 << 40, Shared: true}},
			Bridges:  []string{"vmbr0"}, Images: []string{"local:import/a.qcow2"}, Taken: []uint{100, 9001}, MACs: []string{"02:00:00:00:00:01"},
			Default: "local", Import: "local", CDs: "seeds", CPUs: 16, Memory: 64 << 30, Free: 60 << 30, Virtual: "vmx", Templates: []plan.Resident{{VMID: 9100, Kind: "qemu", Name: "hs-debian-12-0123"}}, Seeds: []string{"local:import/hs-seed-x.raw"}, Residents: []plan.Resident{{VMID: 100, Kind: "lxc", Name: "dns"}, {VMID: 9001, Kind: "qemu", Name: "a"}},
			Guests: []plan.GuestFacts{{
				VMID: 9001, Node: "father", Kind: "qemu", Name: "a", Power: "running", Lock: "backup", Tags: []string{"homestak"}, UUID: uuid,
				MACs: []string{"02:00:00:00:00:02"}, Config: []plan.KV{{Key: "cores", Value: "2"}}, Pending: []plan.KV{{Key: "memory", Value: "4096"}},
				Digest: "d", Volumes: []string{"local:9001/disk-0"}, Snapshots: []string{"before"}, Jobs: []string{"backup-1"}, HA: "started", Template: true,
				Marker: &plan.MarkerFacts{
					SiteID: "s", Manifest: "m", Addr: "m/a", UUID: uuid, VMID: 9001, Incarnation: 1, Program: "p", Authentic: true, Unchanged: []string{"cores"}, Port: 2222,
					Edited: []string{"memory"}, Made: []plan.KV{{Key: "image", Value: "debian-12"}}, Test: true, Secrets: "s", Kind: "vm", Adopted: true, Forgotten: true,
				},
			}},
		},
		{Name: "m/a", Presence: plan.Unknown, Error: "595 No route to host"},
	}}
}

// frame wraps sections as a file, with a trailer that fits.
func frame(magic string, version uint16, sections ...[]byte) []byte {
	out := binary.BigEndian.AppendUint16([]byte(magic), version)
	for _, s := range sections {
		out = binary.BigEndian.AppendUint32(out, uint32(len(s)))
		out = append(out, s...)
	}
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

// sections takes a file apart.
func sections(file []byte) [][]byte {
	rest := file[10 : len(file)-32]
	var out [][]byte
	for len(rest) > 0 {
		end := 4 + int(binary.BigEndian.Uint32(rest))
		out = append(out, rest[4:end])
		rest = rest[end:]
	}
	return out
}
