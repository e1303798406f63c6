package lab

import (
	"errors"
	"path"
	"strings"
)

// qemuTemplate is POST …/template: a guest, or one of its disks, becomes what
// linked clones stand on.
func (c *call) qemuTemplate() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	disk := c.str("disk")
	check := func(v *vm) error {
		if err := v.unlocked(); err != nil {
			return err
		}
		switch {
		case len(v.Snapshots) > 0:
			return errors.New("unable to create template, because VM contains snapshots")
		case v.template() && disk == "":
			return errors.New("you can't convert a template to a template")
		case v.running():
			return errors.New("you can't convert a VM to template if VM is running")
		}
		return nil
	}
	if err := check(v); err != nil {
		return nil, err
	}
	return c.power("qmtemplate", func(_ *task, v *vm) error {
		if err := check(v); err != nil {
			return err
		}
		return c.makeTemplate(v, disk)
	})
}

// makeTemplate gives the guest base volumes with the content of its disks, and
// removes those when the configuration names the new ones.
func (l *Lab) makeTemplate(v *vm, disk string) error {
	var old, made []*volume
	undo := func(err error) error {
		for _, vol := range made {
			err = errors.Join(err, l.removeVolume(vol))
		}
		return err
	}
	for _, slot := range sortedSlots(v.Config) {
		if !isDriveSlot(slot) || disk != "" && disk != slot {
			continue
		}
		o := parseDrive(slot, v.Config[slot])
		l.mu.Lock()
		vol := l.findVolume(v.Node, o["file"])
		l.mu.Unlock()
		if vol == nil || o["media"] == "cdrom" || !vol.can("template", "") {
			continue
		}
		stem := strings.TrimSuffix(path.Base(vol.Name), "."+vol.Format)
		at := spot{
			storage: vol.storage, vmid: v.VMID, stem: stemAsBase(stem), format: vol.Format, base: vol.Base,
		}
		if err := l.dropStale(at); err != nil {
			return undo(err)
		}
		base, err := l.makeVolume(at, vol.content(""))
		if err != nil {
			return undo(err)
		}
		old, made = append(old, vol), append(made, base)
		o["file"] = base.id()
		v.Config[slot] = printDrive(slot, o)
	}
	if disk == "" {
		v.Config["template"] = "1"
	}
	if err := l.saveConfig(v); err != nil {
		return undo(err)
	}
	var errs []error
	for _, vol := range old {
		errs = append(errs, l.removeVolume(vol))
	}
	return errors.Join(errs...)
}

// dropStale removes the base volume that a conversion left which did not end.
func (l *Lab) dropStale(at spot) error {
	l.mu.Lock()
	var stale *volume
	for _, vol := range at.storage.images[at.vmid] {
		name := path.Base(vol.Name)
		if (name == at.stem || name == at.stem+"."+vol.Format) && !l.vms[at.vmid].uses(vol.id()) {
			stale = vol
		}
	}
	l.mu.Unlock()
	if stale == nil {
		return nil
	}
	return l.removeVolume(stale)
}
