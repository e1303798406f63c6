package apply

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

// guest is one guest as it was just read: its facts, and what only a run may
// know of it.
type guest struct {
	plan.GuestFacts
	node   string    // PVE node it is on
	notes  string    // with its marker
	raw    []plan.KV // current values as PVE has them
	marker marker    // opened; zero when there is none
	extra  []plan.KV // pending values as PVE has them
	// next is who the guest will be after a restart; nil when nothing of its
	// identity waits for one.
	next *plan.GuestFacts
}

// marker is the opened block of a guest's notes.
type marker struct {
	identity.Marker
	authentic bool
}

// kindPVE is the kind of a node that is a host itself.
const kindPVE = "pve"

// kindCT is the kind of a node that is a container.
const kindCT = "ct"

// proves reports whether a marker says what the step that records readiness would
// write: the same program, with the same secrets.
func (m marker) proves(ready *plan.Step) bool {
	return m.Program == ready.Text(plan.ArgProgram) && m.Secrets == ready.Text(plan.ArgSecrets)
}

// spot is where a guest is, and what kind of guest.
type spot struct{ node, kind string }

// place is the spot of a vmid: the host's own node unless it was seen elsewhere in
// the cluster, and a VM unless it was seen, or is declared, to be something else.
func (h *host) place(vmid uint) spot {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, ok := h.places[vmid]; ok {
		return at
	}
	return spot{h.node, canon.QEMU}
}

func (h *host) remember(vmid uint, at spot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.places == nil {
		h.places = map[uint]spot{}
	}
	h.places[vmid] = at
}

// expect says what kind of guest a vmid will be, before anybody looked.
func (h *host) expect(n *node) {
	if n == nil || n.kind != kindCT {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, seen := h.places[n.vmid]; seen {
		return
	}
	if h.places == nil {
		h.places = map[uint]spot{}
	}
	h.places[n.vmid] = spot{h.node, canon.LXC}
}

// on is for calls about a guest that was read.
func (h *host) on(g *guest) pve.Guest { return h.api.Guest(g.Kind, g.node, g.VMID) }

// readGuest reads the guest at a vmid, wherever in the cluster it is; nil when there
// is none. Power is not filled in: it has an answer of its own.
func (h *host) readGuest(ctx context.Context, vmid uint, key []byte) (*guest, error) {
	at := h.place(vmid)
	config, err := h.api.Guest(at.kind, at.node, vmid).Config(ctx)
	if err == nil {
		return newGuest(pve.Resource{VMID: vmid, Node: at.node, Kind: at.kind}, config, key), nil
	}
	if pve.ClassOf(err) != pve.NotExist {
		return nil, err
	}
	// PVE says the same for a guest that lives on another node, and for one of the
	// other kind.
	all, err := h.list(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r pve.Resource) bool { return r.VMID == vmid })
	if i < 0 {
		return nil, nil
	}
	r := all[i]
	now := spot{r.Node, r.Kind}
	if now == at {
		// Made in this moment, or gone in this moment; the next look will tell.
		return nil, nil
	}
	config, err = h.api.Guest(r.Kind, r.Node, vmid).Config(ctx)
	if err != nil {
		return nil, err
	}
	h.remember(vmid, now)
	return newGuest(r, config, key), nil
}

// listAge is how old the list of all guests may be for finding a guest that is
// not where it was looked for. What decides is always read from the guest itself,
// and PVE gives a vmid to one guest only.
const listAge = time.Second

// list is every guest of the cluster, read at most once per listAge however many
// steps ask.
func (h *host) list(ctx context.Context) ([]pve.Resource, error) {
	if err := h.listing.take(ctx); err != nil {
		return nil, err
	}
	defer h.listing.give()
	if !h.listed.IsZero() && time.Since(h.listed) < listAge {
		return h.all, nil
	}
	all, err := everyGuest(ctx, h)
	if err != nil {
		return nil, err
	}
	h.all, h.listed = all, time.Now()
	return all, nil
}

// newGuest puts one answer of /pending into the form everything here compares.
func newGuest(r pve.Resource, c *pve.GuestConfig, key []byte) *guest {
	g := &guest{node: r.Node, raw: c.Current, extra: pendingOf(c)}
	g.GuestFacts = plan.GuestFacts{
		VMID: r.VMID, Node: r.Node, Kind: r.Kind, Name: r.Name, Power: r.Status, Lock: r.Lock, Tags: r.Tags,
		MACs: canon.MACs(r.Kind, c.Current), Config: canon.Config(r.Kind, c.Current),
		Pending: canon.Settings(r.Kind, g.extra), Digest: c.Digest, Volumes: owned(c.Current, g.extra),
	}
	g.UUID = canon.UUID(g.Config)
	if last, ok := c.Get("parent"); ok && last != "" {
		g.Snapshots = []string{last}
	}
	g.HA = r.HA
	template, _ := c.Get("template")
	g.Template = template == "1"
	nameKey := "name"
	if r.Kind == canon.LXC {
		nameKey = "hostname"
	}
	if name, ok := c.Get(nameKey); ok {
		g.Name = name
	}
	if lock, ok := c.Get("lock"); ok {
		g.Lock = lock
	}
	if tags, ok := c.Get("tags"); ok {
		g.Tags = canon.Tags(tags)
	}
	g.notes, _ = c.Get("description")
	g.marker, g.Marker = openMarker(g.notes, r.VMID, key, canon.Overlay(g.Config, g.Pending))
	g.next = nextIdentity(g, key)
	return g
}

// openMarker reads the marker in some notes; nil facts when there is none.
func openMarker(notes string, vmid uint, key []byte, config []plan.KV) (marker, *plan.MarkerFacts) {
	m, authentic, found := identity.Open(notes, vmid, key)
	if !found {
		return marker{}, nil
	}
	// Without a key nothing can be called authentic.
	authentic = authentic && len(key) > 0
	return marker{m, authentic}, identity.FactsOf(m, authentic, key, config)
}

// nextIdentity is the guest with the pending changes of its uuid and notes made.
func nextIdentity(g *guest, key []byte) *plan.GuestFacts {
	var uuid, notes *string
	for i := range g.extra {
		switch g.extra[i].Key {
		case "smbios1":
			uuid = &g.extra[i].Value
		case plan.ArgDescription:
			notes = &g.extra[i].Value
		}
	}
	if uuid == nil && notes == nil {
		return nil
	}
	next := g.GuestFacts
	if uuid != nil {
		next.UUID = canon.UUID(canon.Settings(g.Kind, []plan.KV{{Key: "smbios1", Value: *uuid}}))
	}
	if notes != nil {
		_, next.Marker = openMarker(*notes, g.VMID, key, g.Config)
	}
	return &next
}

// owned lists the volumes a guest owns now or will own after a restart.
func owned(current, extra []plan.KV) []string {
	out := canon.Volumes(current)
	for _, v := range canon.Volumes(extra) {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// pendingOf is what a restart brings. A key that a restart removes is given
// as empty, the text PVE has for "not set".
func pendingOf(c *pve.GuestConfig) []plan.KV {
	out := slices.Clone(c.Pending)
	for _, key := range c.Deleted {
		out = append(out, plan.KV{Key: key})
	}
	slices.SortFunc(out, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// power reads whether a guest runs: running, stopped, paused.
func (h *host) power(ctx context.Context, g *guest) (string, error) {
	st, err := h.on(g).Status(ctx)
	if err != nil {
		return "", err
	}
	return st.Power, nil
}
