package apply

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/apply/journal"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

// arrived waits, when a host is first reached, for what a dead run left running
// there: the tasks the journal knows, and, because the journal may be lost, every
// task that works on one of our guests or moves files. Probes then see the world
// as it stays.
func (r *run) arrived(ctx context.Context, h *host) error {
	for _, t := range r.history.Tasks() {
		if t.Host == h.name {
			if err := r.waitOut(ctx, h, pve.UPID(t.UPID)); err != nil {
				return err
			}
		}
	}
	return r.settleHost(ctx, h)
}

func (r *run) settleHost(ctx context.Context, h *host) error {
	running, err := h.api.RunningTasks(ctx, h.node)
	if err != nil {
		return err
	}
	for _, upid := range running {
		if !r.concerns(h, upid) {
			continue
		}
		what := upid.Type()
		if id := upid.ID(); id != "" { // copies of files have none
			what += " " + id
		}
		r.note("waiting for " + what + ", which is running on " + h.name)
		if err := r.waitOut(ctx, h, upid); err != nil {
			return err
		}
	}
	return nil
}

// concerns reports whether a running task works on a guest of the plan, or moves
// a file for this site's token. Which file it is, a task does not say.
func (r *run) concerns(h *host, upid pve.UPID) bool {
	if slices.Contains([]string{"imgcopy", "imgdel", "download"}, upid.Type()) {
		return strings.HasSuffix(string(upid), ":"+h.user+":")
	}
	id, err := strconv.ParseUint(upid.ID(), 10, 32)
	return err == nil && r.places[place{h.name, uint(id)}]
}

// waitOut waits for a task's end. How it ended is for the probes to see.
func (r *run) waitOut(ctx context.Context, h *host, upid pve.UPID) error {
	if err := h.api.Wait(ctx, upid, nil); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// sweep removes seeds of our own nodes that nobody needs any more: those of dead
// runs, and those of guests that could not be made. It is tidying, so a failure
// is only noted.
func (r *run) sweep(ctx context.Context) {
	mine := map[string]*node{}
	for _, n := range r.nodes {
		mine[n.uuid] = n
	}
	for i := range r.p.Hosts {
		h := r.fleet.connected(r.p.Hosts[i].Name)
		if h == nil {
			continue
		}
		storages, err := h.api.Storages(ctx, h.node)
		for _, s := range storages {
			for _, content := range seedContents {
				if err == nil && s.Active && slices.Contains(s.Content, content) && r.usesSeeds(content) {
					err = r.sweepStorage(ctx, h, s.Name, content, mine)
				}
			}
		}
		if err != nil && ctx.Err() == nil {
			r.note("seeds may be left on host " + h.name + ": " + r.env.brief(err))
		}
	}
}

func (r *run) sweepStorage(ctx context.Context, h *host, storage, content string, mine map[string]*node) error {
	list, err := h.api.Volumes(ctx, h.node, storage, content)
	if err != nil {
		return err
	}
	for _, v := range list {
		n := mine[identity.SeedOwner(v.ID)]
		if n == nil {
			continue
		}
		if awaited, err := r.awaited(ctx, h, n, v.ID); awaited || err != nil {
			continue
		}
		if err := r.checkLeases(ctx); err != nil {
			return err
		}
		upid, err := h.api.DeleteVolume(ctx, h.node, v.ID)
		if err == nil {
			err = r.record(journal.Record{Kind: journal.Task, Host: h.name, UPID: string(upid)})
		}
		if err == nil {
			err = h.api.Wait(ctx, upid, nil)
		}
		if err != nil && pve.ClassOf(err) != pve.NotExist {
			return err
		}
	}
	return nil
}
