package lab

import (
	"errors"
	"fmt"
	"strings"
)

// ctResize is PUT …/resize. Unlike for VMs, most refusals come before the task.
func (c *call) ctResize() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	slot, size, guard := c.str("disk"), c.str("size"), c.guard()
	if err := guard(v); err != nil {
		return nil, err
	}
	if _, _, err := c.resized(v, slot, size); err != nil {
		return nil, err
	}
	return c.start("resize", vmidText(v.VMID), func(t *task) error {
		unlock, err := c.lockVM(t.ctx, v.VMID, t)
		if err != nil {
			return err
		}
		defer unlock()
		if err := t.delay(); err != nil {
			return err
		}
		v, err := c.lookup(v.VMID)
		if err != nil {
			return err
		}
		if err := guard(v); err != nil {
			return err
		}
		if _, _, err := c.resized(v, slot, size); err != nil {
			return err
		}
		return c.resize(t, v, slot, size)
	})
}

// resized is the volume of a mount point and the size it is to have.
func (c *call) resized(v *vm, slot, size string) (*volume, int64, error) {
	text, ok := v.Config[slot]
	if !ok {
		return nil, 0, fmt.Errorf("mount point '%s' does not exist", slot)
	}
	file := parseDrive(slot, text)["file"]
	c.mu.Lock()
	vol := c.findVolume(v.Node, file)
	c.mu.Unlock()
	if vol == nil {
		return nil, 0, fmt.Errorf("Could not determine current size of volume '%s'", file)
	}
	if err := c.need("/storage/"+vol.storage.name, "Datastore.AllocateSpace"); err != nil {
		return nil, 0, err
	}
	number, relative := strings.CutPrefix(size, "+")
	want, _ := parseSize(number)
	if relative {
		want += vol.Size
	}
	switch {
	case want < vol.Size:
		return nil, 0, errors.New("unable to shrink disk size")
	case want == vol.Size:
		return nil, 0, errors.New("disk is already at specified size")
	}
	return vol, want, nil
}

// ctMove is POST …/move_volume.
func (c *call) ctMove() (any, error) {
	if c.has("target-vmid") {
		return c.ctReassign()
	}
	if !c.has("storage") {
		return nil, errorf(500, "Provide either a 'storage' to move the mount point to a different storage or "+
			"'target-vmid' and 'target-mp' to move the mount point to another container")
	}
	m := moving{slot: c.str("volume"), to: c.str("storage"), remove: c.flag("delete"), digest: c.str("digest")}
	if base, _, _ := splitSlot(m.slot); base == "unused" {
		return nil, badParam("volume", "cannot move volume '"+m.slot+"', only configured volumes can be moved to another storage")
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if _, err := c.usableNamed(v.Node, m.to); err != nil {
		return nil, err
	}
	if err := c.need("/storage/"+m.to, "Datastore.AllocateSpace"); err != nil {
		return nil, err
	}
	check := func(v *vm) error {
		if v.running() {
			return errors.New("cannot move volumes of a running container")
		}
		_, err := m.check(v)
		return err
	}
	if err := check(v); err != nil {
		return nil, err
	}
	return c.power("move_volume", func(t *task, v *vm) error {
		if err := check(v); err != nil {
			return err
		}
		return c.move(t, v, m)
	})
}
