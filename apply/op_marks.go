package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// guestAdopt writes a node's marks on a guest that was there before.
type guestAdopt struct{ *task }

func (o guestAdopt) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	return g.marker.authentic && len(o.unmet(g)) == 0, nil
}

func (o guestAdopt) unmet(g *guest) []string {
	return canon.Unmet(g.Kind, o.tags(), nil, g.Config, g.Pending)
}

// tags are the marks beside the notes.
func (o guestAdopt) tags() []plan.KV { return []plan.KV{{Key: "tags", Value: o.s.Text("tags")}} }

// act reads the guest that the guard has just found to be nobody's, and writes
// with its digest: whatever changed in between is refused by the host.
func (o guestAdopt) act(ctx context.Context) error {
	h, g, err := o.look(ctx)
	if err != nil {
		return err
	}
	for _, guard := range o.s.Guards {
		if guard.Kind == plan.GuardGiven {
			if err := o.guardGiven(h, o.n, g, o.n.vmid, guard); err != nil {
				return err
			}
		}
	}
	m := identity.Marker{
		SiteID: o.p.SiteID, Manifest: o.p.Manifest, Addr: o.n.addr, UUID: o.n.uuid, VMID: g.VMID,
		Incarnation: max(g.marker.Incarnation, 1), Kind: o.n.kind, Adopted: true,
	}
	o.applied(&m, canon.Settings(g.Kind, o.tags()), g.Config)
	notes, err := o.describe(g, m)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Configure(ctx, append(o.tags(), notes), nil, g.Digest)
	return o.wait(ctx, h, upid, err)
}

// guestRename writes another address, and the name that goes with it.
type guestRename struct{ *task }

func (o guestRename) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) {
		return false, err
	}
	return g.marker.authentic && g.marker.Addr == o.n.addr && len(canon.Unmet(g.Kind, canon.Params(o.s), nil, g.Config, g.Pending)) == 0, nil
}

func (o guestRename) act(ctx context.Context) error { return guestConfigure(o).act(ctx) }

// guestForget takes the marks from a guest. Its number and its uuid stay and
// would make it the node's again, so its notes say that it is not.
type guestForget struct{ *task }

func (o guestForget) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || g == nil {
		return false, err
	}
	m := g.marker
	return m.authentic && m.Forgotten && identity.Names(g.Marker, o.subject(o.n)) && !slices.ContainsFunc(g.Tags, o.isMark), nil
}

func (o guestForget) isMark(tag string) bool {
	return tag == identity.ManagedTag || tag == identity.Tag(o.p.Manifest)
}

func (o guestForget) act(ctx context.Context) error {
	h, g, err := o.mine(ctx)
	if err != nil {
		return err
	}
	m := o.renew(g)
	m.Forgotten, m.Fields, m.Made = true, nil, nil
	notes, err := o.describe(g, m)
	if err != nil {
		return err
	}
	set, unset := []plan.KV{notes}, []string(nil)
	switch rest := slices.DeleteFunc(slices.Clone(g.Tags), o.isMark); {
	case len(rest) > 0:
		set = append(set, plan.KV{Key: "tags", Value: strings.Join(rest, ";")})
	case len(g.Tags) > 0:
		unset = []string{"tags"}
	}
	upid, err := h.on(g).Configure(ctx, set, unset, g.Digest)
	return o.wait(ctx, h, upid, err)
}

// guardGiven: the guest is nobody's, and the one that was reviewed.
func (r *run) guardGiven(h *host, n *node, at *guest, vmid uint, g plan.Guard) error {
	if at == nil {
		return replan(codeMissing.Errorf("%s shall be VM %d on %s, which does not exist", n.addr, vmid, h.name))
	}
	var why []string
	for _, e := range g.Expect {
		now := canon.Get(at.Config, e.Key)
		if e.Key == plan.MarkerKey {
			now = at.Marker.State()
		}
		if now != e.Value {
			why = append(why, fmt.Sprintf("%s is %q, not %q", e.Key, now, e.Value))
		}
	}
	if m := at.Marker; m != nil && m.Authentic && !m.Forgotten {
		why = append(why, "it is "+string(m.Addr))
	}
	if len(why) == 0 {
		return nil
	}
	d := codeChanged.Errorf("VM %d on %s is not the guest that shall be %s", vmid, h.name, n.addr)
	d.Label = strings.Join(why, "; ")
	return replan(d)
}
