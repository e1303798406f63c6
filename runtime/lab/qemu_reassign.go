package lab

import (
	"errors"
	"fmt"
)

// reassignment is a disk on its way to another guest.
type reassignment struct {
	disk, targetDisk     string
	from, to             uint
	digest, targetDigest string
}

// qemuReassign is POST …/move_disk with a target-vmid: a disk changes its owner.
func (c *call) qemuReassign() (any, error) {
	if c.has("storage") {
		const text = "either set 'storage' or 'target-vmid', but not both"
		return nil, &fault{400, "Parameter verification failed.", map[string]string{"target-vmid": text, "storage": text}}
	}
	r := reassignment{
		disk: c.str("disk"), targetDisk: c.str("target-disk"), from: c.vmid(), to: uint(c.number("target-vmid", 0)),
		digest: c.str("digest"), targetDigest: c.str("target-digest"),
	}
	if r.targetDisk == "" {
		r.targetDisk = r.disk
	}
	if r.from == r.to {
		return nil, badParam("target-vmid", "must be different than source VMID to reassign disk")
	}
	if _, _, err := c.checkReassign(r); err != nil {
		return nil, err
	}
	return c.start("qmmove", vmidText(r.from)+"-"+r.disk, func(t *task) error {
		for _, vmid := range []uint{min(r.from, r.to), max(r.from, r.to)} {
			unlock, err := c.lockVM(t.ctx, vmid, t)
			if err != nil {
				return err
			}
			defer unlock()
		}
		if err := t.delay(); err != nil {
			return err
		}
		return c.reassign(t, r)
	})
}

func (l *Lab) checkReassign(r reassignment) (from, to *vm, err error) {
	if from, err = l.lookup(r.from); err != nil {
		return nil, nil, err
	}
	if to, err = l.lookup(r.to); err != nil {
		return nil, nil, err
	}
	for _, v := range []*vm{from, to} {
		if v.isCT() {
			return nil, nil, missingConfig("", v.Node, v.VMID)
		}
		if err := v.unlocked(); err != nil {
			return nil, nil, err
		}
	}
	text, ok := from.Config[r.disk]
	_, taken := to.Config[r.targetDisk]
	o := object{"file": text}
	if isDriveSlot(r.disk) {
		o = parseDrive(r.disk, text)
	}
	switch {
	case from.template() || to.template():
		err = errors.New("Can't move disks from or to template VMs")
	case r.digest != "" && r.digest != from.digest():
		err = fmt.Errorf("VM %d: checksum mismatch (file change by other user?)", r.from)
	case r.targetDigest != "" && r.targetDigest != to.digest():
		err = fmt.Errorf("VM %d: checksum mismatch (file change by other user?)", r.to)
	case !ok:
		err = fmt.Errorf("Disk '%s' for VM '%d' does not exist", r.disk, r.from)
	case taken:
		err = fmt.Errorf("Target disk key '%s' is already in use for VM '%d'", r.targetDisk, r.to)
	case o["media"] == "cdrom" || o["file"] == "none":
		err = errors.New("CD drive contents can't be moved to another VM")
	case from.inSnapshot(o["file"]):
		err = errors.New("Can't move disk used by a snapshot to another VM")
	case from.running() && isDriveSlot(r.disk):
		err = errors.New("Cannot move disk to another VM while the source VM is running - detach first")
	}
	return from, to, err
}

func (l *Lab) reassign(t *task, r reassignment) error {
	from, to, err := l.checkReassign(r)
	if err != nil {
		return err
	}
	t.logf("moving disk '%s' from VM '%d' to '%d'", r.disk, r.from, r.to)
	if err := l.handOver(t, r, from, to); err != nil {
		return err
	}
	t.logf("removing disk '%s' from VM '%d' config", r.disk, r.from)
	return nil
}

// handOver gives the target a volume with the content, then takes it from the
// source: a crash in between leaves it with both.
func (l *Lab) handOver(t *task, r reassignment, from, to *vm) error {
	o := object{"file": from.Config[r.disk]}
	if isDriveSlot(r.disk) {
		o = parseDrive(r.disk, from.Config[r.disk])
	}
	old := o["file"]
	l.mu.Lock()
	src := l.findVolume(from.Node, old)
	l.mu.Unlock()
	if src == nil {
		return fmt.Errorf("volume '%s' does not exist", old)
	}
	vol, err := l.makeVolume(spot{storage: src.storage, vmid: r.to, format: src.Format, base: src.Base}, src.content(""))
	if err != nil {
		return err
	}
	o["file"] = vol.id()
	to.Config[r.targetDisk] = vol.id()
	if isDriveSlot(r.targetDisk) {
		o["size"] = formatSize(vol.Size)
		to.Config[r.targetDisk] = printDrive(r.targetDisk, o)
	}
	if err := l.saveConfig(to); err != nil {
		return errors.Join(err, l.removeVolume(vol))
	}
	delete(from.Config, r.disk)
	from.unboot(r.disk)
	if err := l.saveConfig(from); err != nil {
		return err
	}
	if to.running() && !to.Paused && isDriveSlot(r.targetDisk) {
		if err := to.machine.Hotplug(t.ctx, l.hardware(to)); err != nil {
			return err
		}
	}
	return l.release(from.Node, []string{old})
}
