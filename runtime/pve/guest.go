package pve

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"sort"
	"strings"

	"github.com/homestak/homestak/plan"
)

// GuestConfig is a guest's configuration as PVE has it: raw values, by key.
// "digest" is not among the keys.
type GuestConfig struct {
	Current []plan.KV // what the guest runs with
	Pending []plan.KV // what it will run with after a restart, where that differs
	Deleted []string  // keys that will be gone after a restart, sorted
	Digest  string    // PVE's config digest
}

// Get returns a current value.
func (g *GuestConfig) Get(key string) (string, bool) {
	i := sort.Search(len(g.Current), func(i int) bool { return g.Current[i].Key >= key })
	if i < len(g.Current) && g.Current[i].Key == key {
		return g.Current[i].Value, true
	}
	return "", false
}

// GuestStatus is the live state of a guest.
type GuestStatus struct {
	Power string // running, stopped, paused
	Name  string
	Lock  string // "" = none
}

// Interface is a network interface as the guest agent sees it.
type Interface struct {
	Name  string
	MAC   string         // lower case, with colons
	Addrs []netip.Prefix // in the agent's order
}

func qemu(node string, vmid uint) string {
	return fmt.Sprintf("/nodes/%s/qemu/%d", seg(node), vmid)
}

func (c *Client) configOf(ctx context.Context, guest string) (*GuestConfig, error) {
	var items []struct {
		Key     string `json:"key"`
		Value   scalar `json:"value"`
		Pending scalar `json:"pending"`
		Delete  scalar `json:"delete"`
	}
	if err := c.read(ctx, guest+"/pending", nil, &items); err != nil {
		return nil, err
	}
	g := &GuestConfig{}
	for _, it := range items {
		if it.Key == "digest" {
			g.Digest = it.Value.text
			continue
		}
		if it.Value.set {
			g.Current = append(g.Current, plan.KV{Key: it.Key, Value: it.Value.text})
		}
		if it.Pending.set {
			g.Pending = append(g.Pending, plan.KV{Key: it.Key, Value: it.Pending.text})
		}
		if it.Delete.truth() {
			g.Deleted = append(g.Deleted, it.Key)
		}
	}
	byKey := func(list []plan.KV) {
		sort.SliceStable(list, func(i, j int) bool { return list[i].Key < list[j].Key })
	}
	byKey(g.Current)
	byKey(g.Pending)
	sort.Strings(g.Deleted)
	return g, nil
}

func (c *Client) statusOf(ctx context.Context, guest string) (*GuestStatus, error) {
	var st struct {
		Status scalar `json:"status"`
		QMP    scalar `json:"qmpstatus"`
		Name   scalar `json:"name"`
		Lock   scalar `json:"lock"`
	}
	if err := c.read(ctx, guest+"/status/current", nil, &st); err != nil {
		return nil, err
	}
	power := st.Status.text
	if st.QMP.text == "paused" {
		power = "paused"
	}
	return &GuestStatus{Power: power, Name: st.Name.text, Lock: st.Lock.text}, nil
}

// UnlinkDisks detaches disks and deletes their volumes, at once.
func (c *Client) UnlinkDisks(ctx context.Context, node string, vmid uint, slots ...string) error {
	return c.write(ctx, http.MethodPut, qemu(node, vmid)+"/unlink",
		map[string]string{"idlist": strings.Join(slots, ","), "force": "1"}, nil)
}

// PingAgent returns nil when the guest agent answers. A guest whose agent does
// not costs three seconds and gives class NoAgent. It is a POST and changes
// nothing, so it does not count as a write.
func (c *Client) PingAgent(ctx context.Context, node string, vmid uint) error {
	path := qemu(node, vmid) + "/agent/ping"
	return c.call(ctx, http.MethodPost, path, nil, func(ctx context.Context) error {
		return c.api.Post(ctx, path, nil, nil)
	})
}

// AgentInterfaces lists the guest's network interfaces, loopback included.
func (c *Client) AgentInterfaces(ctx context.Context, node string, vmid uint) ([]Interface, error) {
	var answer struct {
		Result []struct {
			Name  scalar `json:"name"`
			MAC   scalar `json:"hardware-address"`
			Addrs []struct {
				Address scalar `json:"ip-address"`
				Prefix  scalar `json:"prefix"`
			} `json:"ip-addresses"`
		} `json:"result"`
	}
	if err := c.read(ctx, qemu(node, vmid)+"/agent/network-get-interfaces", nil, &answer); err != nil {
		return nil, err
	}
	var list []Interface
	for _, r := range answer.Result {
		nic := Interface{Name: r.Name.text, MAC: strings.ToLower(r.MAC.text)}
		for _, a := range r.Addrs {
			// An address with a zone or of a family we do not know is no reason to
			// lose the others.
			if p, err := netip.ParsePrefix(a.Address.text + "/" + a.Prefix.text); err == nil {
				nic.Addrs = append(nic.Addrs, p)
			}
		}
		list = append(list, nic)
	}
	return list, nil
}

// task is a write whose answer is a UPID, or null where PVE acts at once.
func (c *Client) task(ctx context.Context, method, path string, params []plan.KV) (UPID, error) {
	body := make(map[string]string, len(params))
	for _, kv := range params {
		body[kv.Key] = kv.Value
	}
	var upid UPID
	return upid, c.write(ctx, method, path, body, &upid)
}
