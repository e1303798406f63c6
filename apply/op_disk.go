package apply

import (
	"context"
	"fmt"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// guestAttach gives a guest a disk, or a container a mount point.
type guestAttach struct{ *task }

// probe: the slot holds, or will hold after a restart, a disk as the step makes it.
func (o guestAttach) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	slot := o.s.Text(plan.ArgDisk)
	then := canon.Overlay(g.Config, g.Pending)
	for _, kv := range canon.Only(canon.Settings(g.Kind, canon.Params(o.s))) {
		if canon.Get(then, kv.Key) != kv.Value {
			return false, nil
		}
	}
	return canon.Volume(then, slot) != "", nil
}

func (o guestAttach) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	slot, set := o.s.Text(plan.ArgDisk), canon.Params(o.s)
	if volume := canon.Volume(canon.Overlay(g.Config, g.Pending), slot); volume != "" {
		return fmt.Errorf("%s of VM %d holds %s already", slot, g.VMID, volume)
	}
	m := o.renew(g)
	o.applied(&m, canon.Settings(g.Kind, set), nil)
	if err := o.configure(ctx, h, g, set, nil, &m); err != nil {
		return err
	}
	// Which volume it is can only be known now. The marker remembers it, so that the
	// disk is found again when somebody takes it from its slot.
	h.touched(g.VMID)
	if _, g, err = o.mine(ctx); err != nil {
		return err
	}
	then := canon.Overlay(g.Config, g.Pending)
	id := canon.Get(then, slot+".serial") + canon.Get(then, slot+".mp")
	m = o.renew(g)
	m.Made = put(m.Made, plan.KV{Key: plan.MadeDisk + id, Value: canon.Volume(then, slot)}, true)
	return o.configure(ctx, h, g, nil, nil, &m)
}

// guestDetach takes a disk from a guest. Its volume stays, unused.
type guestDetach struct{ *task }

func (o guestDetach) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	return canon.Volume(canon.Overlay(g.Config, g.Pending), o.s.Text(plan.ArgDisk)) != o.s.Text(plan.ArgVolume), nil
}

func (o guestDetach) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	slot := o.s.Text(plan.ArgDisk)
	m := o.renew(g)
	then := canon.Overlay(g.Config, g.Pending)
	if id := canon.Get(then, slot+".serial") + canon.Get(then, slot+".mp"); id != "" {
		m.Made = put(m.Made, plan.KV{Key: plan.MadeDisk + id, Value: o.s.Text(plan.ArgVolume)}, true)
	}
	forgets(&m, slot)
	return o.configure(ctx, h, g, nil, []string{slot}, &m)
}

// configure sets and deletes keys of a guest and writes its marker, in one call.
func (t *task) configure(ctx context.Context, h *host, g *guest, set []plan.KV, unset []string, m *identity.Marker) error {

	notes, err := t.describe(g, *m)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Configure(ctx, append(set, notes), unset, g.Digest)
	return t.wait(ctx, h, upid, err)
}

// diskMove copies a disk of a guest to another storage.
type diskMove struct{ *task }

func (o diskMove) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	return canon.Get(g.Config, o.s.Text(plan.ArgDisk)+"."+canon.Storage) == o.s.Text(plan.ArgStorage), nil
}

func (o diskMove) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	upid, err := h.on(g).MoveDisk(ctx, o.s.Text(plan.ArgDisk), o.s.Text(plan.ArgStorage), g.Digest)
	return o.wait(ctx, h, upid, err)
}
