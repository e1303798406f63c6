package lab

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// ctClone is POST …/clone.
func (c *call) ctClone() (any, error) {
	p, err := c.checkCloneCT()
	if err != nil {
		return nil, err
	}
	v := &vm{Kind: kindCT, VMID: p.to, Node: c.node(), Config: maps.Clone(p.config), Making: true}
	v.Config["lock"] = "create"
	if err := c.reserve(v); err != nil {
		return nil, err
	}
	return c.startClone("vzclone", v, p, c.cloneCT)
}

// checkCloneCT is all that PVE refuses before it starts the task.
func (c *call) checkCloneCT() (*cloning, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	p := &cloning{from: v.VMID, to: uint(c.number("newid", 0)), snap: c.str("snapname"), pool: c.str("pool"), config: map[string]string{}}
	if c.has("pool") && !c.hasPool(p.pool) {
		return nil, errorf(http.StatusForbidden, "Permission check failed (pool '"+p.pool+"' does not exist)")
	}
	if target := c.str("target"); c.has("target") && target != "localhost" {
		if !c.hasNode(target) {
			return nil, errorf(500, "no such cluster node '"+target+"'")
		}
		p.target = target
	}
	if name := c.str("storage"); c.has("storage") {
		if p.storage, err = c.usableNamed(v.Node, name); err != nil {
			return nil, err
		}
		if err := p.storage.holds("rootdir"); err != nil {
			return nil, err
		}
	}
	if err := v.unlocked(); err != nil {
		return nil, err
	}
	config := v.Config
	if p.snap != "" {
		s, err := v.snapshot(p.snap)
		if err != nil {
			return nil, err
		}
		config = s.Config
	}
	full := c.flagOr("full", !v.template())
	if c.has("storage") && !full {
		return nil, errorf(500, "parameter 'storage' not allowed for linked clones")
	}
	if full && v.running() && p.snap == "" {
		return nil, errors.New("Cannot do full clones on a running container without snapshots")
	}
	if err := c.cloneOptions(p, v, config, full); err != nil {
		return nil, err
	}
	away := p.target != "" && p.target != c.node()
	if away && (c.anyLocal(p) || p.storage != nil && p.storage.node != "") {
		return nil, errorf(500, "can't clone CT to node '"+p.target+"' (CT uses local storage)")
	}
	if err := c.needClone(p); err != nil {
		return nil, err
	}
	for _, k := range []string{"hostname", "description"} {
		if c.has(k) {
			p.config[k] = c.str(k)
		}
	}
	c.completeCT(p.to, p.config)
	return p, nil
}

// cloneOptions sorts the options of the source: what is copied, what is made
// anew, and the volumes.
func (c *call) cloneOptions(p *cloning, v *vm, config map[string]string, full bool) error {
	for _, k := range slices.Concat(mounts(config), sortedKeys(config)) { // rootfs is the first volume
		base, _, _ := splitSlot(k)
		value := config[k]
		switch {
		case notCloned[k] || base == "unused" || slices.ContainsFunc(p.drives, func(d cloneDrive) bool { return d.slot == k }):
		case base == "net":
			o := ctNet(k, value)
			o["hwaddr"] = newMAC()
			p.config[k] = api().printObject("ct-net", o)
		case isMount(k):
			d := cloneDrive{slot: k, o: parseDrive(k, value), full: full}
			c.mu.Lock()
			vol := c.findVolume(v.Node, d.o["file"])
			c.mu.Unlock()
			kind, feature := "Linked", "clone"
			if full {
				kind, feature = "Full", "copy"
			}
			if vol == nil || !ctCan(vol, feature, p.snap) {
				return fmt.Errorf("%s clone feature for '%s' is not available", kind, d.o["file"])
			}
			p.drives = append(p.drives, d)
		default:
			p.config[k] = value
		}
	}
	return nil
}

// cloneCT makes the volumes and then unlocks the new container.
func (l *Lab) cloneCT(t *task, v *vm, p *cloning) error {
	release, err := l.shareVM(t.ctx, p.from, t)
	if err != nil {
		return err
	}
	defer release()
	t.logf("creating a clone of container %d with ID %d", p.from, p.to)
	if err := t.delay(); err != nil {
		return err
	}
	for _, d := range p.drives {
		vol, err := l.copyMount(t, v.Node, d, p)
		if err != nil {
			return err
		}
		d.o["file"], d.o["size"] = vol.id(), formatSize(vol.Size)
		v.Config[d.slot] = printDrive(d.slot, d.o)
		if err := l.saveConfig(v); err != nil {
			return err
		}
	}
	if p.pool != "" {
		if err := l.joinPool(p.pool, p.to); err != nil {
			return err
		}
	}
	delete(v.Config, "lock")
	v.Making = false
	if p.target != "" {
		v.Node = p.target
	}
	v.machine = l.hv.Machine(p.to, func() { l.poweredOff(p.to) })
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.saveLocked(v)
}

// copyMount makes the volume of a cloned mount point.
func (l *Lab) copyMount(t *task, node string, d cloneDrive, p *cloning) (*volume, error) {
	l.mu.Lock()
	src := l.findVolume(node, d.o["file"])
	l.mu.Unlock()
	if src == nil {
		return nil, fmt.Errorf("volume '%s' does not exist", d.o["file"])
	}
	kind, at := "linked", spot{storage: src.storage, vmid: p.to, format: "raw"}
	if !d.full && at.storage.mustNameItsBase() {
		at.base = src.asBase()
	}
	if d.full {
		kind = "full"
		if p.storage != nil {
			at.storage = p.storage
		}
	}
	t.logf("create %s clone of mountpoint %s (%s)", kind, d.slot, src.id())
	vol, err := l.makeVolume(at, src.content(p.snap))
	if err != nil {
		return nil, err
	}
	vol.logMade(t.logf)
	if d.full {
		t.logf("Creating filesystem with %d 4k blocks and %d inodes", vol.Size>>12, vol.Size>>14)
		t.logf("Filesystem UUID: %s", newUUID())
	}
	return vol, nil
}

// ctTemplate is POST …/template: done when it answers.
func (c *call) ctTemplate() (any, error) {
	v, unlock, err := c.heldVM()
	if err != nil {
		return nil, err
	}
	defer unlock()
	switch {
	case len(v.Snapshots) > 0:
		return nil, errors.New("unable to create template, because CT contains snapshots")
	case v.template():
		return nil, errors.New("you can't convert a template to a template")
	case v.running():
		return nil, errors.New("you can't convert a CT to template if the CT is running")
	}
	return nil, c.makeTemplate(v, "")
}
