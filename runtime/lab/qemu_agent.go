package lab

import (
	"errors"
	"fmt"
	"time"

	"github.com/homestak/homestak/runtime/lab/guest"
)

const (
	// agentWait is how long PVE waits for a guest agent's answer.
	agentWait = 3 * time.Second
	// agentPoll is how soon an agent that comes up meanwhile is noticed: what was
	// sent to its port is there when it opens it.
	agentPoll = 20 * time.Millisecond
)

// agent is the machine whose guest agent answers, or PVE's refusal.
func (c *call) agent() (guest.Machine, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	if !v.running() {
		return nil, fmt.Errorf("VM %d is not running", v.VMID)
	}
	notRunning := errors.New("QEMU guest agent is not running")
	if !agentOn(v.Config) {
		return nil, notRunning
	}
	for end := c.now().Add(agentWait); v.Paused || !v.machine.AgentReady(); {
		if !c.now().Before(end) {
			return nil, notRunning
		}
		if err := c.cfg.Clock.Sleep(c.ctx, agentPoll); err != nil {
			return nil, err
		}
		if v, err = c.vm(); err != nil {
			return nil, err
		}
		if !v.running() {
			return nil, fmt.Errorf("VM %d is not running", v.VMID)
		}
	}
	return v.machine, nil
}

func (c *call) agentPing() (any, error) {
	if _, err := c.agent(); err != nil {
		return nil, err
	}
	return map[string]any{"result": map[string]any{}}, nil
}

func (c *call) agentInterfaces() (any, error) {
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, i := range m.Interfaces() {
		row := map[string]any{
			"name": i.Name, "hardware-address": i.MAC,
			"statistics": map[string]any{
				"rx-bytes": 0, "rx-packets": 0, "rx-errs": 0, "rx-dropped": 0,
				"tx-bytes": 0, "tx-packets": 0, "tx-errs": 0, "tx-dropped": 0,
			},
		}
		var addresses []any
		for _, a := range i.Addresses {
			kind := "ipv6"
			if a.Addr().Is4() {
				kind = "ipv4"
			}
			addresses = append(addresses, map[string]any{
				"ip-address": a.Addr().String(), "ip-address-type": kind, "prefix": a.Bits(),
			})
		}
		if addresses != nil {
			row["ip-addresses"] = addresses
		}
		list = append(list, row)
	}
	return map[string]any{"result": list}, nil
}

func (c *call) agentOS() (any, error) {
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	os := m.OS()
	return map[string]any{"result": map[string]any{
		"id": os.ID, "name": os.Name, "pretty-name": os.PrettyName, "version": os.Version, "version-id": os.VersionID,
		"kernel-release": os.KernelRelease, "kernel-version": os.KernelVersion, "machine": os.Machine,
	}}, nil
}

func (c *call) agentHostName() (any, error) {
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	return map[string]any{"result": map[string]any{"host-name": m.OS().Hostname}}, nil
}
