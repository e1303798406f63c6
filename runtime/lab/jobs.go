package lab

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// jobs is what the cluster is to do with guests, by itself: back them up and
// keep them up. It is known, shown and cleaned up after; nothing is done.
type jobs struct {
	Backups map[string]map[string]string `json:"backups,omitempty"` // parameters by id
	HA      map[string]map[string]string `json:"ha,omitempty"`      // parameters by sid
}

// clone is a copy that can be changed.
func (j jobs) clone() jobs {
	out := jobs{Backups: map[string]map[string]string{}, HA: map[string]map[string]string{}}
	for id, p := range j.Backups {
		out.Backups[id] = p // replaced, not changed
	}
	for sid, p := range j.HA {
		out.HA[sid] = p
	}
	return out
}

func (l *Lab) loadJobs() error {
	if err := l.dir.load(&l.jobs, "jobs.json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// changeJobs replaces the jobs, on disk first.
func (l *Lab) changeJobs(change func(j *jobs) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.jobs.clone()
	if err := change(&j); err != nil {
		return err
	}
	if err := l.dir.save(j, "jobs.json"); err != nil {
		return err
	}
	l.jobs = j
	return nil
}

// changed are the parameters of an update: the old ones with those given, without
// those deleted.
func (c *call) changedParams(old map[string]string, but ...string) map[string]string {
	params := map[string]string{}
	for _, from := range []map[string]string{old, c.params} {
		for k, v := range from {
			if !slices.Contains(but, k) {
				params[k] = v
			}
		}
	}
	for _, k := range splitList(c.str("delete")) {
		delete(params, k)
	}
	return params
}

// rowOf gives parameters the types of a method's schema.
func rowOf(params map[string]string, verb, path string) map[string]any {
	row := map[string]any{}
	for k, v := range params {
		row[k] = v
		if p := api().schemaOf(verb, path).lookup(k); p != nil && (p.kind == "int" || p.kind == "bool") {
			if n, err := strconv.Atoi(v); err == nil {
				row[k] = n
			}
		}
	}
	return row
}

const backups = "/cluster/backup"

func backupRow(id string, params map[string]string) map[string]any {
	row := rowOf(params, "POST", backups)
	row["id"], row["type"] = id, "vzdump"
	if _, ok := row["enabled"]; !ok {
		row["enabled"] = 1
	}
	return row
}

// backupList is GET /cluster/backup.
func (c *call) backupList() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, id := range sortedKeys(c.jobs.Backups) {
		list = append(list, backupRow(id, c.jobs.Backups[id]))
	}
	return list, nil
}

// whom refuses a job that says of no guest, or in two ways.
func whom(params map[string]string) error {
	given := 0
	for _, k := range []string{"all", "pool", "vmid"} {
		if v, ok := params[k]; ok && v != "0" {
			given++
		}
	}
	switch {
	case given == 0:
		return badParam("vmid", "property is missing and it is not optional")
	case given > 1:
		return badParam("all", "option conflicts with option 'vmid'")
	}
	return nil
}

// backupCreate is POST /cluster/backup.
func (c *call) backupCreate() (any, error) {
	if err := whom(c.params); err != nil {
		return nil, err
	}
	id := c.str("id")
	if id == "" {
		var b [6]byte
		rand.Read(b[:])
		id = "backup-" + hex.EncodeToString(b[:4]) + "-" + hex.EncodeToString(b[4:])
	}
	if store := c.str("storage"); c.has("storage") && c.storageNamed(c.local, store) == nil {
		return nil, errorf(500, "storage '"+store+"' does not exist")
	}
	params := c.changedParams(nil, "id", "starttime", "dow")
	if at := c.str("starttime"); at != "" {
		params["schedule"] = strings.TrimSpace(c.str("dow") + " " + at)
	}
	if params["schedule"] == "" {
		return nil, badParam("schedule", "property is missing and it is not optional")
	}
	return nil, c.changeJobs(func(j *jobs) error {
		if j.Backups[id] != nil {
			return fmt.Errorf("Job '%s' already exists", id)
		}
		j.Backups[id] = params
		return nil
	})
}

func noJob(id string) error { return badParam("id", "No such job '"+id+"'") }

// backupGet is GET /cluster/backup/{id}.
func (c *call) backupGet() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.str("id")
	params := c.jobs.Backups[id]
	if params == nil {
		return nil, noJob(id)
	}
	return backupRow(id, params), nil
}

// backupUpdate is PUT /cluster/backup/{id}.
func (c *call) backupUpdate() (any, error) {
	id := c.str("id")
	return nil, c.changeJobs(func(j *jobs) error {
		old := j.Backups[id]
		if old == nil {
			return noJob(id)
		}
		params := c.changedParams(old, "id", "delete", "starttime", "dow")
		if at := c.str("starttime"); at != "" {
			params["schedule"] = strings.TrimSpace(c.str("dow") + " " + at)
		}
		if err := whom(params); err != nil {
			return err
		}
		j.Backups[id] = params
		return nil
	})
}

// backupDelete is DELETE /cluster/backup/{id}.
func (c *call) backupDelete() (any, error) {
	id := c.str("id")
	return nil, c.changeJobs(func(j *jobs) error {
		if j.Backups[id] == nil {
			return noJob(id)
		}
		delete(j.Backups, id)
		return nil
	})
}

// purge takes a guest that is destroyed out of what the cluster does by itself. A
// backup job of that guest alone goes.
func (l *Lab) purge(v *vm) error {
	vmid := vmidText(v.VMID)
	return l.changeJobs(func(j *jobs) error {
		for id, old := range j.Backups {
			for _, k := range []string{"vmid", "exclude"} {
				list := splitList(old[k])
				if !slices.Contains(list, vmid) {
					continue
				}
				params := map[string]string{}
				for name, value := range old {
					params[name] = value
				}
				if left := strings.Join(remove(list, vmid), ","); left != "" {
					params[k] = left
				} else {
					delete(params, k)
				}
				j.Backups[id] = params
				if k == "vmid" && params[k] == "" {
					delete(j.Backups, id)
				}
			}
		}
		delete(j.HA, v.sid())
		return nil
	})
}
