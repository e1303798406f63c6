package lab

import (
	"io"
	"slices"
	"strings"
)

// agentIndex is GET …/agent.
func (c *call) agentIndex() (any, error) {
	if _, err := c.vm(); err != nil {
		return nil, err
	}
	list := []any{}
	for _, name := range strings.Fields("exec exec-status file-read file-write fsfreeze-freeze fsfreeze-status fsfreeze-thaw fstrim get-fsinfo " +
		"get-host-name get-osinfo get-time get-timezone get-users get-vcpus info network-get-interfaces ping shutdown") {
		list = append(list, map[string]any{"name": name})
	}
	return list, nil
}

// agentCommand is POST …/agent, the one way that older clients know.
func (c *call) agentCommand() (any, error) {
	name := c.str("command")
	path := c.method.path + "/" + name
	for _, verb := range []string{"GET", "POST"} {
		if run := c.handlers[verb+" "+path]; run != nil {
			return run(c)
		}
	}
	return nil, errorf(501, "the agent's command '"+name+"' is not implemented by this lab")
}

// agentSays is an answer of an agent that is there.
func (c *call) agentSays(result any) (any, error) {
	if _, err := c.agent(); err != nil {
		return nil, err
	}
	return map[string]any{"result": result}, nil
}

func (c *call) agentTime() (any, error) { return c.agentSays(c.now().UnixNano()) }

func (c *call) agentTimezone() (any, error) {
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	return map[string]any{"result": map[string]any{"offset": 0, "zone": m.OS().Timezone}}, nil
}

// agentUsers: nobody sits at a console of a simulated guest.
func (c *call) agentUsers() (any, error) { return c.agentSays([]any{}) }

func (c *call) agentCPUs() (any, error) {
	v, err := c.vm()
	if err != nil {
		return nil, err
	}
	list := []any{}
	for i := range coresOf(v.Config) {
		list = append(list, map[string]any{"logical-id": i, "online": 1, "can-offline": min(int(i), 1)})
	}
	return c.agentSays(list)
}

func (c *call) agentInfo() (any, error) {
	list := []any{}
	for _, name := range strings.Fields("guest-exec guest-exec-status guest-file-open guest-file-read guest-file-write guest-fsfreeze-freeze " +
		"guest-fsfreeze-status guest-fsfreeze-thaw guest-fstrim guest-get-fsinfo guest-get-host-name guest-get-osinfo guest-get-time " +
		"guest-get-timezone guest-get-users guest-get-vcpus guest-info guest-network-get-interfaces guest-ping guest-shutdown") {
		list = append(list, map[string]any{"name": name, "enabled": 1, "success-response": 1})
	}
	return c.agentSays(map[string]any{"version": "10.0.2", "supported_commands": list})
}

// agentFreeze, agentThaw and agentFrozen are about a file system that takes no
// writes for a moment. A frozen guest stays so until it is thawed or stopped.
func (c *call) agentFreeze() (any, error) { return c.setFrozen(true) }
func (c *call) agentThaw() (any, error)   { return c.setFrozen(false) }

func (c *call) setFrozen(frozen bool) (any, error) {
	if _, err := c.agent(); err != nil {
		return nil, err
	}
	c.execs.mu.Lock()
	defer c.execs.mu.Unlock()
	n := 0
	was := slices.Contains(c.execs.frozen, c.vmid())
	switch {
	case frozen && !was:
		c.execs.frozen, n = append(c.execs.frozen, c.vmid()), 1
	case !frozen && was:
		c.execs.frozen, n = without(c.execs.frozen, c.vmid()), 1
	}
	return map[string]any{"result": n}, nil
}

func (c *call) agentFrozen() (any, error) {
	c.execs.mu.Lock()
	state := "thawed"
	if slices.Contains(c.execs.frozen, c.vmid()) {
		state = "frozen"
	}
	c.execs.mu.Unlock()
	return c.agentSays(state)
}

func (c *call) agentTrim() (any, error) {
	return c.agentSays(map[string]any{"paths": []any{map[string]any{"path": "/", "minimum": 0, "trimmed": 0}}})
}

// agentShutdown asks the guest to switch itself off, with no task to wait for.
func (c *call) agentShutdown() (any, error) {
	m, err := c.agent()
	if err != nil {
		return nil, err
	}
	if _, err := m.Exec(c.ctx, []string{"poweroff"}, strings.NewReader(""), io.Discard, io.Discard); err != nil {
		return nil, err
	}
	return map[string]any{"result": map[string]any{}}, nil
}
