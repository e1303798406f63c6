package pve

import (
	"context"
	"net/http"
	"net/url"
	"sort"

	"github.com/homestak/homestak/runtime/secret"
)

// Version is what GET /version says.
type Version struct {
	Version string // "9.2.11"
	Release string // "9.2"
	RepoID  string
}

// Cluster is the cluster a host belongs to.
type Cluster struct {
	Name  string   // "" for a host on its own
	Local string   // the node that answered
	Nodes []string // sorted
}

// Version reads the release of the host.
func (c *Client) Version(ctx context.Context) (*Version, error) {
	var v struct {
		Version scalar `json:"version"`
		Release scalar `json:"release"`
		RepoID  scalar `json:"repoid"`
	}
	if err := c.read(ctx, "/version", nil, &v); err != nil {
		return nil, err
	}
	return &Version{Version: v.Version.text, Release: v.Release.text, RepoID: v.RepoID.text}, nil
}

// Cluster reads the cluster's name and nodes.
func (c *Client) Cluster(ctx context.Context) (*Cluster, error) {
	var items []struct {
		Type  scalar `json:"type"`
		Name  scalar `json:"name"`
		Local scalar `json:"local"`
	}
	if err := c.read(ctx, "/cluster/status", nil, &items); err != nil {
		return nil, err
	}
	cl := &Cluster{}
	for _, it := range items {
		switch it.Type.text {
		case "cluster":
			cl.Name = it.Name.text
		case "node":
			cl.Nodes = append(cl.Nodes, it.Name.text)
			if it.Local.truth() {
				cl.Local = it.Name.text
			}
		}
	}
	sort.Strings(cl.Nodes)
	return cl, nil
}

// Nodes lists the cluster's node names, sorted. Any token may ask this.
func (c *Client) Nodes(ctx context.Context) ([]string, error) {
	var items []struct {
		Node scalar `json:"node"`
	}
	if err := c.read(ctx, "/nodes", nil, &items); err != nil {
		return nil, err
	}
	var names []string
	for _, it := range items {
		names = append(names, it.Node.text)
	}
	sort.Strings(names)
	return names, nil
}

// Bridges lists the names a guest's NIC of this node can be plugged into: Linux
// and OVS bridges and SDN networks, sorted.
func (c *Client) Bridges(ctx context.Context, node string) ([]string, error) {
	var items []struct {
		Iface scalar `json:"iface"`
	}
	query := url.Values{"type": {"any_bridge"}}
	if err := c.read(ctx, "/nodes/"+seg(node)+"/network", query, &items); err != nil {
		return nil, err
	}
	var names []string
	for _, it := range items {
		names = append(names, it.Iface.text)
	}
	sort.Strings(names)
	return names, nil
}

// Permission is what the token may do at one path of PVE's permission tree.
type Permission struct {
	Path       string
	Privileges []string // sorted
	Below      []string // of these, those that go on to the paths below, sorted
}

// Permissions lists what the token may do, by path.
func (c *Client) Permissions(ctx context.Context) ([]Permission, error) {
	var tree map[string]map[string]scalar
	if err := c.read(ctx, "/access/permissions", nil, &tree); err != nil {
		return nil, err
	}
	var list []Permission
	for path, privs := range tree {
		p := Permission{Path: path}
		// That it is listed is the grant; the value says whether it propagates.
		for name, below := range privs {
			p.Privileges = append(p.Privileges, name)
			if below.truth() {
				p.Below = append(p.Below, name)
			}
		}
		sort.Strings(p.Privileges)
		sort.Strings(p.Below)
		list = append(list, p)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Path < list[j].Path })
	return list, nil
}

// CreateToken makes an API token of a user ("root@pam") and returns it in the
// form Config.Token wants. PVE shows its value only here. An existing id fails
// with class Exists.
func (c *Client) CreateToken(ctx context.Context, user, id, comment string, separate bool) (secret.Value, error) {
	var answer struct {
		ID    scalar `json:"full-tokenid"`
		Value scalar `json:"value"`
	}
	params := map[string]string{"privsep": bit(separate), "comment": comment}
	if err := c.write(ctx, http.MethodPost, tokenPath(user, id), params, &answer); err != nil {
		return secret.Value{}, err
	}
	return secret.New([]byte(answer.ID.text + "=" + answer.Value.text)), nil
}

// DeleteToken removes an API token.
func (c *Client) DeleteToken(ctx context.Context, user, id string) error {
	return c.remove(ctx, tokenPath(user, id), nil, nil)
}

func tokenPath(user, id string) string {
	return "/access/users/" + seg(user) + "/token/" + seg(id)
}

// Pool is a resource pool, addressed by /pools/{id} as releases from 7.4 to 9 all
// understand; homestak keeps its leases in their names and comments.
type Pool struct {
	ID      string
	Comment string
}

// Pools lists the pools the token may see, by id.
func (c *Client) Pools(ctx context.Context) ([]Pool, error) {
	var items []struct {
		ID      scalar `json:"poolid"`
		Comment scalar `json:"comment"`
	}
	if err := c.read(ctx, "/pools", nil, &items); err != nil {
		return nil, err
	}
	var list []Pool
	for _, it := range items {
		list = append(list, Pool{ID: it.ID.text, Comment: it.Comment.text})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list, nil
}

// CreatePool makes a pool. Of several at once with one id exactly one succeeds,
// the others fail with class Exists.
func (c *Client) CreatePool(ctx context.Context, id, comment string) error {
	return c.put(ctx, http.MethodPost, "/pools", map[string]string{"poolid": id, "comment": comment}, nil)
}

// SetPoolComment replaces the comment, unconditionally.
func (c *Client) SetPoolComment(ctx context.Context, id, comment string) error {
	return c.put(ctx, http.MethodPut, "/pools/"+seg(id), map[string]string{"comment": comment}, nil)
}

// DeletePool removes an empty pool, unconditionally.
func (c *Client) DeletePool(ctx context.Context, id string) error {
	return c.erase(ctx, "/pools/"+seg(id), nil, nil)
}
