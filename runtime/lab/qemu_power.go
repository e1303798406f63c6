package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// shutdownTimeout is PVE's default for a guest to react.
const shutdownTimeout = 60 * time.Second

// power starts a task on a guest that works under its lock file, after the
// checks that PVE makes there.
func (c *call) power(kind string, work func(t *task, v *vm) error) (any, error) {
	vmid, skip := c.vmid(), c.flag("skiplock")
	if skip && !c.who.isRoot() {
		return nil, badParam("skiplock", "Only root may use this option.")
	}
	return c.start(kind, vmidText(vmid), func(t *task) error {
		unlock, err := c.lockVM(t.ctx, vmid, t)
		if err != nil {
			return err
		}
		defer unlock()
		v, err := c.lookup(vmid)
		if err != nil {
			return err
		}
		// What is suspended to disk can be started, resumed and destroyed.
		waking := v.lock() == "suspended" && (kind == "qmstart" || kind == "qmresume" || kind == "qmdestroy")
		if err := v.unlocked(); err != nil && !skip && !waking {
			return err
		}
		if err := t.delay(); err != nil {
			return err
		}
		return work(t, v)
	})
}

// qemuStart answers with a UPID even for a guest that does not exist: only the
// task fails.
func (c *call) qemuStart() (any, error) {
	return c.power("qmstart", func(t *task, v *vm) error { return c.boot(t, v) })
}

// startVM is the start at the end of a create.
func (l *Lab) startVM(t *task, vmid uint) error {
	unlock, err := l.lockVM(t.ctx, vmid, t)
	if err != nil {
		return err
	}
	defer unlock()
	v, err := l.lookup(vmid)
	if err != nil {
		return err
	}
	return l.boot(t, v)
}

// boot applies what is pending and switches the machine on.
func (l *Lab) boot(t *task, v *vm) error {
	if v.isCT() {
		return l.bootCT(t, v)
	}
	if v.running() {
		return fmt.Errorf("VM %d already running", v.VMID)
	}
	if v.template() {
		return errors.New("you can't start a vm if it's a template")
	}
	if v.lock() == "suspended" {
		return l.wake(t, v)
	}
	pending := len(v.Pending)+len(v.Unset) > 0
	freed := v.applyPending()
	if seedDrive(v.Config) != "" {
		t.logf("generating cloud-init ISO")
		if err := l.generate(v); err != nil {
			return err
		}
	}
	if err := l.checkHardware(v); err != nil {
		return asStartError(t, err)
	}
	if pending {
		if err := l.saveConfig(v); err != nil {
			return err
		}
		if err := l.release(v.Node, freed); err != nil {
			return err
		}
	}
	if err := v.machine.Start(t.ctx, l.hardware(v)); err != nil {
		return asStartError(t, err)
	}
	return l.poweredOn(v.VMID)
}

// qemuStop takes the power away; a guest that is off already is fine.
func (c *call) qemuStop() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	return c.power("qmstop", func(t *task, v *vm) error { return c.halt(v) })
}

func (l *Lab) halt(v *vm) error {
	if v.running() {
		if err := v.machine.Stop(); err != nil {
			return err
		}
	}
	l.poweredOff(v.VMID)
	return nil
}

// qemuShutdown asks the guest to power off.
func (c *call) qemuShutdown() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	wait, force := c.shutdownTime(), c.flag("forceStop")
	return c.power("qmshutdown", func(t *task, v *vm) error {
		if !v.running() {
			return nil
		}
		err := c.shutdown(t.ctx, v, wait)
		if err == nil {
			return nil
		}
		if !force || t.ctx.Err() != nil {
			return err
		}
		t.logf("VM still running - terminating now with SIGTERM")
		return c.halt(v)
	})
}

func (c *call) shutdownTime() time.Duration {
	return time.Duration(c.number("timeout", int64(shutdownTimeout/time.Second))) * time.Second
}

// shutdown waits until the guest is off. One that does not react keeps the task
// waiting until its time is over, as the real one does.
func (l *Lab) shutdown(ctx context.Context, v *vm, wait time.Duration) error {
	limited, cancel := l.timeout(ctx, wait)
	defer cancel()
	err := guest.ErrNoReaction
	if !v.Paused {
		err = v.machine.Shutdown(limited)
	}
	if errors.Is(err, guest.ErrNoReaction) {
		<-limited.Done()
	}
	if err == nil {
		l.poweredOff(v.VMID)
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.New("VM quit/powerdown failed - got timeout")
}

// qemuReboot restarts a VM.
func (c *call) qemuReboot() (any, error) { return c.reboot("qmreboot", c.shutdown) }

// reboot is a shutdown and a start: pending changes take effect.
func (c *call) reboot(kind string, shutdown func(context.Context, *vm, time.Duration) error) (any, error) {
	if err := c.mustRun(); err != nil {
		return nil, err
	}
	wait := c.shutdownTime()
	return c.power(kind, func(t *task, v *vm) error {
		if !v.running() {
			return fmt.Errorf("VM %d not running", v.VMID)
		}
		if err := shutdown(t.ctx, v, wait); err != nil {
			return err
		}
		v, err := c.lookup(v.VMID)
		if err != nil {
			return err
		}
		return c.boot(t, v)
	})
}

// qemuReset presses the reset button.
func (c *call) qemuReset() (any, error) {
	if err := c.mustRun(); err != nil {
		return nil, err
	}
	return c.power("qmreset", func(t *task, v *vm) error {
		if !v.running() {
			return fmt.Errorf("VM %d not running", v.VMID)
		}
		if v.Paused {
			if err := v.machine.Start(t.ctx, c.hardware(v)); err != nil {
				return asStartError(t, err)
			}
			return c.setPaused(v.VMID, false)
		}
		return v.machine.Reset(t.ctx)
	})
}

// mustRun is PVE's check before a reboot or reset task.
func (c *call) mustRun() error {
	v, err := c.vm()
	if err != nil {
		return err
	}
	if !v.running() {
		return fmt.Errorf("VM %d not running", v.VMID)
	}
	return nil
}

// qemuDelete is DELETE /nodes/{node}/qemu/{vmid}.
func (c *call) qemuDelete() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if v.Config["protection"] == "1" {
		return nil, fmt.Errorf("can't remove VM %d - protection mode enabled", v.VMID)
	}
	if v.running() {
		return nil, fmt.Errorf("VM %d is running - destroy failed", v.VMID)
	}
	purge := c.flag("purge")
	if err := c.unmanaged(v, purge); err != nil {
		return nil, err
	}
	return c.power("qmdestroy", func(t *task, v *vm) error {
		if v.running() {
			return fmt.Errorf("VM %d is running - destroy failed", v.VMID)
		}
		if err := c.inUseBase(v); err != nil {
			return err
		}
		if purge {
			t.logf("purging VM %d from related configurations..", v.VMID)
			if err := c.purge(v); err != nil {
				return err
			}
		}
		return c.forget(v.VMID)
	})
}
