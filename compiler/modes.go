package compiler

import (
	"slices"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/lang/schema"
	"github.com/homestak/homestak/lang/source"
)

const (
	codeDriverPhase diag.Code = "HS0408"
	codeUnknownMode diag.Code = "HS0409"
)

// modesOf resolves who acts in each phase of a node. For config and run, what
// is said last wins:
//
//	push < default_mode < manifest's phase < node's mode < node's phase < --mode
//
// Create and destroy are always the driver's.
func (c *compilation) modesOf(n *node) {
	manifest, own := &c.decl.execution, &n.decl.execution
	for _, phase := range []ir.Phase{ir.Create, ir.Destroy} {
		c.driverPhase(phase, manifest.phases[phase])
		c.driverPhase(phase, own.phases[phase])
		n.out.Modes[phase] = byDefault(ir.Push)
	}
	for _, phase := range []ir.Phase{ir.Config, ir.Run} {
		m := over(manifest.mode, ir.FromManifest, defaultText(schema.ManifestExecution, "default_mode"))
		m = over(manifest.phases[phase], ir.FromManifest, m)
		m = over(own.mode, ir.FromNode, m)
		m = over(own.phases[phase], ir.FromNode, m)
		m = over(c.modeFlag(), ir.FromFlag, m)
		n.out.Modes[phase] = ir.Value[ir.Mode]{V: ir.Mode(m.V), From: m.From}
	}
}

// driverPhase refuses a mode for a phase that only the driver can do.
func (c *compilation) driverPhase(phase ir.Phase, mode opt[string]) {
	if !mode.ok() || mode.V == string(ir.Push) {
		return
	}
	d := c.errorAt(codeDriverPhase, mode.At, "%s cannot %s", phase, mode.V)
	d.Label = "a node that does not exist cannot act"
	if phase == ir.Destroy {
		d.Label = "the parent reclaims what the node held"
	}
	d.Help = "remove it: " + phase.String() + " is always push"
}

// modeFlag is the mode of the command line.
func (c *compilation) modeFlag() opt[string] {
	mode := c.options.Mode
	if mode == "" {
		return opt[string]{}
	}
	known := slices.Contains(schema.ManifestExecution.Field("default_mode").Enum, mode)
	return opt[string]{V: mode, Set: true, Bad: !known}
}

// checkModeFlag reports a mode that does not exist, once.
func (c *compilation) checkModeFlag() {
	if m := c.modeFlag(); m.Bad {
		d := c.errorAt(codeUnknownMode, source.Range{}, "%q is not a mode", m.V)
		d.Label, d.Help = "push, pull or hybrid", "write one of these after --mode"
		c.suggest(d, m.V, schema.ManifestExecution.Field("default_mode").Enum)
	}
}
