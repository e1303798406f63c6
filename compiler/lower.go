package compiler

import (
	"cmp"
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/unit"
)

// lower writes the deployment. It runs only when nothing was wrong.
func (c *compilation) lower() *ir.Deployment {
	own := &c.site.own
	vmids := schema.Site.Field("vmids").Object
	d := &ir.Deployment{
		SiteID:      own.id.V,
		Manifest:    c.manifest.name,
		Description: c.decl.description.V,
		Pattern:     c.pattern,
		Settings:    c.settings(),
		VMIDs: ir.VMIDRange{
			First: over(own.first, ir.FromSite, defaultInt(vmids, "first")).V,
			Last:  over(own.last, ir.FromSite, defaultInt(vmids, "last")).V,
		},
		Nodes: make([]ir.Node, len(c.nodes)),
	}
	used := map[string]*node{}
	for i, n := range c.nodes {
		o := &n.out
		o.Parent, o.Address = -1, addr.New(d.Manifest, n.name)
		if n.up != nil {
			o.Parent, o.Address = n.up.index, d.Nodes[n.up.index].Address.Child(n.name)
		}
		d.Nodes[i] = *o
		if n.image != nil {
			used[n.imageName()] = n
		}
	}
	for name, n := range used {
		d.Images = append(d.Images, lowerImage(name, n))
	}
	slices.SortFunc(d.Images, func(a, b ir.Image) int { return strings.Compare(a.Name, b.Name) })
	d.Edges = c.lowerEdges()
	return d
}

func lowerImage(name string, n *node) ir.Image {
	m, layer := n.image, n.imageDef.layer
	return ir.Image{
		Name:      name,
		Source:    over(m.source, layer, byDefault("")),
		Checksum:  over(m.checksum, layer, byDefault("")),
		MinDisk:   over(m.minDisk, layer, byDefault(unit.Size(0))),
		Format:    over(m.format, layer, defaultText(schema.Image, "format")),
		OS:        over(m.os, layer, byDefault("")),
		Seed:      over(m.seed, layer, byDefault("")),
		HostReady: over(m.hostReady, layer, defaultFlag(schema.Image, "host_ready")),
	}
}

// lowerEdges sorts edges and keeps one of equals: for two waits on one node,
// the one that waits longer.
func (c *compilation) lowerEdges() []ir.Edge {
	edges := make([]ir.Edge, 0, len(c.nodes)+len(c.edges))
	for _, n := range c.nodes {
		if n.up != nil {
			edges = append(edges, ir.Edge{Kind: ir.ParentOf, From: n.up.index, To: n.index, Decl: n.upAt})
		}
	}
	for i := range c.edges {
		e := &c.edges[i]
		edges = append(edges, ir.Edge{Kind: e.kind, From: e.from.index, To: e.to.index, Until: e.until, Decl: e.at})
	}
	slices.SortStableFunc(edges, func(a, b ir.Edge) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To),
			-strings.Compare(a.Until, b.Until)) // "ready" before "created"
	})
	return slices.CompactFunc(edges, func(a, b ir.Edge) bool {
		return a.Kind == b.Kind && a.From == b.From && a.To == b.To
	})
}

// settings merges the manifest's over the site's.
func (c *compilation) settings() ir.Settings {
	m, s := &c.decl.settings, &c.site.own.run
	onError := over(m.onError, ir.FromManifest, over(s.onError, ir.FromSite, defaultText(schema.Settings, "on_error")))
	return ir.Settings{
		OnError:          onError,
		Verify:           over(m.verify, ir.FromManifest, over(s.verify, ir.FromSite, defaultFlag(schema.Settings, "verify"))),
		CleanupOnFailure: over(m.cleanup, ir.FromManifest, over(s.cleanup, ir.FromSite, defaultFlag(schema.Settings, "cleanup_on_failure"))),
		Parallelism:      over(m.parallelism, ir.FromManifest, over(s.parallelism, ir.FromSite, defaultInt(schema.Settings, "parallelism"))),
		TimeoutSeconds:   over(seconds(m.timeout), ir.FromManifest, over(seconds(s.timeout), ir.FromSite, byDefault(0))),
	}
}
