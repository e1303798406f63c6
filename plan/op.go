package plan

// Op is one kind of step. The set is closed; each op's contract stands beside
// it. "Probe" is how a run finds out that the step is already done; a step that
// is done is skipped without looking at its guards. Args marked (late) are
// Value.Late, all others are constants.
type Op uint8

const (
	// ImageFetch brings an image to a storage of a host under a name that holds
	// its digest. Writes: storage content. Probe: the volume is listed.
	// Args: image, source (https URL or builtin:NAME), checksum (sha256:<hex> or
	// sha512:<hex>), storage, volume (storage:import/<name>). A builtin source is
	// uploaded by the driver, an URL is downloaded by the host.
	// Locks: image, host I/O. Undo: none, images are shared.
	ImageFetch Op = 1 + iota
	// SeedUpload builds the node's seed and uploads it under a random name.
	// Writes: storage content. Probe: the guest already exists with the node's
	// identity. Args: storage, hostname, domain, instance (uuid-incarnation), mac,
	// ip ("dhcp" or CIDR), gateway, dns (list), hostkey (late); interfaces, packages,
	// files and commands (lists, see seedargs.go) when there are any; content "iso" for
	// a seed that is shown as a CD-ROM.
	// Produces seed.name. Locks: host I/O. Undo: seed.remove.
	SeedUpload
	// SeedRemove removes a seed. Args: what = "upload" (storage, seed, content) or
	// "disk" (vmid, slot = scsi1: the guest-owned seed disk, storage when it is there
	// already; or the CD-ROM drive, content "iso").
	// Probe: it is gone.
	// A late seed means every uploaded seed of the node on the storage; a constant
	// one, a file name, means that one, which an interrupted run left, and which
	// must carry the node's uuid in its name.
	SeedRemove
	// GuestCreate makes the guest in one call, marks included. Probe: a guest
	// with the node's identity. Undo: guest.stop, guest.delete.
	// Args: every argument whose name holds no dot is PVE's own create parameter
	// (vmid, name, cores, memory, scsi0=<storage>:0,import-from=<volume>, net0, …);
	// description is marker (late). seed.storage and seed.name (late) make scsi1, which
	// is a CD-ROM drive for seed.content "iso". seed.content "cloudinit" alone makes it
	// PVE's cloud-init drive, with the driver's account and the site's user CA in it.
	// image.name is what the marker remembers of the image. In a test the marker says
	// that a test made the guest.
	// Locks: guest, host I/O.
	GuestCreate
	// GuestConfigure sets PVE config keys: Args vmid, then PVE's own names;
	// description is marker (late), "delete" a list of keys. Probe: every key has
	// its canonical value. Sends the config digest it read. Locks: guest.
	// The one with ordinal "ready" (only vmid, description, program = digest, and
	// program.secrets = digest when secrets it names are locked) records in the
	// marker that check.ready passed, with which program and secrets, and, unless in
	// a test, that the guest is wanted for good.
	GuestConfigure
	// GuestGrow enlarges a disk. Args: vmid, disk (scsi0), size (bytes, decimal),
	// storage (where the disk is, when the guest has it already).
	// Probe: its size is at least that. Locks: guest, host I/O. Undo: none.
	GuestGrow
	// GuestStart powers on. Args: vmid. Probe: running. Locks: guest.
	GuestStart
	// GuestAwait waits for conditions. Args: vmid, for = list of agent, ip, ssh,
	// cloud-init. Produces guest.address: the IPv4 address of the declared NIC
	// (arg mac). Probe: none, it only reads. cloud-init errors fail it.
	GuestAwait
	// GuestShutdown asks the guest to power off within Args grace (seconds). Args:
	// vmid, grace. With incarnation, the guest that a replacement removes; with disk
	// and storage, one that is off so that a disk can move. Probe: stopped or absent;
	// a guest with a later incarnation is there; the disk is on the storage. A guest that does not react is left to
	// guest.stop, so this op does not fail for that.
	GuestShutdown
	// GuestStop cuts the power. Args: vmid, and those of guest.shutdown but for grace.
	// Probe: as of guest.shutdown.
	GuestStop
	// GuestReboot restarts the guest so that pending changes take effect. Args:
	// vmid. Probe: no key of arg keys (list) is pending. With windows (list) and zone
	// it acts inside of one of them only; outside, there is nothing to be done.
	GuestReboot
	// GuestDelete removes the guest with its volumes. Args: vmid, incarnation (of the
	// guest that a replacement removes). Probe: absent, or a guest with a later
	// incarnation is there. Locks: guest, host I/O.
	GuestDelete
	// SpecPublish puts a node program on the spec server (pull, hybrid).
	// Args: program (digest).
	SpecPublish
	// TargetPush converges the node over SSH. Args: program (digest), address
	// (late). Probe: the target's check mode finds nothing to do.
	TargetPush
	// TargetAwait waits for a pull node's report. Args: program (digest).
	TargetAwait
	// HostEnroll makes a `pve` node usable as a host: API token, certificate
	// pin, storage content types (images, import, rootdir, vztmpl on the storage of arg storage).
	// Args: address (late), storage. Produces host.api, host.fingerprint, apitoken.
	// Probe: the cached or newly minted token answers with the content types there.
	HostEnroll
	// CheckReady asserts every resource of the node program again over a new
	// connection, then nothing else. Args: program (digest), address (late).
	// Probe: none, it only reads; it is skipped when the guest's marker already
	// names this program and nothing before it in the plan had to act.
	CheckReady
	// TemplateBuild makes a template of an image on a host, once for all nodes that
	// are cloned from it. Args: as guest.create (image.name included), vmid and name
	// that hold the image's digest, no seed and no marker of a node; description is
	// text that says what it is. Then the guest is converted. Probe: a template with
	// that name and digest exists. Locks: image, host I/O. Undo: none, templates are
	// shared.
	TemplateBuild
	// GuestClone makes the guest from a template, marks included, and gives it the
	// rest of its configuration before anyone can start it. Args: source (vmid of the
	// template), mode ("full" or "linked"), storage (where its disks are), then as guest.create.
	// Probe, guards, locks and undo as guest.create.
	GuestClone
	// GuestAttach gives the guest a disk or, on a container, a mount point in a free
	// slot. Args: vmid, disk (slot), then PVE's own text under the slot's name. What
	// the guest owns already and has lost from its slot is put back, not made anew.
	// Probe: the slot holds a disk with that identity (serial, or path). Locks: guest,
	// host I/O. Undo: none.
	GuestAttach
	// GuestDetach takes a disk from the guest. Args: vmid, disk (slot), volume, what =
	// "keep" (it stays with the guest as unused) or "delete" (its data is gone).
	// Probe: neither the slot nor, for "delete", any other holds the volume. Locks:
	// guest. Undo: none.
	GuestDetach
	// GuestMove moves a disk of the guest to another storage (what = "disk", disk =
	// slot, storage) or the guest to another node of its cluster (what = "guest",
	// target = PVE node). Args: vmid. Probe: it is there. Locks: guest, host I/O.
	// Undo: none.
	GuestMove
	// GuestAdopt writes homestak's marks on a guest that has none. Args: vmid,
	// description (marker, late) and the marks that the guest lacks. Probe: it has
	// them. Locks: guest. Undo: none.
	GuestAdopt
	// GuestRename writes another address into the marker of a guest. Args: vmid,
	// description (marker, late), name. Probe: it says so. Locks: guest. Undo: none.
	GuestRename
	// GuestForget removes homestak's marks from a guest and nothing else. Args: vmid.
	// Probe: it has none. Locks: guest. Undo: none.
	GuestForget
	// CTCreate makes a container in one call, marks included. Probe, guards and undo
	// as guest.create. Args: every argument whose name holds no dot is PVE's own
	// create parameter (vmid, hostname, ostemplate, rootfs, net0, …); description is
	// marker (late). The site's SSH user CA is sent as ssh-public-keys, so that the
	// driver can log in as root and nobody's key is on the guest. image.name is what
	// the marker remembers of the template. Locks: guest, host I/O.
	CTCreate
	ops
)

var opNames = [ops]string{
	"", "Image.Fetch", "Seed.Upload", "Seed.Remove", "Guest.Create", "Guest.Configure", "Guest.Grow",
	"Guest.Start", "Guest.Await", "Guest.Shutdown", "Guest.Stop", "Guest.Reboot", "Guest.Delete",
	"Spec.Publish", "Target.Push", "Target.Await", "Host.Enroll", "Check.Ready",
	"Template.Build", "Guest.Clone", "Guest.Attach", "Guest.Detach", "Guest.Move", "Guest.Adopt", "Guest.Rename",
	"Guest.Forget", "CT.Create",
}

// String is the op's name in text, "Guest.Create".
func (o Op) String() string {
	if o == 0 || o >= ops {
		return "Op.Invalid"
	}
	return opNames[o]
}

// ParseOp is the inverse of String.
func ParseOp(s string) (Op, bool) {
	for o := Op(1); o < ops; o++ {
		if opNames[o] == s {
			return o, true
		}
	}
	return 0, false
}
