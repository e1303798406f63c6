package sim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/sim/shell"
	"github.com/homestak/homestak/runtime/system"
)

// operatingSystem is the memory of a machine as programs inside it see it.
type operatingSystem struct {
	*system.Memory
	binary   *Binary
	programs map[string]guest.Program
	device   device
}

// device is what an operating system can ask of the machine around it.
type device interface {
	poweroff()
	reboot()
	listening() []uint16
	pvesh(ctx context.Context, p *shell.Process) int
}

func newOS(m *system.Memory, binary *Binary, programs map[string]guest.Program, d device) *operatingSystem {
	m.SetResolver(binary.content)
	return &operatingSystem{Memory: m, binary: binary, programs: programs, device: d}
}

// referenceSize is the least size of a file that is compared with the program.
const referenceSize = 64 << 10

// WriteFile keeps a copy of the lab's own program by reference, so that an
// upload does not cost every machine a copy.
func (o *operatingSystem) WriteFile(ctx context.Context, name string, data []byte, info system.FileInfo) error {
	if len(data) >= referenceSize {
		digest, size, err := o.binary.identity()
		if err == nil && size == int64(len(data)) {
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) == digest {
				return o.PutReference(name, system.Reference{Digest: digest, Size: size}, info)
			}
		}
	}
	return o.Memory.WriteFile(ctx, name, data, info)
}

// preinstall puts the program where images have it.
func (o *operatingSystem) preinstall() error {
	digest, size, err := o.binary.identity()
	if err != nil || digest == "" {
		return err
	}
	info := system.FileInfo{Mode: 0o755, Owner: "root", Group: "root"}
	return o.PutReference(binaryPath(digest), system.Reference{Digest: digest, Size: size}, info)
}

// shell is a command interpreter for a user of this machine.
func (o *operatingSystem) shell(id shell.Identity) *shell.Shell {
	return &shell.Shell{Machine: o, User: id, Commands: o.commands(), Exec: o.exec}
}

// identity is what the kernel knows of a user.
func (o *operatingSystem) identity(ctx context.Context, name string) (shell.Identity, error) {
	u, err := o.LookupUser(ctx, name)
	if err != nil {
		return shell.Identity{}, err
	}
	return shell.Identity{Name: u.Name, Home: u.Home, Shell: u.Shell, Groups: append([]string{u.Name}, u.Groups...)}, nil
}

func rootIdentity() shell.Identity {
	return shell.Identity{Name: "root", Home: "/root", Shell: "/bin/bash", Groups: []string{"root"}}
}

// exec runs a file. The only program with machine code that a simulated
// machine can run is the lab's own.
func (o *operatingSystem) exec(ctx context.Context, p *shell.Process) int {
	digest, err := o.Digest(p.Args[0])
	if err != nil {
		fmt.Fprintf(p.Stderr, "sh: %s: %v\n", p.Args[0], err)
		return 126
	}
	own, _, err := o.binary.identity()
	if err != nil || own == "" || digest != own {
		fmt.Fprintf(p.Stderr, "sh: %s: cannot execute: the lab's machines run only the homestak program of the lab itself\n", p.Args[0])
		return 126
	}
	program := o.programs["homestak"]
	if program == nil {
		fmt.Fprintf(p.Stderr, "sh: %s: cannot execute: this lab was opened without programs\n", p.Args[0])
		return 126
	}
	if !p.User.Root() {
		fmt.Fprintf(p.Stderr, "homestak: on a lab machine it runs as root only; use sudo\n")
		return 1
	}
	return program(ctx, o, p.Args[1:], p.Stdin, p.Stdout, p.Stderr)
}
