//go:build linux

package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Linux is the Debian machine this process runs on. Its methods act through the
// machine's own tools (apt, useradd, systemctl) where there is a database to
// keep, and on files where the file is the truth. They need root.
type Linux struct {
	units   unitManager
	patient time.Duration // how long a lock of apt or dpkg is waited for
}

var _ System = (*Linux)(nil)

// Local is the machine this process runs on.
func Local() (System, error) {
	return &Linux{units: initSystem(), patient: lockPatience}, nil
}

// environment of every program: no locale of the caller's, no pager, no questions.
var environment = []string{
	"LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root", "LOGNAME=root",
	"DEBIAN_FRONTEND=noninteractive", "APT_LISTCHANGES_FRONTEND=none", "NEEDRESTART_MODE=l", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0",
}

// lastWords bounds what of a failed program's messages becomes an error.
const lastWords = 4096

// Run implements System.
func (l *Linux) Run(ctx context.Context, stdin []byte, argv ...string) ([]byte, error) {
	if len(argv) == 0 {
		return nil, errors.New("run: no program")
	}
	program, err := findProgram(argv[0])
	if err != nil {
		return nil, &ExitError{Argv: argv, Code: 127, Stderr: argv[0] + ": command not found"}
	}
	cmd := exec.CommandContext(ctx, program, argv[1:]...)
	cmd.Env = environment
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout bytes.Buffer
	stderr := &tail{max: lastWords}
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	// The whole family ends with its head: apt leaves children that hold locks.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return stdout.Bytes(), fmt.Errorf("%s: %w", argv[0], context.Cause(ctx))
	case errors.As(err, &exit):
		return stdout.Bytes(), &ExitError{Argv: argv, Code: exit.ExitCode(), Stderr: strings.TrimSpace(stderr.String())}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return stdout.Bytes(), fmt.Errorf("%s: %w", argv[0], err)
	}
	return stdout.Bytes(), nil
}

// findProgram looks in the path of environment, not in the caller's.
func findProgram(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path, _ := strings.CutPrefix(environment[1], "PATH=")
	for dir := range strings.SplitSeq(path, ":") {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", exec.ErrNotFound
}

// tail keeps the end of what is written to it.
type tail struct {
	max  int
	data []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.data = append(t.data, p...)
	if over := len(t.data) - t.max; over > t.max {
		t.data = append(t.data[:0], t.data[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	if over := len(t.data) - t.max; over > 0 {
		return "…" + string(t.data[over:])
	}
	return string(t.data)
}

// Hostname implements System: the name in /etc/hostname, which is what the
// machine has after its next start, else the kernel's.
func (l *Linux) Hostname(context.Context) (string, error) {
	data, err := os.ReadFile("/etc/hostname")
	if name := strings.TrimSpace(string(data)); err == nil && name != "" {
		return name, nil
	}
	return os.Hostname()
}

// SetHostname implements System.
func (l *Linux) SetHostname(ctx context.Context, name string) error {
	if name == "" || len(name) > 64 || strings.ContainsAny(name, " \t\n/") {
		return &ExitError{Argv: []string{"hostname", name}, Code: 1, Stderr: "Invalid hostname '" + name + "'"}
	}
	err := l.WriteFile(ctx, "/etc/hostname", []byte(name+"\n"), FileInfo{Mode: 0o644, Owner: "root", Group: "root"})
	if err == nil {
		err = unix.Sethostname([]byte(name))
	}
	if err != nil {
		return fmt.Errorf("set host name %q: %w", name, err)
	}
	return nil
}

const zoneInfo = "/usr/share/zoneinfo/"

// Timezone implements System.
func (l *Linux) Timezone(context.Context) (string, error) {
	target, err := os.Readlink("/etc/localtime")
	if errors.Is(err, os.ErrNotExist) {
		return "Etc/UTC", nil // what the C library makes of it
	}
	if err == nil {
		if _, zone, ok := strings.Cut(target, "zoneinfo/"); ok {
			return zone, nil
		}
	}
	data, err := os.ReadFile("/etc/timezone")
	if err != nil {
		return "", fmt.Errorf("time zone: neither /etc/localtime nor /etc/timezone names one: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// SetTimezone implements System. The zone must be installed.
func (l *Linux) SetTimezone(ctx context.Context, name string) error {
	refused := &ExitError{
		Argv: []string{"timedatectl", "set-timezone", name}, Code: 1,
		Stderr: "Failed to set time zone: Invalid or not installed time zone '" + name + "'",
	}
	if name == "" || !filepath.IsLocal(name) {
		return refused
	}
	if info, err := os.Stat(zoneInfo + name); err != nil || !info.Mode().IsRegular() {
		return refused
	}
	const link, fresh = "/etc/localtime", "/etc/localtime.homestak"
	err := os.Remove(fresh)
	if err == nil || errors.Is(err, os.ErrNotExist) {
		err = os.Symlink(zoneInfo+name, fresh)
	}
	if err == nil {
		err = os.Rename(fresh, link)
	}
	if err == nil {
		err = l.WriteFile(ctx, "/etc/timezone", []byte(name+"\n"), FileInfo{Mode: 0o644, Owner: "root", Group: "root"})
	}
	if err != nil {
		return fmt.Errorf("set time zone %q: %w", name, err)
	}
	return nil
}
