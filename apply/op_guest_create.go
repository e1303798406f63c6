package apply

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

const codeNotes diag.Code = "HS0673"

// guestCreate makes a guest in one call: disk, seed and marks are there together
// or not at all. A container has no seed; it gets the site's SSH user CA as a key
// of root's.
type guestCreate struct{ *task }

// probe: the guest is there, is the node, and is as this step makes it.
func (o guestCreate) probe(ctx context.Context) (bool, error) {
	_, g, err := o.look(ctx)
	if err != nil || !o.ours(g, o.n) || g.Lock != "" || g.replaced(o.n) {
		return false, err
	}
	if !o.testMay(g) {
		o.why = notOfATest
		return false, nil
	}
	differs := canon.Diff(canon.Overlay(g.Config, g.Pending), createdConfig(o.s))
	o.why = differences(differs)
	return len(differs) == 0, nil
}

func (o guestCreate) act(ctx context.Context) error {
	h, err := o.fleet.host(ctx, o.s.Host)
	if err != nil {
		return err
	}
	params := canon.Params(o.s)
	params = append(params, plan.KV{Key: plan.ArgVMID, Value: strconv.FormatUint(uint64(o.n.vmid), 10)})
	drive, err := o.seedDrive()
	if err != nil {
		return err
	}
	params = append(params, drive...)
	if o.s.Op == plan.CTCreate {
		params = append(params, plan.KV{Key: "ssh-public-keys", Value: o.env.caLine()})
	}
	kind := canon.KindOf(o.s)
	m := identity.Marker{
		SiteID: o.p.SiteID, Manifest: o.p.Manifest, Addr: o.n.addr, UUID: o.n.uuid, VMID: o.n.vmid,
		Incarnation: max(o.n.incarnation, 1), Kind: o.n.kind, Test: o.p.Goal == plan.GoalTest, Made: o.n.made,
		Fields: identity.Fields(o.key(), o.n.uuid, canon.Applied(canon.Settings(kind, canon.Params(o.s)))),
	}
	params = append(params, plan.KV{Key: plan.ArgDescription, Value: identity.Seal(m, o.key())})
	h.remember(o.n.vmid, spot{h.node, kind})
	upid, err := h.api.Guest(kind, h.node, o.n.vmid).Create(ctx, params)
	return o.wait(ctx, h, upid, err)
}

// createdConfig is what homestak manages of a new guest, in canonical form. The
// size of its disk is the image's, until a later step makes it larger.
func createdConfig(s *plan.Step) []plan.KV {
	return canon.Only(canon.Settings(canon.KindOf(s), canon.Params(s)))
}

// createdStorage is where the guest's disks go: that of its first one.
func createdStorage(s *plan.Step) string {
	if s.Op == plan.GuestClone {
		return s.Text(plan.ArgStorage)
	}
	storage, _, _ := strings.Cut(s.Text(plan.SlotRoot), ":")
	return storage
}

// replaced reports whether a guest is the one that a plan takes away, not the one
// that it makes in its place.
func (g *guest) replaced(n *node) bool {
	return n.incarnation > 1 && (!g.marker.authentic || g.marker.Incarnation < n.incarnation)
}

// describe puts a marker into a guest's notes and leaves the rest of them alone.
func (t *task) describe(g *guest, m identity.Marker) (plan.KV, error) {
	notes, ok := identity.Put(g.notes, identity.Seal(m, t.key()))
	if !ok {
		d := codeNotes.Errorf("the notes of %s (VM %d) are too long", t.n.addr, g.VMID)
		d.Label = fmt.Sprintf("with homestak's marker they would exceed %d characters", identity.MaxNotes)
		d.Help = "shorten the notes, then run again"
		return plan.KV{}, d
	}
	return plan.KV{Key: plan.ArgDescription, Value: notes}, nil
}

// renew is the marker a guest should have after a step: the one it has, or a new
// one when its notes were lost.
func (t *task) renew(g *guest) identity.Marker {
	m := g.marker.Marker
	if !g.marker.authentic {
		m = identity.Marker{UUID: t.n.uuid}
	}
	m.SiteID, m.Manifest, m.Addr, m.VMID = t.p.SiteID, t.p.Manifest, t.n.addr, g.VMID
	m.Incarnation = max(m.Incarnation, t.n.incarnation, 1)
	if m.Kind != kindPVE {
		// A host that is declared as something else stays one: nothing takes Proxmox
		// VE, and the guests inside, from it.
		m.Kind = t.n.kind
	}
	return m
}

// forgets takes the attributes of a key out of a marker: the key is written anew, or
// goes.
func forgets(m *identity.Marker, keys ...string) {
	m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(kv plan.KV) bool { return slices.Contains(keys, canon.KeyOf(kv.Key)) })
}

// applied notes attributes as applied by homestak: those of set always, those of
// have, of those that belong to homestak on any guest of its own, only when the
// marker knew nothing of them.
func (t *task) applied(m *identity.Marker, set, have []plan.KV) {
	for _, kv := range set {
		forgets(m, canon.KeyOf(kv.Key))
	}
	for _, kv := range canon.Applied(set) {
		m.Fields = put(m.Fields, plan.KV{Key: kv.Key, Value: identity.Field(t.key(), m.UUID, kv.Key, kv.Value)}, true)
	}
	for _, kv := range canon.Core(have) {
		if m.Adopted && isFurther(canon.KeyOf(kv.Key)) {
			continue
		}
		m.Fields = put(m.Fields, plan.KV{Key: kv.Key, Value: identity.Field(t.key(), m.UUID, kv.Key, kv.Value)}, false)
	}
}

// isFurther reports whether a key is a disk or an interface besides the first: of
// an adopted guest those are its owner's, and what the marker knows of would be
// taken away when the manifest does not have it.
func isFurther(key string) bool {
	_, _, is := canon.Slot(key)
	return is && key != "net0" && key != plan.SlotRoot && key != plan.SlotRootFS
}

// put inserts a pair into a list sorted by key; an older one stays unless replace.
func put(list []plan.KV, kv plan.KV, replace bool) []plan.KV {
	for i := range list {
		switch {
		case list[i].Key == kv.Key:
			if replace {
				list[i] = kv
			}
			return list
		case list[i].Key > kv.Key:
			return append(list[:i:i], append([]plan.KV{kv}, list[i:]...)...)
		}
	}
	return append(list, kv)
}
