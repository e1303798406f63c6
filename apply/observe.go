package apply

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/identity"
)

// How many hosts are asked at once, and how many guests of each.
const (
	hostsAtOnce  = 8
	guestsAtOnce = 16
)

// Observe looks at the world: every site host of w, what is on it that could be
// a node of the deployment, and the nested hosts of nodes that are proven ready.
// It writes nothing, except that the token of a nested host is minted when none
// is cached or the cached one is refused.
//
// A host that cannot be asked is Unknown with the reason; a nested host whose
// node does not run or never was ready is Absent. The error is for what makes
// observing pointless: a host the site does not have, no keys, ctx.
func Observe(ctx context.Context, env *Env, w plan.WantedSet) (*plan.Facts, error) {
	o := &observer{env: env, w: w, fleet: newFleet(env, "observe"), nested: map[string]*node{}, herds: map[string]*herd{}, known: knownOf(w)}
	defer o.fleet.close()
	if err := o.check(); err != nil {
		return nil, err
	}
	// A level is all hosts that are equally deep: what is nested on one is only
	// known when that one was asked.
	o.fleet.hostNode = func(name string) *node { return o.nested[name] }
	facts := &plan.Facts{Format: plan.FactsVersion}
	names := w.Hosts
	for len(names) > 0 {
		level, err := o.look(ctx, names)
		if err != nil {
			return nil, err
		}
		names = nil
		for i := range level {
			below, closed := o.descend(&level[i])
			names = append(names, below...)
			facts.Hosts = append(facts.Hosts, closed...)
		}
		facts.Hosts = append(facts.Hosts, level...)
	}
	facts.Sort()
	return facts, nil
}

type observer struct {
	env    *Env
	w      plan.WantedSet
	fleet  *fleet
	nested map[string]*node // hosts that are nodes, as they were found; not written while a level is asked

	known  knownBy
	herdMu sync.Mutex
	herds  map[string]*herd // by cluster
}

func (o *observer) check() error {
	if o.env.Keys == nil {
		return noKeys()
	}
	var missing diag.List
	for _, name := range o.w.Hosts {
		if len(o.env.Hosts[name].Endpoints) == 0 {
			missing = append(missing, noEntry(name))
		}
	}
	return missing.Err()
}

// look asks the hosts of a level at once and answers in their order.
func (o *observer) look(ctx context.Context, names []string) ([]plan.HostFacts, error) {
	out := make([]plan.HostFacts, len(names))
	var g errgroup.Group
	g.SetLimit(hostsAtOnce)
	for i, name := range names {
		g.Go(func() error {
			f, err := o.ask(ctx, name)
			if err != nil {
				f = plan.HostFacts{Name: name, Presence: plan.Unknown, Error: o.env.brief(err)}
			}
			out[i] = f
			return nil
		})
	}
	_ = g.Wait()
	return out, ctx.Err()
}

// descend finds the nodes on a host that are hosts themselves: those that can be
// asked, by name, and the facts of those that cannot.
func (o *observer) descend(f *plan.HostFacts) (names []string, closed []plan.HostFacts) {
	for i := range f.Guests {
		if n := o.undeclared(f, &f.Guests[i]); n != nil {
			o.nested[string(n.addr)] = n
			names = append(names, string(n.addr))
		}
	}
	for i := range o.w.Nodes {
		w := &o.w.Nodes[i]
		if !w.On(f.Name) || w.Kind != kindPVE {
			continue
		}
		if len(w.Others) > 0 && (f.Presence != plan.Present || o.provenReady(f, w) == nil) {
			continue // it may be on another one
		}
		name := string(w.Addr)
		nested := plan.HostFacts{Name: name, Presence: f.Presence}
		switch f.Presence {
		case plan.Present:
			if n := o.provenReady(f, w); n != nil {
				o.nested[name] = n
				names = append(names, name)
				continue
			}
			nested.Presence = plan.Absent
		case plan.Unknown:
			nested.Error = "its host " + f.Name + " could not be asked"
		}
		more, below := o.descend(&nested)
		closed = append(append(closed, nested), below...)
		names = append(names, more...)
	}
	return names, closed
}

// undeclared is a guest of ours that its marker says is a host, that can be asked,
// and that the manifest does not name, or names as something else: what is inside
// goes with it as well. Nil for any other guest.
func (o *observer) undeclared(f *plan.HostFacts, g *plan.GuestFacts) *node {
	m := g.Marker
	if m == nil || !m.Authentic || m.Forgotten || m.SiteID != o.w.SiteID || m.Manifest != o.w.Manifest || m.Kind != kindPVE || m.Program == "" ||
		g.Power != plan.PowerRunning || o.nested[string(m.Addr)] != nil ||
		slices.ContainsFunc(o.w.Nodes, func(n plan.Wanted) bool { return (n.Addr == m.Addr || n.Was == m.Addr) && n.Kind == kindPVE }) {
		return nil
	}
	n := &node{addr: m.Addr, host: f.Name, kind: kindPVE, name: m.Addr.Name(), uuid: m.UUID, vmid: g.VMID, port: m.Port, mac: identity.MAC(m.UUID, 0)}
	if len(g.MACs) > 0 {
		n.mac = g.MACs[0]
	}
	return n
}

// provenReady is a node as it was found on its host, if it is ours, runs, and was
// proven ready once; else nil.
func (o *observer) provenReady(f *plan.HostFacts, w *plan.Wanted) *node {
	for i := range f.Guests {
		g := &f.Guests[i]
		if !identity.MarksOf(g, o.subject(w)).Ours() || g.Power != plan.PowerRunning ||
			g.Marker == nil || !g.Marker.Authentic || g.Marker.Program == "" {
			continue
		}
		n := &node{addr: w.Addr, host: f.Name, kind: w.Kind, name: w.Name, uuid: g.Marker.UUID, vmid: g.VMID, mac: w.MAC}
		if len(g.MACs) > 0 {
			n.mac = g.MACs[0]
		}
		return n
	}
	return nil
}
