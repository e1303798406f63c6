package plan

// Op is one kind of step. The set is closed; each op's contract stands beside
// it. "Probe" is how a run finds out that the step is already done.
type Op uint8

const (
	// ImageFetch brings an image to a storage of a host under a name that holds
	// its digest. Writes: storage content. Probe: the volume is listed. Undo: none.
	// Args: image, source, checksum, storage, volume.
	ImageFetch Op = 1 + iota
	// SeedUpload builds the node's seed and uploads it under a random name.
	// Writes: storage content. Probe: the guest already exists. Undo: seed.remove.
	// Args: storage, hostname, instance, network…, hostkey (late).
	SeedUpload
	// SeedRemove removes a seed. Args: what = "upload" (the uploaded file) or
	// "disk" (the guest-owned seed disk, slot = scsi1). Probe: it is gone.
	SeedRemove
	// GuestCreate makes the guest in one call, marks included. Probe: a guest
	// with the node's identity. Undo: guest.stop, guest.delete.
	// Args are PVE's own create parameters, plus description = marker (late)
	// and seed = seed.name (late).
	GuestCreate
	// GuestConfigure sets PVE config keys (Args, PVE's own names; description is
	// marker (late)). Probe: every key has its value. Sends the config digest.
	GuestConfigure
	// GuestGrow enlarges a disk. Args: disk, size. Probe: its size. Undo: none.
	GuestGrow
	// GuestStart powers on. Probe: running.
	GuestStart
	// GuestAwait waits for conditions. Args: for = list of agent, ip, ssh,
	// cloud-init. Produces guest.address. Probe: the conditions themselves.
	GuestAwait
	// GuestShutdown asks the guest to power off within Args grace (seconds).
	// Probe: stopped or absent. A guest that does not react is left to guest.stop.
	GuestShutdown
	// GuestStop cuts the power. Probe: stopped or absent.
	GuestStop
	// GuestReboot restarts the guest so that pending changes take effect.
	GuestReboot
	// GuestDelete removes the guest with the volumes listed in its change.
	// Probe: absent.
	GuestDelete
	// SpecPublish puts a node program on the spec server (pull, hybrid).
	SpecPublish
	// TargetPush converges the node over SSH. Args: program (digest). Probe:
	// the target's check mode finds nothing to do.
	TargetPush
	// TargetAwait waits for a pull node's report. Args: program (digest).
	TargetAwait
	// HostEnroll makes a `pve` node usable as a host: API token, certificate
	// pin, storage content types. Produces host.api, host.fingerprint, apitoken.
	HostEnroll
	// CheckReady asserts every resource of the node program again over a new
	// connection, then nothing else. Args: program (digest).
	CheckReady
)
