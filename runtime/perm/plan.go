package perm

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// World is what a plan does not say about its hosts.
type World struct {
	// Release of a host; nil, or the zero value, is the newest.
	Release func(host string) Release
	// Storage of a disk that was there before the plan, "" when nobody knows.
	Storage func(host, vmid, slot string) string
}

// Plan are the needs of a plan on one of its hosts, ordered by path: what reading
// and excluding others needs, what its steps need, and, where a failure is rolled
// back, what undoing them needs. A plan without steps needs nothing: it is not run.
func Plan(p *plan.Program, host string, w World) []Need {
	i := slices.IndexFunc(p.Hosts, func(h plan.Host) bool { return h.Name == host })
	if i < 0 || len(p.Steps) == 0 {
		return nil
	}
	place := Place{Node: p.Hosts[i].Node}
	if w.Release != nil {
		place.Release = w.Release(host)
	}
	disks := disksOf(p, host)
	place.Storage = func(vmid, slot string) string {
		if storage := disks[vmid+"/"+slot]; storage != "" || w.Storage == nil {
			return storage
		}
		return w.Storage(host, vmid, slot)
	}
	var needs []Need
	for _, s := range stepsOn(p, host) {
		at_ := place
		at_.Kind = kindOf(p, s)
		// A step over SSH names no vmid: its node's guest is meant.
		if s.Text(plan.ArgVMID) == "" {
			s = withGuest(p, s)
		}
		more, _ := Step(s, at_)
		needs = append(needs, more...)
	}
	needs = unique(append(Host(place), needs...))
	byPath(needs)
	return needs
}

func stepsOn(p *plan.Program, host string) []*plan.Step {
	var out []*plan.Step
	for i := range p.Steps {
		if p.Steps[i].Host == host {
			out = append(out, &p.Steps[i])
		}
	}
	if p.OnError != "rollback" {
		return out
	}
	for i := range p.Undo {
		if p.Undo[i].Host == host {
			out = append(out, &p.Undo[i])
		}
	}
	return out
}

// kindOf is PVE's name for what the node of a step is.
func kindOf(p *plan.Program, s *plan.Step) string {
	if i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Addr == s.Addr }); i >= 0 && p.Changes[i].Kind == "ct" {
		return lxc
	}
	return qemu
}

// withGuest is a step that names the guest of its node.
func withGuest(p *plan.Program, s *plan.Step) *plan.Step {
	i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Addr == s.Addr })
	if i < 0 || s.Op == plan.ImageFetch || s.Op == plan.SeedUpload || s.Op == plan.SeedRemove {
		return s
	}
	with := *s
	with.Args = append(slices.Clone(s.Args), plan.Arg{Name: plan.ArgVMID, Value: plan.Value{Text: strconv.FormatUint(uint64(p.Changes[i].VMID), 10)}})
	slices.SortFunc(with.Args, func(a, b plan.Arg) int { return strings.Compare(a.Name, b.Name) })
	return &with
}

// disksOf finds the storage of every disk that the plan itself names: those it
// makes, and those whose volumes its guards list.
func disksOf(p *plan.Program, host string) map[string]string {
	disks := map[string]string{}
	for _, s := range stepsOn(p, host) {
		vmid := s.Text(plan.ArgVMID)
		if vmid == "" {
			continue
		}
		for _, a := range s.Args {
			if storage, rest, ok := strings.Cut(a.Value.Text, ":"); ok && isDisk(a.Name) && !strings.HasPrefix(rest, "iso/") && disks[vmid+"/"+a.Name] == "" {
				disks[vmid+"/"+a.Name] = storage
			}
		}
		// The seed disk is put beside the root disk.
		if s.Text(plan.ArgSeedStorage) != "" {
			disks[vmid+"/"+plan.SlotSeed] = disks[vmid+"/"+plan.SlotRoot]
		}
		for _, g := range s.Guards {
			for _, kv := range g.Expect {
				if slot, ok := strings.CutSuffix(kv.Key, ".file"); ok && isDisk(slot) && disks[vmid+"/"+slot] == "" {
					disks[vmid+"/"+slot], _, _ = strings.Cut(kv.Value, ":")
				}
			}
		}
	}
	return disks
}

// isDisk reports whether an option is a drive or a mount point.
func isDisk(name string) bool {
	base := strings.TrimRight(name, "0123456789")
	switch base {
	case "scsi", "virtio", "sata", "ide", "efidisk", "tpmstate", "mp":
		return base != name
	}
	return name == "rootfs"
}
