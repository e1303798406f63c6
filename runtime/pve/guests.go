package pve

import (
	"context"
	"encoding/json"
	"net/url"
	"sort"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Resource is one guest of a cluster.
type Resource struct {
	VMID     uint
	Node     string
	Kind     string // qemu, lxc
	Name     string
	Status   string   // running, stopped; unknown when its node does not answer
	Tags     []string // sorted
	Lock     string
	Template bool
	HA       string // state as an HA resource, "" when it is none
}

// unseen reports whether pvestatd has not told the cluster about a guest yet.
func (r *Resource) unseen() bool { return r.Name == "" || r.Status == "" || r.Status == "unknown" }

// row is a guest in a list of PVE's. The lists differ in what they have.
type row struct {
	VMID     scalar `json:"vmid"`
	Node     scalar `json:"node"`
	Type     scalar `json:"type"`
	Name     scalar `json:"name"`
	Status   scalar `json:"status"`
	Tags     scalar `json:"tags"`
	Lock     scalar `json:"lock"`
	Template scalar `json:"template"`
	HA       scalar `json:"hastate"`
}

// Guests lists every guest of the cluster the token may see, by vmid. An entry
// that cannot be understood is left out and counted in skipped.
//
// It is one request, and one more for each node with guests that pvestatd has
// not seen: the cluster learns name and power of a new guest up to ten seconds
// late. By the same time the power of the others may be old: Refresh.
func (c *Client) Guests(ctx context.Context) (list []Resource, skipped int, err error) {
	rows, skipped, err := c.rows(ctx, "/cluster/resources", url.Values{"type": {"vm"}})
	if err != nil {
		return nil, 0, err
	}
	list = make([]Resource, len(rows))
	for i := range rows {
		it := &rows[i]
		list[i] = Resource{
			VMID: uint(it.VMID.number()), Node: it.Node.text, Kind: it.Type.text, Name: it.Name.text,
			Status: it.Status.text, Tags: splitTags(it.Tags.text), Lock: it.Lock.text, Template: it.Template.truth(), HA: it.HA.text,
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].VMID < list[j].VMID })
	var unseen []*Resource
	for i := range list {
		if list[i].unseen() {
			unseen = append(unseen, &list[i])
		}
	}
	return list, skipped, c.refresh(ctx, unseen)
}

// Refresh makes name, power, lock and template of guests true for this moment:
// one request for each node and kind of guest among them, whatever their number.
// Those of a node that does not answer, and those that are gone, stay as they are.
func (c *Client) Refresh(ctx context.Context, list []Resource) error {
	all := make([]*Resource, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return c.refresh(ctx, all)
}

// nodesAtOnce bounds the nodes of a cluster that are asked side by side.
const nodesAtOnce = 8

func (c *Client) refresh(ctx context.Context, list []*Resource) error {
	type group struct{ node, kind string }
	groups := map[group]map[uint]*Resource{}
	for _, r := range list {
		if r.Node == "" || r.Kind == "" {
			continue
		}
		at := group{r.Node, r.Kind}
		if groups[at] == nil {
			groups[at] = map[uint]*Resource{}
		}
		groups[at][r.VMID] = r
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(nodesAtOnce)
	for at, members := range groups {
		g.Go(func() error {
			rows, _, err := c.rows(ctx, "/nodes/"+seg(at.node)+"/"+seg(at.kind), nil)
			if ClassOf(err) == Proxy {
				return nil // the node is down: what the cluster remembers is all there is
			}
			if err != nil {
				return err
			}
			for i := range rows {
				it := &rows[i]
				if r := members[uint(it.VMID.number())]; r != nil {
					r.Name, r.Status, r.Lock, r.Template = it.Name.text, it.Status.text, it.Lock.text, it.Template.truth()
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// rows reads a list of guests. One bad entry is no reason to lose the others.
func (c *Client) rows(ctx context.Context, path string, query url.Values) (list []row, skipped int, err error) {
	var items []json.RawMessage
	if err := c.read(ctx, path, query, &items); err != nil {
		return nil, 0, err
	}
	list = make([]row, 0, len(items))
	for _, raw := range items {
		var it row
		if json.Unmarshal(raw, &it) != nil || it.VMID.number() == 0 {
			skipped++
			continue
		}
		list = append(list, it)
	}
	return list, skipped, nil
}

// splitTags accepts every separator PVE does.
func splitTags(s string) []string {
	tags := strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' || r == ' ' })
	sort.Strings(tags)
	return tags
}
