package lab

import (
	"errors"
	"fmt"
)

// moving is a disk on its way to another storage.
type moving struct {
	slot   string
	to     string // storage
	format string
	remove bool // the source goes
	digest string
}

// qemuMove is POST …/move_disk.
func (c *call) qemuMove() (any, error) {
	if c.has("target-vmid") {
		return c.qemuReassign()
	}
	if !c.has("storage") {
		return nil, errorf(500, "Provide either a 'storage' to move the disk to a different storage or 'target-vmid' and 'target-disk' to move the disk to another VM")
	}
	m := moving{slot: c.str("disk"), to: c.str("storage"), format: c.str("format"), remove: c.flag("delete"), digest: c.str("digest")}
	if base, _, _ := splitSlot(m.slot); base == "unused" {
		return nil, errorf(500, "cannot move disk '"+m.slot+"', only configured disks can be moved to another storage")
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if err := c.need("/storage/"+m.to, "Datastore.AllocateSpace"); err != nil {
		return nil, err
	}
	if _, err := m.check(v); err != nil {
		return nil, err
	}
	return c.power("qmmove", func(t *task, v *vm) error { return c.move(t, v, m) })
}

// check is what PVE verifies before the task and again in it; the result is the
// drive.
func (m moving) check(v *vm) (object, error) {
	if m.digest != "" && m.digest != v.digest() {
		return nil, v.changed()
	}
	if err := v.unlocked(); err != nil {
		return nil, err
	}
	text, ok := v.Config[m.slot]
	if !ok {
		return nil, fmt.Errorf("disk '%s' does not exist", m.slot)
	}
	o := parseDrive(m.slot, text)
	if o["media"] == "cdrom" && !isCloudInit(o["file"]) || o["file"] == "none" {
		return nil, errors.New("you can't move a cdrom")
	}
	store, name, _ := splitVolumeID(o["file"])
	if format := formatOf(name); store == m.to && (m.format == "" || format == "" || format == m.format) {
		return nil, errors.New("you can't move to the same storage with same format")
	}
	if m.remove && v.inSnapshot(o["file"]) {
		return nil, errors.New("you can't move a disk with snapshots and delete the source")
	}
	return o, nil
}

// formatOf is what a volume's name says of its format, "" on block storage.
func formatOf(name string) string {
	for _, format := range []string{"raw", "qcow2", "vmdk"} {
		if cut := len(name) - len(format) - 1; cut > 0 && name[cut:] == "."+format {
			return format
		}
	}
	return ""
}

func (l *Lab) move(t *task, v *vm, m moving) error {
	o, err := m.check(v)
	if err != nil {
		return err
	}
	old := o["file"]
	store, _, _ := splitVolumeID(old)
	t.logf("copying volume '%s' from current storage '%s' to target storage '%s'", old, store, m.to)
	to := l.storageNamed(v.Node, m.to)
	if to == nil {
		return fmt.Errorf("storage migration failed: storage '%s' does not exist", m.to)
	}
	// What a running guest writes meanwhile must be on the copy: it stands still.
	restart, err := l.standStill(t, v)
	if err != nil {
		return err
	}
	vol, err := l.copyDrive(t, m.slot, old, copying{node: v.Node, full: true, to: v.VMID, storage: to, format: m.format})
	if err != nil {
		return errors.Join(fmt.Errorf("storage migration failed: %w", err), restart(v))
	}
	o["file"], o["size"] = vol.id(), formatSize(vol.Size)
	v.Config[m.slot] = printDrive(m.slot, o)
	if !m.remove {
		t.logf("adding source volume '%s' as '%s' to config", old, v.keepUnused(old))
	}
	err = errors.Join(l.saveConfig(v), restart(v))
	if err != nil || !m.remove {
		return err
	}
	t.logf("removing source volume '%s' after successful copy", old)
	return l.release(v.Node, []string{old})
}

// standStill stops a running guest's CPUs until restart is called with its
// hardware.
func (l *Lab) standStill(t *task, v *vm) (restart func(*vm) error, err error) {
	if !v.running() || v.Paused {
		return func(*vm) error { return nil }, nil
	}
	still := func(is bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.vms[v.VMID].still = is
	}
	still(true)
	if err := v.machine.Pause(t.ctx); err != nil {
		still(false)
		return nil, err
	}
	return func(v *vm) error {
		defer still(false)
		return v.machine.Resume(l.ctx, l.hardware(v))
	}, nil
}

func (l *Lab) storageNamed(node, name string) *storage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.storage(node, name)
}
