package perm

import (
	"cmp"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Place is where and on what a step works.
type Place struct {
	Node    string // PVE node
	Release Release
	Kind    string // of the step's guest: qemu (also when empty) or lxc
	// Storage finds the storage of a guest's disk that is there already, or that
	// the plan makes, "" when nobody knows. Nil knows none.
	Storage func(vmid, slot string) string
}

func (p Place) storage(vmid, slot string) string {
	if p.Storage == nil {
		return ""
	}
	return p.Storage(vmid, slot)
}

// Step are the needs of one step. ok is false for an op that this table does not
// know: every op of plan has a row, and a test fails when one has not.
func Step(s *plan.Step, at_ Place) (needs []Need, ok bool) {
	row := rowOf(s.Op)
	if row == nil {
		return nil, false
	}
	g := guestAt{Place: at_, path: guests + "/" + s.Text(plan.ArgVMID), kind: cmp.Or(s.Text(plan.ArgKind), at_.Kind, qemu)}
	for _, n := range row(s, g) {
		n.For = s.Op.String()
		if who := cmp.Or(string(s.Addr), s.Host); who != "" {
			n.For += " " + who
		}
		needs = append(needs, n)
	}
	return needs, true
}

// row is what an op needs.
type row func(s *plan.Step, g guestAt) []Need

// rowOf is the table. Reading what a step's probe and guards read is part of each
// row: the guest's own configuration and power (VM.Audit), the entries of a
// storage.
func rowOf(op plan.Op) row {
	switch op {
	case plan.ImageFetch:
		return imageFetch
	case plan.SeedUpload:
		return seedUpload
	case plan.SeedRemove:
		return seedRemove
	case plan.GuestCreate:
		return guestCreate
	case plan.CTCreate:
		return func(s *plan.Step, g guestAt) []Need {
			g.kind = lxc
			return containerCreate(s, g)
		}
	case plan.TemplateBuild:
		return guestCreate // and converting it is VM.Allocate again
	case plan.GuestClone:
		return guestClone
	case plan.GuestConfigure, plan.GuestAdopt, plan.GuestRename:
		return func(s *plan.Step, g guestAt) []Need { return append(g.changed(), g.options(s)...) }
	case plan.GuestForget:
		return func(_ *plan.Step, g guestAt) []Need { return g.marked() }
	case plan.GuestGrow:
		return func(s *plan.Step, g guestAt) []Need { return g.disk(s, s.Text(plan.ArgDisk)) }
	case plan.GuestAttach:
		return func(s *plan.Step, g guestAt) []Need { return append(g.marked(), g.options(s, plan.ArgDisk)...) }
	case plan.GuestDetach:
		return guestDetach
	case plan.GuestMove:
		return guestMove
	case plan.GuestStart, plan.GuestShutdown, plan.GuestStop, plan.GuestReboot:
		return func(_ *plan.Step, g guestAt) []Need { return append(g.seen(), at(g.path, "VM.PowerMgmt")) }
	case plan.GuestDelete:
		return func(_ *plan.Step, g guestAt) []Need { return append(g.seen(), at(g.path, "VM.Allocate")) }
	case plan.GuestAwait:
		return guestAwait
	case plan.TargetPush, plan.CheckReady, plan.HostEnroll:
		// They log in to the guest, at the address that its agent tells. What
		// host.enroll does inside the guest, it does with the guest's own root.
		return func(_ *plan.Step, g guestAt) []Need { return g.agent() }
	case plan.SpecPublish, plan.TargetAwait:
		return func(*plan.Step, guestAt) []Need { return nil }
	}
	return nil
}

// seen is reading the guest.
func (g guestAt) seen() []Need { return []Need{at(g.path, "VM.Audit")} }

// changed is changing the guest's configuration at all: PVE wants any of the
// privileges that some option needs before it looks at the options.
func (g guestAt) changed() []Need {
	any := []string{"VM.Config.Options", "VM.Config.Disk", "VM.Config.CPU", "VM.Config.Memory", "VM.Config.Network"}
	if g.kind == qemu {
		any = append(any, "VM.Config.HWType", "VM.Config.CDROM", "VM.Config.Cloudinit")
	}
	return append(g.seen(), anyAt(g.path, any...))
}

// marked is writing the marker, which is in the guest's notes.
func (g guestAt) marked() []Need { return append(g.seen(), at(g.path, "VM.Config.Options")) }

// agent is asking the guest's agent for its addresses. A container has none: its
// addresses are the host's to tell. Steps over SSH do not name their vmid; the
// address is asked of the guest their node has.
func (g guestAt) agent() []Need {
	if g.path == guests+"/" {
		return nil
	}
	switch {
	case g.kind == lxc:
		return g.seen()
	case g.Release.before(9, 0):
		return append(g.seen(), at(g.path, "VM.Monitor"))
	}
	return append(g.seen(), anyAt(g.path, "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"))
}

func guestAwait(s *plan.Step, g guestAt) []Need {
	wanted := s.List(plan.ArgFor)
	if !slices.Contains(wanted, plan.AwaitAgent) && !slices.Contains(wanted, plan.AwaitIP) && !slices.Contains(wanted, plan.AwaitSSH) {
		return g.seen()
	}
	return g.agent()
}

// imageFetch: a builtin image is uploaded; another one the host downloads, for
// which PVE wants that the caller may make the host talk to the network.
func imageFetch(s *plan.Step, g guestAt) []Need {
	storage := s.Text(plan.ArgStorage)
	out := []Need{readVolume(storage), at(storagePath(storage), "Datastore.AllocateTemplate")}
	if strings.HasPrefix(s.Text(plan.ArgSource), "builtin:") {
		return out
	}
	return append(out, g.download())
}

// download is making a node fetch from an URL: a privilege of its own since 8.2.
func (g guestAt) download() Need {
	old := Grant{Path: "/", Privs: []string{"Sys.Audit", "Sys.Modify"}}
	if g.Release.before(8, 2) {
		return Need{Any: []Grant{old}}
	}
	return Need{Any: []Grant{{Path: "/nodes/" + g.Node, Privs: []string{"Sys.AccessNetwork"}}, old}}
}

// seedUpload also removes what an earlier run left under another name.
func seedUpload(s *plan.Step, _ guestAt) []Need {
	storage := s.Text(plan.ArgStorage)
	return []Need{readVolume(storage), at(storagePath(storage), "Datastore.AllocateTemplate"), removeUpload(storage)}
}

// removeUpload is deleting an uploaded file, which nothing less than this allows.
func removeUpload(storage string) Need { return at(storagePath(storage), "Datastore.Allocate") }

func seedRemove(s *plan.Step, g guestAt) []Need {
	if content := s.Text(plan.ArgContent); s.Text(plan.ArgWhat) == plan.WhatDisk && (content == plan.ContentISO || content == plan.ContentPVE) {
		return append(g.seen(), at(g.path, "VM.Config.CDROM", "VM.Config.Disk"))
	}
	if s.Text(plan.ArgWhat) == plan.WhatDisk {
		return g.disk(s, s.Text(plan.ArgSlot))
	}
	storage := s.Text(plan.ArgStorage)
	return []Need{readVolume(storage), removeUpload(storage)}
}

// disk is changing or removing a disk that is there: on the guest, and on the
// storage it is on.
func (g guestAt) disk(s *plan.Step, slot string) []Need {
	out := append(g.seen(), at(g.path, "VM.Config.Disk"))
	if storage := cmp.Or(s.Text(plan.ArgStorage), g.storage(s.Text(plan.ArgVMID), slot)); storage != "" {
		out = append(out, at(storagePath(storage), "Datastore.AllocateSpace"))
	}
	return out
}

func guestCreate(s *plan.Step, g guestAt) []Need {
	out := append(g.seen(), g.allocate(s))
	out = append(out, g.options(s, argPool)...)
	disks, _, _ := strings.Cut(s.Text(plan.SlotRoot), ":")
	return append(out, g.seed(s, disks)...)
}

// seed is giving the guest the seed that was uploaded for it: a CD-ROM, or a disk
// of its own on a storage.
func (g guestAt) seed(s *plan.Step, disks string) []Need {
	storage := s.Text(plan.ArgSeedStorage)
	switch {
	case s.Text(plan.ArgSeedContent) == plan.ContentPVE:
		return append(g.cloudInit(), g.volumes("VM.Config.CDROM", disks+":"+plan.ContentPVE)...)
	case storage == "":
		return nil
	case s.Text(plan.ArgSeedContent) == plan.ContentISO:
		return []Need{readVolume(storage), at(g.path, "VM.Config.CDROM")}
	case disks == "":
		return []Need{readVolume(storage), at(g.path, "VM.Config.Disk")}
	}
	return []Need{readVolume(storage), at(g.path, "VM.Config.Disk"), at(storagePath(disks), "Datastore.AllocateSpace")}
}

// Parameters of PVE's create calls that are no options of the guest.
const argPool = "pool"

// allocate is making a guest: on its number, or on the pool it is made in.
func (g guestAt) allocate(s *plan.Step) Need {
	n := at(g.path, "VM.Allocate")
	if pool := s.Text(argPool); pool != "" {
		n.Any = append(n.Any, Grant{Path: "/pool/" + pool, Privs: []string{"VM.Allocate"}})
	}
	return n
}

func containerCreate(s *plan.Step, g guestAt) []Need {
	out := append(g.seen(), g.allocate(s))
	out = append(out, g.options(s, argPool, "ostemplate", "password", "ssh-public-keys", "storage", "unprivileged", "start", "restore", "force", "unique", "bwlimit")...)
	if s.Text("unprivileged") != "1" {
		// Its root is the host's.
		out = append(out, at("/", "Sys.Modify"))
	}
	if storage, _, ok := strings.Cut(s.Text("ostemplate"), ":"); ok {
		out = append(out, readVolume(storage))
	}
	if storage := s.Text(plan.ArgStorage); storage != "" {
		out = append(out, at(storagePath(storage), "Datastore.AllocateSpace"))
	}
	return out
}

func guestClone(s *plan.Step, g guestAt) []Need {
	source := s.Text(plan.ArgSource)
	out := append(g.seen(), g.allocate(s), at(guests+"/"+source, "VM.Audit", "VM.Clone"))
	out = append(out, g.options(s, argPool, plan.ArgSource, "mode", plan.ArgStorage)...)
	// A linked clone is made where its template is.
	storage := cmp.Or(s.Text(plan.ArgStorage), g.storage(source, plan.SlotRoot))
	if storage != "" {
		out = append(out, at(storagePath(storage), "Datastore.AllocateSpace"))
	}
	return append(out, g.seed(s, storage)...)
}

// guestDetach: the marker remembers which volume it was.
func guestDetach(s *plan.Step, g guestAt) []Need {
	out := append(g.marked(), at(g.path, "VM.Config.Disk"))
	if storage, _, ok := strings.Cut(s.Text(plan.ArgVolume), ":"); ok && s.Text(plan.ArgWhat) == "delete" {
		out = append(out, at(storagePath(storage), "Datastore.AllocateSpace"))
	}
	return out
}

func guestMove(s *plan.Step, g guestAt) []Need {
	if s.Text(plan.ArgWhat) == "guest" {
		return append(g.seen(), at(g.path, "VM.Migrate"))
	}
	// Of the storage it leaves PVE wants nothing, though it removes the disk there.
	return append(g.seen(), at(g.path, "VM.Config.Disk"), at(storagePath(s.Text(plan.ArgStorage)), "Datastore.AllocateSpace"))
}
