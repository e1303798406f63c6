package build

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// How a guest is cloned.
const cloneLinked = "linked"

// templateMemory is what a template has, in MiB; clones have their own.
const templateMemory = 512

// template is where the clones of an image come from on a host.
type template struct {
	vmid    uint
	storage string
	step    int32 // template.build, none when it is there
}

// templateOf makes sure, once per host and image, that there is a template of the
// image. Its name holds the image's digest, so one that is listed has the right
// bytes. It belongs to nobody's manifest: clones of any may stand on it.
func (b *builder) templateOf(n *node, volume string, fetch int32) template {
	h, img := n.host, b.images[n.Image.V]
	if t, ok := h.cloned[img.Name]; ok {
		return t
	}
	_, sum, _ := strings.Cut(img.Checksum.V, ":")
	name := "hs-" + strings.ReplaceAll(strings.ToLower(img.Name), "_", "-") + "-" + sum[:min(len(sum), 12)]
	t := template{storage: h.disks, step: none}
	if h.facts != nil {
		for _, r := range h.facts.Templates {
			if r.Name == name && r.Kind == canon.QEMU {
				t.vmid = r.VMID
			}
		}
	}
	if t.vmid == 0 {
		t.vmid = b.templateVMID(h, name)
		t.step = b.buildTemplate(n, t, name, volume, fetch)
	}
	h.cloned[img.Name] = t
	return t
}

// templateVMID is the number of a new template: it follows from the host and its
// name, like a node's.
func (b *builder) templateVMID(h *host, name string) uint {
	birth := identity.UUID(b.d.SiteID, "template", addr.Address(h.name+"/"+name))
	vmid, ok := identity.VMID(birth, b.first(), b.last(), func(id uint) bool {
		return b.ids.taken[h.cluster][id] || b.ids.given[place{h.cluster, id}] != nil
	})
	if ok {
		if b.ids.taken[h.cluster] == nil {
			b.ids.taken[h.cluster] = map[uint]bool{}
		}
		b.ids.taken[h.cluster][vmid] = true
	}
	return vmid
}

func (b *builder) buildTemplate(n *node, t template, name, volume string, fetch int32) int32 {
	h, img := n.host, b.images[n.Image.V]
	s := plan.Step{
		Host: h.name, Op: plan.TemplateBuild, Phase: plan.PhaseCreate, Executor: plan.ExecutorDriver,
		Args: []plan.Arg{
			text("agent", "1"), text(plan.ArgDescription, "Image "+img.Name+" for clones, made by homestak: "+img.Checksum.V+"."), text(plan.ArgImageName, img.Name),
			text("memory", strconv.Itoa(templateMemory)), text("name", name), text("ostype", "l26"),
			text(plan.SlotRoot, t.storage+":0,import-from="+volume), text("scsihw", "virtio-scsi-single"), text("serial0", "socket"),
			text("tags", identity.ManagedTag), text(plan.ArgVMID, strconv.FormatUint(uint64(t.vmid), 10)),
		},
		Locks:  []plan.Lock{{Kind: plan.LockHostIO, Of: h.name}, {Kind: plan.LockImage, Of: h.name + "/" + img.Name}},
		Reason: plan.ReasonAbsent, Deadline: b.deadline(copyTime(img.MinDisk.V)),
	}
	if h.node != nil {
		s.Addr = h.node.Address
	}
	return b.drafts.add(s, h.name+"/"+img.Name, h.enroll, fetch)
}

// cloneGuest copies the guest from a template of its image and gives it everything
// else that createGuest would.
func (s nodeSteps) cloneGuest(volume string, fetch int32, seed *seed, after ...int32) int32 {
	b, n := s.b, s.n
	t := b.templateOf(n, volume, fetch)
	storage := n.firstStorage()
	if n.Extra().Clone.V == cloneLinked {
		storage = t.storage // PVE puts a linked clone where its template is
	}
	args := append(s.settings(), s.marker(), text(plan.ArgImageName, n.Image.V), text(plan.ArgMode, n.Extra().Clone.V),
		text(plan.ArgSource, strconv.FormatUint(uint64(t.vmid), 10)), text(plan.ArgStorage, storage), plan.Arg{Name: plan.ArgVMID, Value: s.vmid})
	args = append(args, seed.drive(n)...)
	step := s.step(plan.GuestClone, copyTime(max(n.Disk.V, b.images[n.Image.V].MinDisk.V)), args...)
	return s.made(step, append(slices.Clone(after), t.step)...)
}
