package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/homestak/homestak/lang/addr"
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
func (m *markFlags) parse(manifest string, goal plan.Goal, p *planFlags) (adopt []build.Adoption, forget []addr.Address, err error) {
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
		adopt = append(adopt, build.Adoption{Addr: full(manifest, node), VMID: uint(id)})
	}
	for _, node := range m.forget {
		forget = append(forget, full(manifest, node))
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

func full(manifest, node string) addr.Address {
	if node == manifest || strings.HasPrefix(node, manifest+"/") {
		return addr.Address(node)
	}
	return addr.New(manifest, node)
}
