package guest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"

	"github.com/homestak/homestak/runtime/system"
)

// ErrNoReaction is what Shutdown returns (wrapped) when the guest did not react
// to the request, as a machine without an operating system does not.
var ErrNoReaction = errors.New("guest did not react")

// Program is something a guest can execute, found by name in the table that the
// lab was opened with. The result is its exit status.
type Program func(ctx context.Context, sys system.System, args []string, stdin io.Reader, stdout, stderr io.Writer) int

// Hypervisor makes machines and owns the virtual networks of one lab. Its
// methods may be called at once from many goroutines.
type Hypervisor interface {
	// Machine is the guest of this id, switched off. What it remembers is in its
	// volumes (Disk.State), so making it is cheap and touches nothing. off is to be
	// called, with no lock held, when the guest has powered off by itself (not for
	// Shutdown, Stop or Close), so that it is not resumed later.
	Machine(vmid uint, off func()) Machine

	// Dial connects to host:port as the lab's host itself would: the guests on its
	// bridges, by address. The host's own loopback is not reachable.
	Dial(ctx context.Context, network, address string) (net.Conn, error)

	// Close stops everything that runs, as a host that loses its power would, but
	// with all writes on disk: Resume brings each machine back.
	Close() error
}

// Machine is one guest. The lab calls the methods of one machine one at a time,
// except Running, AgentReady, Interfaces and OS, which may come at any time.
type Machine interface {
	// Install makes the file system of a container, of the template that its disk
	// "rootfs" has the bytes of. It is off and has not been started before.
	Install(ctx context.Context, hw Hardware, in Install) error

	// Start boots it: firmware, kernel, cloud-init if it finds a seed, services.
	// It returns when the virtual hardware is on, not when the system is up. A
	// *StartError is a start that failed as QEMU's would.
	Start(ctx context.Context, hw Hardware) error

	// Resume puts back a machine that was running when the lab stopped, with no
	// boot in between as far as the guest can tell.
	Resume(ctx context.Context, hw Hardware) error

	// Pause stops the CPUs of a running machine, with all it has written on disk,
	// and Resume goes on. In between Running is false.
	Pause(ctx context.Context) error

	// Shutdown asks the operating system to power off and returns when it has, or
	// with ErrNoReaction, or when ctx ends.
	Shutdown(ctx context.Context) error

	// Stop takes the power away. Volumes keep what was written to them.
	Stop() error

	// Reset is the reset button: a new boot of the same hardware.
	Reset(ctx context.Context) error

	// Hotplug changes a running machine to hw: disks and NICs that are new are
	// plugged, those that are gone are unplugged, sizes grow. Memory and cores may
	// change too.
	Hotplug(ctx context.Context, hw Hardware) error

	// Running is true from Start or Resume until the power is off, whoever
	// switched it off; a guest may power off by itself.
	Running() bool

	// AgentReady is true while the guest agent answers.
	AgentReady() bool

	// Interfaces are what the guest agent says, lo included, in the guest's order.
	Interfaces() []Interface

	// OS is what the guest agent says of the operating system.
	OS() OS

	// ReadFile and WriteFile are what the guest agent does to files, as root. A
	// missing file or directory is fs.ErrNotExist (wrapped). What was written is
	// on disk when WriteFile returns.
	ReadFile(ctx context.Context, path string) ([]byte, error)
	WriteFile(ctx context.Context, path string, data []byte) error

	// HasProgram reports whether there is a program of this path or name.
	HasProgram(name string) bool

	// Exec runs a program as root, as the guest agent does, to its end, and is its
	// exit status.
	Exec(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error)

	// Destroy forgets the machine. It is off; its volumes are deleted by the lab.
	Destroy() error
}

// StartError is a refusal to start: Log is what QEMU would have printed, one
// line each; Reason ends the task.
type StartError struct {
	Reason string
	Log    []string
}

func (e *StartError) Error() string { return e.Reason }

// Hardware is a machine's configuration, effective at this start.
type Hardware struct {
	VMID   uint
	Node   string // PVE node it runs on
	Name   string // guest's name in PVE, may be empty
	UUID   string // smbios
	Cores  uint
	Memory uint   // MiB
	Agent  bool   // the virtio port of the guest agent is there
	Disks  []Disk // by slot; CD-ROMs included
	NICs   []NIC  // by slot
	Boot   []string

	Container *Container // nil for a VM
}

// Container is what PVE writes into a container's file system before each
// start, besides the addresses of its NICs.
type Container struct {
	Hostname    string
	Nameservers []string
	Search      []string
	Timezone    string // "" = the template's
}

// Install is what a container is given once, when it is made.
type Install struct {
	Password string // of root, in the clear; "" = locked
	Keys     string // root's authorized_keys, as they were sent
}

// Disk is one drive. Path is the file with the bytes that were written to the
// volume through the API: an image, a seed. It is read-only for machines and
// may be far shorter than Size (the rest is zeros), or "" for a blank disk. A
// machine keeps what it writes on the disk in the file or directory State,
// whatever its form, absent at first; the lab moves, copies and deletes it
// along with the volume. CD-ROMs have no State.
type Disk struct {
	Slot   string // "scsi0"
	Volume string // "local:100/vm-100-disk-0.raw"
	Path   string
	State  string
	Size   int64 // bytes
	CDROM  bool
	Mount  string // of a container: where it is mounted; "" for its root file system and for a VM
}

// NIC is one network card.
type NIC struct {
	Slot   string // "net0"
	Model  string // "virtio"
	MAC    string // upper case, colons
	Bridge string
	VLAN   uint // 0 = untagged
	Down   bool // link_down=1

	// Of a container's interface, which PVE names and configures.
	Name    string // "eth0"; "" for a VM
	IP      string // "dhcp", "manual", "" or an address with its prefix length
	Gateway string
}

// Interface is a network interface inside the guest.
type Interface struct {
	Name      string
	MAC       string // lower case, as Linux prints it
	Addresses []netip.Prefix
}

// OS names an operating system as /etc/os-release and uname do.
type OS struct {
	ID            string // "debian"
	Name          string // "Debian GNU/Linux"
	PrettyName    string
	Version       string
	VersionID     string
	KernelRelease string
	KernelVersion string
	Machine       string // "x86_64"
	Hostname      string
	Timezone      string
}
