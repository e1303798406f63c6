package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/homestak/homestak/runtime/lab/guest"
	"github.com/homestak/homestak/runtime/system"
)

// machine is one guest, on or off.
type machine struct {
	hv   *Hypervisor
	vmid uint
	off  func() // tells the lab that the guest powered off by itself

	op sync.Mutex // held while the power is switched

	mu sync.Mutex
	on *power // nil while off
}

var _ guest.Machine = (*machine)(nil)

func (m *machine) current() *power {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on
}

func (m *machine) set(p *power) {
	m.mu.Lock()
	m.on = p
	m.mu.Unlock()
	m.hv.mu.Lock()
	defer m.hv.mu.Unlock()
	if p == nil {
		delete(m.hv.running, m)
	} else {
		m.hv.running[m] = struct{}{}
	}
}

// switchOn begins a boot, or goes on where the machine was when resume is set.
func (m *machine) switchOn(hw guest.Hardware, resume bool) error {
	if m.current() != nil {
		return fmt.Errorf("VM %d already running", m.vmid)
	}
	p := newPower(m, hw)
	m.set(p)
	go p.boot(resume)
	return nil
}

// Start implements guest.Machine.
func (m *machine) Start(_ context.Context, hw guest.Hardware) error {
	m.op.Lock()
	defer m.op.Unlock()
	if hw.Container != nil && !hasInit(hw) {
		return &guest.StartError{
			Reason: fmt.Sprintf("unable to get PID for CT %d (not running?)", m.vmid),
			Log:    []string{"failed to connect to monitor socket: Connection refused"},
		}
	}
	return m.switchOn(hw, false)
}

// Resume implements guest.Machine. It returns when the machine is as it was,
// so that whoever opens a lab finds its guests there; one that must boot after
// all is left to it.
func (m *machine) Resume(ctx context.Context, hw guest.Hardware) error {
	m.op.Lock()
	defer m.op.Unlock()
	if err := m.switchOn(hw, true); err != nil {
		return err
	}
	p := m.current()
	select {
	case <-p.booted:
	case <-p.booting:
	case <-ctx.Done():
	}
	return nil
}

// Shutdown implements guest.Machine. A machine that is still booting shuts
// down when it is up.
func (m *machine) Shutdown(ctx context.Context) error {
	m.op.Lock()
	defer m.op.Unlock()
	p := m.current()
	if p == nil {
		return nil
	}
	select {
	case <-p.booted:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !p.up() {
		return fmt.Errorf("VM %d: %w", m.vmid, guest.ErrNoReaction)
	}
	return m.cut(p)
}

// cut ends a power and leaves the machine off.
func (m *machine) cut(p *power) error {
	err := p.end(false)
	m.set(nil)
	return err
}

// Stop implements guest.Machine.
func (m *machine) Stop() error {
	m.op.Lock()
	defer m.op.Unlock()
	if p := m.current(); p != nil {
		return m.cut(p)
	}
	return nil
}

// Reset implements guest.Machine.
func (m *machine) Reset(context.Context) error {
	m.op.Lock()
	defer m.op.Unlock()
	p := m.current()
	if p == nil {
		return fmt.Errorf("VM %d not running", m.vmid)
	}
	if err := m.cut(p); err != nil {
		return err
	}
	return m.switchOn(p.hardware(), false)
}

// Pause implements guest.Machine. One that is still booting is up before.
func (m *machine) Pause(ctx context.Context) error {
	if p := m.current(); p != nil {
		select {
		case <-p.booted:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return m.suspend()
}

// suspend ends a power so that Resume goes on from here.
func (m *machine) suspend() error {
	m.op.Lock()
	defer m.op.Unlock()
	p := m.current()
	if p == nil {
		return nil
	}
	err := p.end(true)
	m.set(nil)
	return err
}

// leave is the guest switching itself off, or rebooting.
func (m *machine) leave(p *power, reboot bool) {
	m.op.Lock()
	gone := m.current() == p
	if gone {
		if err := m.cut(p); err != nil {
			m.hv.cfg.Log(m.vmid, "error", err.Error())
		}
		if reboot {
			if err := m.switchOn(p.hardware(), false); err != nil {
				m.hv.cfg.Log(m.vmid, "error", err.Error())
			}
		}
	}
	m.op.Unlock()
	if gone && !reboot && m.off != nil {
		m.off()
	}
}

// Hotplug implements guest.Machine.
func (m *machine) Hotplug(_ context.Context, hw guest.Hardware) error {
	m.op.Lock()
	defer m.op.Unlock()
	p := m.current()
	if p == nil {
		return fmt.Errorf("VM %d not running", m.vmid)
	}
	return p.hotplug(hw)
}

// Running implements guest.Machine.
func (m *machine) Running() bool { return m.current() != nil }

// AgentReady implements guest.Machine.
func (m *machine) AgentReady() bool {
	p := m.current()
	return p != nil && p.agentReady()
}

// Interfaces implements guest.Machine.
func (m *machine) Interfaces() []guest.Interface {
	if p := m.current(); p != nil && p.up() {
		return p.interfaces()
	}
	return nil
}

// OS implements guest.Machine.
func (m *machine) OS() guest.OS {
	if p := m.current(); p != nil && p.up() {
		return p.describe()
	}
	return guest.OS{}
}

// ReadFile implements guest.Machine.
func (m *machine) ReadFile(ctx context.Context, path string) ([]byte, error) {
	p := m.current()
	if p == nil || !p.up() {
		return nil, errNotUp
	}
	data, _, err := p.os.ReadFile(ctx, path)
	return data, asFileError(err)
}

// WriteFile implements guest.Machine.
func (m *machine) WriteFile(ctx context.Context, path string, data []byte) error {
	p := m.current()
	if p == nil || !p.up() {
		return errNotUp
	}
	if err := p.os.WriteFile(ctx, path, data, system.FileInfo{Mode: 0o644, Owner: "root", Group: "root"}); err != nil {
		return asFileError(err)
	}
	return p.persist()
}

// HasProgram implements guest.Machine.
func (m *machine) HasProgram(name string) bool {
	p := m.current()
	return p != nil && p.up() && p.os.shell(rootIdentity()).Has(name)
}

// Exec implements guest.Machine. What the program did is on disk when it
// returns.
func (m *machine) Exec(ctx context.Context, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	p := m.current()
	if p == nil || !p.up() {
		return 0, errNotUp
	}
	status := p.os.shell(rootIdentity()).RunArgs(ctx, argv, stdin, stdout, stderr)
	if err := p.persist(); err != nil {
		return 0, err
	}
	go p.settle() // it may have switched itself off
	return status, nil
}

var errNotUp = errors.New("the operating system is not up")

func asFileError(err error) error {
	if errors.Is(err, system.ErrNotExist) {
		return fmt.Errorf("%w: %v", fs.ErrNotExist, err)
	}
	return err
}

// Destroy implements guest.Machine.
func (m *machine) Destroy() error {
	if m.Running() {
		return errors.New("the machine is running")
	}
	return nil
}
