package plan

import "slices"

// Names of step arguments that homestak itself gives a meaning. In
// guest.create and guest.configure every other name without a dot is PVE's own
// parameter (cores, memory, net0, …) and goes to the API as it stands.
const (
	ArgAddress     = "address"         // guest.address, late: where the target answers
	ArgCommands    = "commands"        // list of shell commands of the first boot
	ArgChecksum    = "checksum"        // "sha256:<hex>" or "sha512:<hex>"
	ArgContent     = "content"         // of an uploaded seed: "iso"; without it import
	ArgDelete      = "delete"          // list of PVE keys to unset (guest.configure)
	ArgDescription = "description"     // marker, late: the fenced block for the guest's notes
	ArgDisk        = "disk"            // slot of the disk to grow, "scsi0"
	ArgDNS         = "dns"             // list of resolver addresses
	ArgDomain      = "domain"          // DNS domain, may be ""
	ArgFiles       = "files"           // list of files of the first boot, see SeedFile
	ArgFor         = "for"             // list of Await… conditions
	ArgGateway     = "gateway"         // default route, may be ""
	ArgGrace       = "grace"           // seconds, decimal
	ArgHostKey     = "hostkey"         // hostkey, late: SSH host key with its certificate
	ArgHostname    = "hostname"        // first label only
	ArgImage       = "image"           // name in the catalogue
	ArgImageName   = "image.name"      // the same, in guest.create: what the marker remembers
	ArgIncarnation = "incarnation"     // of the guest that a replacement removes, decimal: one with a later number is the new one
	ArgInstance    = "instance"        // cloud-init instance id: uuid-incarnation
	ArgInterfaces  = "interfaces"      // list of further interfaces, see SeedInterface
	ArgIP          = "ip"              // "dhcp" or a CIDR
	ArgKeys        = "keys"            // list of PVE keys that wait for the restart (guest.reboot)
	ArgKind        = "kind"            // "lxc"; a guest step without it is about a VM
	ArgMAC         = "mac"             // of the declared NIC, AA:BB:CC:DD:EE:FF
	ArgPackages    = "packages"        // list of packages of the first boot
	ArgMode        = "mode"            // "full" or "linked" (guest.clone)
	ArgProgram     = "program"         // digest of a NodeProgram, 64 hex digits
	ArgSecrets     = "program.secrets" // SecretsDigest of the program's secrets, in guest.configure: what the marker remembers
	ArgSeed        = "seed"            // seed.name, late: name of the uploaded seed; constant: one that an earlier run left
	ArgSeedContent = "seed.content"    // ArgContent of it (guest.create)
	ArgSeedName    = "seed.name"       // the same, in guest.create
	ArgSeedStorage = "seed.storage"    // storage the seed was uploaded to (guest.create)
	ArgSize        = "size"            // bytes, decimal
	ArgSlot        = "slot"            // slot of the seed disk, SlotSeed
	ArgSource      = "source"          // https URL or "builtin:NAME"
	ArgStorage     = "storage"         // storage name
	ArgVMID        = "vmid"            // decimal
	ArgVolume      = "volume"          // "storage:import/<file>"
	ArgTarget      = "target"          // PVE node to move to
	ArgWhat        = "what"            // one of the What… words
	ArgWindows     = "windows"         // list of "Sat,Sun 02:00-04:00": guest.reboot acts inside of one only
	ArgZone        = "zone"            // time zone of those
)

// Values of closed arguments.
const (
	WhatUpload = "upload"    // the uploaded file: args storage, seed
	WhatDisk   = "disk"      // the disk the guest owns: args vmid, slot; of guest.move a disk of the guest
	WhatGuest  = "guest"     // of guest.move: the guest itself
	ContentISO = "iso"       // of ArgContent: the guest is shown the file itself as a CD-ROM
	ContentPVE = "cloudinit" // of ArgSeedContent: PVE's own drive, made of the guest's configuration
	WhatKeep   = "keep"      // of guest.detach: the volume stays with the guest, unused
	WhatDelete = "delete"    // of guest.detach: the volume and its data go

	AwaitAgent     = "agent"      // the guest agent answers
	AwaitIP        = "ip"         // the declared NIC has an IPv4 address
	AwaitSSH       = "ssh"        // sshd presents the node's certificate
	AwaitCloudInit = "cloud-init" // cloud-init is done, without errors

	SlotRoot = "scsi0" // the disk made from the image
	SlotSeed = "scsi1" // the seed disk, or the CD-ROM drive with the seed

	SlotRootFS = "rootfs" // a container's first disk

	PowerKey     = "power" // the key of GuardPower's Expect
	PowerRunning = "running"
	PowerStopped = "stopped"

	// Keys of GuardUnchanged's Expect that are no attributes.
	MarkerKey  = "marker"
	VolumesKey = "volumes"

	SnapshotsKey = "snapshots"
)

// Names of what a guest's creation fixes, in its marker: the seed and the image
// act once, and PVE does not know what was in them.
const (
	MadeDNS     = "dns"     // resolver addresses, joined by commas
	MadeDomain  = "domain"  // search domain
	MadeGateway = "gateway" // default route
	MadeImage   = "image"   // name in the catalogue
	MadeIP      = "ip"      // "dhcp" or a CIDR

	MadeFirstBoot  = "cloud_init" // a short digest of packages, files and commands
	MadeInterfaces = "interfaces" // further ones: name, address, gateway and resolvers of each, joined by "; "

	MadeHostKey = "hostkey" // of a container: fingerprint of the SSH host key it showed first

	MadeDisk = "disk." // followed by the name of a further disk, or the path of a mount point: its volume
)

// Executors other than a node's own agent ("delegate:<address>").
const (
	ExecutorDriver = "driver"
	ExecutorTarget = "target"
)

// Arg finds an argument by name.
func (s *Step) Arg(name string) (Value, bool) {
	i, ok := slices.BinarySearchFunc(s.Args, name, func(a Arg, name string) int {
		switch {
		case a.Name < name:
			return -1
		case a.Name > name:
			return 1
		}
		return 0
	})
	if !ok {
		return Value{}, false
	}
	return s.Args[i].Value, true
}

// Text is the constant text of an argument, "" when it is missing, a list or late.
func (s *Step) Text(name string) string {
	v, _ := s.Arg(name)
	return v.Text
}

// List is the constant list of an argument, nil when there is none.
func (s *Step) List(name string) []string {
	v, _ := s.Arg(name)
	return v.List
}
