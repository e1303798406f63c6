package apply

import (
	"context"
	"slices"

	"github.com/homestak/homestak/plan"
)

// operation finds the code of a step, nil when this version has none. The
// contract of each op stands in plan/op.go.
func (t *task) operation() operation {
	switch t.s.Op {
	case plan.ImageFetch:
		return imageFetch{t}
	case plan.SeedUpload:
		return &seedUpload{task: t}
	case plan.SeedRemove:
		if t.s.Text(plan.ArgWhat) == plan.WhatDisk {
			return seedDiskRemove{t}
		}
		return seedUploadRemove{t}
	case plan.GuestCreate, plan.CTCreate:
		return guestCreate{t}
	case plan.GuestClone:
		return guestClone{guestCreate{t}}
	case plan.TemplateBuild:
		return templateBuild{t}
	case plan.GuestAttach:
		return guestAttach{t}
	case plan.GuestDetach:
		return guestDetach{t}
	case plan.GuestMove:
		if t.s.Text(plan.ArgWhat) != plan.WhatGuest {
			return diskMove{t}
		}
		return guestMove{t}
	case plan.GuestConfigure:
		if t.s.Text(plan.ArgProgram) != "" {
			return guestReady{t}
		}
		return guestConfigure{t}
	case plan.GuestAdopt:
		return guestAdopt{t}
	case plan.GuestRename:
		return guestRename{t}
	case plan.GuestForget:
		return guestForget{t}
	case plan.GuestGrow:
		return guestGrow{t}
	case plan.GuestStart:
		return guestStart{t}
	case plan.GuestAwait:
		return guestAwait{t}
	case plan.GuestShutdown:
		return guestShutdown{t}
	case plan.GuestStop:
		return guestStop{t}
	case plan.GuestReboot:
		return guestReboot{t}
	case plan.GuestDelete:
		return guestDelete{t}
	case plan.TargetPush:
		return targetPush{t}
	case plan.HostEnroll:
		return hostEnroll{t}
	case plan.CheckReady:
		return checkReady{t}
	}
	return nil
}

func knownOp(op plan.Op) bool {
	return (&task{s: &plan.Step{Op: op}}).operation() != nil
}

// look reads the step's guest as it is now; g is nil when there is none.
func (t *task) look(ctx context.Context) (h *host, g *guest, err error) {
	h, err = t.fleet.host(ctx, t.s.Host)
	if err != nil {
		return nil, nil, err
	}
	h.expect(t.n)
	g, err = t.read(ctx, h, t.n.vmid)
	return h, g, err
}

// mine is look for whoever is about to write: anything but the node's own guest
// is an error.
func (t *task) mine(ctx context.Context) (*host, *guest, error) {
	h, g, err := t.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	return h, g, t.guardOurs(h, t.n, g, t.n.vmid)
}

// isGone reports whether a guest does not exist, or its host does not: what was
// on a nested host goes with it.
func (t *task) isGone(ctx context.Context) (bool, error) {
	gone, err := t.hostIsGone(ctx, t.s)
	if gone || err != nil {
		return gone, err
	}
	_, g, err := t.look(ctx)
	return g == nil && err == nil, err
}

// hostIsGone reports whether what was on a step's host is gone with it: the
// node that was the host does not exist, or the plan takes it away and it is
// powered off already. A run that was killed between the two leaves the second,
// and nobody can ask such a host about its guests. A site host is never gone,
// whatever it answers.
func (r *run) hostIsGone(ctx context.Context, s *plan.Step) (bool, error) {
	var above []*node
	for n := r.hostNode(s.Host); n != nil; n = r.hostNode(n.host) {
		above = append(above, n)
	}
	for _, n := range slices.Backward(above) {
		h, err := r.fleet.host(ctx, n.host)
		if err != nil {
			return false, err
		}
		g, err := r.read(ctx, h, n.vmid)
		if g == nil || err != nil {
			return err == nil, err
		}
		if s.Phase != plan.PhaseDestroy || !n.destroyed || !r.ours(g, n) {
			continue
		}
		power, err := h.power(ctx, g)
		if err != nil || power == plan.PowerStopped {
			return err == nil, err
		}
	}
	return false, nil
}

// isOver reports whether a test has begun to take this step's node away again:
// then nothing of it is made any more, though it does not exist. Only the journal
// can know that. Without it the node is made once more, and taken away.
func (t *task) isOver() bool {
	return t.n != nil && t.s.Phase != plan.PhaseDestroy && t.over[t.n.addr]
}

// isProven reports whether there is nothing to find out about a guest: it was
// proven ready with what this plan makes of it, and no step of this run has
// touched it. A test takes nobody's word: finding out is what it is for.
func (t *task) isProven(g *guest) bool {
	if t.p.Goal == plan.GoalTest || !t.ours(g, t.n) || !g.marker.authentic || g.marker.Program == "" {
		return false
	}
	if t.n.ready != nil && !g.marker.proves(t.n.ready) {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.touched[t.n.addr]
}
