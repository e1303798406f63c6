package lab

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// migration is a guest on its way to another node.
type migration struct {
	vmid    uint
	target  string
	online  bool              // it goes on running
	disks   bool              // local disks of a running guest go along
	storage map[string]string // where the volumes of a storage go; "" is the key of the default
}

// storageFor is the name of the storage on the target for volumes of one here.
func (m migration) storageFor(name string) string {
	if to, ok := m.storage[name]; ok {
		return to
	}
	if to, ok := m.storage[""]; ok {
		return to
	}
	return name
}

// storageMap reads PVE's "a:b,c:d" and "x"; "1" is the identity.
func storageMap(text string) (map[string]string, error) {
	m, identity := map[string]string{}, false
	for _, entry := range splitList(text) {
		from, to, isPair := strings.Cut(entry, ":")
		if !isPair {
			from, to = "", entry
		}
		if entry == "1" {
			identity = true
			continue
		}
		for _, id := range []string{from, to} {
			if (isPair || id != "") && !patternFormats["pve-storage-id"].match.MatchString(id) {
				return nil, fmt.Errorf("entry '%s' contains invalid ID - storage ID '%s' contains illegal characters\n", entry, id)
			}
		}
		switch _, twice := m[from]; {
		case twice && isPair:
			return nil, fmt.Errorf("duplicate mapping for source '%s'\n", from)
		case twice:
			return nil, errors.New("default target ID can only be provided once\n")
		}
		m[from] = to
	}
	if identity && len(m) > 0 {
		return nil, errors.New("identity mapping cannot be combined with other mappings\n")
	}
	return m, nil
}

// checkTarget is what PVE refuses of a migration's target at once.
func (c *call) checkTarget(target string) error {
	if target == c.node() {
		return badParam("target", "target is local node.")
	}
	if !c.hasNode(target) {
		return errorf(500, "no such cluster node '"+target+"'")
	}
	return nil
}

// checkStorages fails when the target lacks a storage that the guest needs.
func (c *call) checkStorages(m migration) error {
	for _, name := range sortedKeys(m.storage) {
		if err := c.need("/storage/"+m.storage[name], "Datastore.AllocateSpace"); err != nil {
			return err
		}
	}
	if missing := c.missingStorages(m); len(missing) > 0 {
		return errorf(500, "storage '"+missing[0]+"' is not available on node '"+m.target+"'")
	}
	return nil
}

// missingStorages are storages that the guest needs and the target lacks.
func (l *Lab) missingStorages(m migration) []string {
	var missing []string
	for _, vol := range l.imagesOf(m.vmid) {
		if name := m.storageFor(vol.storage.name); l.storageNamed(m.target, name) == nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// migrate moves a guest in a task; the caller holds its lock file. PVE ends the
// task with one text whatever went wrong, and says the reason in the log.
func (l *Lab) migrate(t *task, v *vm, m migration) error {
	began := l.now()
	log := func(format string, args ...any) {
		t.logf(l.now().UTC().Format(time.DateTime)+" "+format, args...)
	}
	took := func() string { return l.now().Sub(began).Truncate(time.Second).String() }
	log("starting migration of %s %d to node '%s'", v.label(), m.vmid, m.target)
	err := l.moveGuest(t, v, m, log)
	if l.ctx.Err() != nil {
		return err
	}
	if err != nil {
		log("ERROR: migration aborted (duration %s): %s", took(), strings.TrimSpace(err.Error()))
		return errors.New("migration aborted")
	}
	log("migration finished successfully (duration %s)", took())
	return nil
}

func (l *Lab) moveGuest(t *task, v *vm, m migration, log func(string, ...any)) error {
	if err := l.reach(t.ctx, m.target); err != nil {
		return fmt.Errorf("can't connect to node '%s': %w", m.target, err)
	}
	local, err := l.localVolumes(v, m, log)
	if err != nil {
		return err
	}
	v.Moving = m.target
	v.Config["lock"] = "migrate"
	if err := l.saveConfig(v); err != nil {
		return err
	}
	restart, err := l.standStill(t, v)
	if err != nil {
		return errors.Join(err, l.stay(v))
	}
	ids, made, err := l.copyVolumes(v, m, local, log)
	if err != nil {
		for _, vol := range made {
			err = errors.Join(err, l.removeVolume(vol))
		}
		return errors.Join(err, l.stay(v), restart(v))
	}
	// This is the step that counts: from here on it is a guest of the target.
	v.Node = m.target
	v.rename(ids)
	delete(v.Config, "lock")
	if err := errors.Join(l.saveConfig(v), restart(v)); err != nil {
		return err
	}
	for _, vol := range local {
		if err := l.removeVolume(vol); err != nil {
			return err
		}
	}
	v.Moving = ""
	return l.saveConfig(v)
}

// stay undoes the beginning of a migration.
func (l *Lab) stay(v *vm) error {
	v.Moving = ""
	delete(v.Config, "lock")
	return l.saveConfig(v)
}

// finishMoves ends the migrations that an earlier process began: the guest is
// where its record says, and what was or is still elsewhere goes.
func (l *Lab) finishMoves() error {
	for _, vmid := range sortedVMIDs(l.vms) {
		v := l.vms[vmid]
		if v.Moving == "" {
			continue
		}
		for _, vol := range l.imagesOf(vmid) {
			if s := vol.storage; s.node != "" && s.node != v.Node {
				if err := l.removeVolume(vol); err != nil {
					return dirError(l.dir.root, err)
				}
			}
		}
		if err := l.stay(v.clone()); err != nil {
			return err
		}
	}
	return nil
}

// localVolumes are the volumes that must be copied, or the reasons in the log
// why the guest cannot go.
func (l *Lab) localVolumes(v *vm, m migration, log func(string, ...any)) ([]*volume, error) {
	var local []*volume
	blocked := false
	block := func(id, reason string) {
		log("ERROR: can't migrate '%s': %s", id, reason)
		blocked = true
	}
	l.mu.Lock()
	for _, slot := range sortedSlots(v.Config) {
		if !isDriveSlot(slot) {
			continue
		}
		o := parseDrive(slot, v.Config[slot])
		if vol := l.findVolume(v.Node, o["file"]); o["media"] == "cdrom" && vol != nil && vol.VMID == 0 && vol.storage.node != "" {
			block(vol.id(), "local cdrom image")
		}
	}
	l.mu.Unlock()
	for _, vol := range l.imagesOf(v.VMID) {
		if vol.storage.node == "" && m.storageFor(vol.storage.name) == vol.storage.name {
			continue
		}
		local = append(local, vol)
		attached := v.attached(vol.id())
		switch {
		case vol.Base != "":
			block(vol.id(), "can't migrate '"+vol.id()+"' as it's a clone of '"+vol.Base+"'")
		case vol.isBase() && l.standing(vol):
			block(vol.id(), "base volume '"+vol.id()+"' is still in use by linked cloned")
		case attached && m.online && !m.disks && !isCloudInit(vol.id()):
			block(vol.id(), "can't live migrate attached local disks without with-local-disks option")
		}
		where := "via storage"
		if attached {
			where = "attached"
		}
		log("found local disk '%s' (%s)", vol.id(), where)
	}
	if blocked {
		return nil, errors.New("Problem found while scanning volumes - can't migrate VM - check log")
	}
	return local, nil
}

// attached reports whether a drive or mount point of the guest is a volume.
func (v *vm) attached(id string) bool {
	for k, text := range v.Config {
		if base, _, _ := splitSlot(k); base != "unused" && volumeOf(text) == id {
			return true
		}
	}
	return false
}

// content is what a storage must be able to hold for the guest's volumes.
func (v *vm) content() string {
	if v.isCT() {
		return "rootdir"
	}
	return "images"
}

// volumeOf is the first word of an option's value, which is a volume's id if the
// option has one.
func volumeOf(text string) string {
	id, _, _ := strings.Cut(text, ",")
	for _, key := range []string{"file=", "volume="} {
		id = strings.TrimPrefix(id, key)
	}
	return id
}

// copyVolumes copies volumes to the target, with all that their snapshots hold.
func (l *Lab) copyVolumes(v *vm, m migration, local []*volume, log func(string, ...any)) (ids map[string]string, made []*volume, err error) {
	ids = map[string]string{}
	if len(local) > 0 {
		log("copying local disk images")
	}
	for _, vol := range local {
		name := m.storageFor(vol.storage.name)
		to := l.storageNamed(m.target, name)
		if to == nil {
			return nil, made, fmt.Errorf("storage '%s' is not available on node '%s'", name, m.target)
		}
		if err := to.holds(v.content()); err != nil {
			return nil, made, err
		}
		at := spot{storage: to, vmid: v.VMID, stem: strings.TrimSuffix(path.Base(vol.Name), "."+vol.Format), format: vol.Format}
		if !to.files() {
			at.format = "raw"
		}
		copied, err := l.makeVolume(at, vol.content(""))
		if err != nil {
			return nil, made, err
		}
		made = append(made, copied)
		ids[vol.id()] = copied.id()
		snaps, err := filepath.Glob(vol.state() + "@*")
		for _, snap := range snaps {
			err = errors.Join(err, to.disk.copyTree(snap, copied.snapState(strings.TrimPrefix(snap, vol.state()+"@"))))
		}
		if err != nil {
			return nil, made, err
		}
		log("volume '%s' is '%s' on the target", vol.id(), copied.id())
	}
	return ids, made, nil
}

// rename gives volumes other ids in all that the record says of them.
func (v *vm) rename(ids map[string]string) {
	in := func(config map[string]string) {
		for k, text := range config {
			old := volumeOf(text)
			if id, ok := ids[old]; ok {
				config[k] = strings.Replace(text, old, id, 1)
			}
		}
	}
	in(v.Config)
	in(v.Pending)
	for _, name := range sortedKeys(v.Snapshots) {
		changed := *v.Snapshots[name]
		changed.Config = maps.Clone(changed.Config)
		in(changed.Config)
		if id, ok := ids[changed.State]; ok {
			changed.State = id
		}
		v.Snapshots[name] = &changed
	}
}

// localDisk is a volume in the answer about what a migration needs.
func (v *vm) localDisk(vol *volume) map[string]any {
	row := map[string]any{"volid": vol.id(), "size": vol.Size, "cdrom": 0, "is_unused": 1}
	if v.attached(vol.id()) {
		row["is_unused"] = 0
	}
	if isCloudInit(vol.id()) {
		row["cdrom"] = 1
	}
	return row
}

// targets are the nodes that a guest can go to, and why not to the others.
func (c *call) targets(v *vm) (allowed []string, not map[string]any) {
	allowed, not = []string{}, map[string]any{}
	for _, node := range c.members() {
		switch missing := c.missingStorages(migration{vmid: v.VMID, target: node.Name}); {
		case node.Name == v.Node:
		case len(missing) > 0:
			not[node.Name] = map[string]any{"unavailable_storages": missing}
		default:
			allowed = append(allowed, node.Name)
		}
	}
	return allowed, not
}
