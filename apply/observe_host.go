package apply

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
	"github.com/homestak/homestak/runtime/pve"
)

// ask gathers the facts of one host: its version, one list of guests, its
// storages, bridges and images, and one read for each candidate.
func (o *observer) ask(ctx context.Context, name string) (plan.HostFacts, error) {
	h, err := o.fleet.host(ctx, name)
	if err != nil {
		return plan.HostFacts{}, err
	}
	entry := o.env.Hosts[name] // zero for a nested host
	f := plan.HostFacts{
		Name: name, Presence: plan.Present, Node: h.node, Fingerprint: h.fingerprint,
		IOWidth: cmp.Or(entry.IOWidth, defaultIOWidth), Default: entry.Storage, Import: entry.ImageStorage, CDs: entry.SeedStorage,
	}
	version, err := h.api.Version(ctx)
	if err != nil {
		return f, err
	}
	f.Version = version.Version + "/" + version.RepoID
	if f.Fingerprint == "" {
		// The system's authorities vouch for it; the plan pins it all the same.
		if f.Fingerprint, err = pve.ServedFingerprint(ctx, entry.Endpoints[0], nil); err != nil {
			return f, err
		}
	}
	cluster, err := h.api.Cluster(ctx)
	if err != nil {
		return f, err
	}
	f.Cluster = cluster.Name
	if f.Bridges, err = h.api.Bridges(ctx, h.node); err != nil {
		return f, err
	}
	if err := o.storages(ctx, h, &f); err != nil {
		return f, err
	}
	if err := o.machine(ctx, h, &f); err != nil {
		return f, err
	}
	if err := o.guests(ctx, h, &f); err != nil || !o.w.Stake {
		return f, err
	}
	return f, o.stakes(ctx, h, &f)
}

// storages reads what a host can put disks and images on. Seeds are no images:
// they come and go and are nobody's to build on. Those of the nodes in question
// are told, because one that is seen now is left of a run that ended before it
// could tidy up.
func (o *observer) storages(ctx context.Context, h *host, f *plan.HostFacts) error {
	all, err := h.api.Storages(ctx, h.node)
	if err != nil {
		return err
	}
	cds := f.CDs
	for _, s := range all {
		if !s.Active {
			continue
		}
		if cds == "" && slices.Contains(s.Content, plan.ContentISO) {
			cds = s.Name // the first, which is where they would be
		}
		f.Storages = append(f.Storages, plan.StorageFacts{
			Name: s.Name, Type: s.Type, Content: s.Content, Available: s.Available, Shared: s.Shared,
		})
		if slices.Contains(s.Content, contentTemplate) && o.wants(h.name, kindCT) {
			templates, err := h.api.Volumes(ctx, h.node, s.Name, contentTemplate)
			if err != nil {
				return err
			}
			for _, v := range templates {
				f.Images = append(f.Images, v.ID)
			}
		}
		var volumes []pve.Volume
		for _, content := range seedContents {
			if !slices.Contains(s.Content, content) || content == plan.ContentISO && s.Name != cds {
				continue
			}
			list, err := h.api.Volumes(ctx, h.node, s.Name, content)
			if err != nil {
				return err
			}
			volumes = append(volumes, list...)
		}
		for _, v := range volumes {
			owner := identity.SeedOwner(v.ID)
			content, _ := contentOf(v.ID)
			switch {
			case owner == "" && content == contentImport:
				f.Images = append(f.Images, v.ID)
			case owner != "" && slices.ContainsFunc(o.w.Nodes, func(n plan.Wanted) bool { return n.UUID == owner }):
				f.Seeds = append(f.Seeds, v.ID)
			}
		}
	}
	slices.Sort(f.Images)
	slices.Sort(f.Seeds)
	return nil
}

// contentTemplate is the content type of container templates.
const contentTemplate = "vztmpl"

// wants reports whether a node of a kind is looked for on a host.
func (o *observer) wants(host, kind string) bool {
	return slices.ContainsFunc(o.w.Nodes, func(n plan.Wanted) bool { return n.On(host) && n.Kind == kind })
}

// guests reads every candidate of a host once.
func (o *observer) guests(ctx context.Context, h *host, f *plan.HostFacts) error {
	at := o.herdOf(h.name, f.Cluster)
	all, err := o.list(ctx, h, at)
	if err != nil {
		return err
	}
	var candidates, others []pve.Resource
	for _, r := range all {
		f.Taken = append(f.Taken, r.VMID)
		if isTemplate(r) && r.Node == h.node {
			f.Templates = append(f.Templates, plan.Resident{VMID: r.VMID, Kind: r.Kind, Name: r.Name})
		}
		if o.nested[h.name] != nil {
			f.Residents = append(f.Residents, plan.Resident{VMID: r.VMID, Kind: r.Kind, Name: r.Name})
		}
		switch {
		case o.isCandidate(h.name, r):
			candidates = append(candidates, r)
		case r.VMID >= o.w.First && r.VMID <= o.w.Last:
			others = append(others, r)
		}
	}
	slices.Sort(f.Taken)
	if f.Guests, err = o.read(ctx, h, at, candidates); err != nil {
		return err
	}
	if o.allMatched(f) {
		return nil
	}
	// A node is missing: it may have lost its tag. Whoever is in the site's range
	// and no candidate is read too.
	strangers, err := o.read(ctx, h, at, others)
	if err != nil {
		return err
	}
	for _, g := range strangers {
		if o.carriesAMark(h.name, &g) {
			f.Guests = append(f.Guests, g)
		} else {
			f.MACs = append(f.MACs, g.MACs...)
		}
	}
	slices.Sort(f.MACs)
	f.MACs = slices.Compact(f.MACs)
	slices.SortFunc(f.Guests, func(a, b plan.GuestFacts) int { return cmp.Compare(a.VMID, b.VMID) })
	return nil
}

// isCandidate reports whether a guest could be a node that is looked for on a host.
func (o *observer) isCandidate(host string, r pve.Resource) bool {
	if !o.known.couldBeOurs(r) {
		return false
	}
	if slices.Contains(r.Tags, o.known.tag) {
		return true
	}
	for i := range o.w.Nodes {
		n := &o.w.Nodes[i]
		if (n.VMID == r.VMID || n.Name == r.Name || n.Adopt == r.VMID) && n.On(host) {
			return true
		}
	}
	return false
}

func (o *observer) subject(n *plan.Wanted) identity.Subject {
	return identity.Subject{SiteID: o.w.SiteID, Manifest: o.w.Manifest, Addr: n.Addr, UUID: n.UUID, VMID: n.VMID, MAC: n.MAC, Was: n.Was}
}

func (o *observer) allMatched(f *plan.HostFacts) bool {
	byNumber := make(map[uint]*plan.GuestFacts, len(f.Guests))
	for i := range f.Guests {
		byNumber[f.Guests[i].VMID] = &f.Guests[i]
	}
	for i := range o.w.Nodes {
		n := &o.w.Nodes[i]
		if !n.On(f.Name) {
			continue
		}
		who := o.subject(n)
		// Nearly every node has the number it was meant to have.
		if g := byNumber[n.VMID]; g != nil && identity.MarksOf(g, who).Ours() {
			continue
		}
		found := false
		for k := range f.Guests {
			found = found || identity.MarksOf(&f.Guests[k], who).Ours()
		}
		if !found {
			return false
		}
	}
	return true
}

// carriesAMark reports whether a guest that looks like nobody's has anything of
// a node of ours.
func (o *observer) carriesAMark(host string, g *plan.GuestFacts) bool {
	if g.Marker != nil && g.Marker.SiteID == o.w.SiteID && g.Marker.Manifest == o.w.Manifest {
		return true
	}
	return slices.ContainsFunc(o.w.Nodes, func(n plan.Wanted) bool {
		return n.On(host) && (strings.EqualFold(n.UUID, g.UUID) || identity.MarksOf(g, o.subject(&n)).Third)
	})
}

// read reads guests side by side and answers in their order. One that vanished
// meanwhile is left out.
func (o *observer) read(ctx context.Context, h *host, at *herd, list []pve.Resource) ([]plan.GuestFacts, error) {
	found := make([]*plan.GuestFacts, len(list))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(guestsAtOnce)
	for i, r := range list {
		g.Go(func() (err error) {
			found[i], err = at.once(r.VMID, func() (*plan.GuestFacts, error) { return o.readOne(ctx, h, r) })
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var out []plan.GuestFacts
	for _, one := range found {
		if one != nil {
			out = append(out, *one)
		}
	}
	return out, nil
}

// readOne reads a guest: nil when it is gone.
func (o *observer) readOne(ctx context.Context, h *host, r pve.Resource) (*plan.GuestFacts, error) {
	config, err := h.api.Guest(r.Kind, r.Node, r.VMID).Config(ctx)
	if pve.ClassOf(err) == pve.NotExist {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	one := newGuest(r, config, o.env.Keys.Marker())
	if r.Status != plan.PowerRunning && r.Status != plan.PowerStopped {
		// It is paused, or its node has not said.
		if one.Power, err = h.power(ctx, one); err != nil {
			return nil, err
		}
	}
	return &one.GuestFacts, nil
}
