package compiler

import (
	"fmt"
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeCannotHost  diag.Code = "HS0402"
	codeDiskTooFew  diag.Code = "HS0404"
	codeNoProxmox   diag.Code = "HS0406"
	codeHostOfChild diag.Code = "HS0412"
)

// hostPackage is what turns Debian into a host.
const hostPackage = "proxmox-ve"

// check reports what no single field can be wrong about.
func (c *compilation) check() bool {
	c.checkModeFlag()
	for _, n := range c.nodes {
		c.where = n.raw.place.home
		c.checkParent(n)
		c.checkHost(n)
		c.checkDisk(n)
		c.checkImageKind(n)
		c.checkCarrier(n)
		c.checkPlacement(n)
	}
	c.where = nil
	c.checkRenamed()
	c.checkClashes()
	c.checkPattern()
	c.mentioned()
	c.policies()
	return true
}

// checkParent: whoever has children must be able to host them.
func (c *compilation) checkParent(n *node) {
	up := n.up
	if up == nil || n.circular || !up.known {
		return
	}
	if up.out.Type.V != ir.PVE {
		d := c.errorAt(codeCannotHost, n.upAt, "node %q cannot host %q", up.name, n.name)
		d.Label = fmt.Sprintf("%q is a %s and becomes %q, which is no Proxmox VE host", up.name, up.out.Type.V, up.out.Spec.V)
		d.Notes = []diag.Note{{Text: fmt.Sprintf("%q is declared here", up.name), Range: up.at()}}
		d.Help = fmt.Sprintf("make %q `type: pve`, or give it a spec with `config: {pve: …}`", up.name)
	}
	if h := n.decl.host; h.ok() {
		d := c.errorAt(codeHostOfChild, h.At, "node %q has a parent and a host", n.name)
		d.Label = "its parent is its host"
		d.Notes = []diag.Note{{Text: "the parent", Range: n.upAt}}
		d.Help = "remove one of the two"
	}
}

// checkHost: a pve must get Proxmox VE from somewhere.
func (c *compilation) checkHost(n *node) {
	if n.out.Type.V != ir.PVE || !n.known || n.image == nil || n.image.hostReady.V || n.image.hostReady.Bad {
		return
	}
	if slices.ContainsFunc(n.out.Becomes.Packages, func(p ir.Value[string]) bool { return p.V == hostPackage }) {
		return
	}
	d := c.errorAt(codeNoProxmox, written(n.out.Spec.From, n.out.Type.From, ir.Origin{Range: n.at()}), "node %q is a host without Proxmox VE", n.name)
	d.Label = fmt.Sprintf("spec %q does not install %s, and image %q does not have it", n.out.Spec.V, hostPackage, n.out.Image.V)
	d.Help = fmt.Sprintf("add %s to the spec's packages, or use an image with `host_ready: true`", hostPackage)
}

// checkDisk: a disk can grow when it is made from an image, and not shrink.
func (c *compilation) checkDisk(n *node) {
	if n.image == nil || !n.image.minDisk.ok() || n.out.Disk.V == 0 || n.out.Disk.V >= n.image.minDisk.V {
		return
	}
	o := &n.out
	at := written(ir.Origin{Range: n.decl.disk.At}, o.Preset.From, ir.Origin{Range: n.at()})
	d := c.errorAt(codeDiskTooFew, at, "node %q has a disk of %s, and image %q needs %s", n.name, o.Disk.V, n.imageName(), n.image.minDisk.V)
	d.Label = "a disk cannot be smaller than its image"
	if o.Disk.From.Layer != ir.FromNode {
		d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("the size is that of preset %q", o.Preset.V), Range: o.Disk.From.Range})
	}
	d.Notes = append(d.Notes, diag.Note{Text: fmt.Sprintf("image %q", n.imageName()), Range: n.image.minDisk.At})
	d.Help = fmt.Sprintf("write `disk: %s` or more", n.image.minDisk.V)
}

// written is the first origin that is a place in a source.
func written(origins ...ir.Origin) source.Range {
	for _, o := range origins {
		if !o.Range.IsZero() {
			return o.Range
		}
	}
	return source.Range{}
}
