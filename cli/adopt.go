package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/compiler/ir"
	"github.com/homestak/homestak/lang/addr"
	"github.com/homestak/homestak/lang/diag"
	"github.com/homestak/homestak/plan"
	"github.com/homestak/homestak/plan/build"
)

// markFlags say whose guests become, or are no longer, homestak's.
type markFlags struct {
	adopt  []string
	forget []string
}

func (m *markFlags) declare(f *pflag.FlagSet) {
	f.StringArrayVar(&m.adopt, "adopt", nil, "`node=vmid`: that guest is this node; only its marks are written; repeatable")
	f.StringArrayVar(&m.forget, "forget", nil, "give the guest of this `node` up: only its marks are taken; repeatable")
}

func (m *markFlags) any() bool { return len(m.adopt)+len(m.forget) > 0 }

// parse reads the flags. An address may leave out the manifest.
func (m *markFlags) parse(d *ir.Deployment, goal plan.Goal, p *planFlags) (adopt []build.Adoption, forget []addr.Address, err error) {
	if !m.any() {
		return nil, nil, nil
	}
	if goal != plan.GoalCreate {
		return nil, nil, usage("--adopt and --forget write marks and nothing else: leave out --goal")
	}
	if len(p.only)+len(p.skip) > 0 {
		return nil, nil, usage("--adopt and --forget name the nodes themselves: leave out --only and --skip")
	}
	for _, text := range m.adopt {
		node, number, ok := strings.Cut(text, "=")
		id, err := strconv.ParseUint(number, 10, 32)
		if !ok || err != nil || id == 0 {
			return nil, nil, usage("--adopt %q: NODE=VMID, as in web=101", text)
		}
		a, err := declared(d, "--adopt", node)
		if err != nil {
			return nil, nil, err
		}
		adopt = append(adopt, build.Adoption{Addr: a, VMID: uint(id)})
	}
	for _, node := range m.forget {
		// It may be one that the manifest no longer names: the plan knows.
		forget = append(forget, full(d.Manifest, node))
	}
	for i, a := range adopt {
		switch {
		case slices.Contains(forget, a.Addr):
			return nil, nil, usage("node %s cannot be adopted and forgotten at once", a.Addr)
		case slices.ContainsFunc(adopt[:i], func(b build.Adoption) bool { return b.Addr == a.Addr }):
			return nil, nil, usage("node %s cannot be two guests", a.Addr)
		}
	}
	return adopt, forget, nil
}

// declared is the address of a node of the manifest, as a flag names it.
func declared(d *ir.Deployment, flag, node string) (addr.Address, error) {
	a := full(d.Manifest, node)
	var known []string
	for i := range d.Nodes {
		switch of := d.Nodes[i].Address; {
		case of == a:
			return a, nil
		case string(a) == node:
			known = append(known, string(of))
		default:
			known = append(known, strings.TrimPrefix(string(of), d.Manifest+"/"))
		}
	}
	hint := "write one of its nodes: " + join(known, 8)
	if s := diag.Suggest(node, known); s != "" {
		hint = "did you mean " + s + "?"
	}
	return "", usage("%s: manifest %s has no node %q: %s", flag, d.Manifest, node, hint)
}

func full(manifest, node string) addr.Address {
	if node == manifest || strings.HasPrefix(node, manifest+"/") {
		return addr.Address(node)
	}
	return addr.New(manifest, node)
}
