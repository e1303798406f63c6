package lab

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// cloneDrive is a drive that a clone gets a volume of its own for.
type cloneDrive struct {
	slot string
	o    object
	full bool
}

// cloning is a clone that has passed all checks.
type cloning struct {
	from, to uint
	snap     string
	config   map[string]string // of the new guest, without drives
	drives   []cloneDrive
	storage  *storage // nil: each drive stays on its own
	format   string
	pool     string
	target   string // node of the new guest, "" = that of the source
}

// qemuClone is POST …/clone.
func (c *call) qemuClone() (any, error) {
	p, err := c.checkClone()
	if err != nil {
		return nil, err
	}
	v := &vm{VMID: p.to, Node: c.node(), Config: maps.Clone(p.config), Making: true}
	v.Config["lock"] = "clone"
	if err := c.reserve(v); err != nil {
		return nil, fmt.Errorf("unable to create VM %d: config file already exists", p.to)
	}
	return c.startClone("qmclone", v, p, c.clone)
}

// startClone runs a clone whose guest is reserved. What a failed one leaves is
// forgotten.
func (c *call) startClone(kind string, v *vm, p *cloning, clone func(*task, *vm, *cloning) error) (any, error) {
	unlock, err := c.lockVM(c.ctx, p.to, nil)
	if err != nil {
		return nil, err
	}
	upid, err := c.start(kind, vmidText(p.from), func(t *task) error {
		defer unlock()
		err := clone(t, v, p)
		if err != nil {
			if c.Lab.ctx.Err() == nil {
				_ = c.forget(p.to) // what stays of it goes at the next open
			}
			return fmt.Errorf("clone failed: %w", err)
		}
		return nil
	})
	if err != nil {
		unlock()
		return nil, errors.Join(err, c.forget(p.to))
	}
	return upid, nil
}

// checkClone is all that PVE refuses before it starts the task.
func (c *call) checkClone() (*cloning, error) {
	vmid, newid := c.vmid(), uint(c.number("newid", 0))
	c.mu.Lock()
	source := c.vms[vmid]
	c.mu.Unlock()
	if source == nil || source.Node != c.node() {
		return nil, fmt.Errorf("unable to find configuration file for VM %d on node '%s'", vmid, c.node())
	}
	v, err := c.lookup(vmid)
	if err != nil {
		return nil, err
	}
	p := &cloning{from: vmid, to: newid, snap: c.str("snapname"), format: c.str("format"), pool: c.str("pool")}
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
		if p.storage, err = c.usableNamed(c.node(), name); err != nil {
			return nil, err
		}
		if p.target != "" {
			if _, err := c.usableNamed(p.target, name); err != nil {
				return nil, err
			}
		}
		if p.target != "" && p.target != c.node() && p.storage.node != "" {
			return nil, errorf(500, "can't clone to non-shared storage '"+name+"'")
		}
	}
	if err := v.unlocked(); err != nil {
		return nil, err
	}
	config := v.Config
	if p.snap != "" {
		s := v.Snapshots[p.snap]
		if s == nil {
			return nil, missingSnapshot(p.snap)
		}
		config = s.Config
	}
	full := c.flagOr("full", !v.template())
	for _, name := range []string{"storage", "format"} {
		if c.has(name) && !full {
			return nil, errorf(500, "parameter '"+name+"' not allowed for linked clones")
		}
	}
	c.mu.Lock()
	taken := c.vms[newid] != nil
	c.mu.Unlock()
	if taken {
		return nil, fmt.Errorf("unable to create VM %d: config file already exists", newid)
	}
	if err := c.cloneConfig(p, v, config, full); err != nil {
		return nil, err
	}
	if p.target != "" && p.target != c.node() && c.anyLocal(p) {
		return nil, errorf(500, "can't clone VM to node '"+p.target+"' (VM uses local storage)")
	}
	if err := c.needClone(p); err != nil {
		return nil, err
	}
	p.config["name"] = c.str("name")
	if !c.has("name") {
		p.config["name"] = "Copy-of-VM-" + vmidText(vmid)
		if name := config["name"]; name != "" {
			p.config["name"] = "Copy-of-VM-" + name
		}
	}
	if c.has("description") {
		p.config["description"] = c.str("description")
	}
	return p, nil
}

// needClone is the right to make the volumes of a clone, and to plug it in.
func (c *call) needClone(p *cloning) error {
	for _, d := range p.drives {
		store, _, _ := splitVolumeID(d.o["file"])
		if p.storage != nil {
			store = p.storage.name
		}
		if err := c.need("/storage/"+store, "Datastore.AllocateSpace"); err != nil {
			return err
		}
	}
	kind := "net"
	if c.method.kind() == kindCT {
		kind = "ct-net"
	}
	for _, k := range sortedKeys(p.config) {
		base, _, _ := splitSlot(k)
		if o, err := api().parseObject(kind, k, p.config[k]); base == "net" && err == nil && o["bridge"] != "" {
			if err := c.needBridge(o["bridge"], o["tag"]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Options that belong to one guest and are not cloned.
var notCloned = map[string]bool{"parent": true, "lock": true, "template": true, "vmstate": true}

// cloneConfig sorts the options of the source: what is copied, what is made
// anew, and the drives that need a volume.
func (l *Lab) cloneConfig(p *cloning, v *vm, config map[string]string, full bool) error {
	p.config = map[string]string{}
	for _, k := range sortedKeys(config) {
		base, _, _ := splitSlot(k)
		value := config[k]
		switch {
		case notCloned[k] || base == "unused":
		case base == "net":
			o, err := api().parseObject("net", k, value)
			if err != nil {
				return err
			}
			o["macaddr"] = newMAC()
			p.config[k] = api().printObject("net", o)
		case k == "vmgenid":
			p.config[k] = newUUID()
		case isDriveSlot(k):
			o := parseDrive(k, value)
			seed := isCloudInit(o["file"])
			if o["media"] == "cdrom" && !seed || o["file"] == "none" || o["file"] == "cdrom" {
				p.config[k] = value
				continue
			}
			if k == "tpmstate0" && full && v.running() && p.snap == "" {
				return errors.New("cannot clone TPM state while VM is running")
			}
			d := cloneDrive{slot: k, o: o, full: full || seed}
			if err := l.checkCloneDrive(v.Node, p, d); err != nil {
				return err
			}
			p.drives = append(p.drives, d)
		default:
			p.config[k] = value
		}
	}
	if o, err := api().parseObject("smbios1", "smbios1", config["smbios1"]); err == nil {
		o["uuid"] = newUUID()
		p.config["smbios1"] = api().printObject("smbios1", o)
	}
	return nil
}

// anyLocal reports whether a clone would have a volume that only its node sees.
func (c *call) anyLocal(p *cloning) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range p.drives {
		if vol := c.findVolume(c.node(), d.o["file"]); p.storage == nil && vol != nil && vol.storage.node != "" {
			return true
		}
	}
	return false
}

func (l *Lab) checkCloneDrive(node string, p *cloning, d cloneDrive) error {
	l.mu.Lock()
	vol := l.findVolume(node, d.o["file"])
	l.mu.Unlock()
	kind, feature, snap := "Linked", "clone", p.snap
	if d.full {
		kind, feature = "Full", "copy"
	}
	if isCloudInit(d.o["file"]) {
		snap = ""
	}
	if vol == nil || !vol.can(feature, snap) {
		return fmt.Errorf("%s clone feature is not supported for '%s' (%s)", kind, d.o["file"], d.slot)
	}
	return nil
}

// clone makes the volumes, one drive after the other, and then unlocks the new
// guest; it grows visibly meanwhile.
func (l *Lab) clone(t *task, v *vm, p *cloning) error {
	release, err := l.shareVM(t.ctx, p.from, t)
	if err != nil {
		return err
	}
	defer release()
	t.logf("creating a clone of VM %d with ID %d", p.from, p.to)
	for _, d := range p.drives {
		if !isCloudInit(d.o["file"]) { // which is small: it is there at once
			if err := t.delay(); err != nil {
				return err
			}
		}
		vol, err := l.copyDrive(t, d.slot, d.o["file"], copying{
			node: v.Node, snap: p.snap, full: d.full, to: p.to, storage: p.storage, format: p.format,
		})
		if err != nil {
			return err
		}
		d.o["file"], d.o["size"] = vol.id(), formatSize(vol.Size)
		v.Config[d.slot] = printDrive(d.slot, d.o)
		if err := l.saveConfig(v); err != nil {
			return err
		}
	}
	if err := t.delay(); err != nil {
		return err
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

// copying says how a drive's volume is copied.
type copying struct {
	node    string // of the source
	snap    string
	full    bool
	to      uint
	storage *storage // nil: the source's
	format  string   // "": the source's
}

// copyDrive makes the volume of a clone or of a moved disk.
func (l *Lab) copyDrive(t *task, slot, file string, how copying) (*volume, error) {
	l.mu.Lock()
	src := l.findVolume(how.node, file)
	l.mu.Unlock()
	if src == nil {
		return nil, fmt.Errorf("volume '%s' does not exist", file)
	}
	at := spot{storage: src.storage, vmid: how.to, format: src.Format}
	what := src.content(how.snap)
	if isCloudInit(file) {
		what.state = ""
	}
	if !how.full {
		return l.linkDrive(t, slot, src, at, what)
	}
	t.logf("create full clone of drive %s (%s)", slot, file)
	if how.storage != nil {
		at.storage = how.storage
	}
	if how.format != "" {
		at.format = how.format
	}
	seed := isCloudInit(file)
	if seed {
		at.stem, at.format = fmt.Sprintf("vm-%d-cloudinit", how.to), "qcow2"
	}
	if !at.storage.files() {
		at.format = "raw"
	}
	if err := at.storage.holds("images"); err != nil {
		return nil, err
	}
	v, err := l.makeVolume(at, what)
	if err != nil {
		return nil, err
	}
	v.logMade(t.logf)
	t.logf("allocated target volume '%s'", v.id())
	if !seed {
		total := humanSize(v.Size)
		t.logf("transferred 0.0 B of %s (0.00%%)", total)
		t.logf("transferred %s of %s (100.00%%)", total, total)
	}
	return v, nil
}

// linkDrive makes a volume that stands on a template's.
func (l *Lab) linkDrive(t *task, slot string, src *volume, at spot, what content) (*volume, error) {
	t.logf("create linked clone of drive %s (%s)", slot, src.id())
	if at.storage.mustNameItsBase() {
		at.base = src.asBase()
	}
	if at.storage.files() {
		at.format = "qcow2"
	}
	v, err := l.makeVolume(at, what)
	if err != nil {
		return nil, err
	}
	if v.Base != "" {
		name := v.Name[strings.LastIndexByte(v.Name, '/')+1:]
		t.logf("clone %s: images, %s, %d to %s (base=../%s)", v.Base, name, at.vmid, name, v.Base)
	}
	v.logMade(t.logf)
	return v, nil
}
