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
	read   bool      // false: a kind that homestak does not read (lxc)
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

// proves reports whether a marker says what the step that records readiness would
// write: the same program, with the same secrets.
func (m marker) proves(ready *plan.Step) bool {
	return m.Program == ready.Text(plan.ArgProgram) && m.Secrets == ready.Text(plan.ArgSecrets)
}

// place is the PVE node of a vmid: the host's own unless it was seen elsewhere
// in the cluster.
func (h *host) place(vmid uint) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at, ok := h.places[vmid]; ok {
		return at
	}
	return h.node
}

func (h *host) remember(vmid uint, at string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.places == nil {
		h.places = map[uint]string{}
	}
	h.places[vmid] = at
}

// guest reads the guest at a vmid, wherever in the cluster it is; nil when there
// is none. Power is not filled in: it has an answer of its own.
func (h *host) guest(ctx context.Context, vmid uint, key []byte) (*guest, error) {
	at := h.place(vmid)
	config, err := h.api.GuestConfig(ctx, at, vmid)
	if err == nil {
		return newGuest(pve.Resource{VMID: vmid, Node: at, Kind: canon.QEMU}, config, key), nil
	}
	if pve.ClassOf(err) != pve.NotExist {
		return nil, err
	}
	// PVE says the same for a guest that lives on another node, and for a container.
	all, err := h.list(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(r pve.Resource) bool { return r.VMID == vmid })
	if i < 0 {
		return nil, nil
	}
	r := all[i]
	if r.Kind != canon.QEMU {
		return &guest{GuestFacts: plan.GuestFacts{VMID: vmid, Node: r.Node, Kind: r.Kind, Name: r.Name, Power: r.Status, Tags: r.Tags}, node: r.Node}, nil
	}
	if r.Node == at {
		// Made in this moment, or gone in this moment; the next look will tell.
		return nil, nil
	}
	config, err = h.api.GuestConfig(ctx, r.Node, vmid)
	if err != nil {
		return nil, err
	}
	h.remember(vmid, r.Node)
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
	all, _, err := h.api.Guests(ctx)
	if err != nil {
		return nil, err
	}
	h.all, h.listed = all, time.Now()
	return all, nil
}

// newGuest puts one answer of /pending into the form everything here compares.
func newGuest(r pve.Resource, c *pve.GuestConfig, key []byte) *guest {
	g := &guest{node: r.Node, raw: c.Current, extra: pendingOf(c), read: true}
	g.GuestFacts = plan.GuestFacts{
		VMID: r.VMID, Node: r.Node, Kind: r.Kind, Name: r.Name, Power: r.Status, Lock: r.Lock, Tags: r.Tags,
		MACs: canon.MACs(r.Kind, c.Current), Config: canon.Config(r.Kind, c.Current),
		Pending: canon.Settings(r.Kind, g.extra), Digest: c.Digest, Volumes: owned(c.Current, g.extra),
	}
	g.UUID = canon.UUID(g.Config)
	template, _ := c.Get("template")
	g.Template = template == "1"
	if name, ok := c.Get("name"); ok {
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
	if !g.read {
		return g.Power, nil
	}
	st, err := h.api.GuestStatus(ctx, g.node, g.VMID)
	if err != nil {
		return "", err
	}
	return st.Power, nil
}
