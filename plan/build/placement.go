package build

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/plan"
)

// choose is the host of a node that may be on one of several: where its guest is,
// else, as long as it has none, the first of its choice, or with spread the first
// of those that have the fewest nodes with the same choice.
func (b *builder) choose(n *node) *host {
	hosts := n.Extra().Placement.Hosts.V
	if at := b.foundOn(n, hosts); at != "" {
		return b.siteHost(at, n)
	}
	at := b.siteHost(hosts[0], n)
	if n.Extra().Placement.Spread.V == spreadHost {
		load := b.spread(n)
		best := hosts[0]
		for _, h := range hosts[1:] {
			if load[h] < load[best] {
				best = h
			}
		}
		load[best]++
		at = b.siteHost(best, n)
	}
	return at
}

// spreadHost is the spread of nodes that go to different hosts.
const spreadHost = "host"

// foundOn is the host of a choice that the node's guest is on, or whose cluster it
// is in; "" when it has none.
func (b *builder) foundOn(n *node, hosts []string) string {
	for _, name := range hosts {
		f := b.known.hosts[name]
		if f == nil || f.Presence != plan.Present {
			continue
		}
		s := b.subject(n)
		own, _ := b.candidatesIn(s, cluster(f))
		if len(own) == 0 && n.was != "" {
			own, _ = b.candidatesIn(b.formerSubject(n), cluster(f))
		}
		if a := b.adoption(n); len(own) == 0 && a != nil {
			if r := b.known.vmid[place{cluster(f), a.VMID}]; r != nil {
				own = []*ref{r}
			}
		}
		for _, r := range own {
			if here := b.known.nodes[called{cluster(r.facts), r.guest.Node}]; here != nil && slices.Contains(hosts, here.Name) {
				return here.Name
			}
			if cluster(r.facts) == cluster(f) {
				return name
			}
		}
	}
	return ""
}

// spread counts, for each host, the nodes that spread over the same hosts and have
// a guest there or were given one.
func (b *builder) spread(n *node) map[string]int {
	key := func(x *node) string {
		list := slices.Clone(x.Extra().Placement.Hosts.V)
		slices.Sort(list)
		return strings.Join(list, "\n")
	}
	group := key(n)
	if b.loads == nil {
		b.loads = map[string]map[string]int{}
	}
	if b.loads[group] != nil {
		return b.loads[group]
	}
	load := map[string]int{}
	b.loads[group] = load
	for _, x := range b.nodes {
		p := x.Extra().Placement
		if x.parent != nil || x.Host.V != "" || p.Spread.V != spreadHost || key(x) != group {
			continue
		}
		if at := b.foundOn(x, p.Hosts.V); at != "" {
			load[at]++
		}
	}
	return load
}
