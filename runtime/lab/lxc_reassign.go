package lab

import (
	"errors"
	"fmt"
)

// ctReassign is POST …/move_volume with a target-vmid: a volume changes its
// owner.
func (c *call) ctReassign() (any, error) {
	r := reassignment{
		disk: c.str("volume"), targetDisk: c.str("target-volume"), from: c.vmid(), to: uint(c.number("target-vmid", 0)),
		digest: c.str("digest"), targetDigest: c.str("target-digest"),
	}
	if r.targetDisk == "" {
		r.targetDisk = r.disk
	}
	if err := c.need("/vms/"+vmidText(r.to), "VM.Config.Disk"); err != nil {
		return nil, err
	}
	if r.from == r.to {
		return nil, badParam("target-vmid", "must be different than source VMID to move disk to another container")
	}
	from, _, err := c.checkReassignCT(r)
	if err != nil {
		return nil, err
	}
	store, _, _ := splitVolumeID(mountFile(r.disk, from.Config[r.disk]))
	if err := c.need("/storage/"+store, "Datastore.AllocateSpace"); err != nil {
		return nil, err
	}
	return c.start("vzmove", fmt.Sprintf("%d-%s>%d-%s", r.from, r.disk, r.to, r.targetDisk), func(t *task) error {
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
		from, to, err := c.checkReassignCT(r)
		if err != nil {
			return err
		}
		t.logf("moving volume '%s' from container '%d' to '%d'", r.disk, r.from, r.to)
		return c.handOver(t, r, from, to)
	})
}

// mountFile is the volume of a mount point or of an unused one.
func mountFile(slot, text string) string {
	if isMount(slot) {
		return parseDrive(slot, text)["file"]
	}
	return text
}

func (c *call) checkReassignCT(r reassignment) (from, to *vm, err error) {
	unused := func(slot string) bool { base, _, _ := splitSlot(slot); return base == "unused" }
	switch {
	case r.disk == "rootfs" || r.targetDisk == "rootfs":
		return nil, nil, errors.New("Cannot move to/from 'rootfs'")
	case unused(r.disk) && !unused(r.targetDisk):
		return nil, nil, errors.New("Moving an unused volume to a used one is not possible")
	}
	for vmid, v := range map[uint]**vm{r.from: &from, r.to: &to} {
		if *v, err = c.Lab.lookup(vmid); err != nil || !(*v).isCT() {
			return nil, nil, fmt.Errorf("could not find CT %d", vmid)
		}
	}
	if from.Node != to.Node {
		return nil, nil, fmt.Errorf("Both containers need to be on the same node (%s != %s)", from.Node, to.Node)
	}
	if err := errors.Join(from.unlocked(), to.unlocked()); err != nil {
		return nil, nil, err
	}
	text, ok := from.Config[r.disk]
	_, taken := to.Config[r.targetDisk]
	switch {
	case from.template() || to.template():
		err = errors.New("Can't move volumes from or to template CT")
	case r.digest != "" && r.digest != from.digest():
		err = fmt.Errorf("Container %d: %w", r.from, from.changed())
	case r.targetDigest != "" && r.targetDigest != to.digest():
		err = fmt.Errorf("Container %d: %w", r.to, to.changed())
	case !ok:
		err = fmt.Errorf("volume '%s' for container '%d' does not exist", r.disk, r.from)
	case taken:
		err = fmt.Errorf("Target volume key '%s' is already in use for container '%d'", r.targetDisk, r.to)
	case from.inSnapshot(mountFile(r.disk, text)):
		err = errors.New("Cannot move volume used by a snapshot to another container")
	case !unused(r.disk) && from.running():
		err = errors.New("Cannot move in-use volume while the source CT is running - detach or shutdown first")
	}
	return from, to, err
}
