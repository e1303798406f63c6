package lab

import (
	"errors"
	"fmt"
	"time"
)

// ctMigrate is POST …/migrate. Containers cannot go on running meanwhile: with
// restart they are shut down here and started there.
func (c *call) ctMigrate() (any, error) {
	m := migration{vmid: c.vmid(), target: c.str("target")}
	if err := c.checkTarget(m.target); err != nil {
		return nil, err
	}
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if err := v.unlocked(); err != nil {
		return nil, err
	}
	online, restart := c.flag("online"), c.flag("restart")
	if v.running() && !online && !restart {
		return nil, errorf(500, "can't migrate running container without --online or --restart")
	}
	if m.storage, err = storageMap(c.str("target-storage")); err != nil {
		return nil, badParam("target-storage", fmt.Sprintf("failed to parse storage map: %s", err))
	}
	if err := c.checkStorages(m); err != nil {
		return nil, err
	}
	wait := time.Duration(c.number("timeout", 180)) * time.Second
	return c.power("vzmigrate", func(t *task, v *vm) error {
		running := v.running()
		if running && !restart {
			t.logf("ERROR: lxc live migration is currently not implemented")
			return errors.New("migration aborted")
		}
		if running {
			if err := c.shutdownCT(t.ctx, v, wait); err != nil {
				return err
			}
			if v, err = c.lookup(v.VMID); err != nil {
				return err
			}
		}
		if err := c.migrate(t, v, m); err != nil || !running {
			return err
		}
		moved, err := c.Lab.lookup(v.VMID)
		if err != nil {
			return err
		}
		t.logf("start container on target node")
		return c.boot(t, moved)
	})
}

// ctMigrateInfo is GET …/migrate.
func (c *call) ctMigrateInfo() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	row := map[string]any{"running": 0}
	if v.running() {
		row["running"] = 1
	}
	row["allowed-nodes"], row["not-allowed-nodes"] = c.targets(v)
	return row, nil
}
