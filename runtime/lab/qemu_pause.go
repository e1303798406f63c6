package lab

import (
	"errors"
	"fmt"
	"time"
)

// qemuSuspend is POST …/status/suspend: the CPUs stand still, or with todisk
// the guest's memory goes to a volume and its power off.
func (c *call) qemuSuspend() (any, error) {
	if err := c.mustRun(); err != nil {
		return nil, err
	}
	if !c.flag("todisk") {
		return c.power("qmpause", func(t *task, v *vm) error {
			if !v.running() {
				return fmt.Errorf("VM %d not running", v.VMID)
			}
			return c.pause(t, v)
		})
	}
	storage := c.str("statestorage")
	if c.has("statestorage") {
		if _, err := c.usableNamed(c.node(), storage); err != nil {
			return nil, err
		}
	}
	return c.power("qmsuspend", func(t *task, v *vm) error {
		if !v.running() {
			return fmt.Errorf("VM %d not running", v.VMID)
		}
		return c.hibernate(t, v, storage)
	})
}

func (l *Lab) pause(t *task, v *vm) error {
	if v.Paused {
		return nil
	}
	if err := v.machine.Pause(t.ctx); err != nil {
		return err
	}
	return l.setPaused(v.VMID, true)
}

func (l *Lab) setPaused(vmid uint, paused bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.vms[vmid].clone()
	v.Paused = paused
	return l.saveLocked(v)
}

// hibernate saves a guest's memory and switches it off; its next start goes on
// from there.
func (l *Lab) hibernate(t *task, v *vm, storage string) error {
	at := l.storageNamed(v.Node, storage)
	if at == nil {
		at = l.stateStorage(v)
	}
	day := l.now().UTC().Format(time.DateOnly)
	vol, err := l.makeVolume(spot{
		storage: at, vmid: v.VMID, stem: fmt.Sprintf("vm-%d-state-suspend-%s", v.VMID, day), format: "raw",
	}, content{size: stateSize(v)})
	if err != nil {
		return err
	}
	vol.logMade(t.logf)
	if err := l.pause(t, v); err != nil {
		return errors.Join(err, l.removeVolume(vol))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	off := l.vms[v.VMID].clone()
	off.Running, off.Paused, off.Since = false, false, 0
	off.Config["lock"], off.Config["vmstate"] = "suspended", vol.id()
	return l.saveLocked(off)
}

// stateSize is how large PVE makes the volume for a guest's memory.
func stateSize(v *vm) int64 { return (int64(memoryOf(v.Config))*2 + 500) << 20 }

// wake is the start of a guest that is suspended to disk.
func (l *Lab) wake(t *task, v *vm) error {
	state := v.Config["vmstate"]
	t.logf("Resuming suspended VM")
	if err := v.machine.Resume(t.ctx, l.hardware(v)); err != nil {
		return asStartError(t, err)
	}
	delete(v.Config, "lock")
	delete(v.Config, "vmstate")
	if err := l.saveConfig(v); err != nil {
		return err
	}
	if err := l.poweredOn(v.VMID); err != nil {
		return err
	}
	t.logf("Resumed VM, removing state")
	return l.release(v.Node, []string{state})
}

// qemuResume is POST …/status/resume.
func (c *call) qemuResume() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if !v.running() && v.lock() != "suspended" {
		return nil, fmt.Errorf("VM %d not running", v.VMID)
	}
	return c.power("qmresume", func(t *task, v *vm) error {
		switch {
		case v.lock() == "suspended":
			return c.wake(t, v)
		case !v.running():
			return fmt.Errorf("VM %d not running", v.VMID)
		case !v.Paused:
			return nil
		}
		if err := v.machine.Resume(t.ctx, c.hardware(v)); err != nil {
			return asStartError(t, err)
		}
		return c.setPaused(v.VMID, false)
	})
}

// qemuFeature is GET …/feature.
func (c *call) qemuFeature() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	feature, snap, config := c.str("feature"), c.str("snapname"), v.Config
	if snap != "" {
		s, err := v.snapshot(snap)
		if err != nil {
			return nil, err
		}
		config = s.Config
	}
	has := 1
	for _, d := range c.snapshotDrives(v.Node, config) {
		if d.vol == nil || !d.vol.can(feature, snap) {
			has = 0
		}
	}
	return map[string]any{"hasFeature": has, "nodes": []string{c.node()}}, nil
}
