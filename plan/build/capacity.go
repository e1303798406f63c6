package build

import (
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/source"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/canon"
	"github.com/homestak/homestak/plan/capacity"
)

// capacity tells what the hosts have too little of, as far as facts know. A plan is
// made all the same: facts may be old, and apply looks again before it writes.
func (b *builder) capacity() {
	steps := map[string][]*plan.Step{}
	for i := range b.drafts.steps {
		s := &b.drafts.steps[i]
		steps[s.Host] = append(steps[s.Host], s)
	}
	for _, h := range b.places {
		if h.facts == nil {
			continue
		}
		for _, short := range capacity.Check(h.facts, steps[h.name], false) {
			d := b.warn(findShort, short.Addr, b.declared(short.Addr), "%s", short)
			d.Help = "make room on the host, or ask for less; such things may be promised twice, and this one is"
			if short.Certain {
				d.Label = "apply will refuse this"
				d.Help = "make room on the host, name another one, or ask for less"
			}
		}
	}
	b.nested()
}

func (b *builder) declared(a addr.Address) source.Range {
	for _, n := range b.nodes {
		if n.Address == a {
			return n.Decl
		}
	}
	return source.Range{}
}

// nested tells when a new node of type pve will not be able to run guests as fast as
// machines do: its host's processors, or its own, do not pass virtualisation on.
func (b *builder) nested() {
	for _, n := range b.nodes {
		if !n.touched || !n.isPVE() || !n.absent() || n.host == nil || n.host.facts == nil {
			continue
		}
		if n.host.facts.Virtual == "none" {
			b.warn(findNested, n.Address, n.Decl, "host %q gives %q no hardware virtualisation: its guests will be emulated, or not start", n.host.name, n.Address).Help =
				"enable it in the host's firmware, and nested virtualisation on the host if it is a guest itself"
			continue
		}
		switch cpu := canon.Get(b.desired(n), "cpu.cputype"); cpu {
		case "", "host", "max":
		default:
			b.warn(findNested, n.Address, n.Decl, "CPU type %q passes no virtualisation on to the guests of %q", cpu, n.Address).Help = "write hardware: {cpu: host}"
		}
	}
}
