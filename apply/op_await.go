package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
	"github.com/homestak/homestak/runtime/ssh"
)

const (
	codeCloudInit diag.Code = "HS0674"
)

// guestAwait waits until a guest can be worked with.
type guestAwait struct{ *task }

func (guestAwait) onlyReads() {}

// probe: a guest that runs, was proven ready, and was not touched since this run
// began, need not be waited for.
func (o guestAwait) probe(ctx context.Context) (bool, error) {
	h, g, err := o.look(ctx)
	if err != nil || !o.isProven(g) {
		return false, err
	}
	power, err := h.power(ctx, g)
	return power == plan.PowerRunning, err
}

// The pause between two looks grows from the first to the second: a container
// is up in a moment, a VM takes a minute.
const (
	firstLook = 200 * time.Millisecond
	laterLook = 3 * time.Second
)

// condition is one thing a machine reaches on its way up.
type condition struct {
	name, shown string
	holds       func(context.Context) error
}

// act waits for the conditions in the order in which a machine meets them.
func (o guestAwait) act(ctx context.Context) error {
	conditions := []condition{
		{plan.AwaitAgent, "the guest agent", o.agent},
		{plan.AwaitIP, "an address", o.address},
		{plan.AwaitSSH, "sshd", o.sshd},
		{plan.AwaitCloudInit, "cloud-init", o.cloudInit},
	}
	conditions = slices.DeleteFunc(conditions, func(c condition) bool { return !slices.Contains(o.s.List(plan.ArgFor), c.name) })
	for i, c := range conditions {
		var left []string
		for _, c := range conditions[i:] {
			left = append(left, c.name)
		}
		o.awaits = strings.Join(left, ", ")
		o.progress("waiting for " + c.shown)
		if err := o.until(ctx, c.holds); err != nil {
			return err
		}
	}
	return nil
}

// until asks again and again, as long as what is missing may still come. When
// the deadline passes, the last reason is the error.
func (t *task) until(ctx context.Context, holds func(context.Context) error) error {
	wait := firstLook
	var last error
	for {
		err := holds(ctx)
		if err != nil && ctx.Err() != nil && last != nil {
			return last // this look was only cut short
		}
		if err == nil || !mayCome(err) && !errors.Is(err, errNotYet) {
			return err
		}
		last = err
		if pause(ctx, wait) != nil {
			return err
		}
		wait = min(wait*3/2, laterLook)
	}
}

// agentSays reports whether an error is something that the agent of a guest which
// is on, or the channel to it, said of itself: nobody lists all its words, and a
// guest that is just starting says many.
func agentSays(err error) bool {
	var said *pve.Error
	return errors.As(err, &said) && strings.Contains(said.Path, "/agent/") && pve.ClassOf(err) == pve.Permanent &&
		!(strings.HasPrefix(said.Reason, "VM ") && strings.HasSuffix(said.Reason, " is not running"))
}

// errNotYet is a condition that does not hold yet.
var errNotYet = errors.New("not yet")

func (o guestAwait) agent(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	return h.api.PingAgent(ctx, g.node, g.VMID)
}

func (o guestAwait) address(ctx context.Context) error {
	at, err := o.fleet.address(ctx, o.n)
	if err == nil {
		o.progress("it answers at " + at.String())
	}
	return err
}

func (o guestAwait) sshd(ctx context.Context) error {
	c, err := o.fleet.login(ctx, o.n)
	if err != nil {
		return err
	}
	return c.Close()
}

// Where cloud-init says how it ended, and that it was not wanted.
const (
	cloudInitResult   = "/run/cloud-init/result.json"
	cloudInitDisabled = "/run/cloud-init/disabled"
)

func (o guestAwait) cloudInit(ctx context.Context) error {
	c, err := o.fleet.login(ctx, o.n)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	var out bytes.Buffer
	var exit *ssh.ExitError
	err = c.Run(ctx, "cat "+cloudInitResult, nil, &out, nil)
	if errors.As(err, &exit) {
		if err := c.Run(ctx, "test -e "+cloudInitDisabled, nil, nil, nil); !errors.As(err, &exit) {
			return err
		}
		return fmt.Errorf("cloud-init has not finished: %w", errNotYet)
	}
	if err != nil {
		return err
	}
	var result struct {
		V1 struct {
			Errors []string `json:"errors"`
		} `json:"v1"`
	}
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		// It may be in the middle of being written.
		return fmt.Errorf("%s cannot be read: %w", cloudInitResult, errNotYet)
	}
	if len(result.V1.Errors) > 0 {
		d := codeCloudInit.Errorf("cloud-init failed on %s", o.n.addr)
		d.Label = o.env.redact(strings.Join(result.V1.Errors, "; "))
		d.Help = "look at /var/log/cloud-init-output.log on the guest; a node that never became ready can be destroyed and made again"
		return d
	}
	return nil
}
