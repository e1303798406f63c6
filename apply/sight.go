package apply

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/runtime/pve"
)

// sightAge is how long a look at a guest may be used for the next question about
// it. A step asks who a guest is several times before it writes: to find out
// whether there is work, for each of its guards, and for the digest that goes with
// the write; and the step before has just read what it wrote. One look serves
// them, and none outlives what this run does to the guest.
const sightAge = time.Second

// sight is one look at a guest; g is nil when there was none.
type sight struct {
	g  *guest
	at time.Time
}

// sights are what a run remembers of the guests of a host.
type sights struct {
	last  map[uint]sight
	known map[uint]bool // guests that were there once, or that this run may have made
	turn  map[uint]int  // how often a guest was touched: an older look does not count
	off   map[uint]bool // guests that this run made and has not started

	addresses map[uint]told // of guests on the host's network, as their agents say
}

func (s *sights) ready() {
	if s.last == nil {
		*s = sights{last: map[uint]sight{}, known: map[uint]bool{}, turn: map[uint]int{}, off: map[uint]bool{}, addresses: map[uint]told{}}
	}
}

// guest is readGuest, with an answer that is at most sightAge old. A guest that was
// never seen is looked for in the list first, which one read gives for all.
func (h *host) guest(ctx context.Context, vmid uint, key []byte) (*guest, error) {
	h.mu.Lock()
	s, seen := h.seen.last[vmid]
	known, turn := h.seen.known[vmid], h.seen.turn[vmid]
	h.mu.Unlock()
	if seen && time.Since(s.at) < sightAge {
		return s.copy(), nil
	}
	at := time.Now()
	g, err := h.first(ctx, vmid, known, key)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.ready()
	// A guest that is locked is in the middle of something: look again.
	if h.seen.turn[vmid] == turn && (g == nil || g.Lock == "") {
		h.seen.last[vmid] = sight{g, at}
	}
	if g != nil {
		h.seen.known[vmid] = true
	}
	return g, nil
}

func (h *host) first(ctx context.Context, vmid uint, known bool, key []byte) (*guest, error) {
	if !known {
		all, err := h.list(ctx)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(all, func(r pve.Resource) bool { return r.VMID == vmid }) {
			return nil, nil
		}
	}
	return h.readGuest(ctx, vmid, key)
}

func (s sight) copy() *guest {
	if s.g == nil {
		return nil
	}
	g := *s.g
	return &g
}

// touched forgets what was seen of a guest: this run has written to it.
func (h *host) touched(vmid uint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.ready()
	h.seen.turn[vmid]++
	h.seen.known[vmid] = true
	delete(h.seen.last, vmid)
	delete(h.seen.addresses, vmid)
}

// wrote forgets what was seen of the step's guest, when the step is one that
// changes its configuration.
func (t *task) wrote() {
	h := t.fleet.connected(t.s.Host)
	if h == nil || t.n == nil {
		return
	}
	switch t.s.Op {
	case plan.TargetPush, plan.HostEnroll, plan.SeedUpload:
	case plan.SeedRemove:
		if t.s.Text(plan.ArgWhat) == plan.WhatDisk {
			h.touched(t.n.vmid)
		}
	case plan.GuestStart:
		h.markOff(t.n.vmid, false)
	case plan.GuestCreate, plan.CTCreate, plan.GuestClone:
		h.touched(t.n.vmid)
		h.markOff(t.n.vmid, true)
	default:
		h.touched(t.n.vmid)
	}
}

// markOff remembers that this run made a guest, and has not started it.
func (h *host) markOff(vmid uint, off bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.ready()
	h.seen.off[vmid] = off
}

// isOff reports whether a guest was made by this run and never started, so that
// nobody need be asked.
func (h *host) isOff(vmid uint) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen.off[vmid]
}

// addressAge is how long an answer of the agent serves for the next login.
const addressAge = 5 * time.Second

// told is an address and when the agent gave it.
type told struct {
	at   netip.Addr
	when time.Time
}

// address is where a node answers on its host's network, at most addressAge ago.
func (f *fleet) address(ctx context.Context, n *node) (netip.Addr, error) {
	h, err := f.host(ctx, n.host)
	if err != nil {
		return netip.Addr{}, err
	}
	h.mu.Lock()
	h.seen.ready()
	known, ok := h.seen.addresses[n.vmid]
	h.mu.Unlock()
	if ok && time.Since(known.when) < addressAge {
		return known.at, nil
	}
	at, err := f.askAddress(ctx, n)
	if err != nil {
		return at, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen.addresses[n.vmid] = told{at, time.Now()}
	return at, nil
}
