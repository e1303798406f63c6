package pve

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/homestak/homestak/plan"
)

// Kinds of guests, as the API calls them.
const (
	kindVM = "qemu"
	kindCT = "lxc"
)

// Guest is one guest of a host, for calls about it whatever kind it is of: PVE
// has most of them twice.
type Guest struct {
	c    *Client
	kind string
	node string
	vmid uint
}

// Guest names a guest; kind is "qemu" or "lxc", "" stands for "qemu".
func (c *Client) Guest(kind, node string, vmid uint) Guest {
	if kind == "" {
		kind = kindVM
	}
	return Guest{c, kind, node, vmid}
}

func (g Guest) path() string { return fmt.Sprintf("/nodes/%s/%s/%d", seg(g.node), g.kind, g.vmid) }

// Config reads current and pending values with the digest, in one request.
func (g Guest) Config(ctx context.Context) (*GuestConfig, error) { return g.c.configOf(ctx, g.path()) }

// Status reads the live state.
func (g Guest) Status(ctx context.Context) (*GuestStatus, error) { return g.c.statusOf(ctx, g.path()) }

// Create makes a guest from PVE's own create parameters, vmid included. A taken
// vmid fails at once with class Exists; of several parallel creates with one vmid
// exactly one gets a task.
func (g Guest) Create(ctx context.Context, params []plan.KV) (UPID, error) {
	return g.c.task(ctx, http.MethodPost, "/nodes/"+seg(g.node)+"/"+g.kind, params)
}

// Configure sets and deletes config keys. digest must be the one that was read;
// when the configuration changed since, it fails with class Digest. A failed task
// may leave changes pending: probe. Of a container there is no task: it is done
// when this returns.
func (g Guest) Configure(ctx context.Context, set []plan.KV, del []string, digest string) (UPID, error) {
	params := append([]plan.KV(nil), set...)
	if len(del) > 0 {
		params = append(params, plan.KV{Key: "delete", Value: strings.Join(del, ",")})
	}
	params = append(params, plan.KV{Key: "digest", Value: digest})
	method := http.MethodPost
	if g.kind == kindCT {
		method = http.MethodPut
	}
	return g.c.task(ctx, method, g.path()+"/config", params)
}

// Resize sets the size of a disk in bytes. Shrinking fails in the task. The UPID
// is "" on releases that resize at once. digest "" = not checked.
func (g Guest) Resize(ctx context.Context, disk string, size uint64, digest string) (UPID, error) {
	params := []plan.KV{{Key: "disk", Value: disk}, {Key: "size", Value: strconv.FormatUint(size, 10)}}
	if g.kind == kindCT && size%(1<<10) == 0 {
		// pct knows no bare bytes.
		params[1].Value = strconv.FormatUint(size>>10, 10) + "K"
	}
	if digest != "" {
		params = append(params, plan.KV{Key: "digest", Value: digest})
	}
	return g.c.task(ctx, http.MethodPut, g.path()+"/resize", params)
}

// MoveDisk copies a disk to another storage and deletes the source. A container
// must be off.
func (g Guest) MoveDisk(ctx context.Context, disk, storage, digest string) (UPID, error) {
	what, call := "disk", "/move_disk"
	if g.kind == kindCT {
		what, call = "volume", "/move_volume"
	}
	params := []plan.KV{{Key: what, Value: disk}, {Key: "storage", Value: storage}, {Key: "delete", Value: "1"}}
	if digest != "" {
		params = append(params, plan.KV{Key: "digest", Value: digest})
	}
	return g.c.task(ctx, http.MethodPost, g.path()+call, params)
}

// Clone copies a guest to a new vmid. A linked clone (full = false) needs a
// template and takes no storage.
func (g Guest) Clone(ctx context.Context, newID uint, full bool, params []plan.KV) (UPID, error) {
	params = append([]plan.KV{{Key: "newid", Value: strconv.FormatUint(uint64(newID), 10)}, {Key: "full", Value: bit(full)}}, params...)
	return g.c.task(ctx, http.MethodPost, g.path()+"/clone", params)
}

// Template makes a template of a stopped guest, for good. The UPID is "" of a
// container.
func (g Guest) Template(ctx context.Context) (UPID, error) {
	return g.c.task(ctx, http.MethodPost, g.path()+"/template", nil)
}

// Start powers on. A guest that does not exist, or runs already, fails in the
// task; a container that runs fails at once.
func (g Guest) Start(ctx context.Context) (UPID, error) { return g.power(ctx, "start", nil) }

// Stop cuts the power; of a stopped VM the task ends well.
func (g Guest) Stop(ctx context.Context) (UPID, error) { return g.power(ctx, "stop", nil) }

// Shutdown asks the guest to power off; the task fails when it does not within
// seconds.
func (g Guest) Shutdown(ctx context.Context, seconds uint) (UPID, error) {
	return g.power(ctx, "shutdown", timeout(seconds))
}

// Reboot shuts down and starts, which makes pending changes effective.
func (g Guest) Reboot(ctx context.Context, seconds uint) (UPID, error) {
	return g.power(ctx, "reboot", timeout(seconds))
}

// Migrate moves the guest to another node of its cluster. One that runs goes on
// running with its local disks, if it is a VM; a container restarts on the other node.
func (g Guest) Migrate(ctx context.Context, target string, runs bool) (UPID, error) {
	params := []plan.KV{{Key: "target", Value: target}}
	switch {
	case runs && g.kind == kindCT:
		params = append(params, plan.KV{Key: "restart", Value: "1"})
	case runs:
		params = append(params, plan.KV{Key: "online", Value: "1"}, plan.KV{Key: "with-local-disks", Value: "1"})
	}
	return g.c.task(ctx, http.MethodPost, g.path()+"/migrate", params)
}

func timeout(seconds uint) []plan.KV {
	return []plan.KV{{Key: "timeout", Value: strconv.FormatUint(uint64(seconds), 10)}}
}

func (g Guest) power(ctx context.Context, verb string, params []plan.KV) (UPID, error) {
	return g.c.task(ctx, http.MethodPost, g.path()+"/status/"+verb, params)
}

// Delete removes a stopped guest with its volumes, and with purge from backup
// jobs, replication and HA. PVE takes no digest here: check right before.
func (g Guest) Delete(ctx context.Context, purge bool) (UPID, error) {
	var upid UPID
	query := url.Values{"purge": {bit(purge)}, "destroy-unreferenced-disks": {"0"}}
	return upid, g.c.remove(ctx, g.path(), query, &upid)
}

// Interfaces lists the guest's network interfaces, loopback included: what the
// agent of a VM says, or the host of a container.
func (g Guest) Interfaces(ctx context.Context) ([]Interface, error) {
	if g.kind != kindCT {
		return g.c.AgentInterfaces(ctx, g.node, g.vmid)
	}
	var answer []struct {
		Name scalar `json:"name"`
		MAC  scalar `json:"hwaddr"`
		IPv4 scalar `json:"inet"`
		IPv6 scalar `json:"inet6"`
	}
	if err := g.c.read(ctx, g.path()+"/interfaces", nil, &answer); err != nil {
		return nil, err
	}
	list := make([]Interface, len(answer))
	for i, r := range answer {
		list[i] = Interface{Name: r.Name.text, MAC: strings.ToLower(r.MAC.text)}
		for _, text := range []string{r.IPv4.text, r.IPv6.text} {
			if p, err := netip.ParsePrefix(text); err == nil {
				list[i].Addrs = append(list[i].Addrs, p)
			}
		}
	}
	return list, nil
}
