package lab

import (
	"errors"
	"fmt"
	"maps"
)

// snapshotRollback is POST …/snapshot/{snapname}/rollback.
func (c *call) snapshotRollback() (any, error) {
	name, start := c.str("snapname"), c.flag("start")
	return c.power(c.worker("rollback"), func(t *task, v *vm) error {
		if v.template() {
			return errors.New("you can't rollback if vm is a template")
		}
		s, err := v.snapshot(name)
		if err != nil {
			return err
		}
		for _, d := range c.snapshotDrives(v.Node, s.Config) {
			if d.vol == nil {
				return fmt.Errorf("volume '%s' does not exist", parseDrive(d.slot, s.Config[d.slot])["file"])
			}
			if d.vol.onlyNewest() && v.Config["parent"] != name {
				return fmt.Errorf("can't rollback, '%s' is not most recent snapshot on '%s'", name, d.vol.id())
			}
		}
		if err := c.halt(v); err != nil {
			return err
		}
		if v, err = c.lookup(v.VMID); err != nil {
			return err
		}
		// From here on it is finished, by the next open if not by this task.
		v.Config["lock"], v.Rolling = "rollback", name
		if err := c.saveConfig(v); err != nil {
			return err
		}
		if err := c.rollBack(v); err != nil {
			return err
		}
		switch {
		case s.State != "":
			if err := v.machine.Resume(t.ctx, c.hardware(v)); err != nil {
				return asStartError(t, err)
			}
			return c.poweredOn(v.VMID)
		case start:
			return c.boot(t, v)
		}
		return nil
	})
}

// rollBack makes a guest's disks and options those of the snapshot it is rolling
// back to. Doing it again changes nothing.
func (l *Lab) rollBack(v *vm) error {
	name := v.Rolling
	s, err := v.snapshot(name)
	if err != nil {
		return err
	}
	for _, d := range l.snapshotDrives(v.Node, s.Config) {
		if d.vol == nil {
			continue
		}
		if err := d.vol.storage.disk.copyTree(d.vol.snapState(name), d.vol.state()); err != nil {
			return err
		}
		if size, ok := parseSize(parseDrive(d.slot, s.Config[d.slot])["size"]); ok && size != d.vol.Size {
			if err := l.resizeVolume(d.vol, size); err != nil {
				return err
			}
		}
	}
	old := v.Config
	v.Config, v.Pending, v.Unset, v.Rolling = maps.Clone(s.Config), map[string]string{}, nil, ""
	for k, value := range old {
		if base, _, _ := splitSlot(k); k == "description" || base == "unused" {
			v.Config[k] = value
		}
	}
	v.Config["parent"] = name
	if v.Config["vmgenid"] != "" {
		v.Config["vmgenid"] = newUUID()
	}
	// Disks that came after the snapshot are kept, unused.
	for _, slot := range sortedSlots(old) {
		if isDriveSlot(slot) {
			v.keepUnused(parseDrive(slot, old[slot])["file"])
		}
	}
	return l.saveConfig(v)
}

// finishRollbacks ends what a killed process began.
func (l *Lab) finishRollbacks() error {
	for _, vmid := range sortedVMIDs(l.vms) {
		if l.vms[vmid].Rolling == "" {
			continue
		}
		if err := l.rollBack(l.vms[vmid].clone()); err != nil {
			return dirError(l.dir.root, err)
		}
	}
	return nil
}
