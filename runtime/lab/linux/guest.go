//go:build linux

package linux

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Config describes one guest.
type Config struct {
	Name   string   // unique on the machine; host name until the guest sets another
	Root   string   // its root filesystem, shared and never written
	State  string   // directory with what it changes; kept when it stops
	Binds  []Bind   // files of the machine it sees, read-only
	Files  []File   // written before it starts
	Init   []string // process 1; /sbin/init when empty
	Limits Limits

	// Network, if not nil, gives the guest its network. It is called before
	// anything of the guest runs, with a process whose network namespace is the
	// guest's.
	Network func(pid int) error `json:"-"`
}

// Bind is a file or directory of the machine at a path of the guest.
type Bind struct{ From, To string }

// File is a file of root's that a guest is given.
type File struct {
	Path string // absolute
	Data []byte
	Mode os.FileMode
}

// Guest is a running Linux system.
type Guest struct {
	cfg    Config
	pid    int
	pidfd  int
	groups *groups
	done   chan struct{}
	how    syscall.WaitStatus // after done

	mu sync.Mutex // pidfd is open while done is not closed
}

// childName is how the process that becomes process 1 is called.
const childName = "homestak-guest"

// Start switches a guest on and returns when its process 1 is executed.
func Start(ctx context.Context, cfg Config) (*Guest, error) {
	if len(cfg.Init) == 0 {
		cfg.Init = []string{"/sbin/init"}
	}
	for _, dir := range []string{"upper", "work", "merged"} {
		if err := os.MkdirAll(filepath.Join(cfg.State, dir), 0o755); err != nil {
			return nil, fmt.Errorf("guest %s: %w", cfg.Name, err)
		}
	}
	g := &Guest{cfg: cfg, pidfd: -1, done: make(chan struct{})}
	err := g.give(cfg.Files)
	g.cfg.Files = nil // the child has no use for them
	if err == nil {
		err = g.start(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("guest %s: %w", cfg.Name, err)
	}
	return g, nil
}

// give writes files where the guest's changes are kept.
func (g *Guest) give(files []File) error {
	upper, err := os.OpenRoot(filepath.Join(g.cfg.State, "upper"))
	if err != nil {
		return err
	}
	defer upper.Close()
	for _, f := range files {
		name := strings.TrimPrefix(filepath.Clean(f.Path), "/")
		if err := upper.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := upper.WriteFile(name, f.Data, f.Mode); err != nil {
			return err
		}
		if err := upper.Chmod(name, f.Mode); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guest) start(ctx context.Context) (err error) {
	order, giveOrder, err := os.Pipe()
	if err != nil {
		return err
	}
	defer giveOrder.Close()
	complaint, complain, err := os.Pipe()
	if err != nil {
		order.Close()
		return err
	}
	defer complaint.Close()
	if g.groups, err = makeGroups(g.cfg.Name, g.cfg.Limits); err != nil {
		order.Close()
		complain.Close()
		return err
	}
	console, err := os.OpenFile(filepath.Join(g.cfg.State, "console"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		order.Close()
		complain.Close()
		return errors.Join(err, g.groups.remove())
	}

	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{childName}
	cmd.Env = []string{"container=homestak", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.ExtraFiles = []*os.File{order, complain}
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET,
		Setsid:     true,
		Pdeathsig:  unix.SIGKILL,
		PidFD:      &g.pidfd,
	}
	started := make(chan error)
	go func() {
		// The kernel kills the child when the thread that made it ends, so this
		// thread does nothing else until then, and then ends.
		runtime.LockOSThread()
		err := cmd.Start()
		order.Close()
		complain.Close()
		console.Close()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait()
		g.how, _ = cmd.ProcessState.Sys().(syscall.WaitStatus)
		g.mu.Lock()
		close(g.done)
		unix.Close(g.pidfd)
		g.mu.Unlock()
	}()
	if err := <-started; err != nil {
		return errors.Join(err, g.groups.remove())
	}
	g.pid = cmd.Process.Pid

	err = g.groups.add(g.pid)
	if err == nil && g.cfg.Network != nil {
		err = g.cfg.Network(g.pid)
	}
	if err == nil {
		err = json.NewEncoder(giveOrder).Encode(g.cfg)
	}
	giveOrder.Close()
	if err == nil {
		stop := context.AfterFunc(ctx, func() { _ = g.signal(unix.SIGKILL) })
		said, readErr := io.ReadAll(complaint)
		if !stop() {
			err = context.Cause(ctx)
		} else if err = readErr; len(said) > 0 {
			err = errors.New(string(said))
		}
	}
	if err != nil {
		return errors.Join(err, g.Stop())
	}
	return nil
}

// PID of the guest's process 1 as the machine sees it.
func (g *Guest) PID() int { return g.pid }

// Done is closed when the guest is off.
func (g *Guest) Done() <-chan struct{} { return g.done }

// Rebooting reports, once Done is closed, whether the guest switched itself off
// to start anew.
func (g *Guest) Rebooting() bool { return g.how.Signaled() && g.how.Signal() == unix.SIGHUP }

// Stop takes the power away. It is no error when there is none.
func (g *Guest) Stop() error {
	err := g.signal(unix.SIGKILL)
	<-g.done
	return errors.Join(err, g.groups.remove())
}

// Shutdown asks the guest to power off and waits until it has.
func (g *Guest) Shutdown(ctx context.Context) error {
	// SIGRTMIN+4 is how systemd is told to power off; it blocks no other init.
	if err := g.signal(syscall.Signal(34 + 4)); err != nil {
		return err
	}
	select {
	case <-g.done:
		return g.groups.remove()
	case <-ctx.Done():
		return fmt.Errorf("guest %s did not power off: %w", g.cfg.Name, context.Cause(ctx))
	}
}

func (g *Guest) signal(s syscall.Signal) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.done:
		return nil
	default:
	}
	if err := unix.PidfdSendSignal(g.pidfd, s, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("guest %s: %w", g.cfg.Name, err)
	}
	return nil
}

// ErrOff is returned for a program that is to run in a guest that is off.
var ErrOff = errors.New("the guest is off")

// Run executes a program, by its absolute path, inside the guest as root. The
// command's files and environment are cmd's; its directory is a path of the guest.
func (g *Guest) Run(cmd *exec.Cmd) error {
	ran := make(chan error, 1)
	go func() {
		// The thread takes on the guest's namespaces and is of no other use after
		// that: it ends with this goroutine.
		runtime.LockOSThread()
		ran <- g.enter(cmd)
	}()
	if err := <-ran; err != nil {
		return fmt.Errorf("guest %s: %w", g.cfg.Name, err)
	}
	return cmd.Wait()
}

func (g *Guest) enter(cmd *exec.Cmd) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-g.done:
		return ErrOff
	default:
	}
	if err := g.groups.addThread(); err != nil {
		return err
	}
	if g.groups.v2 != "" {
		group, err := os.Open(g.groups.v2)
		if err != nil {
			return err
		}
		defer group.Close()
		if cmd.SysProcAttr == nil {
			cmd.SysProcAttr = &syscall.SysProcAttr{}
		}
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(group.Fd())
	}
	// A thread that shares its root directory with others cannot change mounts.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Setns(g.pidfd, unix.CLONE_NEWNS|unix.CLONE_NEWPID|unix.CLONE_NEWUTS|unix.CLONE_NEWIPC|unix.CLONE_NEWNET|unix.CLONE_NEWCGROUP); err != nil {
		return err
	}
	return cmd.Start()
}
