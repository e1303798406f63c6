package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

const (
	codeTaken   diag.Code = "HS0662"
	codeNotOurs diag.Code = "HS0663"
	codeChanged diag.Code = "HS0664"
	codePower   diag.Code = "HS0665"
	codeTwice   diag.Code = "HS0666"
	codeMissing diag.Code = "HS0667"
	codeInside  diag.Code = "HS0680"
)

// isGuard reports whether a finding says that the world is not the one the plan
// was made for.
func isGuard(d *diag.Diagnostic) bool {
	return slices.Contains([]diag.Code{
		codeTaken, codeNotOurs, codeChanged, codePower, codeTwice, codeMissing, codeDrifted, codeHostCertificate,
		codeInside, codeDeployed, codeLeaseHeld, codeLeaseLost,
	}, d.Code)
}

// guardsOf are those of the plan and, before any write to a guest, the one that
// is never left out: it must be the node's own.
func guardsOf(s *plan.Step, n *node) []plan.Guard {
	if n == nil || !touchesGuest(s) {
		return s.Guards
	}
	own := plan.Guard{Kind: plan.GuardOurs, VMID: n.vmid, UUID: n.uuid}
	return append([]plan.Guard{own}, s.Guards...)
}

// touchesGuest reports whether a step changes a guest that must exist for it.
func touchesGuest(s *plan.Step) bool {
	switch s.Op {
	case plan.GuestConfigure, plan.GuestGrow, plan.GuestStart, plan.GuestShutdown, plan.GuestStop,
		plan.GuestReboot, plan.GuestDelete, plan.GuestRename, plan.GuestForget, plan.TargetPush, plan.HostEnroll, plan.GuestAttach, plan.GuestDetach, plan.GuestMove:
		return true
	case plan.SeedRemove:
		return s.Text(plan.ArgWhat) == plan.WhatDisk
	}
	return false
}

// guard fails with what is not as the plan needs it.
func (r *run) guard(ctx context.Context, s *plan.Step, g plan.Guard) error {
	n := r.nodes[s.Addr]
	if n == nil {
		return nil
	}
	h, err := r.fleet.host(ctx, s.Host)
	if err != nil {
		return err
	}
	vmid := g.VMID
	if vmid == 0 {
		vmid = n.vmid
	}
	at, err := r.read(ctx, h, vmid)
	if err != nil {
		return err
	}
	switch g.Kind {
	case plan.GuardAbsent:
		return r.guardAbsent(ctx, h, n, at, vmid)
	case plan.GuardOurs:
		return r.guardOurs(h, n, at, vmid)
	case plan.GuardUnchanged:
		if err := r.guardOurs(h, n, at, vmid); err != nil {
			return err
		}
		return r.guardUnchanged(h, n, at, g)
	case plan.GuardPower:
		if err := r.guardOurs(h, n, at, vmid); err != nil {
			return err
		}
		power, err := h.power(ctx, at)
		if err != nil {
			return err
		}
		if want := canon.Get(g.Expect, plan.PowerKey); power != want {
			d := codePower.Errorf("%s (VM %d on %s) is %s", n.addr, vmid, h.name, power)
			d.Label = "the plan needs it " + want
			return replan(d)
		}
		return nil
	case plan.GuardGiven:
		return r.guardGiven(h, n, at, vmid, g)
	case plan.GuardGuests:
		return r.guardGuests(ctx, h, n, at, g)
	}
	return fmt.Errorf("guard %d of step %s is unknown", g.Kind, s.ID)
}

// guardAbsent: the vmid is free, and no other guest is the node already, or has
// its name.
func (r *run) guardAbsent(ctx context.Context, h *host, n *node, at *guest, vmid uint) error {
	if at != nil {
		return r.occupied(h, n, at)
	}
	all, err := h.list(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.VMID == vmid {
			continue
		}
		named := other.Name == n.name
		if !named && (!slices.Contains(other.Tags, identity.Tag(r.p.Manifest)) || r.isPlanned(h, other.VMID)) {
			continue
		}
		config, err := h.api.Guest(other.Kind, other.Node, other.VMID).Config(ctx)
		if pve.ClassOf(err) == pve.NotExist {
			continue
		}
		if err != nil {
			return err
		}
		found := newGuest(other, config, r.key())
		switch {
		case r.claims(found, n):
			d := codeTwice.Errorf("VM %d on %s says it is %s", other.VMID, h.name, n.addr)
			d.Label = fmt.Sprintf("the plan would make VM %d; a copy or a moved guest must be dealt with first", vmid)
			return replan(d)
		case named && !r.isPlanned(h, other.VMID):
			d := codeTaken.Errorf("VM %d on %s has the name %q", other.VMID, h.name, n.name)
			d.Label = "it is not " + string(n.addr) + " and would be mistaken for it"
			d.Help = "rename or remove that guest, or rename the node"
			return d
		}
	}
	return nil
}

// occupied says what is in the place of a guest that should not exist yet.
func (r *run) occupied(h *host, n *node, at *guest) error {
	if n.created != nil && n.created.Op == plan.GuestClone && at.Lock == "" && r.ours(at, n) && at.marker.authentic && at.marker.Program == "" {
		return nil // cloned, and not yet made what it should be
	}
	if !r.ours(at, n) {
		d := codeTaken.Errorf("VM %d on %s is taken", at.VMID, h.name)
		d.Label = fmt.Sprintf("it is %q, which is not %s; nothing was done to it", at.Name, n.addr)
		return replan(d)
	}
	d := codeChanged.Errorf("%s (VM %d on %s) exists and is not as the plan makes it", n.addr, at.VMID, h.name)
	d.Label = differences(canon.Diff(canon.Overlay(at.Config, at.Pending), createdConfig(n.created)))
	if at.Lock != "" {
		d.Label = "it is locked (" + at.Lock + ") and no task works on it"
	}
	return replan(d)
}

func (r *run) guardOurs(h *host, n *node, at *guest, vmid uint) error {
	if at == nil {
		d := codeMissing.Errorf("%s (VM %d on %s) does not exist", n.addr, vmid, h.name)
		return replan(d)
	}
	if at.next != nil && !identity.MarksOf(at.next, r.subject(n)).Ours() && identity.MarksOf(&at.GuestFacts, r.subject(n)).Ours() {
		d := codeNotOurs.Errorf("VM %d on %s is %s and will not be after its next restart", vmid, h.name, n.addr)
		d.Label = "pending changes take away its SMBIOS uuid or its marker; nothing was done to it"
		d.Help = "revert the pending changes (the host shows them), then run again"
		return d
	}
	if !r.ours(at, n) {
		d := codeNotOurs.Errorf("VM %d on %s is not %s", vmid, h.name, n.addr)
		d.Label = fmt.Sprintf("of its vmid, marker and uuid fewer than two agree; its name is %q, nothing was done to it", at.Name)
		return replan(d)
	}
	return nil
}

// guardUnchanged: every attribute is as the plan saw it, or as the plan makes it;
// the marker is as it was; and the guest owns no volume nobody has reviewed.
func (r *run) guardUnchanged(h *host, n *node, at *guest, g plan.Guard) error {
	var why []string
	for _, e := range g.Expect {
		switch e.Key {
		case plan.MarkerKey:
			// What the plan itself writes is signed, so an unsigned one may become that.
			now := at.Marker.State()
			if signed := at.Marker != nil && at.Marker.Authentic; now != e.Value && (!signed || strings.HasPrefix(e.Value, "signed-")) {
				why = append(why, fmt.Sprintf("the marker in its notes is %q, not %q", now, e.Value))
			}
		case plan.VolumesKey:
			for _, v := range unreviewed(at, strings.Split(e.Value, ",")) {
				why = append(why, fmt.Sprintf("it owns volume %s, which the plan does not know", v))
			}
		case plan.SnapshotsKey:
			for _, s := range at.Snapshots { // the last one, if there is any
				if !slices.Contains(strings.Split(e.Value, ","), s) {
					why = append(why, fmt.Sprintf("it has snapshot %s, which the plan does not know", s))
				}
			}
		}
	}
	moved := canon.Changed(g.Expect, n.wants, canon.Overlay(at.Config, at.Pending))
	for i, a := range moved {
		moved[i].From, moved[i].To = a.To, a.From
	}
	if len(moved) > 0 {
		why = append([]string{differences(moved)}, why...)
	}
	if len(why) == 0 {
		return nil
	}
	d := codeChanged.Errorf("%s (VM %d on %s) was changed since the plan was made", n.addr, at.VMID, h.name)
	d.Label = strings.Join(why, "; ")
	return replan(d)
}

// unreviewed lists the volumes of a guest that are in none of these slots and
// have none of these ids.
func unreviewed(g *guest, known []string) []string {
	var out []string
	for _, v := range g.Volumes {
		in := slices.ContainsFunc(known, func(k string) bool {
			return k == v || slices.ContainsFunc(slices.Concat(g.raw, g.extra), func(kv plan.KV) bool {
				return kv.Key == k && slices.Contains(canon.Volumes([]plan.KV{kv}), v)
			})
		})
		if !in {
			out = append(out, v)
		}
	}
	return out
}

// differences tells attributes that are From and should be To.
func differences(attrs []plan.Attr) string {
	parts := make([]string, len(attrs))
	for i, a := range attrs {
		parts[i] = fmt.Sprintf("%s is %q, not %q", a.Name, a.From, a.To)
	}
	return strings.Join(parts, "; ")
}

func replan(d *diag.Diagnostic) *diag.Diagnostic {
	d.Help = "plan again and review what changed"
	return d
}

func (r *run) subject(n *node) identity.Subject { return n.subject(r.p.SiteID, r.p.Manifest) }

// ours reports whether two of a guest's three marks are the node's, now and after
// its next restart.
func (r *run) ours(g *guest, n *node) bool {
	return g != nil && identity.MarksOf(&g.GuestFacts, r.subject(n)).Ours() &&
		(g.next == nil || identity.MarksOf(g.next, r.subject(n)).Ours())
}

func (r *run) key() []byte {
	if r.env.Keys == nil {
		return nil
	}
	return r.env.Keys.Marker()
}

// read reads a guest. One that a task is just making or copying is waited for:
// until it is finished nobody can tell whose it is. A lock that is still there
// when no task was is what some crash left.
func (r *run) read(ctx context.Context, h *host, vmid uint) (*guest, error) {
	for idle := 0; ; {
		g, err := h.guest(ctx, vmid, r.key())
		if err != nil || g == nil || g.Lock == "" || idle == 2 {
			return g, err
		}
		running, err := h.tasksOf(ctx, g.node, vmid)
		if err != nil {
			return nil, err
		}
		if len(running) == 0 {
			idle++ // the task may have ended between the two answers
		}
		for _, upid := range running {
			// How it ended shows in what is there afterwards.
			if err := h.api.Wait(ctx, upid, nil); err != nil && ctx.Err() != nil {
				return nil, err
			}
		}
	}
}

// tasksOf lists the tasks that work on a guest now.
func (h *host) tasksOf(ctx context.Context, node string, vmid uint) ([]pve.UPID, error) {
	all, err := h.api.RunningTasks(ctx, node)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(u pve.UPID) bool { return u.ID() != fmt.Sprint(vmid) }), nil
}
