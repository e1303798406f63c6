package apply

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/runtime/pve"
)

// guestConfigure sets and unsets keys of a guest's configuration.
type guestConfigure struct{ *task }

func (o guestConfigure) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	left := o.unmet(g)
	o.why = "not as it was set: " + strings.Join(left, ", ")
	return len(left) == 0, nil
}

func (o guestConfigure) unmet(g *guest) []string {
	return canon.Unmet(g.Kind, canon.Params(o.s), o.s.List(plan.ArgDelete), g.Config, g.Pending)
}

func (o guestConfigure) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	set := canon.Params(o.s)
	m := o.renew(g)
	forgets(&m, o.s.List(plan.ArgDelete)...)
	o.applied(&m, canon.Settings(g.Kind, set), nil)
	notes, err := o.describe(g, m)
	if err != nil {
		return err
	}
	// Deleting a key that is not set is no error to PVE.
	upid, err := h.on(g).Configure(ctx, append(set, notes), o.s.List(plan.ArgDelete), g.Digest)
	return o.wait(ctx, h, upid, err)
}

// guestReady records in a guest's marker that it was proven ready.
type guestReady struct{ *task }

func (o guestReady) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	m := g.marker
	return m.authentic && !o.adopts(m) && m.proves(o.s) && m.Incarnation >= o.n.incarnation, nil
}

func (o guestReady) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	m := o.renew(g)
	m.Program, m.Secrets, m.Port = o.s.Text(plan.ArgProgram), o.s.Text(plan.ArgSecrets), 0
	m.Test = m.Test && !o.adopts(g.marker)
	if o.n.port != 22 {
		m.Port = o.n.port
	}
	o.applied(&m, nil, g.Config)
	if key := o.fleet.hostKey(o.n); key != "" {
		m.Made = put(m.Made, plan.KV{Key: plan.MadeHostKey, Value: key}, true)
	}
	for _, slot := range canon.Disks(g.Config) {
		if id := canon.Get(g.Config, slot+".serial") + canon.Get(g.Config, slot+".mp"); id != "" {
			m.Made = put(m.Made, plan.KV{Key: plan.MadeDisk + id, Value: canon.Volume(g.Config, slot)}, true)
		}
	}
	notes, err := o.describe(g, m)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Configure(ctx, []plan.KV{notes}, nil, g.Digest)
	return o.wait(ctx, h, upid, err)
}

// guestGrow makes a disk larger.
type guestGrow struct{ *task }

func (o guestGrow) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	want, err := strconv.ParseUint(o.s.Text(plan.ArgSize), 10, 64)
	if err != nil {
		return false, err
	}
	have, err := strconv.ParseUint(canon.Get(g.Config, o.s.Text(plan.ArgDisk)+".size"), 10, 64)
	return err == nil && have >= want, nil
}

func (o guestGrow) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	size, err := strconv.ParseUint(o.s.Text(plan.ArgSize), 10, 64)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Resize(ctx, o.s.Text(plan.ArgDisk), size, g.Digest)
	return o.wait(ctx, h, upid, err)
}

// guestStart powers a guest on.
type guestStart struct{ *task }

func (o guestStart) probe(ctx context.Context) (bool, error) {
	h, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	if h.isOff(g.VMID) {
		return false, nil
	}
	power, err := h.power(ctx, g)
	o.why = "the guest is " + power
	return power == plan.PowerRunning, err
}

func (o guestStart) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Start(ctx)
	return o.wait(ctx, h, upid, err)
}

// guestShutdown asks a guest to power off. One that does not react is left to
// guest.stop.
type guestShutdown struct{ *task }

func (o guestShutdown) probe(ctx context.Context) (bool, error) { return o.isOff(ctx) }

func (o guestShutdown) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	o.fleet.forget(string(o.n.addr))
	grace, err := strconv.ParseUint(o.s.Text(plan.ArgGrace), 10, 32)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Shutdown(ctx, uint(grace))
	err = o.wait(ctx, h, upid, err)
	var failed *pve.TaskError
	if !errors.As(err, &failed) {
		return err
	}
	if didNotReact(failed) {
		o.progress("it did not react: " + failed.Exit)
		return nil
	}
	if off, look := o.isOff(ctx); look == nil && off {
		return nil // by somebody else, or it went while the task failed
	}
	return err
}

// didNotReact reports whether a task that was to power a guest off failed because
// the guest did not react, or could not be asked: PVE's words for a VM, for a
// container, and of the command it stops containers with. Whatever else went wrong
// (a lock, a hook script, a storage) is no reason to cut the power.
func didNotReact(e *pve.TaskError) bool {
	exit := strings.TrimSpace(e.Exit)
	switch exit {
	case "VM quit/powerdown failed - got timeout", "VM quit/powerdown failed", "container did not stop":
		return true
	}
	return strings.HasPrefix(exit, "command 'lxc-stop ") && (strings.HasSuffix(exit, "got timeout") || strings.HasSuffix(exit, "exit code 1"))
}

func (o guestShutdown) verify(context.Context) error { return nil }

// guestStop cuts the power.
type guestStop struct{ *task }

func (o guestStop) probe(ctx context.Context) (bool, error) { return o.isOff(ctx) }

func (o guestStop) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	o.fleet.forget(string(o.n.addr))
	upid, err := h.on(g).Stop(ctx)
	return o.wait(ctx, h, upid, err)
}

// isOff reports whether the node's guest is stopped or does not exist. A guest
// that is not the node's is neither: the guard will say so.
func (t *task) isOff(ctx context.Context) (bool, error) {
	if gone, err := t.isGone(ctx); gone || err != nil {
		return gone, err
	}
	h, g, err := t.look(ctx)
	if err != nil || g == nil {
		return g == nil, err
	}
	if t.isSucceeded(g) || t.isMoved(g) {
		return true, nil
	}
	if !t.ours(g, t.n) {
		return false, nil
	}
	power, err := h.power(ctx, g)
	return power == plan.PowerStopped, err
}

// isMoved reports whether the disk is where the guest was to be powered off for it
// to go.
func (t *task) isMoved(g *guest) bool {
	storage := t.s.Text(plan.ArgStorage)
	return storage != "" && t.ours(g, t.n) && canon.Get(g.Config, t.s.Text(plan.ArgDisk)+"."+canon.Storage) == storage
}

// guestReboot restarts a guest so that pending changes take effect.
type guestReboot struct{ *task }

// rebootGrace is how long a guest may take to power off before it is cut off.
const rebootGrace = 120

// probe: nothing waits any more, and the guest runs. One that a restart, cut off
// halfway, has left off is not right.
func (o guestReboot) probe(ctx context.Context) (bool, error) {
	h, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	power, err := h.power(ctx, g)
	if err != nil || power != plan.PowerRunning {
		return false, err
	}
	waits := slices.ContainsFunc(g.extra, func(kv plan.KV) bool { return slices.Contains(o.s.List(plan.ArgKeys), kv.Key) })
	if !waits {
		return true, nil
	}
	open, err := o.mayReboot()
	if err == nil && !open {
		o.progress("outside of its windows: the change waits for the next apply inside of one, or for a restart")
	}
	return !open, err
}

func (o guestReboot) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	power, err := h.power(ctx, g)
	if err != nil {
		return err
	}
	if power == plan.PowerStopped {
		upid, err := h.on(g).Start(ctx)
		return o.wait(ctx, h, upid, err)
	}
	o.fleet.forget(string(o.n.addr))
	upid, err := h.on(g).Reboot(ctx, rebootGrace)
	var failed *pve.TaskError
	if err = o.wait(ctx, h, upid, err); !errors.As(err, &failed) {
		return err
	}
	off, look := o.isOff(ctx)
	switch {
	case look != nil || !off && !didNotReact(failed):
		return err
	case !off:
		o.progress("it did not react: " + failed.Exit)
		upid, err = h.on(g).Stop(ctx)
		if err := o.wait(ctx, h, upid, err); err != nil {
			return err
		}
	}
	upid, err = h.on(g).Start(ctx)
	return o.wait(ctx, h, upid, err)
}

// guestDelete removes a guest with its volumes.
type guestDelete struct{ *task }

func (o guestDelete) probe(ctx context.Context) (bool, error) {
	gone, err := o.isGone(ctx)
	if err == nil && !gone {
		var g *guest
		_, g, err = o.look(ctx)
		gone = err == nil && (g == nil || o.isSucceeded(g))
	}
	if gone && o.out.Attempts > 0 {
		o.forgetIt()
	}
	return gone, err
}

// forgetIt drops what is known of a guest that is gone. Until it is, it may have to
// be reached: so this is done by the probe after an attempt, which sees the end of
// the guest also when PVE's answer was lost.
func (o guestDelete) forgetIt() {
	o.fleet.learnKey(o.n, "")
	(&tokenStore{env: o.env, node: o.n}).drop()
}

// isSucceeded reports whether the guest that a replacement removes is gone and this
// is the one in its place.
func (t *task) isSucceeded(g *guest) bool {
	before, err := strconv.ParseUint(t.s.Text(plan.ArgIncarnation), 10, 32)
	return err == nil && t.ours(g, t.n) && g.marker.authentic && g.marker.Incarnation > uint(before)
}

func (o guestDelete) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	o.fleet.forget(string(o.n.addr))
	upid, err := h.on(g).Delete(ctx, true)
	return o.wait(ctx, h, upid, err)
}
