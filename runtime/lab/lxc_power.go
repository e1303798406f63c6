package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
)

// ctStart answers with a UPID even for a container that does not exist: only
// the task fails.
func (c *call) ctStart() (any, error) {
	if v, err := c.vm(); err == nil && v.running() {
		return nil, fmt.Errorf("CT %d already running", v.VMID)
	}
	return c.power("vzstart", func(t *task, v *vm) error { return c.boot(t, v) })
}

// bootCT applies what is pending and starts a container.
func (l *Lab) bootCT(t *task, v *vm) error {
	if v.running() {
		return fmt.Errorf("CT %d already running", v.VMID)
	}
	if v.template() {
		return errors.New("you can't start a CT if it's a template")
	}
	pending := len(v.Pending)+len(v.Unset) > 0
	freed := v.applyPending()
	if err := l.checkHardware(v); err != nil {
		t.logf("%s", err.Error())
		return fmt.Errorf("startup for container '%d' failed", v.VMID)
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

// mustRunCT is PVE's check before most power tasks of a container.
func (c *call) mustRunCT() error {
	v, err := c.vm()
	if err == nil && !v.running() {
		err = fmt.Errorf("CT %d not running", v.VMID)
	}
	return err
}

// ctStop takes the power away.
func (c *call) ctStop() (any, error) {
	if err := c.mustRunCT(); err != nil {
		return nil, err
	}
	return c.power("vzstop", func(_ *task, v *vm) error {
		if !v.running() {
			return fmt.Errorf("CT %d not running", v.VMID)
		}
		return c.halt(v)
	})
}

// ctShutdown asks the container's init to end.
func (c *call) ctShutdown() (any, error) {
	if err := c.mustRunCT(); err != nil {
		return nil, err
	}
	wait, force := c.shutdownTime(), c.flag("forceStop")
	return c.power("vzshutdown", func(t *task, v *vm) error {
		if !v.running() {
			return fmt.Errorf("CT %d not running", v.VMID)
		}
		err := c.shutdownCT(t.ctx, v, wait)
		if err == nil || t.ctx.Err() != nil {
			return err
		}
		t.logf("command 'lxc-stop -n %d --nokill --timeout %d' failed: exit code 1", v.VMID, int(wait.Seconds()))
		if !force {
			return err
		}
		return c.halt(v)
	})
}

// shutdownCT waits until the container is off.
func (l *Lab) shutdownCT(ctx context.Context, v *vm, wait time.Duration) error {
	limited, cancel := l.timeout(ctx, wait)
	defer cancel()
	err := v.machine.Shutdown(limited)
	if errors.Is(err, guest.ErrNoReaction) {
		<-limited.Done()
	}
	switch {
	case err == nil:
		l.poweredOff(v.VMID)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return errors.New("container did not stop")
}

// ctReboot restarts a container.
func (c *call) ctReboot() (any, error) { return c.reboot("vzreboot", c.shutdownCT) }

// ctDelete is DELETE /nodes/{node}/lxc/{vmid}.
func (c *call) ctDelete() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	purge, force := c.flag("purge"), c.flag("force")
	if v.Config["protection"] == "1" {
		return nil, fmt.Errorf("can't remove CT %d - protection mode enabled", v.VMID)
	}
	if err := c.unmanaged(v, purge); err != nil {
		return nil, err
	}
	running := fmt.Errorf("unable to destroy CT %d - container is running", v.VMID)
	if v.running() && !force {
		return nil, running
	}
	return c.power("vzdestroy", func(t *task, v *vm) error {
		if v.running() {
			if !force {
				return running
			}
			t.logf("forced to stop CT %d before destroying!", v.VMID)
			if err := c.halt(v); err != nil {
				return err
			}
		}
		if err := c.inUseBase(v); err != nil {
			return err
		}
		if purge {
			t.logf("purging CT %d from related configurations..", v.VMID)
			if err := c.purge(v); err != nil {
				return err
			}
		}
		return c.forget(v.VMID)
	})
}
