package lab

import "slices"

// ctUpdate is PUT /nodes/{node}/lxc/{vmid}/config: done when it answers.
func (c *call) ctUpdate() (any, error) {
	ch := change{set: c.ctOptions(), unset: splitList(c.str("delete")), revert: splitList(c.str("revert"))}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if err := c.needCTOptions(v.VMID, "", ch.set, slices.Concat(ch.unset, ch.revert), v.next()); err != nil {
		return nil, err
	}
	if err := checkUnset(kindCT, ch); err != nil {
		return nil, err
	}
	if len(ch.set)+len(ch.unset)+len(ch.revert) == 0 {
		return nil, errorf(500, "no options specified")
	}
	for _, slot := range mounts(ch.set) {
		if err := c.checkMount(slot, ch.set[slot]); err != nil {
			return nil, err
		}
	}
	unlock, err := c.lockVM(c.ctx, v.VMID, nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if v, err = c.vm(); err != nil {
		return nil, err
	}
	if err := c.guard()(v); err != nil {
		return nil, err
	}
	return nil, c.changeCT(v, ch)
}

// Options of a running container that are only written down.
var ctFastOptions = []string{
	"description", "onboot", "startup", "protection", "hostname", "hookscript", "cores", "tags", "lock",
}

// changeCT changes a container's options; the caller holds its lock file. What
// cannot be plugged into a running one is refused as a whole.
func (l *Lab) changeCT(v *vm, ch change) error {
	for _, k := range slices.Concat(sortedKeys(ch.set), ch.unset) {
		if k == "unprivileged" || k == "arch" && slices.Contains(ch.unset, k) {
			return errorf(500, "unable to modify read-only option: '"+k+"'")
		}
		if k == "rootfs" && slices.Contains(ch.unset, k) {
			return errorf(500, "unable to delete required option 'rootfs'")
		}
	}
	if err := v.deletable(ch); err != nil {
		return err
	}
	made, err := l.makeMounts(v, ch.set, nil, func(string, ...any) {})
	undo := func(err error) error {
		for _, vol := range made {
			_ = l.removeVolume(vol)
		}
		return err
	}
	if err != nil {
		return undo(err)
	}
	l.completeCT(v.VMID, ch.set)
	v.await(ch)
	var freed []string
	if v.running() {
		var faults map[string]string
		if freed, faults = l.plugCT(v); len(faults) > 0 {
			// Nothing of it stays, and the machine is as it was.
			if old, err := l.lookup(v.VMID); err == nil {
				_ = v.machine.Hotplug(l.ctx, l.hardware(old))
			}
			return undo(&fault{400, "Parameter verification failed.", faults})
		}
	} else {
		for _, k := range slices.Concat(slices.Clone(v.Unset), sortedKeys(v.Pending)) {
			freed = append(freed, v.settle(k, false)...)
		}
	}
	v.dropSame()
	if err := l.saveConfig(v); err != nil {
		return undo(err)
	}
	return l.release(v.Node, freed)
}

// await makes a change wait for its turn.
func (v *vm) await(ch change) {
	for _, k := range ch.revert {
		delete(v.Pending, k)
		v.Unset = remove(v.Unset, k)
	}
	for k, value := range ch.set {
		v.Pending[k] = value
		v.Unset = remove(v.Unset, k)
	}
	for _, k := range ch.unset {
		delete(v.Pending, k)
		if _, has := v.Config[k]; has {
			v.Unset = append(remove(v.Unset, k), k)
		}
	}
	slices.Sort(v.Unset)
}

// dropSame forgets changes that would change nothing.
func (v *vm) dropSame() {
	for k, value := range v.Pending {
		if v.Config[k] == value {
			delete(v.Pending, k)
		}
	}
}

// plugCT makes the pending changes of a running container effective as far as
// PVE can; the rest waits for its next start.
func (l *Lab) plugCT(v *vm) (freed []string, faults map[string]string) {
	faults = map[string]string{}
	for _, k := range slices.Concat(slices.Clone(v.Unset), sortedKeys(v.Pending)) {
		value, isSet := v.Pending[k]
		_, had := v.Config[k]
		base, _, _ := splitSlot(k)
		switch {
		case slices.Contains(ctFastOptions, k):
			freed = append(freed, v.settle(k, false)...)
		case base == "unused":
			freed = append(freed, v.settle(k, false)...)
		case k == "memory" && isSet, k == "swap", k == "cpulimit", k == "cpuunits", base == "mp" && isSet && !had, base == "net":
			if base == "net" && isSet {
				if bridge := ctNet(k, value)["bridge"]; bridge != "" && !l.hasBridge(v.Node, bridge) {
					faults[k] = "unable to hotplug " + k + ": bridge '" + bridge + "' does not exist\n"
					continue
				}
			}
			freed = append(freed, v.settle(k, false)...)
			if err := v.machine.Hotplug(l.ctx, l.hardware(v)); err != nil {
				faults[k] = "unable to hotplug " + k + ": " + oneLine(err.Error()) + "\n"
			}
		}
	}
	return freed, faults
}
