package pve

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// Snapshots lists the guest's snapshots in the order they were taken; siblings
// stand by name.
func (g Guest) Snapshots(ctx context.Context) ([]string, error) {
	var answer []struct {
		Name   scalar `json:"name"`
		Parent scalar `json:"parent"`
	}
	if err := g.c.read(ctx, g.path()+"/snapshot", nil, &answer); err != nil {
		return nil, err
	}
	below := map[string][]string{}
	for _, s := range answer {
		if s.Name.text != "current" && s.Name.text != "" {
			below[s.Parent.text] = append(below[s.Parent.text], s.Name.text)
		}
	}
	var out []string
	for todo := []string{""}; len(todo) > 0; {
		next := below[todo[0]]
		delete(below, todo[0]) // each is met once, whatever the answer says
		slices.Sort(next)
		todo = append(todo[1:], next...)
		out = append(out, next...)
	}
	return out, nil
}

// BackupJobs says which of the cluster's backup jobs name which guests: vmid → ids
// of jobs, sorted. Jobs for all guests, or those of a pool, name none.
func (c *Client) BackupJobs(ctx context.Context) (map[uint][]string, error) {
	var answer []struct {
		ID   scalar `json:"id"`
		VMID scalar `json:"vmid"`
	}
	if err := c.read(ctx, "/cluster/backup", nil, &answer); err != nil {
		return nil, err
	}
	out := map[uint][]string{}
	for _, job := range answer {
		for _, text := range strings.FieldsFunc(job.VMID.text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			if id, err := strconv.ParseUint(text, 10, 32); err == nil {
				out[uint(id)] = append(out[uint(id)], job.ID.text)
			}
		}
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out, nil
}
