package lab

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// qemuConfig is GET …/config: the values of the next start, or with current=1
// those in force.
func (c *call) qemuConfig() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if c.has("snapshot") {
		s, err := v.snapshot(c.str("snapshot"))
		if err != nil {
			return nil, err
		}
		out := s.options(v.Kind)
		out["digest"] = v.digest()
		return out, nil
	}
	config := v.next()
	if c.flag("current") {
		config = v.Config
	}
	out := map[string]any{"digest": v.digest()}
	for k, value := range config {
		out[k] = typed(v.Kind, k, value)
	}
	return out, nil
}

// typed gives a value the type it has in PVE's answers.
func typed(kind, key, value string) any {
	if key == "cipassword" {
		return "**********"
	}
	p := optionsOf(kind).lookup(key)
	if p == nil {
		return value
	}
	switch p.kind {
	case "int", "bool":
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			return n
		}
	case "num":
		if f, err := strconv.ParseFloat(value, 64); err == nil {
			return f
		}
	}
	return value
}

// qemuPending is GET …/pending.
func (c *call) qemuPending() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	keys := append(sortedKeys(v.next()), v.Unset...)
	slices.Sort(keys)
	list := []map[string]any{{"key": "digest", "value": v.digest()}}
	for _, k := range slices.Compact(keys) {
		item := map[string]any{"key": k}
		if value, ok := v.Config[k]; ok {
			item["value"] = typed(v.Kind, k, value)
		}
		if value, ok := v.Pending[k]; ok {
			item["pending"] = typed(v.Kind, k, value)
		} else if slices.Contains(v.Unset, k) {
			item["delete"] = 1
		}
		list = append(list, item)
	}
	return list, nil
}

// change is an update of a guest's options.
type change struct {
	set    map[string]string
	unset  []string
	revert []string
	force  bool // remove the volumes of deleted drives
}

// qemuUpdateSync is PUT …/config: done when it answers.
func (c *call) qemuUpdateSync() (any, error) {
	ch, v, err := c.checkUpdate()
	if err != nil {
		return nil, err
	}
	unlock, err := c.lockVM(c.ctx, v.VMID, nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return nil, c.update(v.VMID, ch, c.guard(), func(string, ...any) {})
}

// qemuUpdate is POST …/config: a task.
func (c *call) qemuUpdate() (any, error) {
	ch, v, err := c.checkUpdate()
	if err != nil {
		return nil, err
	}
	guard, line := c.guard(), c.commandLine()
	return c.start("qmconfig", vmidText(v.VMID), func(t *task) error {
		t.logf("update VM %d: %s", v.VMID, line)
		unlock, err := c.lockVM(t.ctx, v.VMID, t)
		if err != nil {
			return err
		}
		defer unlock()
		if err := t.delay(); err != nil {
			return err
		}
		return c.update(v.VMID, ch, guard, t.logf)
	})
}

// qemuUnlink is PUT …/unlink.
func (c *call) qemuUnlink() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	unlock, err := c.lockVM(c.ctx, v.VMID, nil)
	if err != nil {
		return nil, err
	}
	defer unlock()
	ch := change{unset: splitList(c.str("idlist")), force: c.flag("force")}
	if err := c.needOptions(v.VMID, "", nil, ch.unset, v.next()); err != nil {
		return nil, err
	}
	if err := c.needRemoval(ch.unset, ch.force, v.next()); err != nil {
		return nil, err
	}
	if err := checkUnset("", ch); err != nil {
		return nil, err
	}
	return nil, c.update(v.VMID, ch, c.guard(), func(string, ...any) {})
}

// guard is what must hold, under the guest's lock, for a change to be made.
func (c *call) guard() func(*vm) error {
	digest, skip := c.str("digest"), c.flag("skiplock")
	return func(v *vm) error {
		if digest != "" && digest != v.digest() {
			return v.changed()
		}
		if skip {
			return nil
		}
		return v.unlocked()
	}
}

// checkUpdate is all that PVE refuses before it starts to change anything.
func (c *call) checkUpdate() (change, *vm, error) {
	ch := change{
		set: c.options(), unset: splitList(c.str("delete")), revert: splitList(c.str("revert")), force: c.flag("force"),
	}
	if err := c.checkOptions(ch.set); err != nil {
		return ch, nil, err
	}
	v, err := c.vm()
	if err != nil {
		return ch, nil, err
	}
	if err := c.needOptions(v.VMID, "", ch.set, slices.Concat(ch.unset, ch.revert), v.next()); err != nil {
		return ch, nil, err
	}
	if err := c.needRemoval(ch.unset, ch.force, v.next()); err != nil {
		return ch, nil, err
	}
	if err := checkUnset("", ch); err != nil {
		return ch, nil, err
	}
	if len(ch.set)+len(ch.unset)+len(ch.revert) == 0 {
		return ch, nil, errorf(500, "no options specified")
	}
	if err := c.guard()(v); err != nil {
		return ch, nil, err
	}
	return ch, v, c.checkDrives(v.Node, ch.set)
}

func checkUnset(kind string, ch change) error {
	for _, k := range ch.unset {
		if optionsOf(kind).lookup(k) == nil {
			return badParam("delete", "unknown option '"+k+"'")
		}
		if _, both := ch.set[k]; both {
			return badParam("delete", "cannot use '-"+k+"' and '-delete "+k+"' at the same time")
		}
	}
	for _, k := range ch.revert {
		if optionsOf(kind).lookup(k) == nil {
			return badParam("revert", "unknown option '"+k+"'")
		}
	}
	return nil
}

// commandLine is the parameters as the qmconfig task prints them.
func (c *call) commandLine() string {
	var parts []string
	for _, k := range sortedKeys(c.params) {
		switch value := c.params[k]; {
		case k == "node" || k == "vmid" || k == "digest" || k == "background_delay":
		case k == "cipassword":
			parts = append(parts, "-cipassword <hidden>")
		default:
			parts = append(parts, "-"+k+" "+value)
		}
	}
	return strings.Join(parts, " ")
}

// update changes a guest's options; the caller holds its lock file. While the
// guest is off everything takes effect; while it runs, what can be plugged does
// and the rest waits.
func (l *Lab) update(vmid uint, ch change, guard func(*vm) error, logf func(string, ...any)) error {
	v, err := l.lookup(vmid)
	if err != nil {
		return err
	}
	if err := guard(v); err != nil {
		return err
	}
	if err := errors.Join(v.deletable(ch), v.oneSeed(ch)); err != nil {
		return err
	}
	if password, ok := ch.set["cipassword"]; ok {
		ch.set["cipassword"] = hashGuestPassword(password)
	}
	made, err := l.makeDrives(v.Node, vmid, ch.set, logf)
	if err != nil {
		for _, vol := range made {
			_ = l.removeVolume(vol)
		}
		return err
	}
	l.complete(ch.set)
	v.await(ch)
	var freed []string
	faults := map[string]string{}
	if v.running() {
		freed, faults = l.plug(v, ch)
	} else {
		for _, k := range slices.Concat(slices.Clone(v.Unset), sortedKeys(v.Pending)) {
			freed = append(freed, v.settle(k, ch.force)...)
		}
	}
	v.dropSame()
	if err := l.saveConfig(v); err != nil {
		return err
	}
	if err := l.release(v.Node, freed); err != nil {
		return err
	}
	if len(faults) > 0 {
		return &fault{400, "Parameter verification failed.", faults}
	}
	return nil
}
