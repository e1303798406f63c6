package lab

import "fmt"

// qemuMigrate is POST …/migrate.
func (c *call) qemuMigrate() (any, error) {
	m := migration{vmid: c.vmid(), target: c.str("target"), disks: c.flag("with-local-disks")}
	if err := c.checkTarget(m.target); err != nil {
		return nil, err
	}
	for _, k := range []string{"force", "migration_type", "migration_network"} {
		if c.has(k) && !c.who.isRoot() {
			return nil, badParam(k, "Only root may use this option.")
		}
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if err := v.unlocked(); err != nil {
		return nil, err
	}
	if v.running() && !c.flag("online") {
		return nil, errorf(500, "can't migrate running VM without --online")
	}
	if m.storage, err = storageMap(c.str("targetstorage")); err != nil {
		return nil, badParam("targetstorage", fmt.Sprintf("failed to parse storage map: %s", err))
	}
	if err := c.checkStorages(m); err != nil {
		return nil, err
	}
	return c.power("qmigrate", func(t *task, v *vm) error {
		m.online = v.running()
		return c.migrate(t, v, m)
	})
}

// qemuMigrateInfo is GET …/migrate: what stands in the way.
func (c *call) qemuMigrateInfo() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	disks := []any{}
	for _, vol := range c.imagesOf(v.VMID) {
		if vol.storage.node != "" {
			disks = append(disks, v.localDisk(vol))
		}
	}
	row := map[string]any{
		"running": 0, "local_disks": disks, "local_resources": []any{}, "mapped-resources": []any{},
		"mapped-resource-info": map[string]any{}, "has-dbus-vmstate": 1,
	}
	if v.running() {
		row["running"] = 1
	}
	row["allowed_nodes"], row["not_allowed_nodes"] = c.targets(v)
	return row, nil
}
