//go:build linux

package linux

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Child becomes a guest's process 1 when this process was started to be one,
// and else returns at once. A program that calls Start calls Child first of all.
func Child() {
	if len(os.Args) == 0 || os.Args[0] != childName {
		return
	}
	order, complain := os.NewFile(3, "order"), os.NewFile(4, "complain")
	unix.CloseOnExec(3)
	unix.CloseOnExec(4)
	var cfg Config
	err := json.NewDecoder(order).Decode(&cfg)
	if err == nil {
		err = become(cfg)
	}
	fmt.Fprint(complain, err)
	os.Exit(1)
}

// become builds the guest's world around this process and executes its init.
func become(cfg Config) error {
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("cgroup namespace: %w", err)
	}
	// What is mounted from here on is nobody else's.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	root := filepath.Join(cfg.State, "merged")
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", escape(cfg.Root), escape(filepath.Join(cfg.State, "upper")), escape(filepath.Join(cfg.State, "work")))
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return fmt.Errorf("mount the root filesystem: %w", err)
	}
	for _, m := range mounts(cfg) {
		if err := m.mount(root); err != nil {
			return fmt.Errorf("mount %s: %w", m.at, err)
		}
	}
	if err := devices(filepath.Join(root, "dev")); err != nil {
		return err
	}
	if err := pivot(root); err != nil {
		return fmt.Errorf("change the root directory: %w", err)
	}
	if err := unix.Sethostname([]byte(cfg.Name)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	for _, c := range dropped {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			return fmt.Errorf("drop capability %d: %w", c, err)
		}
	}
	unix.Umask(0o022)
	if err := unix.Exec(cfg.Init[0], cfg.Init, os.Environ()); err != nil {
		return fmt.Errorf("execute %s: %w", cfg.Init[0], err)
	}
	return nil
}

// dropped are capabilities over what the guest shares with the machine.
var dropped = []uintptr{unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO, unix.CAP_SYS_TIME, unix.CAP_WAKE_ALARM, unix.CAP_MAC_ADMIN, unix.CAP_MAC_OVERRIDE}

// escape protects what overlay options give a meaning.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, ",", `\,`, ":", `\:`).Replace(path)
}

// mount is one filesystem of the guest.
type mount struct {
	what, at, kind string
	flags          uintptr
	options        string
}

func (m mount) mount(root string) error {
	at := filepath.Join(root, m.at)
	if m.flags&unix.MS_BIND == 0 {
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		return unix.Mount(m.what, at, m.kind, m.flags, m.options)
	}
	info, err := os.Stat(m.what)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(at, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(at), 0o755); err == nil {
		var f *os.File
		if f, err = os.OpenFile(at, os.O_CREATE, 0o644); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(m.what, at, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if m.flags&unix.MS_RDONLY == 0 {
		return nil
	}
	return unix.Mount("", at, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|m.flags, "")
}

// mounts lists a guest's filesystems in order. The kernel's own settings are
// read-only but for those of the network, which is the guest's.
func mounts(cfg Config) []mount {
	const quiet = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	merged := filepath.Join(cfg.State, "merged")
	out := []mount{
		{"proc", "/proc", "proc", quiet, ""},
		{filepath.Join(merged, "/proc/sys"), "/proc/sys", "", unix.MS_BIND | unix.MS_RDONLY, ""},
		{"sysfs", "/sys", "sysfs", quiet | unix.MS_RDONLY, ""},
		{"tmpfs", "/sys/fs/cgroup", "tmpfs", quiet, "mode=755,size=1m"},
		{"tmpfs", "/dev", "tmpfs", unix.MS_NOSUID, "mode=755,size=1m"},
		{"devpts", "/dev/pts", "devpts", unix.MS_NOSUID | unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"},
		{"tmpfs", "/dev/shm", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=1777"},
		{"mqueue", "/dev/mqueue", "mqueue", quiet, ""},
		{"tmpfs", "/run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV, "mode=755"},
	}
	out = append(out, groupMounts()...)
	for _, b := range cfg.Binds {
		out = append(out, mount{b.From, b.To, "", unix.MS_BIND | unix.MS_RDONLY, ""})
	}
	return out
}

// devices fills /dev as a container's has to be.
func devices(dev string) error {
	for _, d := range []struct {
		name         string
		major, minor uint32
	}{{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}, {"console", 1, 3}} {
		path := filepath.Join(dev, d.name)
		if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(unix.Mkdev(d.major, d.minor))); err != nil {
			return fmt.Errorf("make /dev/%s: %w", d.name, err)
		}
		if err := os.Chmod(path, 0o666); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx"} {
		if err := os.Symlink(target, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	return nil
}

// pivot makes root the root directory and lets go of everything else.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	// The old root lies over the new one now.
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return os.Chdir("/")
}
