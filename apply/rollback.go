package apply

import (
	"context"
	"slices"

	"github.com/homestak/homestak/apply/walk"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/plan"
)

// rollback runs the undo steps of everything this run made, last things first.
// A guest on a nested host goes with that host when the host goes. What an earlier
// run made counts only when its journal says so. Whatever cannot be undone (a
// guest that was changed, not made) makes the run a partly applied one.
func (r *run) rollback(ctx, work context.Context) Outcome {
	r.note("rolling back what this run made")
	gone := map[addr.Address]bool{} // nodes whose guests this run made
	for i := range r.p.Steps {
		if s := &r.p.Steps[i]; (s.Op == plan.GuestCreate || s.Op == plan.CTCreate || s.Op == plan.GuestClone) && r.didAct(s) {
			gone[s.Addr] = true
		}
	}
	var steps []plan.Step
	for _, s := range slices.Backward(r.p.Steps) {
		if !r.didAct(&s) || r.livesOn(s.Host, gone) {
			continue
		}
		var before []plan.StepID
		for _, id := range s.Undo {
			undo := *r.steps[id]
			undo.After = before
			before = []plan.StepID{id}
			if !slices.ContainsFunc(steps, func(u plan.Step) bool { return u.ID == id }) {
				steps = append(steps, undo)
			}
		}
	}
	result := walk.Run(steps, walk.Options{Jobs: r.o.Jobs, Width: r.width, KeepGoing: true, Stop: ctx.Done()},
		func(i int) bool { return r.newTask(&steps[i], true).execute(ctx, work) })
	switch {
	case ctx.Err() != nil:
		return Interrupted
	case slices.ContainsFunc(result.Ends, func(e walk.End) bool { return e != walk.OK }):
		return Partial
	case !r.isUndone(gone):
		return Partial
	}
	return RolledBack
}

// didAct reports whether a step wrote something, in this run or in one whose
// journal is here.
func (r *run) didAct(s *plan.Step) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.history.Begun(string(s.ID)) {
		return true
	}
	return slices.ContainsFunc(r.report.Steps, func(out StepReport) bool {
		return out.Step == s.ID && out.Attempts > 0
	})
}

// livesOn reports whether a host is one of these nodes, or nested in one.
func (r *run) livesOn(host string, nodes map[addr.Address]bool) bool {
	for n := r.hostNode(host); n != nil; n = r.hostNode(n.host) {
		if nodes[n.addr] {
			return true
		}
	}
	return false
}

// isUndone reports whether undoing could put everything back: no step changed a
// guest that this run did not make, and none of the guests the plan makes was
// there already. Images are shared and stay, and nobody
// misses a seed.
func (r *run) isUndone(gone map[addr.Address]bool) bool {
	for i := range r.p.Steps {
		s := &r.p.Steps[i]
		switch {
		case s.Op == plan.ImageFetch, s.Op == plan.TemplateBuild, s.Op == plan.SeedRemove && onlyPrepares(s), gone[s.Addr], r.livesOn(s.Host, gone):
		case r.didAct(s) && len(s.Undo) == 0:
			return false
		case s.Op == plan.GuestCreate && r.wasSkipped(s):
			return false
		}
	}
	return true
}

func (r *run) wasSkipped(s *plan.Step) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.report.Steps, func(out StepReport) bool {
		return out.Step == s.ID && out.State == StateSkipped
	})
}
