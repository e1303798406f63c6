package lab

import (
	"os"
	"slices"
	"strings"
)

func (c *call) storageList() (any, error) {
	c.mu.Lock()
	all := c.storageConfigs()
	c.mu.Unlock()
	list := []any{}
	for _, s := range all {
		if kind := c.str("type"); (kind == "" || kind == s.kind) && c.maySee(s.name) {
			c.mu.Lock()
			row := s.config()
			row["digest"] = c.storageDigest()
			c.mu.Unlock()
			list = append(list, row)
		}
	}
	return list, nil
}

func (c *call) storageGet() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.storageConfig(c.str("storage")); s != nil {
		row := s.config()
		row["digest"] = c.storageDigest()
		return row, nil
	}
	return nil, errorf(500, "storage '"+c.str("storage")+"' does not exist")
}

// maySee reports whether the caller may know of a storage.
func (c *call) maySee(storage string) bool {
	return c.mayAny("/storage/"+storage, "Datastore.Audit", "Datastore.AllocateSpace")
}

// storageRows are the storages of a node with their use.
func (l *Lab) storageRows(node string) []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var rows []map[string]any
	for _, s := range l.storages {
		if s.on(node) {
			rows = append(rows, l.usage(s))
		}
	}
	return rows
}

// usage is a storage with its use; the caller holds the lab's mu. Only volumes
// that were uploaded take space: disks are thin.
func (l *Lab) usage(s *storage) map[string]any {
	var used int64
	for _, v := range s.volumes {
		if v.VMID == 0 {
			used += v.Size
		}
	}
	if l.hasSpace(s.name) != nil {
		used = storageSize
	}
	row := map[string]any{
		"storage": s.name, "type": s.kind, "content": strings.Join(s.content, ","), "shared": s.sharedFlag(), "enabled": 1, "active": 1,
		"total": int64(storageSize), "used": used, "avail": storageSize - used, "used_fraction": float64(used) / storageSize,
	}
	if s.disabled() {
		for _, k := range []string{"enabled", "active", "total", "used", "avail", "used_fraction"} {
			row[k] = 0
		}
	}
	return row
}

// sharedFlag is 1 for a storage that all nodes share.
func (s *storage) sharedFlag() int {
	if s.node == "" {
		return 1
	}
	return 0
}

// nodeStorageList is GET /nodes/{node}/storage.
func (c *call) nodeStorageList() (any, error) {
	list := []any{}
	for _, row := range c.storageRows(c.node()) {
		name, has := row["storage"].(string), strings.Split(row["content"].(string), ",")
		if c.has("storage") && c.str("storage") != name || !c.maySee(name) {
			continue
		}
		if c.flag("enabled") && row["enabled"] == 0 {
			continue
		}
		if target := c.str("target"); c.has("target") && target != c.node() && (row["shared"] != 1 || c.storageNamed(target, name) == nil) {
			continue // only what both have
		}
		want := splitList(c.str("content"))
		if len(want) > 0 && !slices.ContainsFunc(want, func(w string) bool { return slices.Contains(has, w) }) {
			continue
		}
		list = append(list, row)
	}
	return list, nil
}

// mustStorage is the storage in the path.
func (c *call) mustStorage() (*storage, error) {
	c.mu.Lock()
	s := c.Lab.storage(c.node(), c.str("storage"))
	c.mu.Unlock()
	if s == nil {
		return nil, badParam("storage", "No such storage.")
	}
	return s, nil
}

func (c *call) nodeStorageStatus() (any, error) {
	s, err := c.mustStorage()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	row := c.usage(s)
	delete(row, "storage")
	delete(row, "used_fraction")
	return row, nil
}

// contentList is GET /nodes/{node}/storage/{storage}/content. The vmid filter
// leaves volumes that belong to no guest.
func (c *call) contentList() (any, error) {
	s, err := c.mustStorage()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, name := range sortedKeys(s.volumes) {
		v := s.volumes[name]
		kind := c.contentOf(v)
		if c.has("content") && kind != c.str("content") || c.has("vmid") && v.VMID != 0 && v.VMID != c.vmid() {
			continue
		}
		row := map[string]any{"volid": v.id(), "content": kind, "format": v.Format, "size": v.Size, "ctime": v.CTime}
		if v.VMID != 0 {
			row["vmid"], row["parent"], row["used"] = v.VMID, v.backing(), fileSize(v.file())
		}
		list = append(list, row)
	}
	return list, nil
}

// contentOf is what a volume is listed as: a container's disks are rootdir. The
// caller holds mu.
func (l *Lab) contentOf(v *volume) string {
	if owner := l.vms[v.VMID]; owner != nil && owner.isCT() {
		return "rootdir"
	}
	return v.Content
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// volumeID is the volume in the path, with or without its storage.
func (c *call) volumeID() (string, error) {
	if _, err := c.mustStorage(); err != nil {
		return "", err
	}
	store, _, ok := splitVolumeID(c.str("volume"))
	if !ok {
		return c.str("storage") + ":" + c.str("volume"), nil
	}
	if store != c.str("storage") {
		return "", badParam("volume", "storage ID does not match")
	}
	return c.str("volume"), nil
}

func (c *call) contentGet() (any, error) {
	id, err := c.volumeID()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.findVolume(c.node(), id)
	if v == nil {
		return nil, errorf(500, "volume_size_info on '"+id+"' failed - no format")
	}
	return map[string]any{"path": v.pvePath(), "size": v.Size, "used": fileSize(v.file()), "format": v.Format}, nil
}

// contentDelete removes a volume in a task. One that is gone already is fine,
// as it is for PVE.
func (c *call) contentDelete() (any, error) {
	id, err := c.volumeID()
	if err != nil {
		return nil, err
	}
	if err := c.need("/storage/"+c.str("storage"), "Datastore.Allocate"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	v := c.findVolume(c.node(), id)
	var owner *vm
	if v != nil && v.VMID != 0 {
		owner = c.vms[v.VMID]
	}
	c.mu.Unlock()
	if owner != nil && (owner.uses(id) || owner.inSnapshot(id)) {
		return nil, errorf(500, "Cannot remove image, a guest with VMID '"+vmidText(owner.VMID)+"' exists!\n"+
			"You can delete the image from the guest's hardware pane")
	}
	return c.start("imgdel", c.str("storage"), func(t *task) error {
		if err := t.delay(); err != nil {
			return err
		}
		c.mu.Lock()
		v := c.findVolume(c.node(), id)
		c.mu.Unlock()
		if v == nil {
			return nil
		}
		if err := c.removeVolume(v); err != nil {
			return err
		}
		t.logf("Removed volume '%s'", id)
		return nil
	})
}
