package pve

import (
	"context"
	"net/url"
	"strconv"
)

// Progress is called with new lines of a task's log, in order, from the poller;
// it must not block.
type Progress func(lines []string)

// TaskStatus is the state of a task.
type TaskStatus struct {
	Running bool
	Exit    string // "OK", "WARNINGS: 2", or the text of the failure
}

// Failed reports whether the task ended badly.
func (t TaskStatus) Failed() bool {
	return !t.Running && t.Exit != "OK" && !isWarning(t.Exit)
}

func isWarning(exit string) bool { return len(exit) >= 9 && exit[:9] == "WARNINGS:" }

// Wait waits until a task has ended: nil for OK and for warnings, *TaskError for
// a failed task, another error of this package when its state cannot be learned.
// One poller per client looks at all outstanding tasks, so any number of Waits
// is cheap, two on one task included; the task may be of an earlier run. UPID ""
// has ended already. progress may be nil.
func (c *Client) Wait(ctx context.Context, upid UPID, progress Progress) error {
	if upid == "" {
		return nil
	}
	return c.poll.wait(ctx, upid, progress)
}

// TaskStatus looks at a task once. A task that is not known has class NotExist.
func (c *Client) TaskStatus(ctx context.Context, upid UPID) (TaskStatus, error) {
	var st struct {
		Status scalar `json:"status"`
		Exit   scalar `json:"exitstatus"`
	}
	if err := c.read(ctx, taskPath(upid)+"/status", nil, &st); err != nil {
		return TaskStatus{}, err
	}
	return TaskStatus{Running: st.Status.text == "running", Exit: st.Exit.text}, nil
}

// TaskLog reads at most limit lines of a task's log from line start (from 0).
func (c *Client) TaskLog(ctx context.Context, upid UPID, start, limit int) ([]string, error) {
	var items []struct {
		Line scalar `json:"t"`
	}
	query := url.Values{"start": {strconv.Itoa(start)}, "limit": {strconv.Itoa(limit)}}
	if err := c.read(ctx, taskPath(upid)+"/log", query, &items); err != nil {
		return nil, err
	}
	lines := make([]string, 0, len(items))
	for _, it := range items {
		lines = append(lines, it.Line.text)
	}
	return lines, nil
}

func taskPath(upid UPID) string {
	return "/nodes/" + seg(upid.Node()) + "/tasks/" + seg(string(upid))
}
