package pve

import (
	"context"
	"strings"
)

// NodeStatus is what a node has for guests.
type NodeStatus struct {
	CPUs   uint   // threads
	Memory uint64 // bytes
	Free   uint64 // bytes that nobody uses, caches not counted as used
	Flags  []string
}

// NodeStatus reads a node's processors and memory. It needs Sys.Audit on the node.
func (c *Client) NodeStatus(ctx context.Context, node string) (*NodeStatus, error) {
	var st struct {
		CPU struct {
			CPUs  scalar `json:"cpus"`
			Flags scalar `json:"flags"`
		} `json:"cpuinfo"`
		Memory struct {
			Total     scalar `json:"total"`
			Used      scalar `json:"used"`
			Available scalar `json:"available"`
		} `json:"memory"`
	}
	if err := c.read(ctx, "/nodes/"+seg(node)+"/status", nil, &st); err != nil {
		return nil, err
	}
	s := &NodeStatus{CPUs: uint(st.CPU.CPUs.number()), Memory: st.Memory.Total.number(), Flags: strings.Fields(st.CPU.Flags.text)}
	s.Free = st.Memory.Available.number()
	if used := st.Memory.Used.number(); !st.Memory.Available.set && s.Memory > used {
		s.Free = s.Memory - used // before 9 there is no "available"
	}
	return s, nil
}
