package compiler

import (
	"slices"
	"strings"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/unit"
)

const (
	codeReservedTag diag.Code = "HS0421"

	// What a host spec changes about the defaults of a node.
	hostSpec  = "pve"
	hostImage = "debian-13-pve"

	containerTemplate = "debian-12-standard"

	labHost = "lab" // the embedded host, there without a file
)

// effect merges all layers into the effective values of every node. Nodes
// without a usable name or place take part, so that their fields are checked.
func (c *compilation) effect() bool {
	for _, n := range c.nodes {
		c.where = n.raw.place.home
		c.effectOf(n)
	}
	c.where = nil
	return true
}

func (c *compilation) effectOf(n *node) {
	d, o := n.decl, &n.out
	o.Name = n.name
	o.Decl = d.at
	c.kindOf(n)
	c.sizeOf(n)
	c.imageOf(n)
	c.hostOf(n)
	c.networkOf(n)
	c.guestOf(n)
	c.modesOf(n)
	o.VMID = over(d.vmid, ir.FromNode, byDefault(0))
	o.Tags = over(c.tags(n), ir.FromNode, byDefault([]string(nil)))
	o.Pool = over(d.pool, ir.FromNode, byDefault(""))
	o.Protect = over(d.protect, ir.FromNode, defaultFlag(schema.Node, "protect"))
	o.OnBoot = over(d.onBoot, ir.FromNode, defaultFlag(schema.Node, "on_boot"))
	c.becomeOf(n)
}

// kindOf decides the type and the spec of a node. Each is the other's default:
// a pve becomes `pve`, and a vm that becomes a host is a pve.
func (c *compilation) kindOf(n *node) {
	d, o := n.decl, &n.out
	kind := over(opt[ir.Type]{V: ir.Type(d.typ.V), At: d.typ.At, Set: d.typ.Set, Bad: d.typ.Bad}, ir.FromNode,
		byDefault(ir.Type(schema.Node.Default("type"))))
	name := schema.Node.Default("spec")
	if kind.V == ir.PVE {
		name = hostSpec
	}
	o.Spec = over(d.spec, ir.FromNode, byDefault(name))
	if !d.spec.Bad {
		n.spec = c.specNamed(opt[string]{V: o.Spec.V, At: o.Spec.From.Range, Set: true}, n)
	}
	if kind.V == ir.VM && n.spec != nil && n.spec.decl.pve.Set {
		kind = ir.Value[ir.Type]{V: ir.PVE, From: ir.Origin{Layer: n.spec.layer, Range: n.spec.decl.pve.At}}
	}
	o.Type = kind
	// Whether it can host is known when neither of the two was wrong.
	n.known = !d.typ.Bad && !d.spec.Bad && n.spec != nil
}

// sizeOf takes the preset, and what the node says itself over it.
func (c *compilation) sizeOf(n *node) {
	d, o := n.decl, &n.out
	o.Preset = over(d.preset, ir.FromNode, defaultText(schema.Node, "preset"))
	preset, layer := &presetDecl{}, ir.FromDefault
	if !d.preset.Bad {
		name := opt[string]{V: o.Preset.V, At: o.Preset.From.Range}
		if p, def := decoded(c, &c.presets, schema.KindPreset, name, c.findings.preset); p != nil {
			preset, layer = p, def.layer
			n.preset, n.presetLayer = p, layer
		}
	}
	o.Cores = over(d.cores, ir.FromNode, over(preset.cores, layer, byDefault(0)))
	o.Memory = over(d.memory, ir.FromNode, over(preset.memory, layer, byDefault(unit.Size(0))))
	o.Disk = over(d.disk, ir.FromNode, over(preset.disk, layer, byDefault(unit.Size(0))))
}

// imageOf finds the image the first disk is made from: of a ct it is a template.
func (c *compilation) imageOf(n *node) {
	d, o := n.decl, &n.out
	if o.Type.V == ir.CT {
		name := byDefault(containerTemplate)
		if d.guest != nil {
			name = over(d.guest.template, ir.FromNode, name)
		}
		if d.guest == nil || !d.guest.template.Bad {
			c.imageNamed(n, name)
		}
		return
	}
	name := schema.Node.Default("image")
	if o.Type.V == ir.PVE {
		name = hostImage
	}
	o.Image = over(d.image, ir.FromNode, byDefault(name))
	if !d.image.Bad {
		c.imageNamed(n, o.Image)
	}
}

func (c *compilation) imageNamed(n *node, name ir.Value[string]) {
	n.image, n.imageDef = decoded(c, &c.images, schema.KindImage, opt[string]{V: name.V, At: name.From.Range}, c.findings.image)
}

// imageName is what the image of a node is called.
func (n *node) imageName() string {
	if n.out.Type.V == ir.CT {
		return n.out.Extra().Container.Template.V
	}
	return n.out.Image.V
}

// hostOf checks the placement of a node on a named host. What is wrong with
// the host's files is wrong with the manifest that uses them.
func (c *compilation) hostOf(n *node) {
	h := n.decl.host
	n.out.Host = over(h, ir.FromNode, byDefault(""))
	switch {
	case !h.ok():
	case c.site.find(schema.KindHost, h.V) != nil:
		c.hostNamed(h.V)
	case h.V != labHost:
		c.unknown(schema.KindHost, h)
	}
}

// tags sorts a node's tags.
func (c *compilation) tags(n *node) opt[[]string] {
	for _, t := range n.decl.tags {
		if t.V == "homestak" || strings.HasPrefix(t.V, "hs-") {
			e := c.errorAt(codeReservedTag, t.At, "tag %q is homestak's own", t.V)
			e.Label = "tags by which homestak finds its guests"
			e.Help = "remove it; homestak adds it itself"
		}
	}
	o := plain(n.decl.tags, n.decl.tagsAt)
	slices.Sort(o.V)
	o.V = slices.Compact(o.V)
	return o
}

// becomeOf is the effective spec of one node.
func (c *compilation) becomeOf(n *node) {
	o, s := &n.out, n.spec
	name := ir.Value[string]{V: n.name, From: ir.Origin{Layer: ir.FromNode, Range: n.decl.name.At}}
	if s == nil {
		return
	}
	o.Becomes = s.common
	o.Becomes.Hostname = over(s.decl.hostname, s.layer, name)
	if o.Type.V == ir.PVE && o.Becomes.PVE == nil {
		o.Becomes.PVE = c.pveConfig(s)
	}
	o.Posture = s.posture
	o.Run = s.run
}
