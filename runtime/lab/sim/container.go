package sim

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/lab/sim/shell"
	"github.com/homestak/homestak/runtime/system"
)

// Install implements guest.Machine: the template is unpacked, gets host keys of
// its own, and root the password and keys.
func (m *machine) Install(ctx context.Context, hw guest.Hardware, in guest.Install) error {
	m.op.Lock()
	defer m.op.Unlock()
	disk, img, err := bootDisk(hw)
	if err != nil {
		return errors.New("the lab can make containers only of homestak's builtin templates")
	}
	if !slices.Contains(system.Bases(), img.os) {
		return nil // it is unpacked, and does not start
	}
	store, err := openStore(disk.State)
	if err != nil {
		return err
	}
	memory, _, err := store.memory(containerOS(img.os))
	if err != nil {
		return err
	}
	o := newOS(memory, m.hv.cfg.Binary, m.hv.cfg.Programs, noDevice{})
	if err := o.preinstall(); err != nil {
		return err
	}
	if err := o.imageKeys(ctx); err != nil {
		return err
	}
	if hw.Container != nil {
		if err := o.contain(ctx, hw); err != nil {
			return err
		}
	}
	if err := o.giveRoot(ctx, in); err != nil {
		return err
	}
	return store.save(memory, false)
}

// hasInit reports whether there is an operating system in a container.
func hasInit(hw guest.Hardware) bool {
	_, img, err := bootDisk(hw)
	return err == nil && slices.Contains(system.Bases(), img.os)
}

// containerOS is what a template of an operating system has installed: less than
// its disk images.
func containerOS(os string) string {
	if name := os + "-ct"; slices.Contains(system.Bases(), name) {
		return name
	}
	return os
}

func (o *operatingSystem) giveRoot(ctx context.Context, in guest.Install) error {
	if in.Password != "" {
		hash := Crypt([]byte(in.Password), "$6$"+rand.Text()[:16]+"$")
		if err := o.PutUser(ctx, system.User{Name: "root", Home: "/root", Shell: "/bin/bash", PasswordHash: hash}); err != nil {
			return err
		}
	}
	if strings.TrimSpace(in.Keys) == "" {
		return nil
	}
	const dir = "/root/.ssh"
	if err := o.Mkdir(dir, system.FileInfo{Mode: 0o700, Owner: "root", Group: "root"}); err != nil {
		return err
	}
	text := strings.TrimRight(in.Keys, "\n") + "\n"
	return o.WriteFile(ctx, path.Join(dir, "authorized_keys"), []byte(text), system.FileInfo{Mode: 0o600, Owner: "root", Group: "root"})
}

// contain writes into a container what PVE writes there before each start.
func (o *operatingSystem) contain(ctx context.Context, hw guest.Hardware) error {
	c, nics := *hw.Container, hw.NICs
	if err := o.mountPoints(ctx, hw.Disks); err != nil {
		return err
	}
	short, _, _ := strings.Cut(c.Hostname, ".")
	if short != "" {
		if err := o.SetHostname(ctx, short); err != nil {
			return err
		}
	}
	if c.Timezone != "" && c.Timezone != "host" {
		if err := o.SetTimezone(ctx, c.Timezone); err != nil {
			return err
		}
	}
	hosts, _, err := o.ReadFile(ctx, "/etc/hosts")
	if err != nil && !errors.Is(err, system.ErrNotExist) {
		return err
	}
	address := "127.0.1.1"
	for _, nic := range nics {
		if p, err := netip.ParsePrefix(nic.IP); err == nil {
			address = p.Addr().String()
			break
		}
	}
	names := c.Hostname
	if len(c.Search) > 0 && short == c.Hostname && short != "" {
		names = short + "." + c.Search[0] + " " + short
	} else if short != c.Hostname {
		names = c.Hostname + " " + short
	}
	files := map[string]string{
		"/etc/hosts":              section(string(hosts), address+" "+names+"\n"),
		"/etc/network/interfaces": interfacesFile(nics),
		"/etc/resolv.conf":        section("", resolvConf(c)),
	}
	for _, name := range []string{"/etc/hosts", "/etc/network/interfaces", "/etc/resolv.conf"} {
		old, _, err := o.ReadFile(ctx, name)
		if err == nil && bytes.Equal(old, []byte(files[name])) {
			continue
		}
		if err := o.WriteFile(ctx, name, []byte(files[name]), system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}); err != nil {
			return err
		}
	}
	return nil
}

// mountPoints makes the directories that disks are mounted on. What is written
// there stays on the root file system: the lab's containers have one.
func (o *operatingSystem) mountPoints(ctx context.Context, disks []guest.Disk) error {
	for _, d := range disks {
		if d.Mount == "" {
			continue
		}
		if _, err := o.Stat(d.Mount); errors.Is(err, system.ErrNotExist) {
			err = o.Mkdir(d.Mount, system.FileInfo{Mode: 0o755, Owner: "root", Group: "root"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// section puts text between PVE's marks, in place of what was between them.
func section(old, text string) string {
	const begin, end = "# --- BEGIN PVE ---\n", "# --- END PVE ---\n"
	before, rest, found := strings.Cut(old, begin)
	if found {
		_, rest, _ = strings.Cut(rest, end)
	} else {
		before, rest = old, ""
	}
	return before + begin + text + end + rest
}

func resolvConf(c guest.Container) string {
	var b strings.Builder
	if len(c.Search) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(c.Search, " "))
	}
	for _, server := range c.Nameservers {
		fmt.Fprintf(&b, "nameserver %s\n", server)
	}
	return b.String()
}

// interfacesFile is /etc/network/interfaces as PVE writes it for Debian.
func interfacesFile(nics []guest.NIC) string {
	var b strings.Builder
	b.WriteString("auto lo\niface lo inet loopback\n")
	for _, nic := range nics {
		fmt.Fprintf(&b, "\nauto %s\n", nic.Name)
		switch p, err := netip.ParsePrefix(nic.IP); {
		case err == nil:
			fmt.Fprintf(&b, "iface %s inet static\n\taddress %s\n", nic.Name, p)
			if nic.Gateway != "" {
				fmt.Fprintf(&b, "\tgateway %s\n", nic.Gateway)
			}
		case nic.IP == "dhcp":
			fmt.Fprintf(&b, "iface %s inet dhcp\n", nic.Name)
		default:
			fmt.Fprintf(&b, "iface %s inet manual\n", nic.Name)
		}
	}
	return b.String()
}

// containerNIC is the configuration that PVE gives a container's interface.
func containerNIC(nic guest.NIC) ethernet {
	e := ethernet{DHCP4: nic.IP == "dhcp", Gateway4: nic.Gateway}
	if _, err := netip.ParsePrefix(nic.IP); err == nil {
		e.Addresses = []string{nic.IP}
	}
	return e
}

// noDevice is around an operating system that does not run.
type noDevice struct{}

func (noDevice) poweroff()           {}
func (noDevice) reboot()             {}
func (noDevice) listening() []uint16 { return nil }
func (noDevice) pvesh(context.Context, *shell.Process) int {
	return 1
}
