package build

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/identity"
)

// made is what the node's creation fixes: its seed acts at the first boot only,
// and its disk is copied from the image once. Sorted by name, empty values left
// out, as markers have it. The host name is not among it, the node program holds
// the guest to that. A container has no seed, and PVE holds it to its addresses.
func made(n *node) []plan.KV {
	var out []plan.KV
	if n.kind() == canon.QEMU {
		out = seedMade(n)
	}
	if image := n.imageName(); image != "" {
		out = append(out, plan.KV{Key: plan.MadeImage, Value: image})
	}
	slices.SortFunc(out, func(a, b plan.KV) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// tellFixed names what the manifest says otherwise than it did when the guest was
// made, and no step can bring about. A marker that does not say is not asked.
func (b *builder) tellFixed(n *node) {
	m := n.match.guest.Marker
	if m == nil || !m.Authentic || len(m.Made) == 0 {
		return
	}
	at := map[string]source.Range{
		plan.MadeDNS: n.Network.DNS.From.Range, plan.MadeDomain: n.Network.Domain.From.Range, plan.MadeGateway: n.Network.Gateway.From.Range,
		plan.MadeImage: n.Image.From.Range, plan.MadeIP: n.Network.IP.From.Range,
	}
	if g := n.Extra(); n.kind() == canon.LXC {
		at[plan.MadeImage] = g.Container.Template.From.Range
	} else if len(g.Interfaces) > 0 {
		at[plan.MadeInterfaces] = g.Interfaces[0].Decl
	}
	want := made(n)
	for _, name := range []string{plan.MadeDNS, plan.MadeDomain, plan.MadeFirstBoot, plan.MadeGateway, plan.MadeImage, plan.MadeInterfaces, plan.MadeIP} {
		from, to := canon.Get(m.Made, name), canon.Get(want, name)
		if from == to {
			continue
		}
		place := at[name]
		if place.IsZero() {
			place = n.Decl
		}
		b.warn(findFixed, n.Address, place, "node %q was made with %s %s, the manifest says %s; that takes effect only when the guest is replaced",
			n.Address, name, orNone(from), orNone(to)).
			Help = "to have it now, plan with --replace " + n.Address.Name() + "; what is on the guest goes with it"
	}
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// volumeParts takes "storage:content/name" apart.
func volumeParts(volume string) (storage, content, name string) {
	storage, path, _ := strings.Cut(volume, ":")
	content, name, _ = strings.Cut(path, "/")
	return storage, content, name
}

// inTest reports whether the node's guest is one that a test made and nothing
// else has wanted since.
func (n *node) inTest() bool {
	return n.match != nil && n.match.guest.Marker != nil && n.match.guest.Marker.Authentic && n.match.guest.Marker.Test
}

// keepDeployed refuses a test that would destroy what somebody deployed. What an
// interrupted test left is a test's to go on with.
func (b *builder) keepDeployed() {
	if b.goal != plan.GoalTest {
		return
	}
	var deployed []*node
	for _, n := range b.nodes {
		if n.touched && n.match != nil && !n.inTest() {
			deployed = append(deployed, n)
		}
	}
	if len(deployed) == 0 {
		return
	}
	guests := make([]string, len(deployed))
	for i, n := range deployed {
		guests[i] = n.match.String()
	}
	if len(guests) > 5 {
		guests = append(guests[:5:5], "…")
	}
	d := b.fail(codeDeployed, deployed[0].Decl, source.Range{}, "a test would destroy what is deployed: %s", listed(deployed))
	d.Label = "no test made " + strings.Join(guests, ", ")
	d.Help = "run homestak destroy -M " + b.d.Manifest + " first, or homestak create to check the deployment and keep it"
}

// sweep removes the seeds that an interrupted run left of these nodes: they hold
// host keys, and nobody needs them. What is on a host that goes, goes with it.
func (b *builder) sweep() {
	for _, n := range b.nodes {
		h := n.host
		if !n.touched || h == nil || h.facts == nil || b.removes() && h.node != nil && h.node.touched {
			continue
		}
		for _, volume := range h.facts.Seeds {
			if identity.SeedOwner(volume) != n.uuid {
				continue
			}
			if n.match != nil && canon.Get(n.match.guest.Config, plan.SlotSeed+".file") == volume && !b.removes() {
				continue // it has not been read yet, and goes when it was
			}
			storage, content, name := volumeParts(volume)
			left := seed{storage: storage, name: plan.Value{Text: name}}
			if content == plan.ContentISO {
				left.content = content
			}
			s := b.stepsOf(n, plan.ReasonLeftover)
			step := s.step(plan.SeedRemove, quickDeadline, left.removal()...)
			step.Phase = plan.PhaseDestroy
			s.add(step, volume)
			b.note(findLeft, n.Address, "%s on %s is a seed that an interrupted run left; it is removed", volume, h.name)
		}
	}
}
