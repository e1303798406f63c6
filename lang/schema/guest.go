package schema

import "github.com/homestak/homestak/lang/unit"

// Hardware is the machine that a vm sees.
var Hardware = &Object{Name: "hardware", Doc: "The machine that a virtual machine sees. What a preset says of it holds where the node says nothing.", Fields: []Field{
	{Key: "cpu", Type: Word, New: true, Doc: "Type of the CPU as Proxmox VE calls it, as in host or x86-64-v2-AES; of a pve it is host."},
	{Key: "sockets", Type: Int, Min: 1, Max: 8, Default: "1", New: true, Doc: "CPU sockets; `cores` counts those of each."},
	{Key: "numa", Type: Bool, Default: "false", New: true, Doc: "Whether the guest is told of NUMA nodes."},
	{Key: "balloon", Type: Size, Unit: unit.MiB, Max: maxMemory, New: true, Doc: "Memory that the host leaves the guest when it is short itself; 0 for no balloon device. A bare number counts MiB."},
	{Key: "bios", Type: String, Enum: []string{"seabios", "ovmf"}, Default: "seabios", New: true, Doc: "Firmware: ovmf is UEFI, and has a small disk for its variables."},
	{Key: "secure_boot", Type: Bool, Default: "false", New: true, Doc: "Whether ovmf starts with the keys of Microsoft and the distributions enrolled."},
	{Key: "tpm", Type: Bool, Default: "false", New: true, Doc: "A TPM 2.0, which has a small disk for its state."},
	{Key: "machine", Type: Machine, New: true, Doc: "Type of the machine: pc, q35, or a version of one, as in pc-q35-9.2."},
	{Key: "vga", Type: String, Enum: []string{"cirrus", "none", "qxl", "serial0", "std", "virtio", "virtio-gl", "vmware"}, Default: "std", New: true, Doc: "Graphics card."},
	{Key: "serial", Type: Bool, Default: "true", New: true, Doc: "A serial console, which cloud images write to."},
	{Key: "scsi", Type: String, Enum: []string{"lsi", "lsi53c810", "megasas", "pvscsi", "virtio-scsi-pci", "virtio-scsi-single"}, Default: "virtio-scsi-single", New: true, Doc: "SCSI controller."},
	{Key: "hotplug", Type: List, Elem: &Field{Type: String, Enum: []string{"disk", "network", "usb", "memory", "cpu"}}, New: true, Doc: "What can be changed while the guest runs; by default disk, network and usb. Memory needs numa."},
	{Key: "agent", Type: Bool, Default: "true", New: true, Doc: "Whether Proxmox VE talks to the guest agent, which says what addresses the guest has."},
}}

// nicModels are those that Proxmox VE has.
var nicModels = []string{"e1000", "e1000e", "rtl8139", "virtio", "vmxnet3"}

// card is what the first interface and the further ones have alike, besides
// what they are connected to.
func card() []Field {
	return []Field{
		{Key: "firewall", Type: Bool, Default: "false", New: true, Doc: "Whether the firewall of the host looks at what goes through it."},
		{Key: "model", Type: String, Enum: nicModels, Default: "virtio", New: true, Doc: "What card a virtual machine sees."},
		{Key: "mtu", Type: Int, Min: 576, Max: 65520, New: true, Doc: "Largest packet; by default the bridge's."},
		{Key: "rate", Type: Int, Min: 1, Max: 1000000, New: true, Doc: "Limit in MB/s."},
	}
}

// Interface is a network interface besides the first.
var Interface = &Object{Name: "interface", Doc: "A network interface besides the first.", Fields: append([]Field{
	{Key: "slot", Type: Int, Min: 1, Max: 31, New: true, Doc: "N of its netN, and of ethN in the guest; by default the first one that is free. An interface that keeps its slot keeps its MAC address."},
	{Key: "bridge", Type: Bridge, New: true, Doc: "Bridge of the host; by default that of the first interface."},
	{Key: "ip", Type: CIDR, New: true, Doc: "Static address with prefix length, or dhcp; no address when absent."},
	{Key: "gateway", Type: IP, New: true, Doc: "Default route, when the first interface has none."},
	{Key: "dns", Type: List, Elem: &Field{Type: IP}, New: true, Doc: "Name servers."},
	{Key: "mac", Type: MAC, New: true, Doc: "MAC address; derived from the node's identity and the slot when absent."},
	{Key: "vlan", Type: Int, Min: 1, Max: 4094, New: true, Doc: "VLAN tag."},
}, card()...)}

// Disk is a disk besides the first.
var Disk = &Object{Name: "disk", Doc: "A disk besides the first.", Fields: []Field{
	{Key: "name", Type: DiskName, New: true, Required: true, Doc: "Unique in its node: the disk's serial number, by which guest and homestak find it. In the guest it is /dev/disk/by-id/*_NAME."},
	{Key: "size", Type: Size, Unit: unit.GiB, Min: int64(unit.GiB), Max: maxDisk, New: true, Required: true, Doc: "Size. It can grow later, and not shrink. A bare number counts GiB."},
	{Key: "storage", Type: Storage, New: true, Doc: "Storage of the host; by default that of the first disk."},
	{Key: "path", Type: Path, New: true, Doc: "Where a ct has it mounted. Required there, and of a ct alone."},
	{Key: "bus", Type: String, Enum: []string{"scsi", "virtio", "sata"}, Default: "scsi", New: true, Doc: "How a virtual machine sees it."},
	{Key: "ssd", Type: Bool, Default: "false", New: true, Doc: "Whether a virtual machine is told that it is no spinning disk."},
	{Key: "discard", Type: Bool, Default: "true", New: true, Doc: "Whether space that a virtual machine frees is given back."},
	{Key: "backup", Type: Bool, Default: "true", New: true, Doc: "Whether backups of the guest include it."},
}}

// Placement chooses the host of a root node.
var Placement = &Object{Name: "placement", Doc: "Choice among several hosts, made when the node is created.", Fields: []Field{
	{Key: "hosts", Type: List, Elem: &Field{Type: Ref, Of: KindHost}, New: true, Required: true, Doc: "Hosts to choose from, in order of preference."},
	{Key: "spread", Type: String, Enum: []string{"host", "none"}, Default: "none", New: true, Doc: "host: nodes that choose from the same hosts go to different ones."},
	{Key: "pin", Type: Bool, Default: "false", New: true, Doc: "A guest that was moved by others goes back."},
}}

// Boot is what a guest boots from, and when.
var Boot = &Object{Name: "boot", Doc: "What the guest boots from, and when its host starts it.", Fields: []Field{
	{Key: "order", Type: List, Elem: &Field{Type: String, Enum: []string{"disk", "network", "cdrom"}}, New: true, Doc: "What a virtual machine boots from, the first choice first; by default the first disk alone."},
	{Key: "startup", Type: Int, Min: 1, Max: 9999, New: true, Doc: "Place among the guests that a booting host starts: lower ones first."},
	{Key: "delay", Type: Duration, Default: "0s", New: true, Doc: "How long the host waits before it starts the next guest."},
	{Key: "stop", Type: Duration, Default: "0s", New: true, Doc: "How long a host that goes down waits for the guest; 0s for Proxmox VE's own three minutes."},
}}

// Reboot says when a change that needs a restart gets it.
var Reboot = &Object{Name: "reboot", Doc: "When a guest is restarted for a change that needs it.", Fields: []Field{
	{Key: "policy", Type: String, Enum: []string{"never", "staged", "now", "window"}, Default: "now", New: true,
		Doc: "never: such a change is not made, and the plan says so. staged: it is made, and holds from the next restart on, whoever does that. now: homestak restarts the guest. window: as now within the windows, as staged outside."},
	{Key: "windows", Type: List, Elem: &Field{Type: Window}, New: true, Doc: "For policy window: times at which the guest may be restarted, by the clock of the node's time zone."},
}}

// CloudInit is what a seed has besides what homestak puts there.
var CloudInit = &Object{Name: "cloud_init", Doc: "Additions to the seed, for what has to be there at the first boot.", Fields: []Field{
	{Key: "carrier", Type: String, Enum: []string{"auto", "disk", "pve", "cdrom"}, Default: "auto", New: true,
		Doc: "How the seed gets to the guest. disk: a small disk of its own, which nobody else can read. pve: Proxmox VE's cloud-init drive, which carries name, addresses and the driver's way in, but no host key and nothing else of this block; it needs a static address. cdrom: a file on a storage, which others can read until it is removed. auto: a disk, or for an image that reads CD-ROMs alone the first of the others that can carry the seed."},
	{Key: "packages", Type: List, Elem: &Field{Type: Package}, New: true, Doc: "Installed at the first boot."},
	{Key: "files", Type: List, Elem: &Field{Type: Group, Object: CloudFile}, New: true, Doc: "Written at the first boot."},
	{Key: "commands", Type: List, Elem: &Field{Type: String}, New: true, Doc: "Run by root at the end of the first boot, in order."},
}}

// CloudFile is a file that a seed writes.
var CloudFile = &Object{Name: "file", Doc: "A file of the first boot.", Fields: []Field{
	{Key: "path", Type: Path, New: true, Required: true, Doc: "Absolute path."},
	{Key: "content", Type: String, New: true, Required: true, Doc: "Text of the file. No secrets: whoever can read the seed can read it."},
	{Key: "owner", Type: Login, Default: "root", New: true, Doc: "Owner."},
	{Key: "mode", Type: Mode, Default: "0644", New: true, Doc: "Mode in octal, in quotes."},
}}

// Features is what a container may do.
var Features = &Object{Name: "features", Doc: "What a container may do.", Fields: []Field{
	{Key: "nesting", Type: Bool, Default: "false", New: true, Doc: "Containers inside of it, and systemd of recent distributions."},
	{Key: "keyctl", Type: Bool, Default: "false", New: true, Doc: "The keyctl system call, which Docker wants."},
	{Key: "fuse", Type: Bool, Default: "false", New: true, Doc: "File systems in user space."},
	{Key: "mknod", Type: Bool, Default: "false", New: true, Doc: "Device nodes."},
	{Key: "mount", Type: List, Elem: &Field{Type: String, Enum: []string{"nfs", "cifs"}}, New: true, Doc: "File systems that a privileged one may mount."},
}}
