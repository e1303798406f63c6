package apply

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// isProvenHost reports whether a guest is a node that runs and was proven ready:
// only then it can be asked about guests of its own, and have any.
func (r *run) isProvenHost(ctx context.Context, h *host, n *node, g *guest) (bool, error) {
	if !r.ours(g, n) || !g.marker.authentic || g.marker.Program == "" {
		return false, nil
	}
	power, err := h.power(ctx, g)
	return power == plan.PowerRunning, err
}

// guardGuests: on the node, which is a host, is nobody but whom the plan knows.
// Its own nodes are known by their numbers, their guards look at the rest.
func (r *run) guardGuests(ctx context.Context, h *host, n *node, at *guest, g plan.Guard) error {
	if is, err := r.isProvenHost(ctx, h, n, at); !is {
		return err
	}
	name := string(n.addr)
	nested, err := r.fleet.host(ctx, name)
	if err != nil {
		return err
	}
	all, err := everyGuest(ctx, nested)
	if err != nil {
		return err
	}
	var strangers []string
	for _, other := range all {
		key := strconv.FormatUint(uint64(other.VMID), 10)
		i := slices.IndexFunc(g.Expect, func(kv plan.KV) bool { return kv.Key == key })
		if i >= 0 && (g.Expect[i].Value == "" || g.Expect[i].Value == other.Name || r.places[place{name, other.VMID}]) {
			continue
		}
		strangers = append(strangers, plan.Resident{VMID: other.VMID, Kind: other.Kind, Name: other.Name}.String())
	}
	if len(strangers) == 0 {
		return nil
	}
	d := codeInside.Errorf("%s (VM %d on %s) holds guests that the plan does not know: %s", n.addr, at.VMID, h.name, strings.Join(strangers, ", "))
	d.Label = "they would go down with it, and nothing was done to it"
	d.Help = "plan again and review what happens to them, or move them away"
	return d
}
