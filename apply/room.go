package apply

import (
	"context"
	"slices"

	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/capacity"
	"github.com/homestak/homestak/runtime/pve"
)

const codeRoom diag.Code = "HS0691"

// checkRoom compares what the steps that are still to do take of each host with
// what it has at this moment, and refuses what cannot work. What only may not work
// was told with the plan.
func (in *inspection) checkRoom(ctx context.Context) (bad diag.List) {
	left := in.left()
	for i := range in.p.Hosts {
		h := in.fleet.connected(in.p.Hosts[i].Name)
		if h == nil {
			continue
		}
		left := left[h.name]
		if !slices.ContainsFunc(left, takesRoom) {
			continue
		}
		facts, err := in.roomOf(ctx, h, left)
		if err != nil {
			if ctx.Err() == nil {
				bad = append(bad, in.env.explain(err))
			}
			continue
		}
		for _, short := range capacity.Check(facts, left, true) {
			if short.Certain {
				d := codeRoom.Errorf("%s", short)
				d.Help = "make room on the host, or name another storage or host and plan again; nothing was written"
				bad = append(bad, d)
			}
		}
	}
	return bad
}

// left are the steps that are not done, by host.
func (in *inspection) left() map[string][]*plan.Step {
	out := map[string][]*plan.Step{}
	for i := range in.p.Steps {
		s := &in.p.Steps[i]
		over := s.Phase != plan.PhaseDestroy && in.over[s.Addr]
		if in.verdicts[i] != done && !over {
			out[s.Host] = append(out[s.Host], s)
		}
	}
	return out
}

// takesRoom reports whether a step may need more of a host than there is.
func takesRoom(s *plan.Step) bool {
	switch s.Op {
	case plan.ImageFetch, plan.SeedUpload, plan.GuestCreate, plan.GuestClone, plan.CTCreate, plan.TemplateBuild, plan.GuestAttach,
		plan.GuestGrow, plan.GuestMove:
		return true
	case plan.GuestConfigure:
		return s.Text("cores") != "" || s.Text("sockets") != "" || s.Text("memory") != ""
	}
	return false
}

// roomOf are the facts of a host that capacity looks at. Guests are read where a
// step changes or frees what they have.
func (in *inspection) roomOf(ctx context.Context, h *host, left []*plan.Step) (*plan.HostFacts, error) {
	f := &plan.HostFacts{Name: h.name}
	have, err := in.suppliesOf(ctx, h)
	if err != nil {
		return nil, err
	}
	for _, s := range have.storages {
		if s.Active {
			f.Storages = append(f.Storages, plan.StorageFacts{Name: s.Name, Type: s.Type, Content: s.Content, Available: s.Available, Shared: s.Shared})
		}
	}
	st, err := h.api.NodeStatus(ctx, h.node)
	switch {
	case err == nil:
		addMachine(f, st)
	case pve.ClassOf(err) != pve.Privilege:
		return nil, err
	}
	seen := map[uint]bool{}
	made := map[addr.Address]bool{} // nodes whose guests are still to be made
	for _, s := range left {
		made[s.Addr] = made[s.Addr] || s.Op == plan.GuestCreate || s.Op == plan.GuestClone || s.Op == plan.CTCreate
	}
	for _, s := range left {
		n := in.nodes[s.Addr]
		switch {
		case n == nil, seen[n.vmid]:
			continue
		case s.Op == plan.GuestDelete && (!made[s.Addr] || s.Phase != plan.PhaseDestroy): // also one that is replaced
		case (s.Op == plan.GuestGrow || s.Op == plan.GuestMove) && !made[s.Addr]:
		default:
			continue
		}
		seen[n.vmid] = true
		g, err := in.read(ctx, h, n.vmid)
		if err != nil {
			return nil, err
		}
		if g != nil && in.ours(g, n) {
			f.Guests = append(f.Guests, g.GuestFacts)
		}
	}
	return f, nil
}
