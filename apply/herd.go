package apply

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

// herd is every guest of one cluster as one observation sees it, whichever of the
// cluster's hosts asks first: one list, and one read for each guest.
type herd struct {
	mu    sync.Mutex
	known bool
	all   []pve.Resource // by vmid

	readMu sync.Mutex
	reads  map[uint]*reading
}

// reading is one guest that is, or was, read.
type reading struct {
	mu    sync.Mutex
	done  bool
	facts *plan.GuestFacts // nil when it vanished meanwhile
}

// herdOf is the herd of a host's cluster, or of a host on its own.
func (o *observer) herdOf(host, cluster string) *herd {
	o.herdMu.Lock()
	defer o.herdMu.Unlock()
	// No cluster has a name with a blank, nor has a host.
	key := cmp.Or(cluster, " "+host)
	if o.herds[key] == nil {
		o.herds[key] = &herd{reads: map[uint]*reading{}}
	}
	return o.herds[key]
}

// list is every guest of the cluster. Those that could be ours, on whatever host,
// have the power of this moment: the cluster's is up to ten seconds old, and a
// plan must not start what runs.
func (o *observer) list(ctx context.Context, h *host, at *herd) ([]pve.Resource, error) {
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.known {
		return at.all, nil
	}
	all, err := everyGuest(ctx, h)
	if err != nil {
		return nil, err
	}
	var ours []pve.Resource
	for _, r := range all {
		if o.known.couldBeOurs(r) {
			ours = append(ours, r)
		}
	}
	if err := h.api.Refresh(ctx, ours); err != nil {
		return nil, err
	}
	for _, r := range ours {
		i, _ := slices.BinarySearchFunc(all, r.VMID, func(a pve.Resource, id uint) int { return cmp.Compare(a.VMID, id) })
		all[i] = r
	}
	at.all, at.known = all, true
	return all, nil
}

// everyGuest is the list of all guests, or an error. A row that cannot be read
// could be anyone's: a list without it would say that a guest is gone which is
// there.
func everyGuest(ctx context.Context, h *host) ([]pve.Resource, error) {
	all, skipped, err := h.api.Guests(ctx)
	if err == nil && skipped > 0 {
		err = &pve.FormatError{Host: h.name, Method: http.MethodGet, Path: "/cluster/resources", Err: fmt.Errorf("%d of its guests cannot be read", skipped)}
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// once reads a guest, unless another host of the cluster has done so.
func (at *herd) once(vmid uint, read func() (*plan.GuestFacts, error)) (*plan.GuestFacts, error) {
	at.readMu.Lock()
	r := at.reads[vmid]
	if r == nil {
		r = &reading{}
		at.reads[vmid] = r
	}
	at.readMu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done {
		return r.facts, nil
	}
	facts, err := read()
	if err != nil {
		return nil, err
	}
	r.facts, r.done = facts, true
	return facts, nil
}

// knownBy is what a guest can be told by before it is read.
type knownBy struct {
	tag     string
	names   map[string]bool
	numbers map[uint]bool
}

func knownOf(w plan.WantedSet) knownBy {
	n := knownBy{identity.Tag(w.Manifest), map[string]bool{}, map[uint]bool{}}
	for i := range w.Nodes {
		n.names[w.Nodes[i].Name] = true
		n.numbers[w.Nodes[i].VMID] = true
		n.numbers[w.Nodes[i].Adopt] = true
	}
	return n
}

// couldBeOurs reports whether a guest is a candidate on any host.
func (n knownBy) couldBeOurs(r pve.Resource) bool {
	return n.numbers[r.VMID] || n.names[r.Name] || slices.Contains(r.Tags, n.tag)
}
