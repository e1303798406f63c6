package lab

import (
	"errors"
	"fmt"
	"maps"
)

// snapshot is a guest's configuration as it was. What its volumes held then is
// beside them; see (*volume).snapState.
type snapshot struct {
	Config      map[string]string `json:"config"` // parent included
	Time        int64             `json:"time"`   // seconds since the epoch
	Description string            `json:"description,omitempty"`
	State       string            `json:"state,omitempty"` // volume with the guest's memory
}

func missingSnapshot(name string) error {
	return errors.New("snapshot '" + name + "' does not exist")
}

// snapshotsOf finds one of a guest's snapshots.
func (v *vm) snapshot(name string) (*snapshot, error) {
	s := v.Snapshots[name]
	if s == nil {
		return nil, missingSnapshot(name)
	}
	return s, nil
}

// options are the snapshot's as the API shows them.
func (s *snapshot) options(kind string) map[string]any {
	out := map[string]any{"snaptime": s.Time}
	for k, value := range s.Config {
		out[k] = typed(kind, k, value)
	}
	if s.Description != "" {
		out["description"] = s.Description
	}
	if s.State != "" {
		out["vmstate"] = s.State
	}
	return out
}

// snapshotList is GET …/snapshot; what is now comes last.
func (c *call) snapshotList() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, name := range sortedKeys(v.Snapshots) {
		s := v.Snapshots[name]
		row := map[string]any{"name": name, "snaptime": s.Time, "description": s.Description}
		switch {
		case v.isCT(): // has no memory in it
		case s.State != "":
			row["vmstate"] = 1
		default:
			row["vmstate"] = 0
		}
		if parent := s.Config["parent"]; parent != "" {
			row["parent"] = parent
		}
		list = append(list, row)
	}
	now := map[string]any{"name": "current", "description": "You are here!", "running": 0, "digest": v.digest()}
	if v.running() {
		now["running"] = 1
	}
	if parent := v.Config["parent"]; parent != "" {
		now["parent"] = parent
	}
	return append(list, now), nil
}

// snapshotIndex is GET …/snapshot/{snapname}.
func (c *call) snapshotIndex() (any, error) {
	return []any{map[string]any{"cmd": "rollback"}, map[string]any{"cmd": "config"}}, nil
}

// snapshotConfig is GET …/snapshot/{snapname}/config.
func (c *call) snapshotConfig() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	s, err := v.snapshot(c.str("snapname"))
	if err != nil {
		return nil, err
	}
	return s.options(v.Kind), nil
}

// snapshotUpdate is PUT …/snapshot/{snapname}/config.
func (c *call) snapshotUpdate() (any, error) {
	v, unlock, err := c.heldVM()
	if err != nil {
		return nil, err
	}
	defer unlock()
	s, err := v.snapshot(c.str("snapname"))
	if err != nil || !c.has("description") {
		return nil, err
	}
	changed := *s
	changed.Description = c.str("description")
	v.Snapshots[c.str("snapname")] = &changed
	return nil, c.saveConfig(v)
}

// snapshotCreate is POST …/snapshot.
func (c *call) snapshotCreate() (any, error) {
	name, description, memory := c.str("snapname"), c.str("description"), c.flag("vmstate")
	if name == "current" || name == "pending" {
		return nil, errorf(500, "unable to use snapshot name '"+name+"' (reserved name)")
	}
	return c.power(c.worker("snapshot"), func(t *task, v *vm) error {
		switch {
		case v.template():
			return errors.New("you can't take a snapshot if it's a template")
		case v.Snapshots[name] != nil:
			return fmt.Errorf("snapshot name '%s' already used", name)
		}
		return c.takeSnapshot(t, v, name, description, memory)
	})
}

// snapshotted is a drive that takes part in snapshots.
type snapshotted struct {
	slot string
	vol  *volume // nil when it is gone
}

// snapshotDrives are the drives with a volume of their own in a configuration.
func (l *Lab) snapshotDrives(node string, config map[string]string) []snapshotted {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []snapshotted
	for _, slot := range sortedSlots(config) {
		if !isDriveSlot(slot) {
			continue
		}
		o := parseDrive(slot, config[slot])
		if o["media"] == "cdrom" && !isCloudInit(o["file"]) || o["file"] == "none" {
			continue
		}
		out = append(out, snapshotted{slot, l.findVolume(node, o["file"])})
	}
	return out
}

// takeSnapshot copies what the volumes hold, then writes the record: a crash in
// between leaves copies that the next snapshot of that name replaces.
func (l *Lab) takeSnapshot(t *task, v *vm, name, description string, memory bool) error {
	drives := l.snapshotDrives(v.Node, v.Config)
	for _, d := range drives {
		if d.vol == nil || !d.vol.can("snapshot", "") {
			return errors.New("snapshot feature is not available")
		}
	}
	s := &snapshot{Config: map[string]string{}, Time: l.now().Unix(), Description: description}
	for k, value := range v.Config {
		if base, _, _ := splitSlot(k); k != "lock" && k != "description" && base != "unused" {
			s.Config[k] = value
		}
	}
	if memory && v.running() {
		vol, err := l.makeVolume(spot{
			storage: l.stateStorage(v), vmid: v.VMID, stem: fmt.Sprintf("vm-%d-state-%s", v.VMID, name), format: "raw",
		}, content{size: stateSize(v)})
		if err != nil {
			return err
		}
		s.State = vol.id()
		vol.logMade(t.logf)
		t.logf("saving VM state and RAM using storage '%s'", vol.storage.name)
	}
	for _, d := range drives {
		if !v.isCT() {
			t.logf("snapshotting 'drive-%s' (%s)", d.slot, d.vol.id())
		}
		if err := d.vol.storage.disk.copyTree(d.vol.state(), d.vol.snapState(name)); err != nil {
			return err
		}
	}
	if v.Snapshots == nil {
		v.Snapshots = map[string]*snapshot{}
	}
	v.Snapshots[name] = s
	v.Config["parent"] = name
	return l.saveConfig(v)
}

// stateStorage is where a guest's memory is saved: the storage the guest names,
// else that of its first disk, else local.
func (l *Lab) stateStorage(v *vm) *storage {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.storage(v.Node, v.Config["vmstatestorage"]); s != nil {
		return s
	}
	for _, slot := range bootDisks(v.Config) {
		if vol := l.findVolume(v.Node, parseDrive(slot, v.Config[slot])["file"]); vol != nil {
			return vol.storage
		}
	}
	return l.storage(v.Node, "local")
}

// snapshotDelete is DELETE …/snapshot/{snapname}.
func (c *call) snapshotDelete() (any, error) {
	name := c.str("snapname")
	return c.power(c.worker("delsnapshot"), func(_ *task, v *vm) error {
		s, err := v.snapshot(name)
		if err != nil {
			return err
		}
		// Its children are those of its parent now.
		parent := s.Config["parent"]
		adopt := func(config map[string]string) map[string]string {
			if config["parent"] != name {
				return config
			}
			config = maps.Clone(config)
			config["parent"] = parent
			if parent == "" {
				delete(config, "parent")
			}
			return config
		}
		delete(v.Snapshots, name)
		for _, other := range sortedKeys(v.Snapshots) {
			changed := *v.Snapshots[other]
			changed.Config = adopt(changed.Config)
			v.Snapshots[other] = &changed
		}
		v.Config = adopt(v.Config)
		if err := c.saveConfig(v); err != nil {
			return err
		}
		if s.State != "" {
			err = c.release(v.Node, []string{s.State})
		}
		for _, d := range c.snapshotDrives(v.Node, s.Config) {
			if d.vol != nil {
				err = errors.Join(err, d.vol.storage.disk.removeAll(d.vol.snapState(name)))
			}
		}
		return err
	})
}

// inSnapshot reports whether a snapshot needs a volume.
func (v *vm) inSnapshot(file string) bool {
	for _, s := range v.Snapshots {
		if s.State == file {
			return true
		}
		for k, text := range s.Config {
			if isDriveSlot(k) && parseDrive(k, text)["file"] == file {
				return true
			}
		}
	}
	return false
}
