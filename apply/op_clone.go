package apply

import (
	"context"
	"fmt"
	"strconv"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

// templateBuild makes a template of an image.
type templateBuild struct{ *task }

// found reads the guest that is, or becomes, the template; nil when there is none.
func (o templateBuild) found(ctx context.Context) (h *host, g *guest, err error) {
	if h, err = o.fleet.host(ctx, o.s.Host); err != nil {
		return nil, nil, err
	}
	vmid, err := strconv.ParseUint(o.s.Text(plan.ArgVMID), 10, 32)
	if err != nil {
		return nil, nil, err
	}
	g, err = o.read(ctx, h, uint(vmid))
	if g != nil && (g.Name != o.s.Text("name") || g.Kind != canon.QEMU) {
		d := codeTaken.Errorf("VM %d on %s is taken", g.VMID, h.name)
		d.Label = fmt.Sprintf("it is %q, not the template %s; nothing was done to it", g.Name, o.s.Text("name"))
		return nil, nil, replan(d)
	}
	return h, g, err
}

func (o templateBuild) probe(ctx context.Context) (bool, error) {
	_, g, err := o.found(ctx)
	return g != nil && canon.Get(g.raw, "template") == "1", err
}

func (o templateBuild) act(ctx context.Context) error {
	h, g, err := o.found(ctx)
	if err != nil {
		return err
	}
	vmid, _ := strconv.ParseUint(o.s.Text(plan.ArgVMID), 10, 32)
	vm := h.api.Guest(canon.QEMU, h.node, uint(vmid))
	defer h.touched(uint(vmid))
	if g == nil {
		upid, err := vm.Create(ctx, append(canon.Params(o.s), plan.KV{Key: plan.ArgVMID, Value: o.s.Text(plan.ArgVMID)}))
		if err := o.wait(ctx, h, upid, err); err != nil {
			return err
		}
	}
	upid, err := vm.Template(ctx)
	return o.wait(ctx, h, upid, err)
}

// guestClone copies a template and makes the copy the node's guest. PVE takes the
// marker with the clone, so that a run which ends in between leaves a guest that is
// known to be the node's and goes on.
type guestClone struct{ guestCreate }

func (o guestClone) act(ctx context.Context) error {
	h, g, err := o.look(ctx)
	if err != nil {
		return err
	}
	m := identity.Marker{
		SiteID: o.p.SiteID, Manifest: o.p.Manifest, Addr: o.n.addr, UUID: o.n.uuid, VMID: o.n.vmid,
		Incarnation: max(o.n.incarnation, 1), Kind: o.n.kind, Test: o.p.Goal == plan.GoalTest, Made: o.n.made,
		Fields: identity.Fields(o.key(), o.n.uuid, canon.Applied(canon.Settings(canon.QEMU, canon.Params(o.s)))),
	}
	if g == nil {
		source, err := strconv.ParseUint(o.s.Text(plan.ArgSource), 10, 32)
		if err != nil {
			return err
		}
		full := o.s.Text(plan.ArgMode) != "linked"
		params := []plan.KV{{Key: "name", Value: o.s.Text("name")}, {Key: plan.ArgDescription, Value: identity.Seal(m, o.key())}}
		if full {
			params = append(params, plan.KV{Key: plan.ArgStorage, Value: o.s.Text(plan.ArgStorage)})
		}
		if pool := o.s.Text("pool"); pool != "" {
			params = append(params, plan.KV{Key: "pool", Value: pool})
		}
		h.remember(o.n.vmid, spot{h.node, canon.QEMU})
		upid, err := h.api.Guest(canon.QEMU, h.node, uint(source)).Clone(ctx, o.n.vmid, full, params)
		if err := o.wait(ctx, h, upid, err); err != nil {
			return err
		}
	}
	h.touched(o.n.vmid)
	if h, g, err = o.mine(ctx); err != nil {
		return err
	}
	set := make([]plan.KV, 0, len(o.s.Args)+2)
	for _, kv := range canon.Params(o.s) {
		if kv.Key != "pool" {
			set = append(set, kv)
		}
	}
	if canon.Volume(g.Config, plan.SlotSeed) == "" {
		drive, err := o.seedDrive()
		if err != nil {
			return err
		}
		set = append(set, drive...)
	}
	notes, err := o.describe(g, m)
	if err != nil {
		return err
	}
	upid, err := h.on(g).Configure(ctx, append(set, notes), nil, g.Digest)
	return o.wait(ctx, h, upid, err)
}

// isTemplate reports whether a listed guest is a template that homestak may have
// made.
func isTemplate(r pve.Resource) bool { return r.Template && r.Kind == canon.QEMU }
