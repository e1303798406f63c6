//go:build linux

package linux

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
)

// RootSpec says what a root filesystem holds.
type RootSpec struct {
	Suite    string   // Debian release: bookworm
	Packages []string // besides the essential ones
}

// BaseRoot is what guests of the lab are made of: a Debian as its cloud images
// are, without what only hardware needs.
func BaseRoot(suite string) RootSpec {
	return RootSpec{Suite: suite, Packages: []string{
		"ca-certificates", "cron", "dbus", "iproute2", "iputils-ping", "netbase", "openssh-server", "procps",
		"python3-minimal", "sudo", "systemd", "systemd-sysv", "tzdata", "udev",
	}}
}

// rootVersion is part of the key of the cache: a change of what prepare does
// makes new roots.
const rootVersion = "1"

// Root gives the directory of a root filesystem below cache and builds it
// first, with mmdebstrap, when it is not there. What it holds is not to be
// changed: many guests look at it.
func Root(ctx context.Context, cache string, spec RootSpec) (string, error) {
	packages := slices.Sorted(slices.Values(spec.Packages))
	sum := sha256.Sum256([]byte(strings.Join(append([]string{rootVersion, spec.Suite}, packages...), "\x00")))
	dir := filepath.Join(cache, spec.Suite+"-"+hex.EncodeToString(sum[:8]))
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("root filesystems: %w", err)
	}
	lock := flock.New(dir + ".lock")
	if err := lock.Lock(); err != nil {
		return "", fmt.Errorf("root filesystems: %w", err)
	}
	defer lock.Unlock()
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	part := dir + ".part"
	err := os.RemoveAll(part)
	if err == nil {
		err = debootstrap(ctx, part, spec.Suite, packages)
	}
	if err == nil {
		err = prepare(part)
	}
	if err == nil {
		err = os.Rename(part, dir)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("build a root filesystem of %s: %w", spec.Suite, err), os.RemoveAll(part))
	}
	return dir, nil
}

func debootstrap(ctx context.Context, dir, suite string, packages []string) error {
	tool, err := exec.LookPath("mmdebstrap")
	if err != nil {
		return fmt.Errorf("it takes mmdebstrap, which is not installed: %w", err)
	}
	cmd := exec.CommandContext(ctx, tool, "--variant=minbase", "--include="+strings.Join(packages, ","),
		`--aptopt=Acquire::Languages "none"`, "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
		"--dpkgopt=path-exclude=/usr/share/locale/*", suite, dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("mmdebstrap: %w: %s", err, strings.Join(lines[max(0, len(lines)-5):], " | "))
	}
	return nil
}

// prepare takes out what each guest has of its own.
func prepare(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	own := []string{"etc/hostname", "etc/resolv.conf", "var/lib/dbus/machine-id"}
	keys, err := fs.Glob(root.FS(), "etc/ssh/ssh_host_*")
	if err != nil {
		return err
	}
	for _, name := range append(own, keys...) {
		if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return root.WriteFile("etc/machine-id", nil, 0o444)
}
