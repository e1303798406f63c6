package pve

import (
	"context"
	"net/url"
	"sort"
)

// RunningTasks lists the tasks of a node that have not ended, by UPID. A driver
// that lost its memory finds in it what it, or anyone, had started.
func (c *Client) RunningTasks(ctx context.Context, node string) ([]UPID, error) {
	var items []struct {
		UPID UPID   `json:"upid"`
		End  scalar `json:"endtime"`
	}
	// The list of active tasks also holds those that ended a moment ago.
	query := url.Values{"source": {"active"}, "limit": {"1000"}}
	if err := c.read(ctx, "/nodes/"+seg(node)+"/tasks", query, &items); err != nil {
		return nil, err
	}
	var list []UPID
	for _, it := range items {
		if !it.End.set && it.UPID.Valid() {
			list = append(list, it.UPID)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list, nil
}
