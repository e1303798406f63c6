package lab

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// settle makes one pending change effective in the configuration and returns
// the volumes that nothing refers to any more. A drive that goes leaves its
// volume as unusedN unless it is forced away.
func (v *vm) settle(k string, force bool) (freed []string) {
	old, had := v.Config[k]
	value, isSet := v.Pending[k]
	if isSet {
		v.Config[k] = value
		delete(v.Pending, k)
	} else {
		delete(v.Config, k)
		v.Unset = remove(v.Unset, k)
		v.unboot(k)
	}
	base, _, _ := splitSlot(k)
	if !had || !isDriveSlot(k) && base != "unused" {
		return nil
	}
	o := object{"file": old}
	if base != "unused" {
		o = parseDrive(k, old)
	}
	file := o["file"]
	if !ownedBy(file, v.VMID) || v.uses(file) {
		return nil
	}
	if base == "unused" || force || isCloudInit(file) {
		return []string{file}
	}
	v.keepUnused(file)
	return nil
}

// keepUnused names a volume of the guest that no drive names any more, and says
// as what.
func (v *vm) keepUnused(file string) string {
	if !ownedBy(file, v.VMID) || isCloudInit(file) || v.uses(file) {
		return ""
	}
	for n := 0; ; n++ {
		slot := "unused" + strconv.Itoa(n)
		if _, taken := v.Config[slot]; !taken {
			v.Config[slot] = file
			return slot
		}
	}
}

// uses reports whether any drive still names the volume.
func (v *vm) uses(file string) bool {
	for k, text := range v.next() {
		base, _, _ := splitSlot(k)
		if isDriveSlot(k) && parseDrive(k, text)["file"] == file || base == "unused" && text == file {
			return true
		}
	}
	return false
}

// deletable fails when a change would delete a volume that a snapshot needs.
func (v *vm) deletable(ch change) error {
	for _, k := range ch.unset {
		base, _, _ := splitSlot(k)
		file := v.Config[k]
		if isDriveSlot(k) {
			file = parseDrive(k, file)["file"]
		}
		if (base == "unused" || isDriveSlot(k) && ch.force) && v.inSnapshot(file) {
			return fmt.Errorf("unable to delete '%s' - volume is still in use (snapshot?)", file)
		}
	}
	return nil
}

// unboot takes a device that is gone out of the boot order.
func (v *vm) unboot(slot string) {
	order, ok := strings.CutPrefix(v.Config["boot"], "order=")
	if !ok {
		return
	}
	left := remove(strings.Split(order, ";"), slot)
	v.Config["boot"] = "order=" + strings.Join(left, ";")
	if len(left) == 0 {
		v.Config["boot"] = " "
	}
}

// release deletes volumes.
func (l *Lab) release(node string, ids []string) error {
	for _, id := range ids {
		l.mu.Lock()
		vol := l.findVolume(node, id)
		l.mu.Unlock()
		if vol != nil {
			if err := l.removeVolume(vol); err != nil {
				return err
			}
		}
	}
	return nil
}

func remove(list []string, s string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(x string) bool { return x == s })
}
