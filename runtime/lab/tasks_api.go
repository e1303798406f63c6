package lab

import (
	"slices"
	"strings"
)

// recentTasks is how many tasks /cluster/tasks shows.
const recentTasks = 25

// row is a task in listings.
func (t *task) row() map[string]any {
	row := map[string]any{
		"upid": t.UPID, "node": t.Node, "pid": t.PID, "pstart": t.PStart, "starttime": t.Start,
		"type": t.Type, "id": t.ID, "user": t.User,
	}
	if t.Token != "" {
		row["tokenid"] = t.Token
	}
	if t.Exit != "" {
		row["status"], row["endtime"] = t.Exit, t.End
	}
	return row
}

// activeRow is a running task in listings: PVE splits nothing there.
func (t *task) activeRow() map[string]any {
	row := t.row()
	delete(row, "tokenid")
	row["status"], row["saved"] = "RUNNING", "0"
	if t.Token != "" {
		row["user"] = t.User + "!" + t.Token
	}
	return row
}

// newest calls visit for the tasks that the caller may see, newest first, until
// it returns false.
func (c *call) newest(visit func(*task) bool) {
	ts, all := c.tasks, map[string]bool{}
	for _, m := range c.members() {
		all[m.Name] = c.may("/nodes/"+m.Name, "Sys.Audit")
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for i := len(ts.order) - 1; i >= 0; i-- {
		t := ts.order[i]
		if (all[t.Node] || c.owns(t)) && !visit(t) {
			return
		}
	}
}

// owns reports whether the caller started a task: he himself, or a token of his.
func (c *call) owns(t *task) bool {
	return c.who.user == t.User && (c.who.token == "" || c.who.token == t.Token)
}

// clusterTasks is GET /cluster/tasks.
func (c *call) clusterTasks() (any, error) {
	list := []any{}
	c.newest(func(t *task) bool {
		row := t.row()
		if t.Exit == "" {
			row = t.activeRow()
			delete(row, "status") // a running task has none here
		} else {
			row["saved"] = "1"
		}
		list = append(list, row)
		return len(list) < recentTasks
	})
	return list, nil
}

// taskList is GET /nodes/{node}/tasks: finished tasks unless source says else.
func (c *call) taskList() (any, error) {
	source := c.str("source")
	list, total := []any{}, 0
	start, limit := int(c.number("start", 0)), int(c.number("limit", 50))
	if limit == 0 {
		limit = keptTasks
	}
	kinds := splitList(c.str("statusfilter"))
	c.newest(func(t *task) bool {
		active := t.Exit == ""
		if active && source != "active" && source != "all" || !active && source == "active" {
			return true
		}
		if t.Node != c.node() {
			return true
		}
		failed := !active && t.Exit != "OK"
		switch {
		case c.has("vmid") && t.ID != c.str("vmid"),
			c.flag("errors") && !failed,
			c.has("typefilter") && t.Type != c.str("typefilter"),
			c.has("userfilter") && !strings.Contains(t.User, c.str("userfilter")),
			c.has("since") && t.Start < c.number("since", 0),
			c.has("until") && t.Start > c.number("until", 0),
			len(kinds) > 0 && !slices.Contains(kinds, t.outcome()):
			return true
		}
		if total >= start && len(list) < limit {
			row := t.row()
			if active {
				row = t.activeRow()
			}
			list = append(list, row)
		}
		total++
		return true
	})
	if total == 0 {
		return list, nil
	}
	return page{list, total}, nil
}

// outcome is the class of an exit status.
func (t *task) outcome() string {
	switch {
	case t.Exit == "OK":
		return "ok"
	case t.Exit == exitUnexpected || t.Exit == "":
		return "unknown"
	case strings.HasPrefix(t.Exit, "WARNINGS: "):
		return "warning"
	}
	return "error"
}

// mustTask is the task in the path; for one of somebody else the caller needs
// the privilege on its node.
func (c *call) mustTask(priv string) (*task, error) {
	t, err := c.tasks.find(c.node(), c.str("upid"))
	if err == nil && !c.owns(t) {
		err = c.need("/nodes/"+c.node(), priv)
	}
	return t, err
}

func (c *call) taskStatus() (any, error) {
	t, err := c.mustTask("Sys.Audit")
	if err != nil {
		return nil, err
	}
	c.tasks.mu.Lock()
	defer c.tasks.mu.Unlock()
	row := t.row()
	delete(row, "endtime")
	row["status"] = "running"
	if t.Exit != "" {
		row["status"], row["exitstatus"] = "stopped", t.Exit
	}
	return row, nil
}

func (c *call) taskLog() (any, error) {
	t, err := c.mustTask("Sys.Audit")
	if err != nil {
		return nil, err
	}
	c.tasks.mu.Lock()
	lines := slices.Clone(t.Log)
	c.tasks.mu.Unlock()
	total := len(lines)
	start := min(int(c.number("start", 0)), total)
	end := total
	if limit := int(c.number("limit", 50)); limit > 0 {
		end = min(total, start+limit)
	}
	list := []any{}
	for i := start; i < end; i++ {
		list = append(list, map[string]any{"n": i + 1, "t": lines[i]})
	}
	return page{list, total}, nil
}

// taskStop interrupts a running task; a finished one is left alone.
func (c *call) taskStop() (any, error) {
	t, err := c.mustTask("Sys.Modify")
	if err != nil {
		return nil, err
	}
	if t.cancel != nil {
		t.cancel()
	}
	return nil, nil
}
