package lab

import (
	"errors"
	"fmt"
	"strings"
)

// qemuResize is PUT …/resize: a task that can only fail later.
func (c *call) qemuResize() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if c.flag("skiplock") && !c.who.isRoot() {
		return nil, badParam("skiplock", "Only root may use this option.")
	}
	slot, size, guard := c.str("disk"), c.str("size"), c.guard()
	if err := c.needSpace(parseDrive(slot, v.Config[slot])["file"]); err != nil {
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
		return c.resize(t, v, slot, size)
	})
}

// resize grows a disk to a size, or by one that begins with "+". The caller
// holds the guest's lock file.
func (l *Lab) resize(t *task, v *vm, slot, size string) error {
	text, ok := v.Config[slot]
	if !ok {
		return fmt.Errorf("disk '%s' does not exist", slot)
	}
	o := parseDrive(slot, text)
	l.mu.Lock()
	vol := l.findVolume(v.Node, o["file"])
	l.mu.Unlock()
	if vol == nil {
		return fmt.Errorf("volume '%s' does not exist", o["file"])
	}
	if o["media"] == "cdrom" {
		return errors.New("you can't resize a cdrom")
	}
	number, relative := strings.CutPrefix(size, "+")
	want, ok := parseSize(number)
	if !ok {
		return fmt.Errorf("invalid size '%s'", size)
	}
	if relative {
		want += vol.Size
	}
	if want < vol.Size {
		return errors.New("shrinking disks is not supported")
	}
	if want == vol.Size {
		return nil
	}
	// The volume first: a guest whose configuration names too small a size is
	// harmless, PVE has the same window.
	if err := l.resizeVolume(vol, want); err != nil {
		return err
	}
	o["size"] = formatSize(want)
	v.Config[slot] = printDrive(slot, o)
	if err := l.saveConfig(v); err != nil {
		return err
	}
	t.logf("Image resized.")
	if v.running() && !v.Paused {
		return v.machine.Hotplug(t.ctx, l.hardware(v))
	}
	return nil
}
