package ir

import (
	"fmt"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/lang/unit"
)

// Guest is what a guest is made of besides its size and its first network. In
// all of it a zero is the default: PVE's own, or homestak's where a comment says
// so. Most nodes of a large deployment have all of it alike, and share it.
type Guest struct {
	Card        Card        // of the first interface
	Interfaces  []Interface // net1 and up, by slot
	Hardware    Hardware
	Disks       []Disk        // besides the first, in the order they were declared
	Storage     Value[string] // of the first disk; "" = the host's
	Clone       Value[string] // "full" or "linked" of a template made once a host; "" = imported from the image
	Boot        Boot
	Container   Container
	CloudInit   CloudInit
	Placement   Placement
	Reboot      Reboot
	RenamedFrom Value[string] // the name it had, beside the same parent
}

// Extra is the node's Guest, an empty one for nil.
func (n *Node) Extra() *Guest {
	if n.Guest == nil {
		return &Guest{}
	}
	return n.Guest
}

// Card is how the guest sees an interface, and how its host treats it.
type Card struct {
	Firewall Value[bool]
	Model    Value[string] // vm: "" = virtio
	MTU      Value[int]    // 0 = the bridge's
	Rate     Value[int]    // MB/s, 0 = unlimited
}

// Interface is a further interface.
type Interface struct {
	Slot    int // 1 and up: the N of netN, and of ethN in the guest
	Network Network
	Card    Card
	Decl    source.Range
}

// Hardware is the machine that a vm or pve sees; a ct has none. A preset may
// set any of it.
type Hardware struct {
	CPU        Value[string]    // PVE's name of a type, as in "host" or "x86-64-v2-AES"; a pve is "host" by default
	Sockets    Value[int]       // Cores are in each of them; 0 = 1
	NUMA       Value[bool]      //
	Balloon    Value[unit.Size] // the host may take memory back down to this much; 0 = all of it stays
	NoBalloon  Value[bool]      // there is no balloon device
	BIOS       Value[string]    // "seabios" or "ovmf"; "" = seabios. ovmf has a disk for its variables
	SecureBoot Value[bool]      // ovmf with Microsoft's and the distributions' keys
	TPM        Value[bool]      // a TPM 2.0, whose state is a disk
	Machine    Value[string]    // "q35", "pc", or a version of one, as in "pc-q35-9.2"
	VGA        Value[string]    // PVE's name, as in "std", "virtio", "serial0"
	NoSerial   Value[bool]      // without serial0, which homestak's guests have by default
	SCSI       Value[string]    // controller; "" = virtio-scsi-single
	Hotplug    Value[[]string]  // of disk, network, usb, memory, cpu; sorted. Meant only when HotplugSet
	HotplugSet Value[bool]      // whether Hotplug is declared: an empty list is "nothing"
	NoAgent    Value[bool]      // PVE is not told to expect the guest agent
}

// Disk is one besides the first.
type Disk struct {
	Name    Value[string] // unique in its node, at most 20 characters: the serial by which it is found, whatever its slot (vm)
	Size    Value[unit.Size]
	Storage Value[string] // "" = that of the first disk
	Bus     Value[string] // vm: scsi, virtio or sata
	SSD     Value[bool]   // vm
	Discard Value[bool]   // vm
	Backup  Value[bool]
	Path    Value[string] // ct: where it is mounted, by which it is found
}

// Boot is what a guest boots from, and when its host starts it.
type Boot struct {
	Order   Value[[]string] // of disk, network, cdrom; nil = the first disk alone
	Startup Value[int]      // 1 and up, lower ones first; 0 = no place in the order
	Delay   Value[int]      // seconds that the host waits before it starts the next guest
	Stop    Value[int]      // seconds that the host waits for it to shut down; 0 = PVE's own
}

// Container is what only a ct has.
type Container struct {
	Template     Value[string] // an image of Deployment.Images
	Unprivileged Value[bool]
	Nesting      Value[bool]
	Keyctl       Value[bool]
	FUSE         Value[bool]
	Mknod        Value[bool]
	Mount        Value[[]string] // of nfs, cifs; sorted
	Swap         Value[unit.Size]
}

// CloudInit is what a seed has besides homestak's own.
type CloudInit struct {
	Carrier  Value[string]   // "disk", "pve" or "cdrom"; "" or "auto" = what the image reads, a disk if it can
	Packages Value[[]string] // sorted, unique
	Files    []CloudFile     // by path
	Commands Value[[]string] // in order, each for a shell
}

// CloudFile is a file of the first boot.
type CloudFile struct {
	Path    Value[string]
	Content Value[string]
	Owner   Value[string]
	Mode    Value[string] // octal, as in "0644"
}

// Placement is where a guest may be, when its node does not name one host.
type Placement struct {
	Hosts  Value[[]string] // in order of preference; nil = Node.Host
	Spread Value[string]   // "host": nodes with the same Hosts go to different ones; "" or "none"
	Pin    Value[bool]     // a guest that others moved goes back
}

// Reboot says when a change that needs a restart of the guest gets it.
type Reboot struct {
	Policy  Value[string] // "never", "staged", "now" or "window"; "" = now
	Windows []Window      // window: at least one
}

// Window is a span of time on some days of each week, by the clock of the
// node's own time zone.
type Window struct {
	Days  uint8 // Monday the lowest bit, Sunday 1<<6
	Start int   // minutes since midnight
	End   int   // outside of it; on the next day when it is not after Start
	From  Origin
}

var dayNames = [...]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// String is as in "Sat,Sun 02:00-04:00".
func (w Window) String() string {
	if w.Days == 1<<7-1 {
		return fmt.Sprintf("daily %02d:%02d-%02d:%02d", w.Start/60, w.Start%60, w.End/60, w.End%60)
	}
	var days []string
	for i, name := range dayNames {
		if w.Days&(1<<i) != 0 {
			days = append(days, name)
		}
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", strings.Join(days, ","), w.Start/60, w.Start%60, w.End/60, w.End%60)
}
