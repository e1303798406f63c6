package lab

import (
	"fmt"
	"strconv"
	"strings"
)

const haPath = "/cluster/ha/resources"

// sid is what HA calls a guest.
func (v *vm) sid() string { return strings.ToLower(v.label()) + ":" + vmidText(v.VMID) }

// haState is what HA wants of a guest, "" when it does not manage it.
func (l *Lab) haState(v *vm) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	params := l.jobs.HA[v.sid()]
	switch {
	case params == nil:
		return ""
	case params["state"] == "" || params["state"] == "enabled":
		return "started"
	}
	return params["state"]
}

// haOf is "ha" of a guest's status.
func (l *Lab) haOf(v *vm) map[string]any {
	if state := l.haState(v); state != "" {
		return map[string]any{"managed": 1, "state": state}
	}
	return map[string]any{"managed": 0}
}

// unmanaged refuses to destroy a guest that HA keeps up, unless it is purged.
func (l *Lab) unmanaged(v *vm, purge bool) error {
	if purge || l.haState(v) == "" {
		return nil
	}
	return fmt.Errorf("unable to remove %s %d - used in HA resources and purge parameter not set.", v.label(), v.VMID)
}

func haRow(sid string, params map[string]string) map[string]any {
	row := rowOf(params, "POST", haPath)
	kind, _, _ := strings.Cut(sid, ":")
	row["sid"], row["type"] = sid, kind
	if row["state"] == nil {
		row["state"] = "started"
	}
	return row
}

// haResources is GET /cluster/ha/resources.
func (c *call) haResources() (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := []any{}
	for _, sid := range sortedKeys(c.jobs.HA) {
		row := haRow(sid, c.jobs.HA[sid])
		if want := c.str("type"); want == "" || want == row["type"] {
			list = append(list, row)
		}
	}
	return list, nil
}

// sidParam is the resource of a request: its kind may be left out.
func (c *call) sidParam() (string, error) {
	sid := c.str("sid")
	kind, name, ok := strings.Cut(sid, ":")
	if !ok {
		kind, name = "", sid
	}
	id, err := strconv.ParseUint(name, 10, 32)
	if err != nil {
		return "", badParam("sid", "invalid format - value does not look like a valid ha resource id\n")
	}
	v, err := c.Lab.lookup(uint(id))
	if err != nil {
		if kind == "" {
			kind = "vm"
		}
		return kind + ":" + name, errorf(500, "resource '"+kind+":"+name+"' does not exist in cluster")
	}
	if kind != "" && v.sid() != kind+":"+name {
		return sid, errorf(500, "resource '"+sid+"' does not exist in cluster")
	}
	return v.sid(), nil
}

// haCreate is POST /cluster/ha/resources.
func (c *call) haCreate() (any, error) {
	sid, err := c.sidParam()
	if err != nil {
		return nil, err
	}
	return nil, c.changeJobs(func(j *jobs) error {
		if j.HA[sid] != nil {
			return errorf(500, "resource ID '"+sid+"' already defined")
		}
		j.HA[sid] = c.changedParams(nil, "sid", "type")
		return nil
	})
}

func noResource(sid string) error { return errorf(500, "no such resource '"+sid+"'") }

// haGet is GET /cluster/ha/resources/{sid}.
func (c *call) haGet() (any, error) {
	sid, _ := c.sidParam() // a resource may outlive its guest
	c.mu.Lock()
	defer c.mu.Unlock()
	params := c.jobs.HA[sid]
	if params == nil {
		return nil, noResource(sid)
	}
	return haRow(sid, params), nil
}

// haUpdate is PUT /cluster/ha/resources/{sid}.
func (c *call) haUpdate() (any, error) {
	sid, _ := c.sidParam()
	return nil, c.changeJobs(func(j *jobs) error {
		if j.HA[sid] == nil {
			return noResource(sid)
		}
		j.HA[sid] = c.changedParams(j.HA[sid], "sid", "digest", "delete")
		return nil
	})
}

// haDelete is DELETE /cluster/ha/resources/{sid}.
func (c *call) haDelete() (any, error) {
	sid, _ := c.sidParam()
	return nil, c.changeJobs(func(j *jobs) error {
		if j.HA[sid] == nil {
			return noResource(sid)
		}
		delete(j.HA, sid)
		return nil
	})
}
